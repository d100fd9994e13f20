// A small N/record (standard mode), N/query and N/transaction over records in memory, with their usage units.
const { address, forms, kinds } = require('./forms');
const runtime = require('./runtime');

const COSTS = { customer: [5, 10], customrecord_tieout_invoice_link: [2, 4] };
const HIDDEN = ['externalid', 'undepfunds', 'autoapply', 'tobeemailed', 'autoname', 'taxdetailsoverride'];
const CODES = { CustInvc: 'invoice', CustPymt: 'customerpayment', CustCred: 'creditmemo', Deposit: 'deposit' };

const books = { records: new Map(), open: [], undeposited: [], calls: [], faults: [], byJournal: false, next: 1000 };

const failure = (name, message) => Object.assign(new Error(message), { name });
const spend = (units) => { runtime.state.usage -= units; };
const cost = (type, which) => (COSTS[type] || [10, 20])[which];
const keyOf = (type, id) => `${type}/${id}`;
const copied = (lists) => Object.fromEntries(Object.entries(lists).map(([id, lines]) => [id, lines.map((one) => ({ ...one }))]));

const stored = (type, id) => {
  const found = books.records.get(keyOf(type, id));
  if (!found) throw failure('RCRD_DSNT_EXIST', `That record does not exist. path: ${type} ${id}`);
  return found;
};

class Subrecord {
  constructor(values) { this.values = values; this.order = []; }

  getFields() { return address; }

  setValue({ fieldId, value }) { this.order.push(fieldId); this.values[fieldId] = value; }
}

class Draft {
  constructor(type, id, fields = {}, lists = {}) {
    if (!forms[type]) throw failure('INVALID_RCRD_TYPE', `The record type ${type} is invalid.`);
    Object.assign(this, { type, id, fields: { ...fields }, lists: copied(lists) });
  }

  getFields() { return forms[this.type].fields; }

  getField({ fieldId }) { return forms[this.type].fields.includes(fieldId) ? { type: kinds[fieldId] || 'text' } : null; }

  getValue({ fieldId }) { return this.fields[fieldId]; }

  setValue({ fieldId, value }) {
    if (![...this.getFields(), ...HIDDEN].includes(fieldId)) throw failure('SSS_INVALID_FIELD', fieldId);
    this.fields[fieldId] = value;
  }

  getSublistFields({ sublistId }) { return forms[this.type].lists[sublistId]; }

  getSublistField({ fieldId }) { return { type: kinds[fieldId] || 'text' }; }

  getLineCount({ sublistId }) { return this.lists[sublistId] ? this.lists[sublistId].length : -1; }

  getSublistValue({ sublistId, fieldId, line }) { return this.lists[sublistId][line][fieldId]; }

  setSublistValue({ sublistId, fieldId, line, value }) { this.lists[sublistId][line][fieldId] = value; }

  findSublistLineWithValue({ sublistId, fieldId, value }) {
    return (this.lists[sublistId] || []).findIndex((one) => String(one[fieldId]) === String(value));
  }

  insertLine({ sublistId, line }) { (this.lists[sublistId] ||= []).splice(line, 0, {}); }

  removeLine({ sublistId, line }) { this.lists[sublistId].splice(line, 1); }

  getSublistSubrecord({ sublistId, fieldId, line }) {
    const one = this.lists[sublistId][line];
    one[fieldId] ||= new Subrecord({});
    return one[fieldId];
  }

  save(options) {
    spend(cost(this.type, 1));
    books.calls.push(['save', this.type, options]);
    const fault = books.faults.shift();
    if (fault) fault(this);
    const same = [...books.records.values()].find((one) => this.fields.externalid && one.id !== this.id
      && one.fields.externalid === this.fields.externalid);
    if (same) throw failure('DUP_RCRD', 'This record already exists');
    this.id ||= (books.next += 1);
    books.records.set(keyOf(this.type, this.id), { type: this.type, id: this.id, fields: this.fields, lists: this.lists });
    return this.id;
  }
}

const isOpen = (type) => ['customerpayment', 'customerrefund', 'creditmemo', 'depositapplication'].includes(type);
const offered = () => books.open.map((one) => ({ line: 0, apply: false, ...one }));

const record = {
  create: ({ type, defaultValues = {} }) => {
    spend(cost(type, 0));
    books.calls.push(['create', type, defaultValues]);
    if (type === 'deposit') return new Draft(type, null, {}, { payment: books.undeposited });
    return new Draft(type, null, {}, isOpen(type) && defaultValues.entity ? { apply: offered() } : {});
  },
  load: ({ type, id }) => {
    spend(cost(type, 0));
    books.calls.push(['load', type, String(id)]);
    const { fields, lists } = stored(type, id);
    return new Draft(type, Number(id), fields, isOpen(type) ? { ...lists, apply: merged(lists.apply) } : lists);
  },
  transform: ({ fromType, fromId, toType }) => {
    spend(cost(toType, 0));
    books.calls.push(['transform', fromType, fromId, toType]);
    const { lists } = stored(fromType, fromId);
    const apply = offered().map((one) => ({ ...one, apply: String(one.doc) === String(fromId) }));
    return new Draft(toType, null, {}, { ...(lists.item ? { item: lists.item } : {}), apply });
  }
};

const merged = (lines = []) => [...lines, ...offered().filter((one) => !lines.some((line) => line.doc === one.doc))];

const query = {
  runSuiteQL: ({ query: sql, params }) => {
    spend(10);
    books.calls.push(['query', sql, params]);
    return { asMappedResults: () => (sql.includes('SELECT voided') ? voidedOf(params[0]) : idsOf(sql, params)) };
  }
};

const voidedOf = (id) => [...books.records.values()]
  .filter((one) => String(one.id) === String(id)).map((one) => ({ voided: one.fields.voided ? 'T' : 'F' }));

const idsOf = (sql, params) => {
  const type = sql.includes('type = ?') ? CODES[params[0]] : /FROM (\w+)/.exec(sql)[1];
  return [...books.records.values()]
    .filter((one) => one.type === type && params.includes(one.fields.externalid))
    .map((one) => ({ id: one.id, externalid: one.fields.externalid }));
};

const transaction = {
  void: ({ type, id }) => {
    spend(10);
    books.calls.push(['void', type, id]);
    const one = stored(type, id);
    if (!books.byJournal) {
      one.fields.voided = true;
      return id;
    }
    one.fields.voidjournal = (books.next += 1);
    return one.fields.voidjournal;
  }
};

const put = (type, id, fields = {}, lists = {}) => books.records.set(keyOf(type, id), { type, id, fields, lists });
const reset = () => {
  Object.assign(books, { open: [], undeposited: [], calls: [], faults: [], byJournal: false, next: 1000 });
  books.records.clear();
  Object.assign(runtime.state, { usage: 5000, user: 7, parameters: {} });
};

module.exports = { books, failure, put, query, record, reset, stored, transaction };
