// Mutations of JSON as a tree, and of its text.
import { number, PATHS, word } from './nasty.mjs';

function places(value, found = []) {
  if (value !== null && typeof value === 'object')
    for (const key of Object.keys(value)) {
      found.push([value, key]);
      places(value[key], found);
    }
  return found;
}

function deep(levels) {
  let value = 0;
  for (let i = 0; i < levels; i++) value = i % 2 ? { a: value } : [value];
  return value;
}

const nasty = (c) =>
  c.pick([
    () => number(c),
    () => number(c),
    () => word(c),
    () => c.pick(PATHS),
    () => null,
    () => true,
    () => [],
    () => ({}),
    () => [word(c), number(c)],
    () => ({ [word(c)]: word(c) }),
    () => deep(c.pick([2, 50, 3000])),
  ])();

const MUTATIONS = [
  (holder, key, c) => {
    holder[key] = nasty(c);
  },
  (holder, key) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  (holder, key, c) => {
    const name = word(c);
    // as JSON.parse does, where plain assignment would set the prototype
    if (!Array.isArray(holder))
      Object.defineProperty(holder, name, {
        value: holder[key],
        enumerable: true,
        writable: true,
        configurable: true,
      });
  },
  (holder, key, c) => {
    if (Array.isArray(holder)) holder.splice(c.below(holder.length + 1), 0, holder[key]);
  },
  (holder, key, c, all) => {
    const [from, name] = c.pick(all);
    holder[key] = clone(from[name]);
  },
  (holder, key, c) => {
    if (typeof holder[key] === 'number') holder[key] += c.pick([-1, 1, 0.5, 1e6]);
    else if (typeof holder[key] === 'string') holder[key] += c.pick([' ', '/', 'x', '\0']);
  },
  (holder, key, c) => {
    const list = holder[key];
    const times = c.pick([100, 20_000]);
    // long lists of long lists would take this process down first
    if (Array.isArray(list) && list.length > 0 && stringify(list).length * times < 4e6)
      holder[key] = Array.from({ length: times }, (_, i) => clone(list[i % list.length]));
  },
];

/** The text of a JSON value with some of it changed. */
export function mutateJson(document, choices) {
  const copy = structuredClone(document);
  for (let i = choices.few(5); i > 0; i--) {
    const all = places(copy);
    if (all.length === 0) break;
    const [holder, key] = choices.pick(all);
    choices.pick(MUTATIONS)(holder, key, choices, all);
  }
  const text = stringify(copy);
  return choices.chance(1, 8) ? mutateText(text, choices) : text;
}

/** Null for what lies too deep in itself to be copied. */
function clone(value) {
  try {
    return structuredClone(value);
  } catch {
    return null;
  }
}

/** Numbers that JSON cannot say come out as ones that are too large for it. */
function stringify(value) {
  try {
    return JSON.stringify(value, (_, v) => (Object.is(v, -0) ? '-0' : v)) ?? 'null';
  } catch {
    return '['.repeat(5000);
  }
}

const PIECES = [
  '{',
  '}',
  '[',
  ']',
  '"',
  ',',
  ':',
  '0',
  '-',
  'e',
  '\\u0000',
  '\0',
  '(',
  ')',
  '<',
  '>',
  '=',
  '=>',
  '\n',
  '#',
  '1e999',
  '9'.repeat(400),
  '['.repeat(4000),
  '{'.repeat(200),
];

export function mutateText(text, choices) {
  let out = text;
  for (let i = choices.few(4); i > 0; i--) {
    const at = choices.below(out.length + 1);
    const to = Math.min(out.length, at + choices.below(20));
    const other = choices.below(out.length + 1);
    out = choices.pick([
      () => out.slice(0, at) + out.slice(to),
      () => out.slice(0, at) + choices.pick(PIECES) + out.slice(at),
      () => out.slice(0, at) + word(choices) + out.slice(to),
      () => out.slice(0, at),
      () => out.slice(0, at) + out.slice(other, other + choices.below(60)) + out.slice(at),
    ])();
  }
  return out;
}
