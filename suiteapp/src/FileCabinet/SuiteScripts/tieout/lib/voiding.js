/**
 * Voids a transaction, directly or by a reversing journal, as the account's preference has it. What is void stays so.
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define(['N/query', 'N/record', 'N/transaction'], (query, record, transaction) => {
  /** `id` of the transaction, or of the journal that reverses it. */
  const run = (type, id) => already(type, id) || told(id, transaction.void({ type: type.id, id: Number(id) }));

  const already = (type, id) => {
    const journal = record.load({ type: type.id, id }).getValue({ fieldId: 'voidjournal' });
    if (journal) return { id: String(journal), method: 'reversing_journal' };
    return isVoid(id) ? { id: String(id), method: 'direct' } : null;
  };

  const isVoid = (id) => {
    const rows = query.runSuiteQL({ query: 'SELECT voided FROM transaction WHERE id = ?', params: [id] });
    return rows.asMappedResults().some((row) => row.voided === 'T' || row.voided === true);
  };

  // with the preference for reversing journals NetSuite answers with the journal (Online Help, section_4413165692)
  const told = (id, answer) => ({
    id: String(answer),
    method: String(answer) === String(id) ? 'direct' : 'reversing_journal'
  });

  return { run };
});
