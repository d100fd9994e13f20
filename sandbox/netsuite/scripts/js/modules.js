// The other N/ modules, as far as they are here; a module or a method that is not fails as an unknown one does.
const enumeration = (values) => Object.freeze({ ...values });

const loggers = (threshold) => {
  const LEVELS = ['DEBUG', 'AUDIT', 'ERROR', 'EMERGENCY'];
  const logger = (level) => (...args) => {
    const { title, details } = given(args, ['title', 'details'], []);
    if (LEVELS.indexOf(level) < LEVELS.indexOf(threshold)) return;
    const said = typeof details === 'string' ? details : JSON.stringify(details);
    execution.logs.push({ level, title: String(title ?? ''), details: said ?? '' });
  };
  const [debug, audit, error, emergency] = LEVELS.map(logger);
  return Object.freeze({ debug, audit, error, emergency });
};

const scriptOf = (one) => Object.freeze({
  id: one.script,
  deploymentId: one.deployment,
  logLevel: one.logLevel,
  bundleIds: [],
  getParameter: (...args) => one.parameters[given(args, ['name']).name] ?? null,
  getRemainingUsage: () => one.remaining
});

const runtimeModule = (one) => Object.freeze({
  ContextType: enumeration(settings.contexts),
  EnvType: enumeration({ SANDBOX: 'SANDBOX', PRODUCTION: 'PRODUCTION', BETA: 'BETA', INTERNAL: 'INTERNAL' }),
  accountId: settings.account,
  envType: 'SANDBOX',
  version: settings.version,
  executionContext: one.context,
  processorCount: 1,
  queueCount: 1,
  getCurrentScript: () => scriptOf(one),
  getCurrentUser: () => Object.freeze({ id: Number(one.user), ...one.person }),
  isFeatureInEffect: (...args) => host('runtime.feature', given(args, ['feature']))
});

const errorModule = () => Object.freeze({
  create: (...args) => {
    const { name, message, cause } = given(args, ['name', 'message', 'notifyOff'], ['name', 'message']);
    return new SuiteScriptError(String(name), String(message), cause);
  }
});

const ENCODINGS = {
  UTF_8: 'UTF_8', BASE_16: 'BASE_16', BASE_32: 'BASE_32', BASE_64: 'BASE_64',
  BASE_64_URL_SAFE: 'BASE_64_URL_SAFE', HEX: 'HEX'
};

const encodeModule = () => Object.freeze({
  Encoding: enumeration(ENCODINGS),
  convert: (...args) => host('encode.convert', given(args, ['string', 'inputEncoding', 'outputEncoding']))
});

class Digest {
  #call;
  #fixed;
  #inputs = [];

  constructor(call, fixed) {
    this.#call = call;
    this.#fixed = fixed;
  }

  update(...args) {
    const { input, inputEncoding } = given(args, ['input', 'inputEncoding'], ['input']);
    this.#inputs.push({ input: String(input), encoding: inputEncoding || 'UTF_8' });
  }

  digest(...args) {
    const { outputEncoding } = given(args, ['outputEncoding'], []);
    return host(this.#call, { ...this.#fixed, inputs: this.#inputs, output: outputEncoding || 'HEX' });
  }
}

const cryptoModule = () => {
  const keys = new WeakMap();
  return Object.freeze({
    HashAlg: enumeration({ SHA1: 'SHA1', SHA256: 'SHA256', SHA512: 'SHA512', MD5: 'MD5' }),
    createSecretKey: (...args) => {
      const options = given(args, ['secret', 'encoding'], []);
      if (!options.secret && !options.guid) throw missing('guid');
      const key = Object.freeze({ secret: options.secret, guid: options.guid, encoding: options.encoding || 'HEX' });
      host('crypto.key', key);
      keys.set(key, true);
      return key;
    },
    createHmac: (...args) => {
      const { algorithm, key } = given(args, ['algorithm', 'key']);
      if (!keys.has(key)) throw new SuiteScriptError('SSS_INVALID_TYPE_ARG', 'The key must be a SecretKey.');
      return new Digest('crypto.hmac', { algorithm, key });
    },
    createHash: (...args) => new Digest('crypto.hash', { algorithm: given(args, ['algorithm']).algorithm })
  });
};

const httpsModule = () => {
  const send = (method, names) => (...args) => {
    const options = given(args, names);
    if (options.body !== undefined && typeof options.body !== 'string') {
      throw new SuiteScriptError('SSS_INVALID_TYPE_ARG', 'The body must be a text.');
    }
    return Object.freeze(host('https.request', {
      method: method || options.method, url: options.url, body: options.body, headers: options.headers || {}
    }));
  };
  return Object.freeze({
    Method: enumeration({ GET: 'GET', POST: 'POST', PUT: 'PUT', DELETE: 'DELETE', HEAD: 'HEAD' }),
    get: send('GET', ['url']),
    delete: send('DELETE', ['url']),
    post: send('POST', ['url', 'body']),
    put: send('PUT', ['url', 'body']),
    request: send('', ['method', 'url'])
  });
};

const urlModule = () => Object.freeze({
  HostType: enumeration({
    APPLICATION: 'APPLICATION', CUSTOMER_CENTER: 'CUSTOMER_CENTER', FORM: 'FORM', RESTLET: 'RESTLET',
    SUITELET: 'SUITELET', SUITETALK: 'SUITETALK'
  }),
  resolveRecord: (...args) => host('url.record', given(args, ['recordType', 'recordId', 'isEditMode'], ['recordType'])),
  resolveDomain: (...args) => host('url.domain', given(args, ['hostType']))
});

const transactionModule = () => Object.freeze({
  Type: enumeration(settings.transactions),
  void: (...args) => {
    const { type, id } = given(args, ['type', 'id']);
    return Number(host('transaction.void', { type, id: String(id) }));
  }
});

// 5,000 rows at most, as in NetSuite
const queryModule = () => Object.freeze({
  runSuiteQL: (...args) => {
    const { query, params } = given(args, ['query', 'params'], ['query']);
    const { names, rows } = host('query.run', { query, params: params || [] });
    const mapped = (row) => Object.fromEntries(names.map((name, index) => [name, row[index]]));
    const results = rows.map((row) => Object.freeze({ values: row, asMap: () => mapped(row) }));
    return Object.freeze({ results, asMappedResults: () => rows.map(mapped) });
  }
});

const formatModule = () => {
  const twice = (date) => `${date.getMonth() + 1}/${date.getDate()}/${date.getFullYear()}`;
  const Type = { DATE: 'date', TEXT: 'text', INTEGER: 'integer', FLOAT: 'float', CURRENCY: 'currency', CHECKBOX: 'checkbox' };
  const other = (type) => new SuiteScriptError('NOT_IN_THE_SANDBOX', `N/format has no type ${type} in this sandbox.`);
  return Object.freeze({
    Type: enumeration(Type),
    format: (...args) => {
      const { value, type } = given(args, ['value', 'type']);
      if (type !== 'date') throw other(type);
      return twice(value);
    },
    parse: (...args) => {
      const { value, type } = given(args, ['value', 'type']);
      if (type !== 'date') throw other(type);
      const [month, date, year] = String(value).split('/').map(Number);
      return new Date(year, month - 1, date);
    }
  });
};
