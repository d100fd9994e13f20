/**
 * Which external ids are taken, and by which records: one query for all ids of a type.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/query'], (query) => {
  /** External id -> internal id, of the records there are. */
  const known = (type, externalIds) => {
    const wanted = [...new Set(externalIds)];
    if (!wanted.length) return new Map();
    const condition = type.code ? 'type = ? AND ' : '';
    const sql = `SELECT id, externalid FROM ${type.table} WHERE ${condition}externalid IN (${wanted.map(() => '?')})`;
    const params = type.code ? [type.code, ...wanted] : wanted;
    const rows = query.runSuiteQL({ query: sql, params }).asMappedResults();
    return new Map(rows.map((row) => [String(row.externalid), String(row.id)]));
  };

  const one = (type, externalId) => known(type, [externalId]).get(externalId);

  return { known, one };
});
