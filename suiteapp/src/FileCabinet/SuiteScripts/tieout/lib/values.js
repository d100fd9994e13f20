/**
 * A value of a REST body as N/record takes it.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./refusal'], ({ refusal }) => {
  const DATES = ['trandate', 'duedate', 'applydate', 'startdate', 'enddate', 'custrecord_tieout_expires'];
  // boxes in REST, radio buttons in SuiteScript
  const RADIOS = ['isperson', 'undepfunds'];
  const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

  /** `typeOf` gives the field's type; it is asked only where a text looks like a date. */
  const value = (id, raw, typeOf) => {
    if (raw === null) return '';
    if (RADIOS.includes(id)) return radio(raw);
    if (typeof raw === 'object') return reference(id, raw);
    if (typeof raw === 'string' && DAY.test(raw) && isDate(id, typeOf)) return day(raw);
    return raw;
  };

  const radio = (raw) => {
    const chosen = raw && typeof raw === 'object' ? raw.id : raw;
    return [true, 'T'].includes(chosen) ? 'T' : 'F';
  };

  const reference = (id, raw) => {
    if (Array.isArray(raw.items)) return raw.items.map((one) => reference(id, one));
    if (['string', 'number'].includes(typeof raw.id)) return String(raw.id);
    throw refusal('INVALID_CONTENT', `The field ${id} needs an internal id: {"id": "..."}.`);
  };

  // a text field may hold a date as text
  const isDate = (id, typeOf) => DATES.includes(id) || typeOf() === 'date';

  // noon stays on its day in whatever zone the server and the user are
  const day = (text) => {
    const [, year, month, date] = DAY.exec(text).map(Number);
    return new Date(year, month - 1, date, 12);
  };

  return { value };
});
