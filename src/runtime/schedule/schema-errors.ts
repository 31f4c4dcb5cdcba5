/**
 * What in a document is against its JSON Schema (draft 2020-12): the errors that ajv reports with `allErrors`, in its
 * order and its words. It knows the keywords that the schemas here use, which their generator sees to, and those that
 * options of passes may have; compiled by ajv they would be most of what a page loads to run a bundle, and a page may
 * forbid that text becomes code.
 */
import type { DefinedError } from 'ajv';
import type { JsonSchema, TypeName } from '../../generated/schemas.js';
import { pointer } from './pointer.js';

type Part<E, K extends keyof E> = E extends unknown ? Pick<E, K> : never;

/** As much of ajv's error as sentences are made of. */
export type SchemaError = Part<
  DefinedError,
  'keyword' | 'instancePath' | 'schemaPath' | 'params' | 'message'
>;

type Report = (
  keyword: SchemaError['keyword'],
  params: object,
  message: string,
  schemaPath?: string,
) => void;

/** Where a check is: in the document, and in the schema as far as messages depend on it. */
interface Place {
  readonly path: string;
  readonly schemaPath: string;
}

const IS: Readonly<Record<TypeName, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => Number.isFinite(value),
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === 'boolean',
  null: (value) => value === null,
  array: Array.isArray,
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
};

export const isOfType = (type: TypeName, value: unknown): boolean => IS[type](value);

export function schemaErrors(root: JsonSchema, document: unknown): SchemaError[] {
  const found: SchemaError[] = [];
  check(root, document, { path: '', schemaPath: '#' });
  return found;

  function check(schema: JsonSchema, value: unknown, place: Place): void {
    const report: Report = (keyword, params, message) => {
      const schemaPath = `${place.schemaPath}/${keyword}`;
      found.push({ keyword, instancePath: place.path, schemaPath, params, message } as SchemaError);
    };
    const { type } = schema;
    const types = type === undefined ? [] : [type].flat();
    const isType = types.length === 0 || types.some((name) => IS[name](value));
    // one type alone is asked where its own keywords are, and so its error stands among those of others
    const own = types.length === 1 && hasKeywordsOf(schema, types[0]!) ? types[0] : undefined;
    const refuseType = (of?: Group) => {
      if (!isType && (own === undefined ? undefined : GROUP_OF[own]) === of)
        report('type', { type }, `must be ${types.join()}`);
    };
    refuseType();
    checkAny(schema, value, place, report);
    if (IS.number(value)) checkNumber(schema, value as number, report);
    refuseType('number');
    if (typeof value === 'string') checkString(schema, value, report);
    refuseType('string');
    if (Array.isArray(value)) checkArray(schema, value, place, report);
    refuseType('array');
    if (IS.object(value)) checkObject(schema, value as Record<string, unknown>, place, report);
    refuseType('object');
  }

  function checkAny(schema: JsonSchema, value: unknown, place: Place, report: Report): void {
    const { $ref, anyOf } = schema;
    if ($ref !== undefined)
      check(root.$defs![$ref.slice('#/$defs/'.length)]!, value, { ...place, schemaPath: $ref });
    if ('const' in schema && value !== schema.const)
      report('const', { allowedValue: schema.const }, 'must be equal to constant');
    if (schema.enum && !schema.enum.includes(value))
      report('enum', { allowedValues: schema.enum }, 'must be equal to one of the allowed values');
    if (!anyOf) return;
    const before = found.length;
    for (const [i, branch] of anyOf.entries()) {
      const at = found.length;
      check(branch, value, { ...place, schemaPath: `${place.schemaPath}/anyOf/${i}` });
      if (found.length > at) continue;
      found.length = before;
      return;
    }
    report('anyOf', {}, 'must match a schema in anyOf');
  }

  function checkArray(
    { maxItems, minItems, items }: JsonSchema,
    value: readonly unknown[],
    { path, schemaPath }: Place,
    report: Report,
  ): void {
    if (maxItems !== undefined && value.length > maxItems)
      report('maxItems', { limit: maxItems }, `must NOT have more than ${maxItems} items`);
    if (minItems !== undefined && value.length < minItems)
      report('minItems', { limit: minItems }, `must NOT have fewer than ${minItems} items`);
    if (items)
      for (const [i, item] of value.entries())
        check(items, item, { path: path + pointer(i), schemaPath: `${schemaPath}/items` });
  }

  function checkObject(
    schema: JsonSchema,
    value: Readonly<Record<string, unknown>>,
    { path, schemaPath }: Place,
    report: Report,
  ): void {
    const { maxProperties, minProperties, required = [], dependentRequired = {} } = schema;
    const { properties = {}, additionalProperties: others } = schema;
    const keys = Object.keys(value);
    if (maxProperties !== undefined && keys.length > maxProperties)
      report(
        'maxProperties',
        { limit: maxProperties },
        `must NOT have more than ${maxProperties} properties`,
      );
    if (minProperties !== undefined && keys.length < minProperties)
      report(
        'minProperties',
        { limit: minProperties },
        `must NOT have fewer than ${minProperties} properties`,
      );
    for (const name of required)
      if (value[name] === undefined)
        report('required', { missingProperty: name }, `must have required property '${name}'`);
    for (const key of others === undefined ? [] : keys) {
      if (Object.hasOwn(properties, key)) continue;
      if (others === false)
        report(
          'additionalProperties',
          { additionalProperty: key },
          'must NOT have additional properties',
        );
      else if (others)
        check(others, value[key], {
          path: path + pointer(key),
          schemaPath: `${schemaPath}/additionalProperties`,
        });
    }
    for (const [name, property] of Object.entries(properties))
      if (value[name] !== undefined)
        check(property, value[name], {
          path: path + pointer(name),
          schemaPath: `${schemaPath}/properties${pointer(name)}`,
        });
    for (const [name, needed] of Object.entries(dependentRequired))
      if (value[name] !== undefined)
        for (const other of needed)
          if (value[other] === undefined)
            report(
              'dependentRequired',
              {
                property: name,
                missingProperty: other,
                depsCount: needed.length,
                deps: needed.join(', '),
              },
              `must have propert${needed.length === 1 ? 'y' : 'ies'} ${needed.join(', ')} when property ${name} is present`,
            );
  }
}

function checkNumber(
  { maximum, minimum, exclusiveMaximum, exclusiveMinimum, multipleOf }: JsonSchema,
  value: number,
  report: Report,
): void {
  if (maximum !== undefined && !(value <= maximum))
    report('maximum', { comparison: '<=', limit: maximum }, `must be <= ${maximum}`);
  if (minimum !== undefined && !(value >= minimum))
    report('minimum', { comparison: '>=', limit: minimum }, `must be >= ${minimum}`);
  if (exclusiveMaximum !== undefined && !(value < exclusiveMaximum))
    report(
      'exclusiveMaximum',
      { comparison: '<', limit: exclusiveMaximum },
      `must be < ${exclusiveMaximum}`,
    );
  if (exclusiveMinimum !== undefined && !(value > exclusiveMinimum))
    report(
      'exclusiveMinimum',
      { comparison: '>', limit: exclusiveMinimum },
      `must be > ${exclusiveMinimum}`,
    );
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    report('multipleOf', { multipleOf }, `must be multiple of ${multipleOf}`);
}

function checkString(
  { maxLength, minLength, pattern }: JsonSchema,
  value: string,
  report: Report,
): void {
  // as people count them, not by code units
  const { length } = maxLength === undefined && minLength === undefined ? value : [...value];
  if (maxLength !== undefined && length > maxLength)
    report('maxLength', { limit: maxLength }, `must NOT have more than ${maxLength} characters`);
  if (minLength !== undefined && length < minLength)
    report('minLength', { limit: minLength }, `must NOT have fewer than ${minLength} characters`);
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    report('pattern', { pattern }, `must match pattern "${pattern}"`);
}

type Group = 'number' | 'string' | 'array' | 'object';

const GROUP_OF: Readonly<Partial<Record<TypeName, Group>>> = {
  number: 'number',
  string: 'string',
  array: 'array',
  object: 'object',
};

const KEYWORDS: Readonly<Record<Group, readonly (keyof JsonSchema)[]>> = {
  number: ['maximum', 'minimum', 'exclusiveMaximum', 'exclusiveMinimum', 'multipleOf'],
  string: ['maxLength', 'minLength', 'pattern'],
  array: ['maxItems', 'minItems', 'items'],
  object: [
    ...(['maxProperties', 'minProperties', 'required', 'dependentRequired'] as const),
    ...(['additionalProperties', 'properties'] as const),
  ],
};

const hasKeywordsOf = (schema: JsonSchema, type: TypeName): boolean => {
  const group = GROUP_OF[type];
  return group !== undefined && KEYWORDS[group].some((keyword) => keyword in schema);
};
