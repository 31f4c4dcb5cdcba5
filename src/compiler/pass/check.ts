/** Whether something that was loaded at run time is a pass, as far as can be told without a model. */
import type { JsonSchema } from '../../generated/schemas.js';
import { schemaErrors } from '../../runtime/schedule/schema-errors.js';
import { readOptionsSchema } from './option-schema.js';
import type { Pass } from './pass.js';

const MEANING: JsonSchema = {
  type: 'object',
  required: ['result'],
  anyOf: [
    {
      properties: {
        result: { const: 'computed' },
        band: { enum: ['alone', 'with-residual'] },
        halves: { const: 'shared' },
      },
      additionalProperties: false,
    },
    {
      properties: { result: { enum: ['kept', 'zeros', 'kept-run', 'derived-half'] } },
      additionalProperties: false,
    },
  ],
};

const TEXTS = ['name', 'description', 'example'] as const satisfies readonly (keyof Pass)[];

const CALLED = ['prepare', 'trials'] as const satisfies readonly (keyof Pass)[];

const STATEMENTS: JsonSchema = {
  type: 'object',
  additionalProperties: {
    type: 'object',
    required: ['meaning'],
    properties: { meaning: MEANING, letter: { type: 'string', pattern: '^[A-Za-z0-9]$' } },
    additionalProperties: false,
  },
};

/** What it lacks, as the end of a sentence; undefined where it is a pass. */
export function passProblem(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return 'is no object';
  const pass = given as Partial<Record<keyof Pass, unknown>>;
  for (const key of TEXTS)
    if (typeof pass[key] !== 'string' || pass[key] === '') return `has no "${key}"`;
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(pass.name as string))
    return `has a name that --pass cannot take, "${pass.name}"`;
  const schema = readOptionsSchema(pass.options);
  if (typeof schema === 'string') return schema;
  if (typeof pass.propose !== 'function') return 'has no function "propose"';
  const uncalled = CALLED.find((key) => pass[key] !== undefined && typeof pass[key] !== 'function');
  if (uncalled) return `has a "${uncalled}" that is no function`;
  if (pass.strategies === undefined) return undefined;
  const [first] = schemaErrors(STATEMENTS, pass.strategies);
  if (!first) return undefined;
  const at = first.instancePath.split('/')[1];
  return at === undefined
    ? 'has "strategies" that are no object'
    : `says of its strategy "${at.replaceAll('~1', '/').replaceAll('~0', '~')}" what no meaning and letter are`;
}
