/** Options checked without making code of their schema, held against ajv, which does. */
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import { completed } from '../../../src/compiler/pass/completed.js';
import { checkOptions, type PassOption } from '../../../src/compiler/pass/index.js';
import { readOptionsSchema } from '../../../src/compiler/pass/option-schema.js';
import type { JsonSchema } from '../../../src/generated/schemas.js';
import { schemaErrors } from '../../../src/runtime/schedule/schema-errors.js';

const ajv = new Ajv({ useDefaults: true, coerceTypes: 'array', allErrors: true, strict: false });

/** What ajv makes of a value, and what it says against that. */
function byAjv(schema: JsonSchema, given: unknown) {
  const validate = ajv.compile(schema);
  const value: unknown = structuredClone(given);
  validate(value);
  return { value, keywords: (validate.errors ?? []).map(({ keyword }) => keyword).sort() };
}

function ours(schema: JsonSchema, given: unknown) {
  const value = completed(schema, structuredClone(given));
  return {
    value,
    keywords: schemaErrors(schema, value)
      .map(({ keyword }) => keyword)
      .sort(),
  };
}

function agree(schema: JsonSchema, given: unknown): void {
  const [mine, theirs] = [ours(schema, given), byAjv(schema, given)];
  const which = JSON.stringify({ schema, given });
  // what cannot be made to fit is left in two shapes, of which other keywords say other things
  if (theirs.keywords.includes('type')) expect(mine.keywords, which).toContain('type');
  else expect(mine.keywords, which).toEqual(theirs.keywords);
  // of what is refused, what was made of it does not matter
  if (theirs.keywords.length === 0) expect(mine.value).toEqual(theirs.value);
}

const isListOfOne = (value: unknown): boolean => Array.isArray(value) && value.length === 1;

/** Values as people write them on a command line or in a file. */
const SCALARS = [
  ...['', ' ', '0', '1', '3', '-2', '2.5', '1e2', '0x10', ' 7 ', 'x', 'true', 'false', 'ünï🙂'],
  ...[null, true, false, 0, 1, -2, 2.5, 1e20],
];
// ajv works on what it is given, which must be in no two places
const anyValue = fc
  .oneof(
    fc.constantFrom(...SCALARS),
    fc.array(fc.constantFrom(...SCALARS), { maxLength: 3 }),
    fc.constantFrom({}, { x: 1 }, [[1]], [{}]),
  )
  .map((value) => structuredClone(value));

const TYPES = ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'] as const;
const bound = fc.constantFrom(-2, 0, 1, 2.5, 3);
const count = fc.nat(3);
const oneType = fc.constantFrom(...TYPES);
const anyOf = (type: fc.Arbitrary<JsonSchema['type'] & {}>) =>
  fc.record(
    {
      type,
      enum: fc.uniqueArray(fc.constantFrom(...SCALARS), { minLength: 1, maxLength: 4 }),
      default: fc.constantFrom(...SCALARS),
      ...{ minimum: bound, maximum: bound, exclusiveMinimum: bound, exclusiveMaximum: bound },
      ...{ multipleOf: fc.constantFrom(0.5, 2, 3), minLength: count, maxLength: count },
      pattern: fc.constantFrom('^x', '\\d'),
    },
    { requiredKeys: [] },
  );
const anyOption = fc.oneof(
  anyOf(fc.oneof(oneType, fc.uniqueArray(oneType, { minLength: 1, maxLength: 3 }))),
  fc.record(
    {
      type: fc.constant('array' as const),
      items: anyOf(oneType),
      minItems: count,
      maxItems: count,
    },
    { requiredKeys: ['type'] },
  ),
);

describe('as ajv', () => {
  test('options of our passes, given as text, as numbers, wrongly', () => {
    for (const pass of Object.values(passes)) {
      const schema = readOptionsSchema(pass.options);
      if (typeof schema === 'string') throw new Error(schema);
      agree(schema, {});
      for (const [name, option] of Object.entries<PassOption>(pass.options.properties))
        for (const value of [...SCALARS, ...(option.enum ?? []), [], ['0', 5], ['0', 'x'], {}])
          agree(schema, { [name]: value });
    }
  });

  test('any schema of options, and any value', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), anyOption, { maxKeys: 3 }),
        fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), anyValue, { maxKeys: 3 }),
        fc.subarray(['a', 'b']),
        (properties, given, required) => {
          // of one value in a list, ajv asks whether it is of all types where there are several
          const several = Object.entries(properties).filter(([, { type }]) => Array.isArray(type));
          fc.pre(several.every(([name]) => !isListOfOne(given[name])));
          agree({ type: 'object', properties, required, additionalProperties: false }, given);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('one of several', () => {
    const properties = {
      threshold: {
        anyOf: [
          { type: 'number', minimum: 0 },
          { type: 'string', pattern: '^D' },
        ],
      },
    } satisfies JsonSchema['properties'];
    for (const threshold of ['0.5', 0.5, 'D3', '-1', 'x', null])
      expect(ours({ type: 'object', properties }, { threshold }).keywords.length > 0).toBe(
        byAjv({ type: 'object', properties }, { threshold }).keywords.length > 0,
      );
    expect(ours({ type: 'object', properties }, { threshold: '0.5' }).value).toEqual({
      threshold: 0.5,
    });
  });
});

test('infinity is no number, however it is written', () => {
  const schema: JsonSchema = { type: 'object', properties: { x: { type: 'number' } } };
  for (const x of ['Infinity', '-Infinity', Number.POSITIVE_INFINITY, Number.NaN])
    expect(ours(schema, { x }).keywords).toEqual(['type']);
});

test('defaults are given anew', () => {
  const schema: JsonSchema = { type: 'object', properties: { x: { type: 'array', default: [1] } } };
  const [first, second] = [completed(schema, {}), completed(schema, {})] as { x: number[] }[];
  first!.x.push(2);
  expect(second!.x).toEqual([1]);
});

describe('a schema that cannot be checked is refused', () => {
  const option = (x: object) => ({ type: 'object', properties: { x } });

  test.each<[what: string, schema: unknown, mention: string]>([
    ['none', undefined, 'has no "options"'],
    ['of no object', { type: 'array' }, 'has no "options"'],
    ['with a type that there is none of', option({ type: 'text' }), '/properties/x/type'],
    [
      'with a bound that is no number',
      option({ minimum: '3' }),
      '"/properties/x/minimum" must be number',
    ],
    ['with a choice that is an object', option({ enum: [{}] }), '/properties/x/enum/0'],
    [
      'by a keyword that is not known',
      option({ oneOf: [{}] }),
      '"/properties/x/oneOf", which is not known',
    ],
    [
      'by one deep in it',
      option({ items: { anyOf: [{ not: {} }] } }),
      '/properties/x/items/anyOf/0/not',
    ],
    ['with a pattern that is none', option({ pattern: '(' }), '"/properties/x/pattern"'],
  ])('%s', (_, schema, mention) => {
    expect(readOptionsSchema(schema)).toContain(mention);
  });

  test('where its pass is used from code', () => {
    const pass = {
      ...{ name: 'mine', description: 'd', example: 'mine' },
      options: { type: 'object', properties: { x: { description: 'd', not: {} } } },
      propose: () => ({ sites: [], entries: {} }),
    } as const;
    expect(() => checkOptions(pass, {})).toThrow(
      expect.objectContaining({ code: 'PASS_SCHEMA', message: expect.stringContaining('"mine"') }),
    );
  });

  test('and titles, units and the like are no keywords', () => {
    const schema = option({
      title: 't',
      description: 'd',
      examples: [1],
      'x-unit': 's',
      format: 'f',
    });
    expect(readOptionsSchema(schema)).toBe(schema);
  });
});

test('of a list the entry that is wrong is said', () => {
  const moduleCache = passes['module-cache'] as Parameters<typeof checkOptions>[0];
  expect(() => checkOptions(moduleCache, { kinds: 'self+elbow' })).toThrow(
    /option "kinds": it must be one of "self", .*; found "elbow"/,
  );
});
