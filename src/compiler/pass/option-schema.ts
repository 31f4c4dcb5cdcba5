/**
 * Whether the options of a pass are described by a JSON Schema that can be checked: by which keywords, and what each may
 * be. A keyword that would be passed over in silence is refused; titles and whatever else checks nothing may stand there.
 */
import { passSchema } from '../../errors/index.js';
import type { JsonSchema } from '../../generated/schemas.js';
import { schemaErrors } from '../../runtime/schedule/schema-errors.js';
import { schemaProblems } from '../../runtime/schedule/schema-problems.js';
import type { Pass } from './pass.js';

const NUMBER: JsonSchema = { type: 'number' };
const COUNT: JsonSchema = { type: 'integer', minimum: 0 };
const SCALAR: JsonSchema = { type: ['string', 'number', 'boolean', 'null'] };
const TYPE: JsonSchema = {
  enum: ['string', 'number', 'integer', 'boolean', 'null', 'array', 'object'],
};
const PART: JsonSchema = { $ref: '#/$defs/part' };
const PARTS: JsonSchema = { type: 'object', additionalProperties: PART };

const ALLOWED: Readonly<Record<string, JsonSchema>> = {
  type: { anyOf: [TYPE, { type: 'array', minItems: 1, items: TYPE }] },
  const: SCALAR,
  enum: { type: 'array', items: SCALAR },
  anyOf: { type: 'array', minItems: 1, items: PART },
  maximum: NUMBER,
  minimum: NUMBER,
  exclusiveMaximum: NUMBER,
  exclusiveMinimum: NUMBER,
  multipleOf: { type: 'number', exclusiveMinimum: 0 },
  maxLength: COUNT,
  minLength: COUNT,
  pattern: { type: 'string' },
  maxItems: COUNT,
  minItems: COUNT,
  items: PART,
  maxProperties: COUNT,
  minProperties: COUNT,
  required: { type: 'array', items: { type: 'string' } },
  dependentRequired: {
    type: 'object',
    additionalProperties: { type: 'array', items: { type: 'string' } },
  },
  additionalProperties: { anyOf: [{ const: false }, PART] },
  properties: PARTS,
};

/** What the words of JSON Schema (draft 2020-12 and before it) check besides. */
const UNKNOWN = [
  ...['$ref', '$dynamicRef', '$recursiveRef', 'allOf', 'oneOf', 'not', 'if', 'then', 'else'],
  ...['contains', 'minContains', 'maxContains', 'prefixItems', 'additionalItems', 'uniqueItems'],
  ...['patternProperties', 'propertyNames', 'dependencies', 'dependentSchemas'],
  ...['unevaluatedItems', 'unevaluatedProperties'],
];

const SCHEMA: JsonSchema = {
  $defs: { part: { type: 'object', properties: ALLOWED } },
  type: 'object',
  required: ['type', 'properties'],
  properties: { ...ALLOWED, type: { const: 'object' } },
};

const isSchema = (given: unknown): given is JsonSchema => schemaErrors(SCHEMA, given).length === 0;

/** The schema, or what is wrong with it as the end of a sentence about the pass. */
export function readOptionsSchema(given: unknown): JsonSchema | string {
  const { type, properties } = (given ?? {}) as { type?: unknown; properties?: unknown };
  if (type !== 'object' || typeof properties !== 'object' || properties === null)
    return 'has no "options", the JSON Schema of an object';
  if (isSchema(given)) return refusedIn(given, '') ?? given;
  const [problem] = schemaProblems(given, schemaErrors(SCHEMA, given));
  return `has options whose schema is none: "${problem?.path}" ${problem?.message}`;
}

function refusedIn(schema: JsonSchema, path: string): string | undefined {
  const unknown = UNKNOWN.find((keyword) => Object.hasOwn(schema, keyword));
  if (unknown) return `has options whose schema asks with "${path}/${unknown}", which is not known`;
  if (schema.pattern !== undefined && !isPattern(schema.pattern))
    return `has options whose schema has no regular expression at "${path}/pattern"`;
  const parts: [at: string, part: JsonSchema | false | undefined][] = [
    ...Object.entries(schema.properties ?? {}).map(
      ([name, part]) => [`properties/${name}`, part] as [string, JsonSchema],
    ),
    ...(schema.anyOf ?? []).map((part, i) => [`anyOf/${i}`, part] as [string, JsonSchema]),
    ['items', schema.items],
    ['additionalProperties', schema.additionalProperties],
  ];
  for (const [at, part] of parts) {
    const refused = part && refusedIn(part, `${path}/${at}`);
    if (refused) return refused;
  }
  return undefined;
}

function isPattern(text: string): boolean {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}

/**
 * What the options of a pass are checked by; there are no others.
 * @throws PASS_SCHEMA
 */
export function optionsSchema({ name, options }: Pick<Pass, 'name' | 'options'>): JsonSchema {
  const schema = readOptionsSchema({ ...options, additionalProperties: false });
  if (typeof schema === 'string') throw passSchema(name, schema);
  return schema;
}
