/**
 * @NApiVersion 2.1
 * @NScriptType UserEventScript
 */
define(['N/log', 'N/record', 'N/runtime'], (log, record, runtime) => {
  const seen = (one) => one && { type: one.type, id: one.id, phone: one.getValue({ fieldId: 'phone' }),
    name: one.getValue({ fieldId: 'companyname' }) ?? null };

  const MODES = {
    tell: (context) => log.audit({ title: 'told', details: {
      type: context.type, context: runtime.executionContext, user: runtime.getCurrentUser().id,
      now: seen(context.newRecord), before: seen(context.oldRecord)
    } }),
    throw: () => { throw new Error('no'); },
    save: (context) => {
      const other = record.load({ type: 'customer', id: context.newRecord.id });
      other.setValue({ fieldId: 'comments', value: 'seen' });
      other.save();
    },
    saveEvent: (context) => context.newRecord.save()
  };

  const afterSubmit = (context) =>
    MODES[runtime.getCurrentScript().getParameter({ name: 'custscript_trial_mode' })](context);

  return { afterSubmit };
});
