/**
 * Options as a pass takes them, from what was given: on a command line everything is text, a list may have one entry,
 * and much is left out. What becomes what are the rules of ajv's `coerceTypes: 'array'` and `useDefaults`.
 */
import type { JsonSchema, TypeName } from '../../generated/schemas.js';
import { isOfType, schemaErrors } from '../../runtime/schedule/schema-errors.js';

/** A new value; what cannot be made to fit stays as it was, for a check to refuse. */
export function completed(schema: JsonSchema, given: unknown): unknown {
  const value = ofType(schema, given);
  if (schema.anyOf) {
    for (const branch of schema.anyOf) {
      const tried = completed(branch, value);
      if (schemaErrors(branch, tried).length === 0) return tried;
    }
    return value;
  }
  const { items, properties = {} } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => completed(items, item)) : value;
  if (!isOfType('object', value)) return value;
  const record = value as Readonly<Record<string, unknown>>;
  const defaults = Object.entries(properties).filter(
    ([name, property]) => record[name] === undefined && property.default !== undefined,
  );
  const all = { ...record, ...Object.fromEntries(defaults.map(([name, p]) => [name, p.default])) };
  return Object.fromEntries(
    Object.entries(all).map(([name, entry]) => [
      name,
      Object.hasOwn(properties, name) && entry !== undefined
        ? completed(properties[name]!, structuredClone(entry))
        : entry,
    ]),
  );
}

function ofType({ type }: JsonSchema, given: unknown): unknown {
  const types = type === undefined ? [] : [type].flat();
  if (types.some((name) => isOfType(name, given))) return given;
  // nothing is made an object
  if (types.every((name) => name === 'object')) return given;
  const [only] = Array.isArray(given) && given.length === 1 ? (given as unknown[]) : [given];
  if (types.some((name) => isOfType(name, only))) return only;
  for (const name of types) {
    const made = MADE[name]?.(only);
    if (made !== undefined) return made;
  }
  return given;
}

const isScalar = (value: unknown): boolean =>
  value === null || ['string', 'number', 'boolean'].includes(typeof value);

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'string' ? value === '' : typeof value !== 'boolean' && value !== null)
    return undefined;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
};

/** By type, what of another type is made to be of it; undefined where nothing can be. */
const MADE: Readonly<Partial<Record<TypeName, (value: unknown) => unknown>>> = {
  string: (value) =>
    value === null ? '' : ['number', 'boolean'].includes(typeof value) ? `${value}` : undefined,
  number: numberOf,
  integer: (value) => {
    const number = numberOf(value);
    return number === undefined || number % 1 !== 0 ? undefined : number;
  },
  boolean: (value) => {
    if (value === 'false' || value === 0 || value === null) return false;
    return value === 'true' || value === 1 ? true : undefined;
  },
  null: (value) => (value === '' || value === 0 || value === false ? null : undefined),
  array: (value) => (isScalar(value) ? [value] : undefined),
};
