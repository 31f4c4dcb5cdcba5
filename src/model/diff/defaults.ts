/** Attributes that say what holds without them: some exporters write them out, others do not. */
import type { AttributeValue } from '../ir/attribute.js';
import type { Node } from '../ir/node.js';
import { operatorOf } from '../operators/index.js';

const utf8 = new TextDecoder();

/** Would the node do the same without it? */
export function isDefault(node: Node, name: string, attribute: AttributeValue): boolean {
  const defaults = operatorOf(node)?.defaults ?? {};
  const value = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
  if (value === undefined) return false;
  switch (attribute.type) {
    case 'int':
      return Number(attribute.value) === value;
    case 'float':
      return typeof value === 'number' && Math.fround(attribute.value) === Math.fround(value);
    case 'string':
      return utf8.decode(attribute.value) === value;
    case 'ints':
      return Array.isArray(value) && attribute.value.every((each) => Number(each) === value[0]);
    default:
      return false;
  }
}
