/** What is against the schemas, held against ajv: every document one change away from real ones, and what it says of each. */
import fs from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/generated/schemas.js';
import { schemaErrors } from '../../../src/runtime/schedule/schema-errors.js';

const load = (file: string) => JSON.parse(fs.readFileSync(file, 'utf8'));
const all = (folder: string, named: RegExp): string[] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => named.test(name))
    .sort()
    .map((name) => path.join(folder, name));

const pipeline = {
  passes: [{ pass: 'deepcache', options: { branch: 2, interval: 3 } }, { pass: 'forecast' }],
  ...{ calls: 50, start: 0, emit: 'merged', maxPrograms: 4, weights: 'link' },
  ...{ shapes: { sample: [2, 4, 64, 64] }, freeze: { batch: 2 }, timesteps: [999, 500] },
  plugins: ['./own.mjs'],
};
const timesteps = {
  ...{ format: 'stepfold.timesteps', version: 1, steps: 2, trainTimesteps: 1000, gamma: 1.2 },
  ...{ timesteps: [999, 10], model: { file: 'unet.onnx', sha256: '0'.repeat(64) }, error: 0.5 },
  ...{ uniform: { error: null }, tried: [{ gamma: 1, error: null }], reference: { steps: 9 } },
};

const DOCUMENTS: Record<string, readonly unknown[]> = {
  schedule: all('conformance', /(?<!unknown-version\/)schedule\.json$/).map(load),
  plan: [...all('samples', /plan[^/]*\/?[^/]*\.json$/), 'test/fixtures/cases/dit-guided.plan.json']
    .map(load)
    .filter(({ format }) => format === 'stepfold.plan'),
  pipeline: [pipeline],
  timesteps: [timesteps],
};

/** Values of every type, some at a border. */
const OTHERS = [
  null,
  true,
  0,
  1,
  -1,
  0.5,
  Number.NaN,
  1e300,
  '',
  'x',
  '../x',
  [],
  ['x'],
  {},
  { x: 1 },
];

type Container = Record<string, unknown> | unknown[];
const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null;

/** Every place but for those of long lists, of which the ends stand for all. */
function* placesOf(value: unknown, at: readonly string[] = []): Generator<readonly string[]> {
  if (!isContainer(value)) return;
  const keys = Object.keys(value);
  const long = Array.isArray(value) && keys.length > 3;
  for (const key of long ? [keys[0]!, keys.at(-1)!] : keys) {
    yield [...at, key];
    yield* placesOf((value as Record<string, unknown>)[key], [...at, key]);
  }
}

/** Does something to a place of a copy. */
function changed(
  document: unknown,
  place: readonly string[],
  act: (parent: Record<string, unknown>, key: string) => void,
): unknown {
  const copy = structuredClone(document);
  let parent = copy as Record<string, unknown>;
  for (const key of place.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  act(parent, place.at(-1)!);
  return copy;
}

function* changesOf(document: unknown): Generator<unknown> {
  yield* OTHERS;
  for (const place of placesOf(document)) {
    yield changed(document, place, (parent, key) => delete parent[key]);
    yield changed(document, place, (parent) => Object.assign(parent, { 'un/known~': 1 }));
    for (const other of OTHERS)
      yield changed(document, place, (parent, key) => {
        parent[key] = other;
      });
  }
}

describe.each(Object.keys(DOCUMENTS))('%s', (name) => {
  const schema: JsonSchema = load(`schemas/${name}.schema.json`);
  const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
  const documents = DOCUMENTS[name]!;

  const agree = (document: unknown): boolean => {
    const isValid = validate(document);
    // what messages are made of; deep in a schema the two name their way there differently
    const told = (errors: readonly object[]) =>
      errors.map((error) => {
        const { schemaPath, ...rest } = error as { schemaPath: string; keyword: string };
        return rest.keyword === 'pattern' ? { ...rest, schemaPath } : rest;
      });
    expect(told(schemaErrors(schema, document))).toEqual(told(validate.errors ?? []));
    return isValid;
  };

  test('of real documents: nothing', () => {
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect(agree(document)).toBe(true);
  });

  test('of what is one change away: as ajv', () => {
    let refused = 0;
    for (const document of documents)
      for (const other of changesOf(document)) if (!agree(other)) refused++;
    expect(refused).toBeGreaterThan(50);
  });
});
