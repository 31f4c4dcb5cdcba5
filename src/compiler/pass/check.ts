/** Whether something that was loaded at run time is a pass, as far as can be told without a model. */
import { Ajv } from 'ajv';
import type { Pass } from './pass.js';

const MEANING = {
  type: 'object',
  required: ['result'],
  oneOf: [
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

const STATEMENTS = {
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
  if (!isSchema(pass.options)) return 'has no "options", the JSON Schema of an object';
  if (typeof pass.propose !== 'function') return 'has no function "propose"';
  const uncalled = CALLED.find((key) => pass[key] !== undefined && typeof pass[key] !== 'function');
  if (uncalled) return `has a "${uncalled}" that is no function`;
  if (pass.strategies === undefined) return undefined;
  const isStatements = new Ajv({ strict: false }).compile(STATEMENTS);
  if (isStatements(pass.strategies)) return undefined;
  const at = isStatements.errors?.[0]?.instancePath.split('/')[1];
  return at === undefined
    ? 'has "strategies" that are no object'
    : `says of its strategy "${at.replaceAll('~1', '/').replaceAll('~0', '~')}" what no meaning and letter are`;
}

const isSchema = (options: unknown): boolean => {
  const { type, properties } = (options ?? {}) as { type?: unknown; properties?: unknown };
  return type === 'object' && typeof properties === 'object' && properties !== null;
};
