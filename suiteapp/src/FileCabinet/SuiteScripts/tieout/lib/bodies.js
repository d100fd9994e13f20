/**
 * A REST body written to a record: fields first, then sublists. What NetSuite does not know is refused, never dropped.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['./refusal', './sublists', './values'], ({ refusal }, sublists, { value }) => {
  // settable, but not among the fields that getFields names on every form
  const ALWAYS = ['autoapply', 'autoname', 'tobeemailed', 'undepfunds', 'taxdetailsoverride'];
  const ALWAYS_IN_LINES = ['apply', 'deposit', 'amount', 'applydate', 'taxdetailsreference'];

  /** `replaced`: the lists that are sent whole, or null where all are. Gives the record. */
  const write = (record, type, body, replaced) => {
    const { fields, lists } = sorted(type, body);
    assertKnown(record, fields);
    if (fields.account && !('undepfunds' in fields) && hasUndeposited(record)) fields.undepfunds = false;
    Object.entries(fields).forEach(([fieldId, raw]) => {
      const typeOf = () => (record.getField({ fieldId }) || {}).type;
      record.setValue({ fieldId, value: value(fieldId, raw, typeOf) });
    });
    lists.forEach(({ name, items }) => {
      const whole = replaced === null || replaced.map((one) => one.toLowerCase()).includes(name);
      sublists.write(record, list(record, type, name), items, whole);
    });
    return record;
  };

  const sorted = (type, body) => {
    const fields = {};
    const lists = [];
    Object.entries(body).forEach(([given, raw]) => {
      const name = given.toLowerCase();
      if (name === 'externalid') return;
      if ([...type.lines, ...type.selects].includes(name)) lists.push({ name, items: itemsOf(given, raw) });
      else fields[type.names[name] || name] = raw;
    });
    return { fields, lists };
  };

  const itemsOf = (name, raw) => {
    const items = raw && raw.items;
    if (Array.isArray(items) && items.every((one) => one && typeof one === 'object')) return items;
    throw refusal('INVALID_CONTENT', `The sublist ${name} needs its lines as {"items": [...]}.`);
  };

  const assertKnown = (record, fields) => {
    const known = new Set([...record.getFields(), ...ALWAYS]);
    Object.keys(fields).forEach((id) => {
      if (!known.has(id)) throw refusal('INVALID_CONTENT', `The property '${id}' is unknown for this record.`);
    });
  };

  // an account counts only once undeposited funds are switched off
  const hasUndeposited = (record) => ['customerpayment', 'cashsale', 'customerdeposit'].includes(record.type);

  const list = (record, type, name) => {
    const id = type.names[name] || name;
    return {
      id,
      key: type.keys[name] || (name === 'addressbook' ? 'internalid' : 'line'),
      isSelect: type.selects.includes(name),
      fields: new Set([...(record.getSublistFields({ sublistId: id }) || []), ...ALWAYS_IN_LINES])
    };
  };

  return { write };
});
