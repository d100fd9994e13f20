/**
 * Where a record is shown in NetSuite.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/url', './items', './types'], (url, items, types) => {
  /** The record's page; null where it has none that can be told. */
  const of = (item) => {
    try {
      items.assert(items.isPlain(item) && items.isInternalId(item.id), 'A record has a type and an internal id.');
      const recordType = types.named(item.type).id;
      return absolute(url.resolveRecord({ recordType, recordId: String(item.id), isEditMode: false }));
    } catch (error) {
      return null;
    }
  };

  const absolute = (path) => {
    if (!path || /^https?:/.test(path)) return path || null;
    return `https://${url.resolveDomain({ hostType: url.HostType.APPLICATION })}${path}`;
  };

  return { of };
});
