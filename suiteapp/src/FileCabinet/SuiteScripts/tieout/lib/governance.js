/**
 * Usage units and time: what a call costs by class of record (Online Help, section_4267258059), what is left of the
 * 5,000 units of a RESTlet run (section_4640094112), and how long a caller waits.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/runtime'], (runtime) => {
  const QUERY = 10;
  const VOID = 10;
  const READ = { transaction: 10, custom: 2, other: 5 };
  const SAVE = { transaction: 20, custom: 4, other: 10 };
  // kept for what a race or a refused transform costs: one more start, look, load and save
  const RESERVE = 60;
  // NetSuite ends a RESTlet after five minutes, and Tieout stops waiting after two
  const PATIENCE = 90 * 1000;

  const remaining = () => runtime.getCurrentScript().getRemainingUsage();
  const suffices = (units) => remaining() >= units + RESERVE;

  /** A clock that tells whether there is time for more. */
  const started = () => {
    const end = Date.now() + PATIENCE;
    return () => Date.now() < end;
  };

  /** Load or create or transform, then save. */
  const ofWrite = (kind) => READ[kind] + SAVE[kind];

  return { QUERY, VOID, READ, ofWrite, remaining, started, suffices };
});
