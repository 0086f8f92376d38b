'use strict';
/*
 * The clock as a function sees it where edgesim's is not the machine's: an offset to it, or an instant at which time
 * stands still. Loaded only then, and before any of the function's code.
 *
 * What is monotonic stays the machine's: performance, process.hrtime, timers. So do other realms (node:vm, workers),
 * other processes, and what native code asks the machine itself.
 */
const RealDate = Date;
const realNow = Date.now;
const { hrtime } = process;

// Milliseconds of real time that a function sees the clock stand still: enough for one that does not wait for it, so
// that it comes to the same results every time. Then it runs on, so that one that waits comes to an end.
const STANDSTILL = 1000;

let see = realNow;

/** From now on: {offset} or {at} in milliseconds, or undefined for the machine's own time. */
function set(clock) {
  if (!clock) see = realNow;
  else if (clock.at === undefined) see = () => realNow() + clock.offset;
  else see = standing(clock.at);
}

function standing(at) {
  const ends = elapsed() + STANDSTILL;
  return () => at + Math.max(0, Math.floor(elapsed() - ends));
}

function elapsed() {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}

/** A stand-in for a built-in function that looks like it and asks for the time where nobody said it. */
const standIn = (real, apply) => new Proxy(real, { apply });

function installDate() {
  const sourceText = standIn(Function.prototype.toString, () => 'function Date() { [native code] }');
  const SeenDate = new Proxy(RealDate, {
    apply: () => new RealDate(see()).toString(),
    construct: (target, values, newTarget) => Reflect.construct(target, values.length ? values : [see()], newTarget),
    get: (target, key, receiver) => {
      const isText = key === 'toString' && receiver === SeenDate && !Object.hasOwn(target, key);
      return isText ? sourceText : Reflect.get(target, key, receiver);
    },
  });
  replace(RealDate, 'now', standIn(realNow, () => see()));
  replace(RealDate.prototype, 'constructor', SeenDate);
  replace(globalThis, 'Date', SeenDate);
}

/** `format` is a getter that gives one bound function for each formatter. */
function installFormat() {
  const { prototype } = Intl.DateTimeFormat;
  const formats = new WeakMap();
  const formatOf = (real) => {
    if (!formats.has(real)) formats.set(real, standIn(real, (_, self, [date]) => real(date === undefined ? see() : date)));
    return formats.get(real);
  };
  const property = Object.getOwnPropertyDescriptor(prototype, 'format');
  const get = standIn(property.get, (real, self) => formatOf(Reflect.apply(real, self, [])));
  Object.defineProperty(prototype, 'format', { ...property, get });
  const toParts = (real, self, [date]) => Reflect.apply(real, self, [date === undefined ? see() : date]);
  replace(prototype, 'formatToParts', standIn(prototype.formatToParts, toParts));
}

function replace(object, name, value) {
  Object.defineProperty(object, name, { ...Object.getOwnPropertyDescriptor(object, name), value });
}

installDate();
installFormat();
module.exports = set;
