/**
 * Tells Tieout which record was saved: ids only, signed, one short try.
 *
 * The save never waits for more than that and never fails by it. A callback that is lost needs no memory here:
 * Tieout's sweep finds the change by its last-modified date.
 *
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 * @NModuleScope SameAccount
 */
define(['N/https', 'N/log', 'N/runtime', './lib/saves', './lib/signing'], (https, log, runtime, saves, signing) => {
  const PARAMETERS = {
    url: 'custscript_tieout_callback_url',
    account: 'custscript_tieout_account',
    secret: 'custscript_tieout_secret',
    user: 'custscript_tieout_user'
  };

  const afterSubmit = (context) => {
    try {
      const settings = read();
      const event = saves.event(context);
      if (!event || !settings.url || saves.isOurs(settings.user)) return;
      send(settings, JSON.stringify(told(settings, event, saves.record(context))));
    } catch (error) {
      log.error({ title: 'Tieout was not told', details: `${error.name}: ${error.message}` });
    }
  };

  const read = () => {
    const script = runtime.getCurrentScript();
    return Object.fromEntries(Object.entries(PARAMETERS).map(([key, name]) => [key, script.getParameter({ name })]));
  };

  const told = (settings, event, record) => {
    const account = settings.account || runtime.accountId;
    const now = new Date();
    return {
      event_id: [account, record.type, record.id, event, now.getTime(), unique()].join(':'),
      account,
      record_type: String(record.type).toLowerCase(),
      id: String(record.id),
      event,
      context: String(runtime.executionContext),
      at: now.toISOString()
    };
  };

  // two saves of one record may fall into one millisecond
  const unique = () => Math.random().toString(36).slice(2, 12);

  const send = (settings, body) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const answer = https.post({ url: settings.url, body, headers: signing.headers(settings.secret, timestamp, body) });
    if (answer.code < 200 || answer.code > 299) {
      log.error({ title: 'Tieout refused the callback', details: `HTTP ${answer.code}` });
    }
  };

  return { afterSubmit };
});
