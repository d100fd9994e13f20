const crypto = require('node:crypto');

jest.mock('N/runtime', () => require('./fakes/runtime'));
jest.mock('N/crypto', () => require('./fakes/crypto'));
jest.mock('N/encode', () => ({ Encoding: { UTF_8: 'utf8', HEX: 'HEX' } }));
jest.mock('N/https', () => ({ post: jest.fn() }));
jest.mock('N/log', () => ({ error: jest.fn() }));

const runtime = require('N/runtime');
const secrets = require('N/crypto').secrets;
const https = require('N/https');
const log = require('N/log');
const { afterSubmit } = require('SuiteScripts/tieout/tieout_user_event');

const TYPES = [
  'APPROVE', 'CANCEL', 'COPY', 'CREATE', 'DELETE', 'EDIT', 'EMAIL', 'PRINT', 'QUICKVIEW', 'REJECT', 'TRANSFORM', 'VIEW',
  'XEDIT'
];
const UserEventType = Object.fromEntries(TYPES.map((name) => [name, name.toLowerCase()]));
const URL = 'https://tieout.example.com/webhooks/netsuite/1234567_SB1';
const NOW = new Date('2026-03-01T09:30:15.250Z');

const record = (values = {}, id = 1001, type = 'invoice') => ({ id, type, getValue: ({ fieldId }) => values[fieldId] });
const saved = (type, newRecord = record(), oldRecord = record()) =>
  afterSubmit({ type: UserEventType[type], newRecord, oldRecord, UserEventType });
const sent = () => https.post.mock.calls.map(([request]) => request);
const told = () => sent().map((request) => JSON.parse(request.body));

beforeEach(() => {
  jest.useFakeTimers({ now: NOW });
  jest.clearAllMocks();
  https.post.mockReturnValue({ code: 200 });
  runtime.executionContext = 'USERINTERFACE';
  runtime.state.user = 7;
  runtime.state.parameters = {
    custscript_tieout_callback_url: URL,
    custscript_tieout_account: null,
    custscript_tieout_secret: 'custsecret_tieout_callback',
    custscript_tieout_user: 42
  };
});

afterEach(() => jest.useRealTimers());

test.each([
  ['CREATE', 'create'], ['EDIT', 'edit'], ['XEDIT', 'xedit'], ['DELETE', 'delete'], ['APPROVE', 'edit'],
  ['REJECT', 'edit'], ['CANCEL', 'edit'], ['COPY', 'create'], ['TRANSFORM', 'create']
])('%s is told as %s', (type, event) => {
  saved(type);
  expect(told().map((body) => body.event)).toEqual([event]);
});

test.each(['VIEW', 'PRINT', 'EMAIL', 'QUICKVIEW'])('%s saves nothing and is not told', (type) => {
  saved(type);
  expect(https.post).not.toHaveBeenCalled();
});

test('the body is thin: ids, no data', () => {
  saved('EDIT', record({ memo: 'Confidential', total: 12.5 }, 1001, 'customerpayment'));
  const [body] = told();
  expect(body).toEqual({
    event_id: expect.stringMatching(/^1234567_SB1:customerpayment:1001:edit:1772357415250:[a-z0-9]+$/),
    account: '1234567_SB1',
    record_type: 'customerpayment',
    id: '1001',
    event: 'edit',
    context: 'USERINTERFACE',
    at: '2026-03-01T09:30:15.250Z'
  });
});

test('each save has an event id of its own, even in the same millisecond', () => {
  Array.from({ length: 50 }, () => saved('EDIT'));
  expect(new Set(told().map((body) => body.event_id)).size).toBe(50);
});

test('the account is the one of the parameter', () => {
  runtime.state.parameters.custscript_tieout_account = 'TSTDRV999';
  saved('CREATE');
  expect(told()[0].account).toBe('TSTDRV999');
});

test('the signature is the HMAC-SHA256 of "timestamp.body" in lower-case hex', () => {
  saved('CREATE');
  const [{ url, body, headers }] = sent();
  const expected = crypto
    .createHmac('sha256', 'a callback secret of 32 letters!')
    .update(`1772357415.${body}`, 'utf8')
    .digest('hex');
  expect(url).toBe(URL);
  expect(headers).toEqual({
    'Content-Type': 'application/json',
    'X-Tieout-Timestamp': '1772357415',
    'X-Tieout-Signature': `v1=${expected}`
  });
});

test('a deleted record is the old one, the new one being gone', () => {
  saved('DELETE', null, record({}, 77, 'customer'));
  expect(told()[0]).toMatchObject({ id: '77', record_type: 'customer', event: 'delete' });
});

test('xedit is told although its record holds the edited fields only', () => {
  saved('XEDIT', record({ email: 'new@example.com' }, 5, 'customer'), record({ email: 'old@example.com' }, 5));
  expect(told()[0]).toMatchObject({ id: '5', event: 'xedit' });
});

test.each([
  ['the memo VOID', 'EDIT', { memo: 'VOID' }],
  ['the memo Voided', 'EDIT', { memo: ' Voided ' }],
  ['the voided mark', 'EDIT', { voided: true }],
  ['the voided mark as text', 'EDIT', { voided: 'T' }],
  ['an inline edit', 'XEDIT', { memo: 'Void' }]
])('a void is seen by %s', (_, type, values) => {
  saved(type, record(values), record({ memo: 'March' }));
  expect(told()[0].event).toBe('void');
});

test.each([
  ['was void before', 'EDIT', { memo: 'VOID' }, { memo: 'VOID' }, 'edit'],
  ['has a memo that begins so', 'EDIT', { memo: 'Void where prohibited' }, {}, 'edit'],
  ['is new', 'CREATE', { memo: 'VOID' }, {}, 'create'],
  ['is deleted', 'DELETE', { memo: 'VOID' }, { memo: 'VOID' }, 'delete']
])('what %s is no void', (_, type, values, before, event) => {
  saved(type, record(values), record(before));
  expect(told()[0].event).toBe(event);
});

test.each(['RESTWEBSERVICES', 'RESTLET'])('what our own integration writes over %s is not told back', (context) => {
  runtime.executionContext = context;
  runtime.state.user = 42;
  saved('EDIT');
  expect(https.post).not.toHaveBeenCalled();
});

test('what another integration writes over REST is told', () => {
  runtime.executionContext = 'RESTWEBSERVICES';
  saved('EDIT');
  expect(told()[0].context).toBe('RESTWEBSERVICES');
});

test('what the integration user does by hand is told', () => {
  runtime.state.user = 42;
  saved('EDIT');
  expect(told()).toHaveLength(1);
});

test('without an integration user nobody is skipped', () => {
  runtime.executionContext = 'RESTLET';
  runtime.state.parameters.custscript_tieout_user = null;
  saved('EDIT');
  expect(told()).toHaveLength(1);
});

test('without an address nothing is sent and nothing logged', () => {
  runtime.state.parameters.custscript_tieout_callback_url = '';
  saved('EDIT');
  expect(https.post).not.toHaveBeenCalled();
  expect(log.error).not.toHaveBeenCalled();
});

test('one try only: a failing call is logged and the save goes on', () => {
  https.post.mockImplementation(() => {
    throw Object.assign(new Error('The host took too long.'), { name: 'SSS_REQUEST_TIME_EXCEEDED' });
  });
  expect(() => saved('EDIT')).not.toThrow();
  expect(https.post).toHaveBeenCalledTimes(1);
  expect(log.error).toHaveBeenCalledWith({
    title: 'Tieout was not told', details: 'SSS_REQUEST_TIME_EXCEEDED: The host took too long.'
  });
});

test('a missing secret is logged and the save goes on', () => {
  runtime.state.parameters.custscript_tieout_secret = 'custsecret_gone';
  expect(() => saved('EDIT')).not.toThrow();
  expect(https.post).not.toHaveBeenCalled();
  expect(log.error.mock.calls[0][0].details).toBe('INVALID_SECRET: The secret custsecret_gone does not exist.');
});

test.each([199, 302, 400, 503])('the answer %d is logged', (code) => {
  https.post.mockReturnValue({ code });
  saved('EDIT');
  expect(log.error).toHaveBeenCalledWith({ title: 'Tieout refused the callback', details: `HTTP ${code}` });
});

test('a good answer is not logged', () => {
  https.post.mockReturnValue({ code: 204 });
  saved('EDIT');
  expect(log.error).not.toHaveBeenCalled();
});

test('no secret is sent or logged', () => {
  https.post.mockReturnValue({ code: 500 });
  saved('EDIT');
  const said = JSON.stringify([sent(), log.error.mock.calls]);
  expect(said).not.toContain(secrets.custsecret_tieout_callback);
});
