// The way out of V8: a request is written into shared memory, and the script's thread waits until the answer is there.
const HEADER = 4;
const PART = 1 << 19;
const memory = new SharedArrayBuffer(HEADER * 4 + PART * 2);
const flags = new Int32Array(memory, 0, HEADER);
const text = new Uint16Array(memory, HEADER * 4);
const [TURN, LENGTH, MORE] = [0, 1, 2];
const [SLICE, WAIT_MS] = [8192, 0.05];

const handOver = () => {
  Atomics.store(flags, TURN, 1);
  while (Atomics.load(flags, TURN) === 1) Atomics.wait(flags, TURN, 1, WAIT_MS);
};

const write = (part, more) => {
  for (let at = 0; at < part.length; at += 1) text[at] = part.charCodeAt(at);
  flags[LENGTH] = part.length;
  flags[MORE] = more ? 1 : 0;
  handOver();
};

const read = () => {
  let found = '';
  for (let at = 0; at < flags[LENGTH]; at += SLICE) {
    found += String.fromCharCode.apply(null, text.subarray(at, Math.min(flags[LENGTH], at + SLICE)));
  }
  return found;
};

const ask = (question) => {
  for (let at = 0; at === 0 || at < question.length; at += PART) {
    write(question.slice(at, at + PART), at + PART < question.length);
  }
  let answer = read();
  while (flags[MORE] === 1) {
    handOver();
    answer += read();
  }
  return answer;
};

// What NetSuite throws: an Error whose name is the code.
class SuiteScriptError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.type = 'error.SuiteScriptError';
    this.name = name;
    this.id = '';
    this.cause = cause;
  }

  toString() {
    return `${this.name}: ${this.message}`;
  }

  toJSON() {
    return { type: this.type, name: this.name, message: this.message, stack: String(this.stack).split('\n') };
  }
}

// The execution that is going on; a save within it may begin another inside.
let execution = null;

const host = (call, args) => {
  if (execution.ended) throw execution.ended;
  const answer = JSON.parse(ask(JSON.stringify({ execution: execution.number, call, args })));
  execution.remaining = answer.remaining;
  if (answer.error) throw refused(answer.error);
  (answer.begins || []).forEach((one) => perform(one));
  return answer.value;
};

const refused = ({ name, message, ends }) => {
  const error = new SuiteScriptError(name, message);
  // what ends a script cannot be caught by it: every further call fails the same way
  if (ends) execution.ended = error;
  return error;
};

const missing = (name) =>
  new SuiteScriptError('SSS_MISSING_REQD_ARGUMENT', `Missing a required argument: ${name}`);

// Arguments by name, as an object or one after the other; those in `needed` must be there.
const given = (args, names, needed = names) => {
  const [first] = args;
  const isObject = args.length === 1 && first !== null && typeof first === 'object' && !(first instanceof Date);
  const options = isObject ? first : Object.fromEntries(names.map((name, index) => [name, args[index]]));
  needed.forEach((name) => {
    if (options[name] === undefined || options[name] === null) throw missing(name);
  });
  return options;
};
