jest.mock('N/runtime', () => require('./fakes/runtime'));
jest.mock('N/record', () => require('./fakes/books').record);
jest.mock('N/query', () => require('./fakes/books').query);
jest.mock('N/transaction', () => require('./fakes/books').transaction);
jest.mock('N/log', () => ({ error: jest.fn() }));
jest.mock('N/url', () => ({}));

const { state } = require('N/runtime');
const { books, failure, put, reset, stored } = require('./fakes/books');
const { post } = require('SuiteScripts/tieout/tieout_restlet');

const batch = (...items) => post({ action: 'batch', items });
const results = (...items) => batch(...items).results;
const invoice = (externalId, more = {}) => ({
  op: 'upsert', type: 'invoice', externalId, replace: ['item'],
  body: { externalId, entity: { id: '9' }, item: { items: [{ item: { id: '14' }, rate: 10 }] }, ...more }
});
const counted = (name) => books.calls.filter(([call]) => call === name).length;
const NOT_DONE = { ok: false, code: 'NOT_DONE', message: expect.any(String) };

beforeEach(reset);

test('an upsert makes a record, and the same item again changes that record', () => {
  expect(batch(invoice('stripe-inv-1'))).toEqual({
    ok: true, results: [{ ok: true, id: '1001', created: true }], remaining: 5000 - 10 - 30
  });
  expect(results(invoice('stripe-inv-1', { memo: 'March' }))).toEqual([{ ok: true, id: '1001', created: false }]);
  expect(stored('invoice', 1001).fields).toEqual({ externalid: 'stripe-inv-1', entity: '9', memo: 'March' });
  expect(stored('invoice', 1001).lists.item).toEqual([{ item: '14', rate: 10 }]);
});

test('one item twice in a batch makes one record', () => {
  expect(results(invoice('stripe-inv-1'), invoice('stripe-inv-1'))).toEqual([
    { ok: true, id: '1001', created: true }, { ok: true, id: '1001', created: false }
  ]);
  expect(books.records.size).toBe(1);
});

test('a create leaves what is there as it is', () => {
  put('invoice', 5, { externalid: 'stripe-inv-1', memo: 'by hand' });
  expect(results({ ...invoice('stripe-inv-1', { memo: 'new' }), op: 'create' })).toEqual([
    { ok: true, id: '5', created: false }
  ]);
  expect(stored('invoice', 5).fields.memo).toBe('by hand');
  expect(counted('load') + counted('save')).toBe(0);
});

test('a patch changes what it names and nothing else', () => {
  put('invoice', 5, { memo: 'old', entity: '9', duedate: 'as it was' }, { item: [{ line: 1, rate: 1 }] });
  const item = { op: 'patch', type: 'invoice', id: '5', body: { memo: null, custbody_tieout_stripe_id: 'in_1' } };
  expect(results(item)).toEqual([{ ok: true, id: '5', created: false }]);
  expect(stored('invoice', 5)).toMatchObject({
    fields: { memo: '', entity: '9', duedate: 'as it was', custbody_tieout_stripe_id: 'in_1' },
    lists: { item: [{ line: 1, rate: 1 }] }
  });
  expect(counted('query')).toBe(0);
});

test('all external ids of a type are looked up at once', () => {
  const items = ['a', 'b', 'c'].map((id) => invoice(`stripe-inv-${id}`));
  batch(...items, { op: 'create', type: 'customer', externalId: 'stripe-cus-1', body: { companyName: 'Acme' } });
  expect(books.calls.filter(([name]) => name === 'query')).toEqual([
    ['query', 'SELECT id, externalid FROM transaction WHERE type = ? AND externalid IN (?,?,?)',
      ['CustInvc', 'stripe-inv-a', 'stripe-inv-b', 'stripe-inv-c']],
    ['query', 'SELECT id, externalid FROM customer WHERE externalid IN (?)', ['stripe-cus-1']]
  ]);
});

test('a hundred new invoices fit into the units of one call', () => {
  const items = Array.from({ length: 100 }, (_, index) => invoice(`stripe-inv-${index}`));
  const told = batch(...items);
  expect(told.results.filter((one) => one.ok && one.created)).toHaveLength(100);
  expect(told.remaining).toBe(5000 - 10 - 100 * 30);
});

test('when the units run out the rest is not done, and nothing of it is begun', () => {
  state.usage = 10 + 30 * 2 + 60;
  const items = ['a', 'b', 'c', 'd'].map((id) => invoice(`stripe-inv-${id}`));
  expect(results(...items)).toEqual([
    { ok: true, id: '1001', created: true }, { ok: true, id: '1002', created: true }, NOT_DONE, NOT_DONE
  ]);
  expect(counted('create')).toBe(2);
});

test('after the first that is not done a cheaper one is not done either', () => {
  state.usage = 20 + 6 + 60;
  const link = {
    op: 'upsert', type: 'customrecord_tieout_invoice_link', externalId: 'stripe-url-1', body: { name: 'INV1' }
  };
  expect(results(invoice('stripe-inv-1'), link)).toEqual([NOT_DONE, NOT_DONE]);
  expect(books.records.size).toBe(0);
});

test('without the units for the look-up nothing is done', () => {
  state.usage = 30;
  expect(results(invoice('stripe-inv-1'))).toEqual([NOT_DONE]);
  expect(books.calls).toEqual([]);
});

test('when the time runs out the rest is not done', () => {
  const now = jest.spyOn(Date, 'now');
  now.mockReturnValueOnce(0).mockReturnValueOnce(1000).mockReturnValue(90 * 1000);
  expect(results(invoice('stripe-inv-a'), invoice('stripe-inv-b'))).toEqual([
    { ok: true, id: '1001', created: true }, NOT_DONE
  ]);
  now.mockRestore();
});

test('each item stands alone: one that NetSuite refuses leaves nothing and the others go on', () => {
  books.faults = [() => { throw failure('USER_ERROR', 'Please enter value(s) for: Terms.'); }];
  expect(results(invoice('stripe-inv-a'), invoice('stripe-inv-b'))).toEqual([
    { ok: false, code: 'USER_ERROR', message: 'Please enter value(s) for: Terms.' },
    { ok: true, id: '1001', created: true }
  ]);
  expect([...books.records.values()].map((one) => one.fields.externalid)).toEqual(['stripe-inv-b']);
});

test.each(['upsert', 'create'])('%s: where somebody else was quicker his record is taken', (op) => {
  books.faults = [(draft) => put('invoice', 77, { externalid: draft.fields.externalid, memo: 'his' })];
  const told = results({ ...invoice('stripe-inv-1', { memo: 'ours' }), op });
  expect(told).toEqual([{ ok: true, id: '77', created: false }]);
  expect(stored('invoice', 77).fields.memo).toBe(op === 'upsert' ? 'ours' : 'his');
  expect(books.records.size).toBe(1);
});

test('a duplicate of another type stays an error', () => {
  put('customerpayment', 8, { externalid: 'stripe-inv-1' });
  expect(results(invoice('stripe-inv-1'))).toEqual([
    { ok: false, code: 'DUP_RCRD', message: 'This record already exists' }
  ]);
});

test('a transform takes over what it is made from', () => {
  put('invoice', 12, {}, { item: [{ line: 1, item: '14', rate: 10 }, { line: 2, item: '15', rate: 5 }] });
  books.open = [{ doc: '12' }, { doc: '13' }];
  const item = {
    op: 'transform', from: { type: 'invoice', id: '12' }, type: 'creditMemo', externalId: 'stripe-cm-1', replace: [],
    body: { memo: 'given back' }
  };
  expect(results(item, item)).toEqual([{ ok: true, id: '1001', created: true }, { ok: true, id: '1001', created: false }]);
  const { fields, lists } = stored('creditmemo', 1001);
  expect(fields).toEqual({ externalid: 'stripe-cm-1', memo: 'given back' });
  expect(lists.item.map((one) => one.rate)).toEqual([10, 5]);
  expect(lists.apply.map((one) => [one.doc, one.apply])).toEqual([['12', true], ['13', false]]);
});

test('a transform whose lists are sent whole has those lines only', () => {
  put('invoice', 12, {}, { item: [{ line: 1, item: '14', rate: 10 }, { line: 2, item: '15', rate: 5 }] });
  books.open = [{ doc: '12' }, { doc: '13' }];
  const body = {
    item: { items: [{ item: { id: '20' }, amount: 3 }] },
    apply: { items: [{ doc: { id: '13' }, apply: true, amount: 3 }] }
  };
  const item = { op: 'transform', from: { type: 'invoice', id: '12' }, type: 'creditMemo', externalId: 'stripe-cm-1' };
  results({ ...item, replace: ['item', 'apply'], body });
  const { lists } = stored('creditmemo', 1001);
  expect(lists.item).toEqual([{ item: '20', amount: 3 }]);
  expect(lists.apply).toEqual([
    { doc: '12', line: 0, apply: false }, { doc: '13', line: 0, apply: true, amount: 3 }
  ]);
});

test('records are saved with sourcing, mandatory fields and all', () => {
  batch(invoice('stripe-inv-1'));
  expect(books.calls).toContainEqual(['save', 'invoice', { enableSourcing: true, ignoreMandatoryFields: false }]);
});

test.each([
  ['no item', null, 'INVALID_REQUEST'],
  ['another operation', { ...invoice('x'), op: 'delete' }, 'INVALID_REQUEST'],
  ['another type', { ...invoice('x'), type: 'employee' }, 'TYPE_NOT_ALLOWED'],
  ["an object's own as type", { ...invoice('x'), type: 'constructor' }, 'TYPE_NOT_ALLOWED'],
  ['no body', { ...invoice('x'), body: null }, 'INVALID_REQUEST'],
  ['no external id', { ...invoice('x'), externalId: undefined }, 'INVALID_REQUEST'],
  ['an external id with other characters', { ...invoice('x'), externalId: "x' OR 'a'='a" }, 'INVALID_REQUEST'],
  ['two external ids', { ...invoice('x'), body: { externalId: 'y' } }, 'INVALID_REQUEST'],
  ['a list named wrong', { ...invoice('x'), replace: 'item' }, 'INVALID_REQUEST'],
  ['a patch without id', { op: 'patch', type: 'invoice', body: {} }, 'INVALID_REQUEST'],
  ['a transform without source', { ...invoice('x'), op: 'transform' }, 'INVALID_REQUEST'],
  ['a transform that is none', { ...invoice('x'), op: 'transform', from: { type: 'deposit', id: '1' } }, 'TYPE_NOT_ALLOWED'],
  ['a transform from an employee', { ...invoice('x'), op: 'transform', from: { type: 'employee', id: '1' } }, 'TYPE_NOT_ALLOWED'],
  ['an unknown field', invoice('x', { custbody_misspelt: 'y' }), 'INVALID_CONTENT'],
  ['an unknown field of a line', invoice('x', { item: { items: [{ itm: { id: '1' } }] } }), 'INVALID_CONTENT'],
  ['a list without lines', invoice('x', { item: { items: 'none' } }), 'INVALID_CONTENT'],
  ['a reference by external id', invoice('x', { entity: { externalId: 'stripe-cus-1' } }), 'INVALID_CONTENT']
])('an item with %s is refused, the others go on', (_, item, code) => {
  expect(results(item, invoice('stripe-inv-1'))).toEqual([
    { ok: false, code, message: expect.stringMatching(/\.$/) }, { ok: true, id: '1001', created: true }
  ]);
  expect(books.records.size).toBe(1);
});
