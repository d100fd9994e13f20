/**
 * What a save was: which record, which event, and whether our own integration made it.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/runtime'], (runtime) => {
  const NOT_SAVES = ['view', 'print', 'email', 'quickview'];
  const AS_THEY_ARE = ['create', 'edit', 'xedit', 'delete'];
  const EDITS = ['edit', 'xedit'];
  const MADE_ANEW = ['copy', 'transform'];

  /** `create`, `edit`, `xedit`, `delete` or `void`; null for what saved nothing. */
  const event = (context) => {
    const type = String(context.type).toLowerCase();
    if (NOT_SAVES.includes(type)) return null;
    if (MADE_ANEW.includes(type)) return 'create';
    // there is no event for a void: it comes as an edit, with the memo VOID and the voided mark (section_4407992596)
    if (EDITS.includes(type) && isVoid(context.newRecord) && !isVoid(context.oldRecord)) return 'void';
    return AS_THEY_ARE.includes(type) ? type : 'edit';
  };

  /** A deleted record is gone from `newRecord`. */
  const record = (context) => (context.type === context.UserEventType.DELETE ? context.oldRecord : context.newRecord);

  /** Another vendor's integration writes in the same context, hence the user. `user` is an internal id. */
  const isOurs = (user) => {
    const { REST_WEBSERVICES, RESTLET } = runtime.ContextType;
    if (![REST_WEBSERVICES, RESTLET].includes(runtime.executionContext)) return false;
    return Boolean(user) && String(runtime.getCurrentUser().id) === String(user);
  };

  const isVoid = (one) => {
    if (!one) return false;
    if ([true, 'T', 'true'].includes(one.getValue({ fieldId: 'voided' }))) return true;
    return /^void(ed)?$/i.test(String(one.getValue({ fieldId: 'memo' }) || '').trim());
  };

  return { event, record, isOurs };
});
