jest.mock('N/runtime', () => require('./fakes/runtime'));
jest.mock('N/record', () => require('./fakes/books').record);
jest.mock('N/query', () => require('./fakes/books').query);
jest.mock('N/transaction', () => require('./fakes/books').transaction);
jest.mock('N/log', () => ({ error: jest.fn() }));
jest.mock('N/url', () => ({
  HostType: { APPLICATION: 'APPLICATION' },
  resolveDomain: jest.fn(() => '1234567-sb1.app.netsuite.com'),
  resolveRecord: jest.fn(({ recordType, recordId }) => {
    if (recordId === '404') throw new Error('no such record');
    return recordId === '405' ? '' : `/app/${recordType}.nl?id=${recordId}`;
  })
}));

const log = require('N/log');
const { books, put, reset } = require('./fakes/books');
const { version } = require('../package.json');
const { post } = require('SuiteScripts/tieout/tieout_restlet');

const TYPES = [
  'customer', 'invoice', 'cashSale', 'cashRefund', 'creditMemo', 'customerPayment', 'customerRefund', 'customerDeposit',
  'depositApplication', 'deposit', 'journalEntry', 'customrecord_tieout_invoice_link'
];

beforeEach(() => {
  jest.clearAllMocks();
  reset();
});

test('ping tells what is installed', () => {
  expect(post({ action: 'ping' })).toEqual({
    ok: true, account: '1234567_SB1', version, actions: ['ping', 'void', 'urls', 'batch'], types: TYPES, remaining: 5000
  });
});

test.each([
  ['nothing', undefined, 'INVALID_REQUEST'],
  ['a text', '{"action":"ping"}', 'INVALID_REQUEST'],
  ['a list', [], 'INVALID_REQUEST'],
  ['no action', {}, 'UNKNOWN_ACTION'],
  ['another action', { action: 'delete' }, 'UNKNOWN_ACTION'],
  ["an object's own", { action: 'constructor' }, 'UNKNOWN_ACTION'],
  ['a batch of nothing', { action: 'batch', items: [] }, 'INVALID_REQUEST'],
  ['a batch without a list', { action: 'batch', items: {} }, 'INVALID_REQUEST'],
  ['more than 100 items', { action: 'batch', items: Array(101).fill({}) }, 'INVALID_REQUEST'],
  ['addresses of nothing', { action: 'urls', items: [] }, 'INVALID_REQUEST'],
  ['a void without id', { action: 'void', type: 'invoice' }, 'INVALID_REQUEST'],
  ['a void of a text', { action: 'void', type: 'invoice', id: '1 OR 1=1' }, 'INVALID_REQUEST'],
  ['a void of a deposit', { action: 'void', type: 'deposit', id: '5' }, 'TYPE_NOT_ALLOWED'],
  ['a void of a customer', { action: 'void', type: 'customer', id: '5' }, 'TYPE_NOT_ALLOWED'],
  ['a void of an employee', { action: 'void', type: 'employee', id: '5' }, 'TYPE_NOT_ALLOWED'],
  ["a void of an object's own", { action: 'void', type: 'toString', id: '5' }, 'TYPE_NOT_ALLOWED']
])('%s is refused and nothing is touched', (_, request, code) => {
  expect(post(request)).toEqual({ ok: false, code, message: expect.stringMatching(/\.$/) });
  expect(books.calls).toEqual([]);
  expect(log.error).toHaveBeenCalledTimes(1);
});

test('a void is direct where the preference for reversing journals is off', () => {
  put('invoice', 12);
  expect(post({ action: 'void', type: 'invoice', id: '12' })).toEqual({ ok: true, id: '12', method: 'direct' });
  expect(books.calls).toContainEqual(['void', 'invoice', 12]);
});

test('what is void already answers the same again and is not voided twice', () => {
  put('invoice', 12);
  const first = post({ action: 'void', type: 'invoice', id: '12' });
  expect(post({ action: 'void', type: 'invoice', id: '12' })).toEqual(first);
  expect(books.calls.filter(([name]) => name === 'void')).toHaveLength(1);
});

test('a void by reversing journal answers with the journal, the second time too', () => {
  put('customerrefund', 12);
  books.byJournal = true;
  const told = { ok: true, id: '1001', method: 'reversing_journal' };
  expect(post({ action: 'void', type: 'customerRefund', id: 12 })).toEqual(told);
  expect(post({ action: 'void', type: 'customerRefund', id: '12' })).toEqual(told);
  expect(books.calls.filter(([name]) => name === 'void')).toHaveLength(1);
});

test("NetSuite's own refusal is passed on with its name", () => {
  expect(post({ action: 'void', type: 'invoice', id: '99' })).toEqual({
    ok: false, code: 'RCRD_DSNT_EXIST', message: 'That record does not exist. path: invoice 99'
  });
});

test('addresses of records are absolute, null where there is none', () => {
  const items = [
    { type: 'invoice', id: '12' }, { type: 'customerPayment', id: 13 }, { type: 'invoice', id: '404' },
    { type: 'invoice', id: '405' }, { type: 'employee', id: '5' }, { type: 'invoice', id: '../' }, null
  ];
  expect(post({ action: 'urls', items })).toEqual({
    ok: true,
    urls: [
      'https://1234567-sb1.app.netsuite.com/app/invoice.nl?id=12',
      'https://1234567-sb1.app.netsuite.com/app/customerpayment.nl?id=13',
      null, null, null, null, null
    ]
  });
});
