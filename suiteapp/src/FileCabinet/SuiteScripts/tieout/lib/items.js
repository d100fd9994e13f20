/**
 * The items of a batch, checked before anything is done.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./refusal', './types'], ({ refusal }, types) => {
  const OPERATIONS = ['upsert', 'create', 'transform', 'patch'];
  const EXTERNAL_ID = /^[A-Za-z0-9_-]{1,150}$/;
  const INTERNAL_ID = /^\d{1,15}$/;

  /** The item with its type; raises a refusal. */
  const checked = (item) => {
    assert(isPlain(item), 'An item is an object.');
    assert(OPERATIONS.includes(item.op), `An item's op is one of ${OPERATIONS.join(', ')}.`);
    const type = types.named(item.type);
    assert(isPlain(item.body), "An item's body is an object.");
    assert(isNames(item.replace), "An item's replace is a list of sublists.");
    if (item.op === 'patch') assert(isInternalId(item.id), 'A patch needs the internal id of its record.');
    else assertNamed(item);
    if (item.op === 'transform') assertSource(item);
    return { ...item, type, replace: item.replace || [] };
  };

  const assertNamed = ({ externalId, body }) => {
    assert(EXTERNAL_ID.test(String(externalId || '')), 'An external id has letters, digits, _ and - only.');
    const said = body.externalId;
    assert(said === undefined || said === externalId, "The body's external id is not that of its item.");
  };

  const assertSource = ({ from, type }) => {
    assert(isPlain(from) && isInternalId(from.id), 'A transform needs its source: {"type": "...", "id": "..."}.');
    types.assertTransform(from.type, type);
  };

  const assert = (holds, sentence) => {
    if (!holds) throw refusal('INVALID_REQUEST', sentence);
  };

  const isPlain = (one) => Boolean(one) && typeof one === 'object' && !Array.isArray(one);
  const isNames = (names) =>
    names === undefined || (Array.isArray(names) && names.every((name) => typeof name === 'string'));
  const isInternalId = (id) => INTERNAL_ID.test(String(id));

  return { assert, checked, isInternalId, isPlain };
});
