// N/search: made by the script, run by the host over its own records.
const nameOf = (column) => (typeof column === 'string' ? column : column.name);

class Result {
  #values;

  constructor({ type, id, values }, columns) {
    Object.assign(this, { recordType: type, id, columns });
    this.#values = values;
  }

  getValue(...args) {
    return (this.#values[nameOf(given(args, ['name']))] || [''])[0];
  }

  getText(...args) {
    return (this.#values[nameOf(given(args, ['name']))] || ['', ''])[1];
  }
}

class Search {
  constructor({ type, filters, columns }) {
    Object.assign(this, { searchType: type, filters: filters || [], columns: (columns || []).map(asColumn) });
  }

  run() {
    const range = (start, end) => {
      if (end - start > 1000) {
        throw new SuiteScriptError('SSS_SEARCH_RESULT_LIMIT_EXCEEDED', 'No more than 1000 search results may be had at once.');
      }
      return this.fetched(start, end);
    };
    return Object.freeze({
      columns: this.columns,
      getRange: (...args) => {
        const { start, end } = given(args, ['start', 'end']);
        return range(start, end);
      },
      each: (...args) => {
        const callback = typeof args[0] === 'function' ? args[0] : given(args, ['callback']).callback;
        this.fetched(0, 4000).every((result) => callback(result) === true);
      }
    });
  }

  fetched(start, end) {
    const columns = this.columns.map(nameOf);
    const rows = host('search.run', { type: this.searchType, filters: this.filters, columns, start, end });
    return rows.map((row) => new Result(row, this.columns));
  }
}

const asColumn = (column) => (typeof column === 'string' ? { name: column } : column);

const searchModule = () => Object.freeze({
  Type: enumeration({ ...settings.types, TRANSACTION: 'transaction' }),
  Operator: enumeration(settings.operators),
  create: (...args) => new Search(given(args, ['type', 'filters', 'columns'], ['type'])),
  createColumn: (...args) => Object.freeze({ ...given(args, ['name']) }),
  createFilter: (...args) => {
    const { name, operator, values } = given(args, ['name', 'join', 'operator', 'values'], ['name', 'operator']);
    return Object.freeze([name, operator, ...[].concat(values ?? [])]);
  },
  lookupFields: (...args) => {
    const { type, id, columns } = given(args, ['type', 'id', 'columns']);
    return host('search.lookup', { type, id: String(id), columns: [].concat(columns) });
  }
});
