/**
 * Many writes in one call. Each item stands alone: one that fails leaves nothing behind, and the others go on.
 *
 * Idempotent by external id: what is there is updated (upsert) or left as it is (create, transform). The ids of a batch
 * are looked up at once, one query per type.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/record', './bodies', './governance', './items', './lookup', './refusal', './types'], (
  record, bodies, governance, items, lookup, { envelope, refusal }, types
) => {
  const NOT_DONE = envelope(refusal('NOT_DONE', 'The script ran out of usage units or time: send this item again.'));
  const PAYMENT = 'customerpayment';

  /** The results, in the order of the items. */
  const run = (given) => {
    const hasTime = governance.started();
    const checked = given.map(sure);
    const known = lookUp(checked.filter((one) => !one.refused && one.op !== 'patch'));
    let isOver = known === null;
    return checked.map((item) => {
      if (!isOver && item.refused) return item.refused;
      isOver = isOver || !hasTime() || !governance.suffices(governance.ofWrite(item.type.kind));
      return isOver ? NOT_DONE : alone(() => carried(item, known));
    });
  };

  const sure = (item) => {
    try {
      return items.checked(item);
    } catch (error) {
      return { refused: envelope(error) };
    }
  };

  const alone = (write) => {
    try {
      return { ok: true, ...write() };
    } catch (error) {
      return envelope(error);
    }
  };

  /** Type -> external id -> internal id; null when the units do not suffice. */
  const lookUp = (named) => {
    const wanted = new Map();
    named.forEach(({ type, externalId }) => {
      wanted.set(type.name, { type, ids: [...(wanted.get(type.name) || { ids: [] }).ids, externalId] });
    });
    if (!governance.suffices(wanted.size * governance.QUERY)) return null;
    return new Map([...wanted].map(([name, { type, ids }]) => [name, lookup.known(type, ids)]));
  };

  const carried = (item, known) => {
    if (item.op === 'patch') return changed(item, item.id);
    const ids = known.get(item.type.name);
    const there = ids.get(item.externalId);
    if (there !== undefined) return settled(item, there);
    const result = made(item);
    ids.set(item.externalId, result.id);
    return result;
  };

  const settled = (item, id) => (item.op === 'upsert' ? changed(item, id) : { id: String(id), created: false });

  const changed = (item, id) => {
    const one = record.load({ type: item.type.id, id });
    save(bodies.write(one, item.type, item.body, item.replace));
    return { id: String(id), created: false };
  };

  const made = (item) => {
    try {
      const one = started(item);
      one.setValue({ fieldId: 'externalid', value: item.externalId });
      // what a transform copied stays unless its list is sent whole; any other list of a new record is ours alone
      bodies.write(one, item.type, item.body, item.op === 'transform' ? item.replace : null);
      return { id: save(one), created: true };
    } catch (error) {
      return meanwhile(item, error);
    }
  };

  /** Somebody else was quicker, or it is another duplicate: then the error stands. */
  const meanwhile = (item, error) => {
    if (!/^DUP_/.test(String(error.name)) && !/already exists/i.test(String(error.message))) throw error;
    const id = lookup.one(item.type, item.externalId);
    if (id === undefined) throw error;
    return settled(item, id);
  };

  const started = (item) => {
    if (item.op === 'transform') return transformed(types.named(item.from.type), item.from.id, item.type);
    const invoice = paidInvoice(item);
    try {
      if (invoice) return transformed(types.named('invoice'), invoice, item.type);
    } catch (error) {
      // not an open invoice: then the list of open documents will say so
    }
    return record.create({ type: item.type.id, defaultValues: defaults(item) });
  };

  const transformed = (from, id, type) => record.transform({ fromType: from.id, fromId: Number(id), toType: type.id });

  /** A payment's open documents are those in its currency and receivable, which it has from what it pays. */
  const paidInvoice = ({ type, body }) => {
    const applied = type.id === PAYMENT && body.apply && body.apply.items && body.apply.items[0];
    return applied && applied.doc && applied.doc.id;
  };

  // in standard mode a list of open documents is only there when the record starts with its customer
  const defaults = ({ type, body }) => {
    if (type.id === 'deposit') return { disablepaymentfilters: true };
    const party = type.party && body[type.party];
    return party && party.id ? { entity: String(party.id) } : {};
  };

  const save = (one) => String(one.save({ enableSourcing: true, ignoreMandatoryFields: false }));

  return { run };
});
