// Values as scripts see them, and as the host keeps them. `kind` is the type that a Field has in N/record.
const two = (number) => String(number).padStart(2, '0');
const NUMBERS = ['integer', 'float', 'currency'];

const invalidValue = (id, value) =>
  new SuiteScriptError(
    'INVALID_FLD_VALUE', `You have entered an Invalid Field Value ${value} for the following field: ${id}`
  );

const day = (value) => {
  const [year, month, date] = value.split('-').map(Number);
  return new Date(year, month - 1, date);
};

const decoded = (kind, raw) => {
  if (raw === undefined || raw === null) return kind === 'checkbox' ? false : '';
  if (kind === 'date') return day(raw);
  return kind === 'datetimetz' ? new Date(raw) : raw;
};

const dated = (kind, id, value) => {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw invalidValue(id, value);
  if (kind === 'datetimetz') return value.toISOString();
  return `${value.getFullYear()}-${two(value.getMonth() + 1)}-${two(value.getDate())}`;
};

const numbered = (id, value) => {
  const isText = typeof value === 'string' && value.trim() !== '';
  if ((typeof value !== 'number' && !isText) || !Number.isFinite(Number(value))) throw invalidValue(id, value);
  return Number(value);
};

const plain = (id, value) => {
  if (typeof value !== 'string' && typeof value !== 'number') throw invalidValue(id, value);
  return String(value);
};

const encoded = (kind, id, value) => {
  if (value === null || value === undefined || value === '') return null;
  if (kind === 'date' || kind === 'datetimetz') return dated(kind, id, value);
  if (NUMBERS.includes(kind)) return numbered(id, value);
  if (kind === 'multiselect') return [].concat(value).map((one) => plain(id, one));
  if (kind === 'percent') return typeof value === 'number' ? value : plain(id, value);
  if (kind === 'checkbox' && typeof value !== 'boolean') throw invalidValue(id, value);
  if (kind === 'radio' && !['T', 'F'].includes(value)) throw invalidValue(id, value);
  return kind === 'checkbox' ? value : plain(id, value);
};

const same = (kind, raw, value) => String(raw ?? '') === String(encoded(kind, '', value) ?? '');
