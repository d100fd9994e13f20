/**
 * What Tieout asks of NetSuite that REST has no word for: voids, many writes at once, the addresses of records.
 *
 * Every answer is an envelope: {"ok": true, ...} or {"ok": false, "code", "message"}.
 *
 * @NApiVersion 2.1
 * @NScriptType Restlet
 * @NModuleScope SameAccount
 */
define([
  'N/log', 'N/runtime', './lib/addresses', './lib/batch', './lib/governance', './lib/items', './lib/refusal',
  './lib/types', './lib/voiding'
], (log, runtime, addresses, batch, governance, items, { envelope, refusal }, types, voiding) => {
  const VERSION = '0.1.0';
  const MOST_ITEMS = 100;

  const post = (request) => {
    try {
      return { ok: true, ...chosen(request)(request) };
    } catch (error) {
      log.error({ title: 'Tieout: refused', details: `${error.name}: ${error.message}` });
      return envelope(error);
    }
  };

  const chosen = (request) => {
    items.assert(items.isPlain(request), 'Send a JSON object with an action.');
    if (!Object.keys(ACTIONS).includes(request.action)) {
      throw refusal('UNKNOWN_ACTION', `The action ${request.action} is not known.`);
    }
    return ACTIONS[request.action];
  };

  const ping = () => ({
    account: String(runtime.accountId),
    version: VERSION,
    actions: Object.keys(ACTIONS),
    types: types.names,
    remaining: governance.remaining()
  });

  const voided = ({ type, id }) => {
    items.assert(items.isInternalId(id), 'A void needs the internal id of its transaction.');
    return voiding.run(types.voidable(type), String(id));
  };

  const urls = (request) => ({ urls: listed(request).map(addresses.of) });

  const batched = (request) => {
    const results = batch.run(listed(request));
    return { results, remaining: governance.remaining() };
  };

  const listed = (request) => {
    const given = request.items;
    const fits = Array.isArray(given) && given.length >= 1 && given.length <= MOST_ITEMS;
    items.assert(fits, `Send 1 to ${MOST_ITEMS} items.`);
    return given;
  };

  const ACTIONS = { ping, void: voided, urls, batch: batched };

  return { post };
});
