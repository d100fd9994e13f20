jest.mock('N/runtime', () => require('./fakes/runtime'));
jest.mock('N/record', () => require('./fakes/books').record);
jest.mock('N/query', () => require('./fakes/books').query);

const { books, put, reset, stored } = require('./fakes/books');
const batch = require('SuiteScripts/tieout/lib/batch');

const written = (type, body, replace = []) => {
  const [result] = batch.run([{ op: 'upsert', type, externalId: 'stripe-x-1', replace, body }]);
  expect(result).toMatchObject({ ok: true });
  return stored([...books.records.values()].at(-1).type, Number(result.id));
};
const refused = (type, body) => batch.run([{ op: 'upsert', type, externalId: 'stripe-x-1', body }])[0];
const noon = (year, month, day) => new Date(year, month - 1, day, 12);

beforeEach(reset);

test('a customer: radio button, currencies by key, address as a subrecord with the country first', () => {
  const inside = { addr1: '1 Road', country: { id: 'US' }, zip: '1' };
  const address = { label: 'Main', defaultBilling: true, addressBookAddress: inside };
  const { fields, lists } = written('customer', {
    isPerson: false, companyName: 'Acme', subsidiary: { id: '2' }, isInactive: false, autoName: true,
    currencyList: { items: [{ currency: { id: '1' } }, { currency: { id: '4' } }] },
    addressBook: { items: [address] }
  }, ['addressBook']);
  expect(fields).toEqual({
    externalid: 'stripe-x-1', isperson: 'F', companyname: 'Acme', subsidiary: '2', isinactive: false, autoname: true
  });
  expect(lists.currency).toEqual([{ currency: '1' }, { currency: '4' }]);
  const [line] = lists.addressbook;
  expect(line).toMatchObject({ label: 'Main', defaultbilling: true });
  expect(line.addressbookaddress.values).toEqual({ country: 'US', addr1: '1 Road', zip: '1' });
  expect(line.addressbookaddress.order[0]).toBe('country');
});

test("a customer's currencies do not grow when they are sent again, and a used one is not dropped", () => {
  put('customer', 5, { externalid: 'stripe-x-1' }, { currency: [{ currency: '1' }, { currency: '7' }] });
  const { lists } = written('customer', { currencyList: { items: [{ currency: { id: '1' } }, { currency: { id: '4' } }] } });
  expect(lists.currency).toEqual([{ currency: '1' }, { currency: '7' }, { currency: '4' }]);
});

test('an invoice: references, days, numbers, lines, tax details', () => {
  const amounts = { quantity: 2, price: { id: '-1' }, rate: 10.5 };
  const line = { item: { id: '14' }, ...amounts, taxDetailsReference: 'L1', class: { id: '3' } };
  const { fields, lists } = written('invoice', {
    entity: { id: '9' }, tranDate: '2026-01-31', dueDate: '2026-03-02', exchangeRate: 1.1, toBeEmailed: false,
    taxDetailsOverride: true, item: { items: [line] },
    taxDetails: { items: [{ taxDetailsReference: 'L1', taxAmount: 2.1 }] }
  }, ['item']);
  expect(fields).toEqual({
    externalid: 'stripe-x-1', entity: '9', trandate: noon(2026, 1, 31), duedate: noon(2026, 3, 2), exchangerate: 1.1,
    tobeemailed: false, taxdetailsoverride: true
  });
  expect(lists.item).toEqual([{ item: '14', quantity: 2, price: '-1', rate: 10.5, taxdetailsreference: 'L1', class: '3' }]);
  expect(lists.taxdetails).toEqual([{ taxdetailsreference: 'L1', taxamount: 2.1 }]);
});

test('a text that looks like a date stays text in a text field and is a day in a date field', () => {
  const { fields, lists } = written('invoice', {
    custbody_tieout_due_date: '2026-01-31', custbody_a_day: '2026-01-31',
    item: { items: [{ description: '2026-01-31', custcol_a_day: '2026-02-01' }] }
  });
  expect(fields).toMatchObject({ custbody_tieout_due_date: '2026-01-31', custbody_a_day: noon(2026, 1, 31) });
  expect(lists.item).toEqual([{ description: '2026-01-31', custcol_a_day: noon(2026, 2, 1) }]);
});

test('several references at once are a list of ids', () => {
  expect(written('invoice', { custbody_many: { items: [{ id: '1' }, { id: 2 }] } }).fields.custbody_many).toEqual(['1', '2']);
});

test('lines are appended, found by their key, and the others removed only when the list is sent whole', () => {
  const lines = [{ line: 1, rate: 1 }, { line: 2, rate: 2 }];
  put('invoice', 5, { externalid: 'stripe-x-1' }, { item: lines });
  const sent = { item: { items: [{ line: 2, rate: 20 }, { rate: 30 }] } };
  expect(written('invoice', sent).lists.item).toEqual([{ line: 1, rate: 1 }, { line: 2, rate: 20 }, { rate: 30 }]);
  put('invoice', 5, { externalid: 'stripe-x-1' }, { item: lines });
  expect(written('invoice', sent, ['item']).lists.item).toEqual([{ line: 2, rate: 20 }, { rate: 30 }]);
});

test('a payment starts from the invoice that it pays, and pays nothing else', () => {
  put('invoice', 12);
  books.open = [{ doc: '12', due: 50 }, { doc: '13', due: 70 }];
  const { fields, lists } = written('customerPayment', {
    customer: { id: '9' }, payment: 60, undepFunds: { id: 'T' }, autoApply: false,
    apply: { items: [{ doc: { id: '12' }, apply: true, amount: 40, applyDate: '2026-01-05' }, { doc: { id: '13' }, amount: 20 }] }
  });
  expect(books.calls).toContainEqual(['transform', 'invoice', 12, 'customerpayment']);
  expect(fields).toMatchObject({ customer: '9', payment: 60, undepfunds: 'T', autoapply: false });
  expect(lists.apply).toEqual([
    { line: 0, apply: true, doc: '12', due: 50, amount: 40, applydate: noon(2026, 1, 5) },
    { line: 0, apply: true, doc: '13', due: 70, amount: 20 }
  ]);
});

test('a payment of an account is not one of undeposited funds', () => {
  const { fields } = written('customerPayment', { customer: { id: '9' }, payment: 5, account: { id: '220' } });
  expect(fields).toMatchObject({ account: '220', undepfunds: 'F' });
  expect(books.calls).toContainEqual(['create', 'customerpayment', { entity: '9' }]);
});

test('a payment sent again with another distribution unticks what is no longer paid', () => {
  put('customerpayment', 5, { externalid: 'stripe-x-1' }, { apply: [{ doc: '12', line: 0, apply: true, amount: 40 }] });
  books.open = [{ doc: '13', due: 70 }];
  const { lists } = written('customerPayment', { apply: { items: [{ doc: { id: '13' }, amount: 40 }] } }, ['apply']);
  expect(lists.apply.map((one) => [one.doc, one.apply])).toEqual([['12', false], ['13', true]]);
});

test('without replace what was ticked stays, and a line is unticked on request', () => {
  const apply = [{ doc: '12', line: 0, apply: true, amount: 40 }, { doc: '14', line: 0, apply: true, amount: 1 }];
  put('customerpayment', 5, { externalid: 'stripe-x-1' }, { apply });
  const { lists } = written('customerPayment', { apply: { items: [{ doc: { id: '14' }, apply: false }] } });
  expect(lists.apply.map((one) => [one.doc, one.apply])).toEqual([['12', true], ['14', false]]);
});

test('what is not open is refused with the list and the key', () => {
  put('invoice', 12);
  books.open = [{ doc: '12' }];
  const body = { customer: { id: '9' }, apply: { items: [{ doc: { id: '99' }, amount: 5 }] } };
  expect(refused('customerPayment', body)).toEqual({
    ok: false, code: 'USER_ERROR',
    message: 'Unable to find a matching line for sublist apply with key: [doc] and value: [99].'
  });
});

test("a document's line is told apart by its transaction line id", () => {
  books.open = [{ doc: '12', line: 1 }, { doc: '12', line: 2 }];
  const apply = (line) => ({ customer: { id: '9' }, apply: { items: [{ doc: { id: '12' }, line, amount: 5 }] } });
  expect(written('customerRefund', apply(2)).lists.apply.map((one) => one.apply)).toEqual([false, true]);
  reset();
  books.open = [{ doc: '12', line: 1 }];
  expect(refused('customerRefund', apply(3)).message).toContain('key: [doc,line] and value: [12,3]');
});

test('a credit memo and a refund start with their customer, whose open documents are listed', () => {
  books.open = [{ doc: '12', due: 5 }];
  const memo = written('creditMemo', {
    entity: { id: '9' }, autoApply: false, item: { items: [{ item: { id: '20' }, amount: 5 }] },
    apply: { items: [{ doc: { id: '12' }, amount: 5 }] }
  }, ['item', 'apply']);
  expect(memo.lists.apply).toEqual([{ doc: '12', line: 0, apply: true, due: 5, amount: 5 }]);
  expect(books.calls).toContainEqual(['create', 'creditmemo', { entity: '9' }]);
});

test.each([
  ['cashSale', 'cashsale', { entity: { id: '9' }, undepFunds: true }, { entity: '9', undepfunds: 'T' }],
  ['cashSale', 'cashsale', { entity: { id: '9' }, account: { id: '220' } }, { entity: '9', account: '220', undepfunds: 'F' }],
  ['cashRefund', 'cashrefund', { entity: { id: '9' }, account: { id: '220' } }, { entity: '9', account: '220' }],
  [
    'customerDeposit', 'customerdeposit', { customer: { id: '9' }, payment: 5, salesOrder: { id: '3' } },
    { customer: '9', payment: 5, salesorder: '3' }
  ],
  ['journalEntry', 'journalentry', { subsidiary: { id: '1' }, memo: 'Fees' }, { subsidiary: '1', memo: 'Fees' }],
  [
    'customrecord_tieout_invoice_link', 'customrecord_tieout_invoice_link',
    { name: 'INV1', custrecord_tieout_expires: '2026-02-01', custrecord_tieout_url: null },
    { name: 'INV1', custrecord_tieout_expires: noon(2026, 2, 1), custrecord_tieout_url: '' }
  ]
])('%s becomes a %s', (type, id, body, fields) => {
  const one = written(type, body);
  expect(one.type).toBe(id);
  expect(one.fields).toEqual({ externalid: 'stripe-x-1', ...fields });
});

test('a deposit application is made from its deposit', () => {
  put('customerdeposit', 7);
  books.open = [{ doc: '12', due: 9 }];
  const [result] = batch.run([{
    op: 'transform', from: { type: 'customerDeposit', id: '7' }, type: 'depositApplication', externalId: 'stripe-da-1',
    replace: ['apply'], body: { apply: { items: [{ doc: { id: '12' }, amount: 9 }] } }
  }]);
  expect(stored('depositapplication', Number(result.id)).lists.apply).toEqual([
    { line: 0, doc: '12', due: 9, apply: true, amount: 9 }
  ]);
});

test('a bank deposit ticks the payments it takes and adds its other lines', () => {
  books.undeposited = [{ id: '31', deposit: false }, { id: '32', deposit: true }];
  const { lists } = written('deposit', {
    account: { id: '5' }, payment: { items: [{ id: 31, deposit: true }] },
    other: { items: [{ account: { id: '60' }, amount: -3, memo: 'Reserve', class: { id: '2' } }] },
    cashBack: { items: [{ account: { id: '61' }, amount: 1.2 }] }
  }, ['payment', 'other', 'cashBack']);
  expect(books.calls).toContainEqual(['create', 'deposit', { disablepaymentfilters: true }]);
  expect(lists.payment).toEqual([{ id: '31', deposit: true }, { id: '32', deposit: false }]);
  expect(lists.other).toEqual([{ account: '60', amount: -3, memo: 'Reserve', class: '2' }]);
  expect(lists.cashback).toEqual([{ account: '61', amount: 1.2 }]);
});

test("a journal's lines", () => {
  const line = [{ account: { id: '1' }, debit: 5 }, { account: { id: '2' }, credit: 5, entity: { id: '9' } }];
  expect(written('journalEntry', { line: { items: line } }, ['line']).lists.line).toEqual([
    { account: '1', debit: 5 }, { account: '2', credit: 5, entity: '9' }
  ]);
});

test('an unknown field of an address is refused', () => {
  const items = [{ addressBookAddress: { country: { id: 'US' }, planet: 'Earth' } }];
  expect(refused('customer', { addressBook: { items } })).toEqual({
    ok: false, code: 'INVALID_CONTENT', message: "The property 'addressbook.planet' is unknown for this record."
  });
});

test('what NetSuite ticks by itself on a new record is unticked', () => {
  books.open = [{ doc: '11', apply: true }, { doc: '12' }];
  const body = { entity: { id: '9' }, apply: { items: [{ doc: { id: '12' }, amount: 5 }] } };
  expect(written('creditMemo', body).lists.apply.map((one) => [one.doc, one.apply])).toEqual([['11', false], ['12', true]]);
});
