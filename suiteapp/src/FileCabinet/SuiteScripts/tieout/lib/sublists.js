/**
 * Sublists of a REST body written with N/record in standard mode.
 *
 * A select list shows what there is to choose from (open documents, payments not deposited): its lines are found and
 * ticked, never added. In any other list lines are added, or found by their key, and removed when the list is sent
 * whole (REST's `?replace=`).
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./refusal', './values'], ({ refusal }, { value }) => {
  const ADDRESS = 'addressbook';
  const SELECTS = {
    payment: { key: 'id', tick: 'deposit' },
    others: { key: 'doc', tick: 'apply' }
  };

  /** `list`: { id, key, isSelect, fields } where `fields` are the ids that its lines have. */
  const write = (record, list, items, whole) => {
    if (list.isSelect) select(record, list, items, whole);
    else lines(record, list, items, whole);
  };

  const select = (record, list, items, whole) => {
    const { key, tick } = SELECTS[list.id] || SELECTS.others;
    if (whole) untick(record, list.id, tick);
    items.map(lowered).forEach((item) => {
      const line = chosen(record, list.id, key, item);
      set(record, list, line, tick, item[tick] === undefined ? true : item[tick]);
      without(item, [key, tick, 'line']).forEach(([id, raw]) => set(record, list, line, id, raw));
    });
  };

  const untick = (record, sublistId, tick) => {
    for (let line = 0; line < count(record, sublistId); line += 1) {
      if (isTrue(record.getSublistValue({ sublistId, fieldId: tick, line }))) {
        record.setSublistValue({ sublistId, fieldId: tick, line, value: false });
      }
    }
  };

  /** `line` of an item is the transaction line's id, not a position (Online Help, article_0830101547). */
  const chosen = (record, sublistId, key, item) => {
    const wanted = String(item[key] && item[key].id !== undefined ? item[key].id : item[key]);
    const first = record.findSublistLineWithValue({ sublistId, fieldId: key, value: wanted });
    for (let line = first; line >= 0 && line < count(record, sublistId); line += 1) {
      if (fits(record, sublistId, line, key, wanted) && fits(record, sublistId, line, 'line', item.line)) return line;
    }
    const keys = item.line === undefined ? key : `${key},line`;
    const values = item.line === undefined ? wanted : `${wanted},${item.line}`;
    const said = `Unable to find a matching line for sublist ${sublistId} with key: [${keys}] and value: [${values}].`;
    throw refusal('USER_ERROR', said);
  };

  const fits = (record, sublistId, line, fieldId, wanted) =>
    wanted === undefined || String(record.getSublistValue({ sublistId, fieldId, line })) === String(wanted);

  const lines = (record, list, items, whole) => {
    const wanted = items.map(lowered);
    if (whole) remove(record, list, wanted);
    wanted.forEach((item) => {
      const found = lineWith(record, list, item);
      const line = found < 0 ? added(record, list.id) : found;
      const skipped = found < 0 && list.key !== 'line' ? [] : [list.key];
      without(item, skipped).forEach(([id, raw]) => set(record, list, line, id, raw));
    });
  };

  const remove = (record, list, wanted) => {
    const kept = new Set(wanted.map((item) => lineWith(record, list, item)));
    for (let line = count(record, list.id) - 1; line >= 0; line -= 1) {
      if (!kept.has(line)) record.removeLine({ sublistId: list.id, line });
    }
  };

  const lineWith = (record, list, item) => {
    const key = item[list.key];
    if (key === undefined || key === null) return -1;
    const wanted = String(typeof key === 'object' ? key.id : key);
    return record.findSublistLineWithValue({ sublistId: list.id, fieldId: list.key, value: wanted });
  };

  const added = (record, sublistId) => {
    const line = count(record, sublistId);
    record.insertLine({ sublistId, line });
    return line;
  };

  const set = (record, list, line, fieldId, raw) => {
    const sublistId = list.id;
    if (sublistId === ADDRESS && fieldId === 'addressbookaddress') {
      address(record.getSublistSubrecord({ sublistId, fieldId, line }), raw);
      return;
    }
    if (!list.fields.has(fieldId)) throw unknown(`${sublistId}.${fieldId}`);
    const typeOf = () => (record.getSublistField({ sublistId, fieldId, line }) || {}).type;
    record.setSublistValue({ sublistId, fieldId, line, value: value(fieldId, raw, typeOf) });
  };

  // the country decides which form the address has, so it is first
  const address = (subrecord, raw) => {
    const { country, ...others } = lowered(raw);
    if (country !== undefined) subrecord.setValue({ fieldId: 'country', value: value('country', country) });
    const known = new Set(subrecord.getFields());
    Object.entries(others).forEach(([fieldId, given]) => {
      if (!known.has(fieldId)) throw unknown(`addressbook.${fieldId}`);
      subrecord.setValue({ fieldId, value: value(fieldId, given, () => '') });
    });
  };

  const unknown = (name) => refusal('INVALID_CONTENT', `The property '${name}' is unknown for this record.`);

  // NetSuite counts -1 for a list that is not there
  const count = (record, sublistId) => Math.max(0, record.getLineCount({ sublistId }));
  const isTrue = (given) => given === true || given === 'T';
  const lowered = (item) => Object.fromEntries(Object.entries(item).map(([id, raw]) => [id.toLowerCase(), raw]));
  const without = (item, names) => Object.entries(item).filter(([id]) => !names.includes(id));

  return { write };
});
