// N/record: records in standard mode. A record is loaded at once, changed here, and saved at once.
const shapes = new Map();

const shapeOf = (name, type) => {
  if (!shapes.has(name)) shapes.set(name, host('record.shape', { type }));
  return shapes.get(name);
};

class NetSuiteRecord {
  #start;
  #shape;
  #body;
  #lists = {};
  #touched = new Set();

  constructor(start) {
    this.#start = start;
    this.#shape = shapeOf(start.shape, start.type);
    this.#body = new Values(this.#shape.fields, start.values, !start.id);
    this.type = start.type;
    this.id = start.id ? Number(start.id) : null;
    this.isDynamic = false;
    if (start.mode === 'copy') Object.keys(start.lists).forEach((name) => this.#touched.add(name));
  }

  getFields() {
    return Object.keys(this.#shape.fields);
  }

  getField(...args) {
    const { fieldId } = given(args, ['fieldId']);
    return hasOwn(this.#shape.fields, fieldId) ? fieldOf(fieldId, this.#shape.fields[fieldId]) : null;
  }

  getValue(...args) {
    const { fieldId } = given(args, ['fieldId']);
    return fieldId === 'id' ? this.id : this.#body.get(fieldId);
  }

  getText(...args) {
    const { fieldId } = given(args, ['fieldId']);
    return this.#named(this.#shape.fields[fieldId], this.#body.raw[fieldId]);
  }

  // a field that the record does not have is passed over in silence, as in NetSuite
  setValue(...args) {
    const { fieldId, value } = given(args, ['fieldId', 'value'], ['fieldId']);
    if (hasOwn(this.#shape.fields, fieldId)) this.#body.set(fieldId, value);
    return this;
  }

  getSublists() {
    return Object.keys(this.#shape.lists);
  }

  getSublistFields(...args) {
    const list = this.#shape.lists[given(args, ['sublistId']).sublistId];
    return list ? Object.keys(list.fields) : null;
  }

  getSublistField(...args) {
    const { sublistId, fieldId } = given(args, ['sublistId', 'fieldId', 'line']);
    const list = this.#shape.lists[sublistId];
    return list && hasOwn(list.fields, fieldId) ? fieldOf(fieldId, list.fields[fieldId]) : null;
  }

  getLineCount(...args) {
    const { sublistId } = given(args, ['sublistId']);
    return this.#shape.lists[sublistId] ? this.#lines(sublistId).length : -1;
  }

  getSublistValue(...args) {
    const { sublistId, fieldId, line } = given(args, ['sublistId', 'fieldId', 'line']);
    const found = this.#shape.lists[sublistId] && this.#lines(sublistId)[line];
    return found ? found.get(fieldId) : undefined;
  }

  getSublistText(...args) {
    const { sublistId, fieldId, line } = given(args, ['sublistId', 'fieldId', 'line']);
    const found = this.#shape.lists[sublistId] && this.#lines(sublistId)[line];
    return found ? this.#named(found.fields[fieldId], found.raw[fieldId]) : undefined;
  }

  setSublistValue(...args) {
    const names = ['sublistId', 'fieldId', 'line', 'value'];
    const { sublistId, fieldId, line, value } = given(args, names, names.slice(0, 3));
    const list = this.#editable(sublistId);
    if (!hasOwn(list.fields, fieldId)) throw invalidLine();
    const lines = this.#lines(sublistId);
    if (line === lines.length && !list.select) lines.push(new Values(list.fields));
    if (!lines[line]) throw invalidLine();
    lines[line].set(fieldId, value);
    this.#touched.add(sublistId);
    return this;
  }

  insertLine(...args) {
    const { sublistId, line } = given(args, ['sublistId', 'line']);
    const list = this.#editable(sublistId);
    const lines = this.#lines(sublistId);
    if (list.select || line < 0 || line > lines.length) throw invalidLine();
    lines.splice(line, 0, new Values(list.fields));
    this.#touched.add(sublistId);
    return this;
  }

  removeLine(...args) {
    const { sublistId, line } = given(args, ['sublistId', 'line']);
    const list = this.#editable(sublistId);
    const lines = this.#lines(sublistId);
    if (list.select || !lines[line]) throw invalidLine();
    lines.splice(line, 1);
    this.#touched.add(sublistId);
    return this;
  }

  findSublistLineWithValue(...args) {
    const { sublistId, fieldId, value } = given(args, ['sublistId', 'fieldId', 'value'], ['sublistId', 'fieldId']);
    const list = this.#shape.lists[sublistId];
    if (!list || !hasOwn(list.fields, fieldId)) return -1;
    const { kind } = list.fields[fieldId];
    return this.#lines(sublistId).findIndex((line) => same(kind, line.raw[fieldId], value));
  }

  getSublistSubrecord(...args) {
    const { sublistId, fieldId, line } = given(args, ['sublistId', 'fieldId', 'line']);
    const list = this.#editable(sublistId);
    const found = this.#lines(sublistId)[line];
    if (!found || !hasOwn(list.fields, fieldId) || !list.fields[fieldId].of) throw invalidLine();
    this.#touched.add(sublistId);
    return new Subrecord(found, fieldId);
  }

  // sourcing and mandatory fields are the host's, which checks every save alike
  save() {
    const { type, id, mode, source, version, defaults } = this.#start;
    const lists = Object.fromEntries([...this.#touched].map((name) => [name, this.#changed(name)]));
    const values = mode === 'copy' ? this.#body.raw : this.#body.changes(id ? ['never'] : []);
    const set = mode === 'transform' || mode === 'create' ? this.#set() : values;
    return Number(host('record.save', { type, id, mode, source, version, defaults, values: set, lists }));
  }

  toJSON() {
    return { id: this.id, type: this.type, fields: this.#body.raw };
  }

  #set() {
    return Object.fromEntries([...this.#body.dirty].map((id) => [id, this.#body.raw[id]]));
  }

  #editable(sublistId) {
    const list = this.#shape.lists[sublistId];
    if (!list || list.readonly) throw invalidLine();
    return list;
  }

  #lines(sublistId) {
    if (!this.#lists[sublistId]) {
      const { type, id, mode, source, defaults, lists } = this.#start;
      const list = this.#shape.lists[sublistId];
      const raws = list.select
        ? host('record.choices', { type, id, mode, source, defaults, list: sublistId })
        : lists[sublistId] || [];
      const isNew = mode === 'copy';
      this.#lists[sublistId] = raws.map((raw) => new Values(list.fields, raw, isNew));
    }
    return this.#lists[sublistId];
  }

  #changed(sublistId) {
    const list = this.#shape.lists[sublistId];
    const lines = this.#lines(sublistId);
    if (!list.select) return lines.map((line) => line.changes(list.key));
    const ticked = lines.filter((line) => line.raw[list.select] === true);
    return ticked.map((line) => line.changes([...list.key, list.select, 'amount']));
  }

  #named(spec, raw) {
    if (!spec || raw === undefined || raw === null) return '';
    return ['select', 'multiselect'].includes(spec.kind) ? host('record.name', { to: spec.to, id: raw }) : String(raw);
  }
}

const standard = (options) => {
  if (options.isDynamic) {
    throw new SuiteScriptError('NOT_IN_THE_SANDBOX', 'This sandbox has records in standard mode only: leave isDynamic out.');
  }
  return options;
};

const opened = (call, args) => new NetSuiteRecord(host(call, args));

const recordModule = () => Object.freeze({
  Type: enumeration(settings.types),
  create: (...args) => {
    const { type, defaultValues } = standard(given(args, ['type']));
    return opened('record.create', { type, defaults: defaultValues || {} });
  },
  load: (...args) => {
    const { type, id } = standard(given(args, ['type', 'id']));
    return opened('record.load', { type, id: String(id) });
  },
  copy: (...args) => {
    const { type, id } = standard(given(args, ['type', 'id']));
    return opened('record.copy', { type, id: String(id) });
  },
  transform: (...args) => {
    const { fromType, fromId, toType } = standard(given(args, ['fromType', 'fromId', 'toType']));
    return opened('record.transform', { source: { type: fromType, id: String(fromId) }, type: toType });
  },
  submitFields: (...args) => {
    const { type, id, values } = given(args, ['type', 'id', 'values']);
    const { fields } = host('record.shape', { type });
    const known = Object.entries(values).filter(([name]) => hasOwn(fields, name));
    const raw = Object.fromEntries(known.map(([name, value]) => [name, encoded(fields[name].kind, name, value)]));
    return Number(host('record.submit', { type, id: String(id), values: raw }));
  },
  delete: (...args) => {
    const { type, id } = given(args, ['type', 'id']);
    return Number(host('record.delete', { type, id: String(id) }));
  }
});
