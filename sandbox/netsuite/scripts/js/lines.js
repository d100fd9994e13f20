// A record's body, its lines and subrecords: values with the fields they may have.
const hasOwn = (object, name) => Object.prototype.hasOwnProperty.call(object, name);
const invalidLine = () =>
  new SuiteScriptError('SSS_INVALID_SUBLIST_OPERATION', 'You have attempted an invalid sublist or line item operation.');

const fieldOf = (id, spec) =>
  Object.freeze({ id, type: spec.kind, label: spec.label, isMandatory: spec.mandatory, isReadOnly: spec.readonly });

// One set of values: a record's body, a line, or a subrecord. `dirty` are the ids that were set.
class Values {
  constructor(fields, raw = {}, isNew = true) {
    Object.assign(this, { fields, raw, isNew, dirty: new Set() });
  }

  get(id) {
    return hasOwn(this.fields, id) ? decoded(this.fields[id].kind, this.raw[id]) : undefined;
  }

  set(id, value) {
    this.raw[id] = encoded(this.fields[id].kind, id, value);
    this.dirty.add(id);
  }

  changes(keys) {
    const ids = this.isNew || !keys.length ? Object.keys(this.raw) : [...this.dirty, ...keys];
    return Object.fromEntries(ids.filter((id) => hasOwn(this.raw, id)).map((id) => [id, this.raw[id]]));
  }
}

class Subrecord {
  #line;
  #field;
  #values;

  constructor(line, field) {
    this.#line = line;
    this.#field = field;
    this.#values = new Values(line.fields[field].of, line.raw[field] || {});
  }

  getFields() {
    return Object.keys(this.#values.fields);
  }

  getValue(...args) {
    return this.#values.get(given(args, ['fieldId']).fieldId);
  }

  setValue(...args) {
    const { fieldId, value } = given(args, ['fieldId', 'value'], ['fieldId']);
    if (hasOwn(this.#values.fields, fieldId)) {
      this.#values.set(fieldId, value);
      this.#line.raw[this.#field] = this.#values.raw;
      this.#line.dirty.add(this.#field);
    }
    return this;
  }
}
