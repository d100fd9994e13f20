// AMD modules out of the File Cabinet. Every execution evaluates them anew, so that nothing is remembered between two.
const NATIVE = {
  'N/record': recordModule, 'N/runtime': runtimeModule, 'N/error': errorModule, 'N/encode': encodeModule,
  'N/crypto': cryptoModule, 'N/https': httpsModule, 'N/url': urlModule, 'N/transaction': transactionModule,
  'N/query': queryModule, 'N/search': searchModule, 'N/format': formatModule,
  'N/log': (one) => one.log
};
// V8 has them, a server script in NetSuite does not
const ABSENT = [
  'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'console', 'SharedArrayBuffer', 'Atomics', 'WebAssembly'
];
const compiled = new Map();

const unknownModule = (name) =>
  new SuiteScriptError('MODULE_DOES_NOT_EXIST', `Module does not exist: ${name}`);

const resolved = (name, from) => {
  const parts = name.startsWith('.') ? from.split('/').slice(0, -1) : [''];
  name.split('/').filter((part) => part && part !== '.').forEach((part) => {
    if (part === '..') parts.pop();
    else parts.push(part);
  });
  const path = parts.join('/');
  return path.endsWith('.js') ? path : `${path}.js`;
};

const sourceOf = (path) => {
  if (!compiled.has(path)) {
    if (!hasOwn(settings.files, path)) throw unknownModule(path);
    const made = new Function('define', 'require', 'log', ...ABSENT, `${settings.files[path]}\n//# sourceURL=${path}`);
    compiled.set(path, made);
  }
  return compiled.get(path);
};

const required = (one, name, from) => {
  if (name === 'N' || name.startsWith('N/')) {
    if (!hasOwn(NATIVE, name)) throw unknownModule(name);
    if (!one.modules.has(name)) one.modules.set(name, NATIVE[name](one));
    return one.modules.get(name);
  }
  const path = resolved(name, from);
  if (!one.modules.has(path)) one.modules.set(path, evaluated(one, path));
  return one.modules.get(path);
};

const evaluated = (one, path) => {
  if (one.loading.includes(path)) throw new SuiteScriptError('CIRCULAR_DEPENDENCY', `${path} needs itself.`);
  one.loading.push(path);
  let exported;
  const define = (...args) => {
    const factory = args.pop();
    const names = args.pop() || [];
    const needed = names.map((name) => required(one, name, path));
    exported = typeof factory === 'function' ? factory(...needed) : factory;
  };
  const require = (names, callback) => callback(...names.map((name) => required(one, name, path)));
  sourceOf(path)(define, require, one.log);
  one.loading.pop();
  return exported;
};

const EVENTS = {
  CREATE: 'create', EDIT: 'edit', VIEW: 'view', COPY: 'copy', PRINT: 'print', EMAIL: 'email', QUICKVIEW: 'quickview',
  DELETE: 'delete', XEDIT: 'xedit', APPROVE: 'approve', CANCEL: 'cancel', REJECT: 'reject', PACK: 'pack', SHIP: 'ship',
  MARKCOMPLETE: 'markcomplete', REASSIGN: 'reassign', EDITFORECAST: 'editforecast', DROPSHIP: 'dropship',
  SPECIALORDER: 'specialorder', ORDERITEMS: 'orderitems', PAYBILLS: 'paybills', TRANSFORM: 'transform',
  CHANGEPASSWORD: 'changepassword'
};

// read only when the script looks at it
const seen = (which, there) => {
  let record = null;
  return () => {
    if (there && !record) record = opened('event.record', { which });
    return record;
  };
};

const eventContext = (one) => {
  const context = { type: one.event, UserEventType: Object.freeze(EVENTS) };
  const newRecord = seen('new', one.hasNew);
  const oldRecord = seen('old', one.hasOld);
  Object.defineProperty(context, 'newRecord', { enumerable: true, get: newRecord });
  Object.defineProperty(context, 'oldRecord', { enumerable: true, get: oldRecord });
  return context;
};

const carriedOut = (one) => {
  const exported = required(one, one.file, '/');
  const entry = exported && exported[one.entry];
  if (typeof entry !== 'function') throw new SuiteScriptError('ENTRY_POINT_MISSING', `${one.file} has no ${one.entry}.`);
  const argument = one.kind === 'restlet' ? JSON.parse(one.argument) : eventContext(one);
  return entry(argument);
};

// One execution, possibly inside another: then its outcome goes home with that one's.
const perform = (given) => {
  const around = execution;
  const one = { ...given, logs: [], within: [], modules: new Map(), loading: [], ended: null };
  one.log = loggers(one.logLevel);
  execution = one;
  const outcome = {};
  try {
    outcome.value = carriedOut(one);
  } catch (error) {
    outcome.error = { name: String((error && error.name) || 'UNEXPECTED_ERROR'), message: String((error && error.message) ?? error) };
  }
  if (one.ended) outcome.error = { name: one.ended.name, message: one.ended.message };
  Object.assign(outcome, { logs: one.logs, within: one.within });
  execution = around;
  if (around) around.within.push({ execution: one.number, ...outcome });
  return outcome;
};

const own = new Set(Object.getOwnPropertyNames(globalThis));

Object.defineProperty(globalThis, '$perform', {
  value: (given) => {
    execution = null;
    const outcome = perform(given);
    Object.getOwnPropertyNames(globalThis).filter((name) => !own.has(name) && name !== '$perform').forEach((name) => {
      delete globalThis[name];
    });
    return JSON.stringify(outcome);
  }
});
