/**
 * Protocol Buffers' text format, as far as a model configuration needs it. protobufjs, by which models are read, has the
 * binary form alone.
 */

/** Fields in the order in which they are written; those that are undefined are left out. */
export interface Message {
  readonly [field: string]: Value | undefined;
}

/** A list of messages is that field as often; a list of numbers stands in brackets. */
export type Value =
  | string
  | number
  | boolean
  | Enumerator
  | Message
  | readonly number[]
  | readonly Message[];

export class Enumerator {
  constructor(readonly name: string) {}
}

export const enumerator = (name: string) => new Enumerator(name);

export function printMessage(message: Message, indent = ''): string {
  return Object.entries(message)
    .map(([field, value]) => (value === undefined ? '' : printField(field, value, indent)))
    .join('');
}

function printField(field: string, value: Value, indent: string): string {
  if (Array.isArray(value)) {
    if (value.some((item) => typeof item === 'object'))
      return value.map((item) => printField(field, item, indent)).join('');
    return `${indent}${field}: [ ${value.join(', ')}${value.length > 0 ? ' ' : ''}]\n`;
  }
  if (typeof value === 'object' && !(value instanceof Enumerator)) {
    const inner = printMessage(value as Message, `${indent}  `);
    return inner === '' ? `${indent}${field} { }\n` : `${indent}${field} {\n${inner}${indent}}\n`;
  }
  return `${indent}${field}: ${printScalar(value)}\n`;
}

function printScalar(value: string | number | boolean | Enumerator): string {
  if (value instanceof Enumerator) return value.name;
  return typeof value === 'string' ? quoted(value) : String(value);
}

/** Names come from files that anybody may have written. */
function quoted(text: string): string {
  const escaped = text
    .replaceAll(/[\\"]/g, '\\$&')
    .replaceAll(/\p{Cc}|\p{Cs}|\p{Cf}/gu, (c) =>
      [...new TextEncoder().encode(c)]
        .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
        .join(''),
    );
  return `"${escaped}"`;
}
