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

/** Of so many schedules, those that have every kind of thing between them. */
const CHANGED: Record<string, readonly unknown[]> = {
  schedule: ['chain', 'half-calls', 'hermite-merged', 'initial', 'placed-timesteps'].map((name) =>
    load(`conformance/cases/${name}/schedule.json`),
  ),
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

/** The text of errors, whatever the order of their keys. */
const sorted = (errors: readonly object[]): string =>
  JSON.stringify(
    errors.map((error) => Object.entries(error).sort(([a], [b]) => (a < b ? -1 : 1))),
    (_, value) =>
      isContainer(value) && !Array.isArray(value) ? Object.entries(value).sort() : value,
  );

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

/** Tries what is one change away, and leaves the document as it was. */
function changesOf(document: unknown, attempt: (changed: unknown) => void): void {
  OTHERS.forEach(attempt);
  for (const place of [...placesOf(document)]) {
    let parent = document as Record<string, unknown>;
    for (const step of place.slice(0, -1)) parent = parent[step] as Record<string, unknown>;
    const key = place.at(-1)!;
    const before = parent[key];
    for (const other of OTHERS) {
      parent[key] = other;
      attempt(document);
    }
    if (!Array.isArray(parent)) {
      // keys stay in their order
      const entries = Object.entries({ ...parent, [key]: before });
      for (const name of Object.keys(parent)) delete parent[name];
      for (const [name, value] of entries) if (name !== key) parent[name] = value;
      attempt(document);
      for (const name of Object.keys(parent)) delete parent[name];
      Object.assign(parent, Object.fromEntries(entries), { 'un/known~': 1 });
      attempt(document);
      delete parent['un/known~'];
    } else parent[key as never] = before as never;
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
    const [ours, theirs] = [told(schemaErrors(schema, document)), told(validate.errors ?? [])];
    // comparing texts is quick, and there are many
    if (sorted(ours) !== sorted(theirs)) expect(ours).toEqual(theirs);
    return isValid;
  };

  test('of real documents: nothing', () => {
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect(agree(document)).toBe(true);
  });

  test('of what is one change away: as ajv', () => {
    let refused = 0;
    for (const document of CHANGED[name] ?? documents)
      changesOf(document, (changed) => {
        if (!agree(changed)) refused++;
      });
    expect(refused).toBeGreaterThan(50);
  });
});
