/** What attributes say, as text to compare by and as text to read. */
import type { AttributeValue } from '../ir/attribute.js';
import type { Node } from '../ir/node.js';
import type { Tensor } from '../ir/tensor.js';
import type { Constants } from './constants.js';
import { typeText } from './contents.js';
import { isDefault } from './defaults.js';

/** In the order of their names, without those that say what holds without them. */
export const attributesOf = (node: Node): (readonly [string, AttributeValue])[] =>
  [...node.attributes]
    .filter(([name, attribute]) => !isDefault(node, name, attribute))
    .sort(([a], [b]) => (a < b ? -1 : 1));

/**
 * Equal for equal attributes alone. Graphs are looked into node by node, so here they are all alike.
 * @param keyOf equal for tensors that count as equal
 */
export function attributeKey(attribute: AttributeValue, keyOf: (tensor: Tensor) => string): string {
  const { type } = attribute;
  switch (type) {
    case 'tensor':
      return `${type} ${keyOf(attribute.value)}`;
    case 'tensors':
      return `${type} ${JSON.stringify(attribute.value.map(keyOf))}`;
    case 'string':
      return `${type} ${latin1.decode(attribute.value)}`;
    case 'strings':
      return `${type} ${JSON.stringify(attribute.value.map((value) => latin1.decode(value)))}`;
    case 'graph':
    case 'graphs':
      return 'graphs';
    default:
      return `${type} ${attributeText(attribute)}`;
  }
}

/** How attributes of a node changed, such as `axis: 1 -> 2`. */
export function attributeChanges(before: Node, after: Node, constants: Constants): string[] {
  const [mine, theirs] = [new Map(attributesOf(before)), new Map(attributesOf(after))];
  const keyOf = (tensor: Tensor) => String(constants.classOf(tensor));
  return [...new Set([...mine.keys(), ...theirs.keys()])].flatMap((name) => {
    const [x, y] = [mine.get(name), theirs.get(name)];
    const [p, q] = [x, y].map((value) => value && attributeKey(value, keyOf));
    if (p === q) return [];
    // a default may be written out
    const [from, to] = [shown(before, name), shown(after, name)];
    if (from !== to) return [`${name}: ${changeText(from, to)}`];
    // tensors show their types alone
    if (x?.type === y?.type && x?.type.startsWith('tensor')) return [`${name}: another ${from}`];
    return [`${name}: ${changeText(p ?? 'none', q ?? 'none')}`];
  });
}

function shown(node: Node, name: string): string {
  const attribute = node.attributes.get(name);
  return attribute ? attributeText(attribute) : 'none';
}

function attributeText(attribute: AttributeValue): string {
  switch (attribute.type) {
    case 'tensor':
      return typeText(attribute.value);
    case 'tensors':
      return attribute.value.map(typeText).join(', ');
    case 'string':
      return utf8.decode(attribute.value);
    case 'strings':
      return JSON.stringify(attribute.value.map((value) => utf8.decode(value)));
    case 'graph':
    case 'graphs':
      return 'graph';
    case 'opaque':
      return messageText(attribute.value);
    case 'float':
      return numberText(attribute.value);
    case 'floats':
      return attribute.value.map(numberText).join();
    default:
      return String(attribute.value);
  }
}

/** Zero has a sign, which division shows. */
const numberText = (value: number): string => (Object.is(value, -0) ? '-0' : String(value));

/** A part of the file that the graph does not model, without fields of some names. */
export const messageText = (message: unknown, without: readonly string[] = []): string =>
  JSON.stringify(message, (key, value) => {
    if (without.includes(key)) return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  }) ?? '';

const utf8 = new TextDecoder();
// every byte is a character of its own
const latin1 = new TextDecoder('latin1');

/** Characters of a value that are shown, and those before the first that differs. */
const SHOWN = 40;
const LEAD = 10;

/** Long values are cut to where they differ; what is no text is dotted. */
function changeText(from: string, to: string): string {
  let same = 0;
  while (same < Math.min(from.length, to.length) && from[same] === to[same]) same++;
  const start = Math.max(from.length, to.length) > SHOWN && same > SHOWN / 2 ? same - LEAD : 0;
  const cut = (text: string) => {
    const part = text.slice(start, start + SHOWN).replaceAll(/[^\x20-\x7e\u00a0-\uffff]/g, '.');
    return `${start > 0 ? '…' : ''}${part}${text.length > start + SHOWN ? '…' : ''}`;
  };
  return `${cut(from)} -> ${cut(to)}`;
}
