'use strict';
/*
 * The Node.js side of an execution environment. Runs on Node.js 18 to 24; knows nothing of CloudFront.
 *
 * One inherited socket, its number the only argument, carries frames (runtimes/wire.py). The first frame names the
 * function, each further one is an event. Between events the main thread stands still in a blocking read: that is
 * Lambda's freeze, so a timer left behind fires with the next event and not before.
 *
 * CommonJS on purpose: an ES module as the entry point costs 11 ms of every start (measured, Node.js 20).
 *
 * How handlers are found, called and judged follows what Lambda's Node.js runtime client does (observed). `CLASSIC` is what
 * nodejs22.x and older do, `MODERN` what nodejs24.x does; the configured runtime chooses, not the interpreter.
 */
const fs = require('node:fs');
const path = require('node:path');
const util = require('node:util');
const { createRequire } = require('node:module');
const { pathToFileURL } = require('node:url');

// A function may replace whatever is built in, as fake clocks and virtual file systems do, or take it away; we go on with
// the real ones. So from here on: no method of a value, no iterator and no global by its name where a function has run.
const { process, Array, Boolean, Error, Object, Promise, Set, String, Symbol, console, setImmediate } = globalThis;
const { readSync, writeSync } = fs;
const { parse, stringify } = JSON;
const { allocUnsafe, byteLength } = Buffer;
const { assign, defineProperty } = Object;
const { apply } = Reflect;
const { floor } = Math;
const { format, inspect } = util;
const { isAsyncFunction, isNativeError } = util.types;
const { captureStackTrace } = Error;

/** A method as a function of what it is called on. */
const uncurry = Function.prototype.bind.bind(Function.prototype.call);
const copyBytes = uncurry(Buffer.prototype.copy);
const readLatin1 = uncurry(Buffer.prototype.latin1Slice);
const writeUtf8 = uncurry(Buffer.prototype.utf8Write);
const slice = uncurry(String.prototype.slice);
const split = uncurry(String.prototype.split);
const replaceAll = uncurry(String.prototype.replaceAll);
const numberText = uncurry(Number.prototype.toString);
const padStart = uncurry(String.prototype.padStart);
const includes = uncurry(Array.prototype.includes);
const setHas = uncurry(Set.prototype.has);

const CONTROL = Number(process.argv[2]);
process.argv.length = 2;

const exit = process.reallyExit.bind(process);
const kill = process.kill.bind(process);
const { env } = process;
const isLinux = process.platform === 'linux';
const realNow = Date.now; // deadlines are real time, whatever clock the function sees, or makes for itself
let seen; // the function's clock, before it could replace it: {Date, now, toISOString}

const READY = 3, INIT_FAILED = 4, RESULT = 5, LAST_RESULT = 6, ERROR = 7, LAST_ERROR = 8, PEAK = 9, LEFT = 10;
const HEADER_BYTES = 9;
const RESULT_LIMIT = 6291556; // observed in Lambda's runtime clients
const EVENT_LIMIT = 262144; // documented: CloudWatch Logs keeps 256 KB of one event
const EXIT_CODE = { uncaught: 129, unhandled: 128 }; // observed in Lambda's Node.js runtime client

// ── bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────

const nap = new Int32Array(new SharedArrayBuffer(4));

/** Do a file operation again while the descriptor is busy: a child process may have made the shared pipe non-blocking. */
function persistently(operation) {
  for (;;) {
    try {
      return operation();
    } catch (error) {
      if (error.code === 'EAGAIN') Atomics.wait(nap, 0, 0, 1);
      else if (error.code !== 'EINTR') throw error;
    }
  }
}

function writeAll(fd, bytes) {
  for (let at = 0; at < bytes.length;) {
    at += persistently(() => writeSync(fd, bytes, at, bytes.length - at));
  }
}

let inbox = allocUnsafe(65536);
let inboxStart = 0, inboxEnd = 0;
let token = 0; // of the frame that was read last; what is sent answers that

/** Have at least `count` unread bytes in the inbox; the emulator's end of the socket closing ends everything. */
function fill(count) {
  if (inboxEnd - inboxStart >= count) return;
  const room = inbox.length >= count ? inbox : allocUnsafe(count);
  copyBytes(inbox, room, 0, inboxStart, inboxEnd);
  inboxEnd -= inboxStart;
  inboxStart = 0;
  inbox = room;
  while (inboxEnd < count) {
    const got = persistently(() => readSync(CONTROL, inbox, inboxEnd, inbox.length - inboxEnd));
    if (got === 0) endGroup();
    inboxEnd += got;
  }
}

/** The emulator is gone: so are we, with every process the function started in our group. */
function endGroup() {
  kill(0, 'SIGKILL');
}

/** Have a whole frame in the inbox, without standing still for it: a debugger has the loop meanwhile. */
function whenFramed(then) {
  if (inboxEnd > inboxStart) return then();
  inboxStart = inboxEnd = 0;
  return fs.read(CONTROL, inbox, 0, inbox.length, null, (error, got) => {
    if (error || got === 0) endGroup();
    inboxEnd = got;
    then();
  });
}

const readUint32 = (bytes, at) =>
  ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;

function writeUint32(bytes, value, at) {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The next frame's contents. The emulator writes ASCII only (json.dumps), which `latin1` decodes fastest. */
function readFrame() {
  fill(HEADER_BYTES);
  const length = readUint32(inbox, inboxStart);
  token = readUint32(inbox, inboxStart + 5);
  inboxStart += HEADER_BYTES;
  fill(length);
  const text = readLatin1(inbox, inboxStart, inboxStart + length);
  inboxStart += length;
  if (inboxStart === inboxEnd) inboxStart = inboxEnd = 0;
  if (inboxEnd === 0 && inbox.length > 1048576) inbox = allocUnsafe(65536);
  return parse(text);
}

function send(kind, text) {
  const length = byteLength(text);
  const frame = allocUnsafe(HEADER_BYTES + length);
  writeUint32(frame, length, 0);
  frame[4] = kind;
  writeUint32(frame, token, 5);
  writeUtf8(frame, text, HEADER_BYTES, length);
  writeAll(CONTROL, frame);
}

// ── output ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A descriptor of our own for log events, as Lambda's client has one: a function may close its stdout. */
function openLog() {
  try {
    return fs.openSync('/dev/fd/1', 'w');
  } catch {
    return 1; // a root without /dev/fd
  }
}

const LOG = openLog();

/** One log event, newlines and all: stdout and stderr are one pipe, and marks keep an event in one piece. A log that
 * can't be written to fails no function. */
function logEvent(text) {
  const event = `\0\x01${replaceAll(slice(text, 0, EVENT_LIMIT), '\0', '\0\x03')}\0\x02`;
  const bytes = allocUnsafe(byteLength(event));
  writeUtf8(bytes, event, 0, bytes.length);
  try {
    writeAll(LOG, bytes);
  } catch (error) {
    if (error.syscall === undefined) throw error;
  }
}

function logLine(level, text) {
  logEvent(`${seen.toISOString(new seen.Date())}\t${logId()}\t${level}\t${text}`);
}

function logId() {
  return requestId ?? (modern ? '-' : 'undefined');
}

const CONSOLE = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR', trace: 'TRACE', fatal: 'FATAL' };

function patchConsole() {
  for (const [method, level] of Object.entries(CONSOLE)) {
    console[method] = (...values) => logLine(level, values.length ? apply(format, undefined, values) : 'undefined');
  }
}

/** process.stdout and process.stderr, made when first asked for, write at once: what a function writes before it
 * answers, or before it dies, is never lost, and keeps its place among the console's lines. */
function patchStreams() {
  for (const [name, fd] of [['stdout', 1], ['stderr', 2]]) {
    let stream;
    Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => (stream ??= synchronous(fd)) });
  }
}

/** Node's own stream would make the pipe non-blocking, for the function's child processes too. */
function synchronous(fd) {
  const { Writable } = require('node:stream');
  const write = (chunk, _encoding, done) => {
    try {
      writeAll(fd, chunk);
    } catch (error) {
      return done(error);
    }
    return done();
  };
  return Object.assign(new Writable({ write }), { fd, isTTY: false, _type: 'pipe' });
}

// ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────

class RuntimeFault extends Error {
  constructor(type, message, stack) {
    super(message);
    // observed in Lambda's clients: what is the error's own is in its log line, and the newer one has the name there
    defineProperty(this, 'name', { value: `Runtime.${type}`, enumerable: modern });
    captureStackTrace(this, RuntimeFault); // again, now that the name is known
    if (stack) this.stack = stack;
  }
}

const UNTELLABLE = 'callback called with Error argument, but there was a problem while retrieving one or more of its '
  + 'message, name, and stack';
const NODE_JS_EXIT = 'The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a '
  + 'Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes';
const NO_CALLBACKS = 'ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You '
  + 'need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see '
  + 'https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.';
const CALLBACKS_END = 'AWS Lambda plans to remove support for callback-based function handlers starting with Node.js 24. You '
  + 'will need to update this function to use an async handler to use Node.js 24 or later.';

const withoutDelete = (text) => replaceAll(text, '\x7F', '%7F');

/** Older clients take anything that looks like an error for one, the newer one what is an instance of Error. */
function isError(thrown) {
  if (modern) return thrown instanceof Error;
  const isText = (key) => Boolean(thrown) && Boolean(thrown[key]) && typeof thrown[key] === 'string';
  return isNativeError(thrown) || (isText('name') && isText('message') && isText('stack'));
}

/** What was thrown, as the error document that Lambda answers with. */
function errorDocument(thrown) {
  try {
    return isError(thrown) ? documentOfError(thrown) : documentOfValue(thrown);
  } catch { // its own properties threw, or are no texts
    return { errorType: 'handled', errorMessage: UNTELLABLE, trace: [] };
  }
}

function documentOfError({ name, message, stack }) {
  // documented: a log keeps 256 KB of what is wrong; in lines it takes a multiple of that
  const told = modern && stack === undefined ? '' : withoutDelete(slice(requireText(stack), 0, EVENT_LIMIT));
  const trace = told ? split(told, '\n') : [];
  return { errorType: withoutDelete(String(name)), errorMessage: withoutDelete(String(message)), trace };
}

function requireText(value) {
  if (typeof value !== 'string') throw new RuntimeFault('Unknown', 'no text');
  return value;
}

function documentOfValue(thrown) {
  const value = thrown === undefined || thrown === null ? nothingThrown(thrown) : thrown;
  const errorType = thrown === null && modern ? 'object' : typeof value;
  return { errorType, errorMessage: withoutDelete(String(value)), trace: [] };
}

const nothingThrown = (thrown) => (modern ? thrown : 'handled');

/** What was thrown, as it is logged: every error in it with its own properties, or where that is no JSON, for it is in
 * itself, say, the error document. Observed in Lambda's clients. */
function errorForLog(thrown) {
  try {
    const error = thrown instanceof Error ? thrown : new Error(errorDocument(thrown).errorMessage);
    return stringify(error, (_key, item) => (item instanceof Error ? shownForLog(item) : item));
  } catch {
    return stringify(errorDocument(thrown));
  }
}

function shownForLog(error) {
  const shown = assign({ errorType: error.name, errorMessage: error.message, code: error.code }, error);
  if (typeof error.stack === 'string') shown.stack = split(slice(error.stack, 0, EVENT_LIMIT), '\n');
  return shown;
}

const logError = (title, thrown) => logLine('ERROR', `${title} \t${errorForLog(thrown)}`);

// ── finding the handler ──────────────────────────────────────────────────────────────────────────────────────────

/** [folder, module, path of the export]: the last path segment is cut at its first dot. */
function splitHandler(handler) {
  if (handler.includes('..')) {
    throw new RuntimeFault('MalformedHandlerName', `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const name = path.basename(handler);
  const dot = name.indexOf('.');
  if (dot < 0) throw new RuntimeFault('MalformedHandlerName', 'Bad handler');
  return [handler.slice(0, handler.length - name.length), name.slice(0, dot), name.slice(dot + 1)];
}

/** Does the nearest package.json at or above this folder, but within the task root, say "type": "module"? */
function saysModule(folder, root) {
  const file = path.join(folder, 'package.json');
  if (fs.existsSync(file)) return packageType(file) === 'module';
  if (folder === root || path.basename(folder) === 'node_modules' || folder === path.dirname(folder)) return false;
  return saysModule(path.dirname(folder), root);
}

function packageType(file) {
  try {
    return JSON.parse(fs.readFileSync(file, 'utf8')).type;
  } catch (error) {
    console.warn(`${file} cannot be read, will ignore the type for ES module purposes.`, error);
    return undefined;
  }
}

const byRequire = (file) => createRequire(__filename)(file);
const byImport = (file) => import(pathToFileURL(file).href);

/** The places to look in, in order: [extension, loader]. */
function candidates(base, root) {
  if (modern) return ['', '.js', '.mjs', '.cjs'].map((extension) => [extension, byImport]);
  const script = saysModule(path.dirname(base), root) ? byImport : byRequire;
  return [['', byRequire], ['.js', script], ['.mjs', byImport], ['.cjs', byRequire]];
}

function locate(root, folder, name) {
  const base = path.resolve(root, folder, name);
  for (const [extension, load] of candidates(base, root)) {
    if (fs.existsSync(base + extension)) return [base + extension, load];
  }
  const found = createRequire(__filename).resolve(name, { paths: [root, path.resolve(root, folder)] });
  return [found, modern ? byImport : byRequire];
}

/** {file, loaded: what it exports}, with errors under Lambda's names. */
async function loadModule(root, folder, name) {
  let file, load;
  try {
    [file, load] = locate(root, folder, name);
    return { file, loaded: await load(file) };
  } catch (error) {
    if (error instanceof SyntaxError) {
      const fault = new RuntimeFault('UserCodeSyntaxError', String(error), error.stack);
      throw defineProperty(fault, 'importing', { value: file });
    }
    if (error?.code === 'MODULE_NOT_FOUND') throw new RuntimeFault('ImportModuleError', String(error), `Runtime.ImportModuleError: ${error.stack}`);
    throw error;
  }
}

const property = (object, keys) => {
  let value = object;
  for (let at = 0; at < keys.length && value; at++) value = value[keys[at]];
  return value;
};

async function findHandler({ handler, root }) {
  const [folder, name, dotted] = splitHandler(handler);
  const keys = dotted.split('.');
  const { file, loaded } = await loadModule(root, folder, name);
  const found = property(loaded, keys) || (modern && property(loaded.default, keys));
  const fault = handlerFault(handler, found);
  if (fault) throw defineProperty(fault, 'requireStack', { value: [file] });
  if (!modern) announceEndOfCallbacks(found);
  return found;
}

function handlerFault(handler, found) {
  if (!found) return new RuntimeFault('HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function') return new RuntimeFault('HandlerNotFound', `${handler} is not a function`);
  if (modern && takesCallback(found)) return new RuntimeFault('CallbackHandlerDeprecated', NO_CALLBACKS);
  return null;
}

/** Three parameters mean a callback: a warning up to Node.js 22, refused from 24. */
const takesCallback = (handler) => handler.length >= 3 && !handler[STREAMING];

function announceEndOfCallbacks(handler) {
  if (!takesCallback(handler) || isAsyncFunction(handler)) return;
  if (!('AWS_LAMBDA_NODEJS_DISABLE_CALLBACK_WARNING' in env)) console.warn(CALLBACKS_END);
}

// ── the global `awslambda` ───────────────────────────────────────────────────────────────────────────────────────

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');

/** A streamed answer reaches CloudFront as one piece here. inferred: streaming can't be used at the edge */
function installGlobals() {
  const streamifyResponse = (handler) => {
    const collected = (event, context) => collect(handler, event, context);
    return Object.assign(collected, { [STREAMING]: 'response' });
  };
  globalThis.awslambda = { streamifyResponse, HttpResponseStream: { from: (stream) => stream } };
  if (modern) globalThis.awslambda.InvokeStore = invokeStore;
}

const STORE_KEYS = {
  REQUEST_ID: Symbol.for('_AWS_LAMBDA_REQUEST_ID'),
  X_RAY_TRACE_ID: Symbol.for('_AWS_LAMBDA_X_RAY_TRACE_ID'),
  TENANT_ID: Symbol.for('_AWS_LAMBDA_TENANT_ID'),
};
let stored; // of the current invocation: an environment has one at a time

/** Values of one invocation, for code that is not handed its context. The name is observed, its members are inferred. */
const invokeStore = {
  PROTECTED_KEYS: STORE_KEYS,
  run(values, work) {
    stored = values;
    return work();
  },
  getContext: () => stored,
  hasContext: () => stored !== undefined,
  get: (key) => stored?.[key],
  set(key, value) {
    if (Object.values(STORE_KEYS).includes(key)) throw new Error(`Cannot modify protected Lambda context field: ${String(key)}`);
    if (stored) stored[key] = value;
  },
  getRequestId: () => stored?.[STORE_KEYS.REQUEST_ID] ?? '-',
  getXRayTraceId: () => stored?.[STORE_KEYS.X_RAY_TRACE_ID],
  getTenantId: () => stored?.[STORE_KEYS.TENANT_ID],
};

class RawText {
  constructor(text) {
    this.text = text;
  }
}

async function collect(handler, event, context) {
  const { Writable } = require('node:stream');
  const chunks = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(chunks.push(chunk) && null) });
  stream.setContentType = () => {};
  await handler(event, stream, context);
  if (!stream.writableEnded) throw new RuntimeFault('StreamingError', 'Response stream is not finished');
  return new RawText(Buffer.concat(chunks).toString());
}

// ── one invocation ───────────────────────────────────────────────────────────────────────────────────────────────

let modern = false;
let inspected = false; // a debugger may be attached
let requestId; // of the current or latest event; what a leftover logs later carries the later id
let current = null; // {answer, waiting, fallback} while an event is being handled
let userHandler;
let initialised = false; // what went wrong by itself meanwhile, too
let seeTime; // sets the clock that the function sees; undefined where that is the machine's, and nothing is touched
let contextFields;
let taskRoot;
class Runtime {}
const runtime = new Runtime();

/** The function's own JSON.stringify, if it has replaced it: Lambda's client calls that too. observed */
function answerText(value) {
  if (value instanceof RawText) return value.text;
  try {
    return String(globalThis.JSON.stringify(value === undefined ? null : value));
  } catch {
    const error = new Error('Unable to stringify response body');
    if (modern) error.name = 'Runtime.JSONStringifyError';
    throw error;
  }
}

/** A value as the frame to answer with: itself, or why it can't be one. */
function resultFrame(value) {
  try {
    const text = answerText(value);
    const size = byteLength(text);
    return size > RESULT_LIMIT ? tooLarge(size) : [RESULT, text];
  } catch (error) {
    return errorFrame(error);
  }
}

function tooLarge(size) {
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${RESULT_LIMIT} bytes).`;
  const fault = new Error(errorMessage);
  fault.name = 'Function.ResponseSizeTooLarge';
  logError('Invoke Error', fault); // inferred: as what a function throws is
  return [ERROR, stringify({ errorType: fault.name, errorMessage, trace: [] })];
}

function errorFrame(thrown) {
  logError('Invoke Error', thrown ?? (nothingThrown(thrown) || String(thrown)));
  return [ERROR, stringify(errorDocument(thrown))];
}

/** The first answer counts. It leaves a turn of the loop later: what goes wrong in this turn still belongs to it. */
function settle(invocation, frame) {
  if (invocation.answer) return;
  invocation.answer = frame;
  setImmediate(() => deliver(invocation)); // with an argument Node.js counts on iterators
}

function deliver(invocation) {
  if (current !== invocation) return;
  current = null;
  reportPeak();
  reportLeftovers();
  send(invocation.answer[0], invocation.answer[1]);
  awaitEvent();
}

/** The peak of resident memory in kilobytes, where the emulator can't read it from /proc. */
function reportPeak() {
  if (!isLinux) send(PEAK, String(resourceUsage().maxRSS));
}

const resources = process.getActiveResourcesInfo?.bind(process) ?? (() => []);
const resourceUsage = process.resourceUsage.bind(process);
const UNFINISHED = new Set(['FSReqCallback', 'FSReqPromise', 'GetAddrInfoReqWrap', 'QueryReqWrap', 'TCPConnectWrap']);
const told = { TIMERS: false, WORK: false };

/** What is left to run when the answer is there, each kind once. Open connections are not: clients keep them. */
function reportLeftovers() {
  const left = resources();
  if (left.length === 0) return;
  tellOnce('TIMERS', includes(left, 'Timeout'));
  for (let at = 0; at < left.length; at++) tellOnce('WORK', setHas(UNFINISHED, left[at]));
}

function tellOnce(kind, isThere) {
  if (!isThere || told[kind]) return;
  told[kind] = true;
  send(LEFT, kind);
}

/** Stand still until the next event; then let what became due meanwhile run before its handler (measured on Lambda:
 * overdue timers come first). To be called where immediates are: then timers come before the next ones. */
function awaitEvent() {
  if (inspected) whenFramed(takeEvent);
  else takeEvent();
}

function takeEvent() {
  const { id, remaining, clock, event } = readFrame();
  seeTime?.(clock);
  requestId = id;
  env._X_AMZN_TRACE_ID = traceOf(id);
  const invocation = { answer: null, waiting: null, fallback: null };
  const context = makeContext(invocation, id, realNow() + remaining);
  current = invocation;
  setImmediate(() => handle(invocation, event, context));
}

/** The form is observed. inferred: nobody samples at the edge, so the numbers are those of the request's id. */
function traceOf(id) {
  const digits = replaceAll(id, '-', '');
  const second = padStart(numberText(floor(seen.now() / 1000), 16), 8, '0');
  const root = `Root=1-${second}-${slice(digits, 0, 24)}`;
  return `${root};Parent=${slice(digits, 16)};Sampled=0;Lineage=1:${slice(digits, 0, 8)}:0`;
}

function handle(invocation, event, context) {
  (modern ? handleModern : handleClassic)(invocation, event, context);
}

async function handleModern(invocation, event, context) {
  stored = { [STORE_KEYS.REQUEST_ID]: requestId, [STORE_KEYS.X_RAY_TRACE_ID]: env._X_AMZN_TRACE_ID };
  try {
    settle(invocation, resultFrame(await apply(userHandler, runtime, [event, context])));
  } catch (thrown) {
    if (!invocation.answer) settle(invocation, errorFrame(thrown));
  }
}

const isThenable = (value) => Boolean(value) && typeof value.then === 'function';

function handleClassic(invocation, event, context) {
  const { callback, succeed, fail } = classicAnswers(invocation);
  const promised = isAsyncFunction(userHandler) || userHandler[STREAMING];
  invocation.fallback = promised ? () => errorFrame(new RuntimeFault('NodeJsExit', NODE_JS_EXIT)) : () => [RESULT, 'null'];
  try {
    const returned = apply(userHandler, runtime, [event, context, callback]);
    if (isThenable(returned)) returned.then(succeed, fail).catch(fail); // observed in Lambda's client
  } catch (thrown) {
    fail(thrown);
  }
}

/** The ways in which a handler of nodejs22.x and older may answer. */
function classicAnswers(invocation) {
  const open = () => !invocation.answer && !invocation.waiting;
  const succeed = (value) => open() && settle(invocation, resultFrame(value));
  const fail = (thrown) => open() && settle(invocation, errorFrame(thrown ?? 'handled'));
  const done = (error, value) => (error === undefined || error === null ? succeed(value) : fail(error));
  const callback = (error, value) => {
    if (!open() || (error !== undefined && error !== null) || !invocation.waitsForEmptyLoop) return done(error, value);
    invocation.waiting = { value }; // made JSON, and sent, once nothing is left to do: see onLoopEmpty
    return undefined;
  };
  invocation.ways = { succeed, fail, done };
  return { callback, succeed, fail };
}

/** Nothing is left to run. Classic: what waits is sent, or the verdict on a handler that never answered. Modern: the
 * process ends, as Node.js does by itself. */
function onLoopEmpty() {
  if (!current || modern || current.answer) return;
  const { waiting, fallback } = current;
  settle(current, waiting ? resultFrame(waiting.value) : fallback?.() ?? [RESULT, 'null']);
}

function makeContext(invocation, id, deadline) {
  const fields = {
    ...contextFields,
    awsRequestId: id,
    getRemainingTimeInMillis: () => deadline - realNow(),
    identity: undefined,
    clientContext: undefined,
    tenantId: undefined,
  };
  if (modern) return assign(fields, { xRayTraceId: undefined });
  return addClassicMembers(fields, invocation);
}

function addClassicMembers(fields, invocation) {
  invocation.waitsForEmptyLoop = true;
  defineProperty(fields, 'callbackWaitsForEmptyEventLoop', {
    enumerable: true,
    configurable: true,
    get: () => invocation.waitsForEmptyLoop,
    set: (value) => { invocation.waitsForEmptyLoop = value; },
  });
  fields.succeed = (value) => invocation.ways.succeed(value);
  fields.fail = (thrown) => invocation.ways.fail(thrown);
  fields.done = (error, value) => invocation.ways.done(error, value);
  return fields;
}

// ── what nobody caught ───────────────────────────────────────────────────────────────────────────────────────────

/** The answer stands if it was already given; the process ends either way. */
function endWith(thrown, code) {
  const document = stringify(errorDocument(thrown));
  if (!initialised) send(INIT_FAILED, initFailure(thrown));
  else if (current?.answer?.[0] === RESULT) send(LAST_RESULT, current.answer[1]);
  else if (current) send(LAST_ERROR, current.answer ? current.answer[1] : document);
  exit(code);
}

function catchLeftovers() {
  process.on('uncaughtException', (error) => {
    logError('Uncaught Exception', error);
    endWith(error, EXIT_CODE.uncaught);
  });
  process.on('unhandledRejection', (reason) => {
    const fault = new RuntimeFault('UnhandledPromiseRejection', reason === undefined ? '' : String(reason));
    logError('Unhandled Promise Rejection', assign(fault, { reason, promise: {} }));
    if (reason?.stack) fault.stack = reason.stack; // edgesim's own: that points into the function
    endWith(fault, EXIT_CODE.unhandled);
  });
}

/** What Node.js says of what nobody caught. */
function words(thrown) {
  try {
    return inspect(thrown);
  } catch { // it was left without what it needs for that
    return errorDocument(thrown).errorMessage;
  }
}

/** nodejs24.x catches nothing: Node.js ends by itself, with its own words. An answer that was already given stands. */
function answerBeforeCrash() {
  const listenerCount = process.listenerCount.bind(process);
  process.on('uncaughtExceptionMonitor', (error) => {
    if (listenerCount('uncaughtException') > 0 || current?.answer?.[0] !== RESULT) return;
    process.stderr.write(`${words(error)}\n`);
    send(LAST_RESULT, current.answer[1]);
  });
}

// ── start ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An error document with the place in the user's code that it points to. */
function initFailure(thrown) {
  const document = errorDocument(thrown);
  const text = [...document.trace, ...(thrown?.requireStack ?? [])].join('\n');
  const place = placeOf(text) ?? (thrown?.importing ? placeOf(importElsewhere(thrown.importing)) : null);
  return stringify({ ...document, place });
}

/** What Node.js says of an ES module that does not parse: it keeps the place to itself until it dies of it, so another
 * process does. Nothing of the module runs: all of its graph is parsed before. */
function importElsewhere(file) {
  const { spawnSync } = require('node:child_process');
  const script = `import(${JSON.stringify(pathToFileURL(file).href)})`;
  const options = { encoding: 'utf8', timeout: 5000, stdio: ['ignore', 'ignore', 'pipe'] };
  return spawnSync(process.execPath, [...process.execArgv, '-e', script], options).stderr;
}

/** [file, line] of the first place within the task root that a text names, one with a line if there is any. */
function placeOf(text) {
  const root = taskRoot.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const said = text.slice(text.indexOf(' imported from ') + 1); // before it stands what is missing
  const places = [...said.matchAll(new RegExp(`(${root}/[^\\n'"():]+)(?::(\\d+))?`, 'g'))];
  const [, file, line] = places.find((place) => place[2]) ?? places[0] ?? [];
  return file ? [file, line ? Number(line) : null] : null;
}

/** A promise that nothing will ever settle ends the process, in init with a code of its own. Observed. */
function endUnsettledInit() {
  if (!userHandler) exit(modern ? 0 : 13);
}

async function initialise(settings) {
  try {
    const found = await findHandler(settings);
    process.removeListener('beforeExit', endUnsettledInit);
    return found;
  } catch (thrown) {
    logError(modern ? 'Init Error' : 'Uncaught Exception', thrown);
    send(INIT_FAILED, initFailure(thrown));
    return exit(modern ? 1 : EXIT_CODE.uncaught);
  }
}

/** Remember the clock as the function will see it. */
function seeClock() {
  seen = { Date, now: Date.now, toISOString: uncurry(Date.prototype.toISOString) };
}

/** Do once what every start does, before there is anything to start: what Node.js makes when it is first needed is not
 * waited for later (measured: most of a start). */
async function rehearse() {
  await import('data:text/javascript,export default 0');
  const file = path.join(__dirname, 'rehearsal.cjs');
  await property(byRequire(file), splitHandler('rehearsal.handler')[2].split('.'))({});
  delete require.cache[file];
  saysModule(__dirname, __dirname);
  JSON.parse(JSON.stringify({ uri: '/', headers: { host: [{ key: 'Host', value: 'a' }] } }));
  seeClock();
  format('%s', seen.toISOString(new seen.Date()));
  await new Promise((resolve) => setImmediate(setImmediate, resolve));
}

async function main() {
  patchConsole();
  patchStreams();
  await rehearse();
  const settings = readFrame();
  if (settings.clock) (seeTime = require('./clock.cjs'))(settings.clock);
  seeClock();
  modern = settings.generation >= 4;
  inspected = settings.inspected;
  contextFields = settings.context;
  taskRoot = settings.root;
  assign(env, settings.env);
  process.chdir(settings.root);
  process.argv[1] = '/var/runtime/index.mjs';
  process.mainModule = undefined; // as `require.main`, from nodejs18.x on: Lambda's client is an ES module. observed
  require('node:module')._initPaths(); // NODE_PATH came with the settings
  installGlobals();
  if (modern) answerBeforeCrash();
  else catchLeftovers();
  process.on('beforeExit', endUnsettledInit);
  userHandler = await initialise(settings);
  process.on('beforeExit', onLoopEmpty);
  setImmediate(getReady); // a rejection that nobody caught comes before: it belongs to init
}

function getReady() {
  initialised = true;
  reportPeak();
  send(READY, '');
  awaitEvent();
}

main();
