/**
 * The words of ONNX's text form: names of element types and attribute types, and when a name must
 * be quoted.
 */
import { DATA_TYPES } from '../../ir/types.js';
import { AttributeType } from '../messages.js';

/** Element types by code. The text says `float` and `double` where numpy says float32 and float64. */
const ELEMENT_TYPES = DATA_TYPES.map((type) =>
  type === 'float32' ? 'float' : type === 'float64' ? 'double' : type,
);

const CODES = new Map<string, number>(ELEMENT_TYPES.map((name, code) => [name, code]));
const UNKNOWN = /^unknown_(\d{1,9})$/;

/** An element type newer than the table is written by its number, `unknown_99`. */
export function elementTypeName(code: number): string {
  return ELEMENT_TYPES[code] ?? `unknown_${code}`;
}

/** The code of an element type, or undefined when the word is not one. */
export function elementTypeCode(word: string): number | undefined {
  const known = CODES.get(word);
  if (known !== undefined) return known;
  const number = UNKNOWN.exec(word)?.[1];
  return number === undefined ? undefined : Number(number);
}

const TYPE_CONSTRUCTORS = new Set(['seq', 'map', 'optional', 'sparse_tensor', 'opaque']);

/** Does the word begin a type? */
export function isTypeWord(word: string): boolean {
  return TYPE_CONSTRUCTORS.has(word) || elementTypeCode(word) !== undefined;
}

/** `inf`, `infinity` and `nan` in any case are numbers. */
export function isFloatWord(word: string): boolean {
  return /^(?:inf|infinity|nan)$/i.test(word);
}

type AttributeTypeCode = (typeof AttributeType)[keyof typeof AttributeType];

/** The word of each attribute type is its name in `onnx.proto` in lower case. */
const ATTRIBUTE_TYPES = new Map<string, AttributeTypeCode>(
  Object.entries(AttributeType).map(([name, code]) => [name.toLowerCase(), code]),
);
const ATTRIBUTE_WORDS = new Map([...ATTRIBUTE_TYPES].map(([word, code]) => [code as number, word]));

export function attributeTypeCode(word: string): AttributeTypeCode | undefined {
  return ATTRIBUTE_TYPES.get(word);
}

export function attributeTypeName(code: number): string {
  return ATTRIBUTE_WORDS.get(code) ?? 'undefined';
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A name as it is written: bare where that can be read as nothing else, quoted otherwise. */
export function printName(name: string): string {
  return IDENTIFIER.test(name) && !isTypeWord(name) && !isFloatWord(name) ? name : quote(name);
}

/** An operator, attribute or overload name: the standard reads these bare even where they are words. */
export function printWord(name: string): string {
  return IDENTIFIER.test(name) ? name : quote(name);
}

/** A domain: names joined by dots, or quoted whole, as `"pkg.torch.2.4.0"` must be. */
export function printDomain(domain: string): string {
  return domain.split('.').every((part) => IDENTIFIER.test(part)) ? domain : quote(domain);
}

/** The only escapes are `\"` and `\\`; line breaks stand as they are. */
export function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
