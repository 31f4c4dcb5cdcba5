/** Costs from a file: what is wrong with one is said by its place, and what it lacks by name. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { sha256 } from '../../../src/compiler/emit/index.js';
import { Bundles } from '../../../src/evidence/tune/bundles.js';
import {
  type CostsFile,
  costsFromTable,
  formatCosts,
  measureCosts,
  readCosts,
} from '../../../src/evidence/tune/cost-table.js';
import { findMethods } from '../../../src/evidence/tune/methods.js';
import type { LoopSubject } from '../../../src/evidence/tune/subject.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const DIGITS = path.resolve('samples/digits/digits-unet.onnx');
const own = { name: 'ddim', steps: 12, spacing: 'trailing' } as const;
const subject: LoopSubject = { file: DIGITS, table: passesWith(), own, feeds: {}, seed: 0 };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-costs-'));
const bundles = new Bundles(subject, loadModel(DIGITS));
afterAll(async () => {
  await bundles.release();
  fs.rmSync(folder, { recursive: true });
});

const FORECAST = { pass: 'forecast', options: { 'full-calls': 2, order: 1 } };
const COSTS: CostsFile = {
  format: 'stepfold.costs',
  version: 1,
  model: { file: 'digits-unet.onnx', sha256: sha256(DIGITS) },
  machine: 'a telephone',
  source: { milliseconds: 80 },
  entries: [{ passes: [FORECAST], full: 1.02, between: 0.03 }],
};

function written(costs: unknown): string {
  const file = path.join(folder, 'costs.json');
  fs.writeFileSync(file, typeof costs === 'string' ? costs : JSON.stringify(costs));
  return file;
}

const find = (table: ReturnType<typeof readCosts>, wanted: string[]) =>
  findMethods(bundles, { subject, costs: costsFromTable(table), mostSteps: 20, wanted });

test('are what the search goes by, in whatever order their options stand', async () => {
  const shuffled = { ...FORECAST, options: { order: 1, 'full-calls': 2 } };
  const table = readCosts(
    written({ ...COSTS, entries: [{ ...COSTS.entries[0], passes: [shuffled] }] }),
    subject,
  );
  const { methods } = await find(table, ['forecast']);
  expect(methods.map(({ pass, cost }) => [pass.name, cost])).toEqual([
    ['forecast', { full: 1.02, between: 0.03 }],
  ]);
});

test('what could not be measured there is not tried here, and says why', async () => {
  const failed = [{ passes: [FORECAST], reason: 'It ran out of memory.' }];
  const table = readCosts(written({ ...COSTS, entries: [], failed }), subject);
  const { methods, notTried } = await find(table, ['forecast']);
  expect(methods).toEqual([]);
  expect(notTried).toContainEqual({ pass: 'forecast', reason: 'It ran out of memory.' });
});

test('all that is missing is named', async () => {
  const table = readCosts(written(COSTS), subject);
  const refused = find(table, ['forecast', 'deepcache']);
  await expect(refused).rejects.toMatchObject({
    code: 'TUNE_COSTS_MISSING',
    message: expect.stringMatching(/deepcache:branch=1,.*; deepcache:branch=/),
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringMatching(/forecast/) });
});

describe('are refused', () => {
  test.each([
    ['no JSON', '{"format":', 'COSTS_NOT_JSON', /not JSON/],
    ['of another version', { ...COSTS, version: 2 }, 'COSTS_VERSION', /version 2/],
    ['without entries', { ...COSTS, entries: undefined }, 'COSTS_INVALID', /entries/],
    [
      'a cost below nothing',
      { ...COSTS, entries: [{ ...COSTS.entries[0], between: -1 }] },
      'COSTS_INVALID',
      /\/entries\/0\/between/,
    ],
    [
      'passes twice',
      { ...COSTS, entries: [COSTS.entries[0], COSTS.entries[0]] },
      'COSTS_INVALID',
      /\/entries\/1\/passes is there more than once/,
    ],
    [
      'of another model',
      { ...COSTS, model: { file: 'dit.onnx', sha256: '0'.repeat(64) } },
      'TUNE_COSTS',
      /"dit\.onnx"/,
    ],
    [
      'of a loop with guidance',
      { ...COSTS, guidance: { order: 'cond-first', mode: 'batch' } },
      'TUNE_COSTS',
      /guidance cond-first, batch; this one has no guidance/,
    ],
    ['of other shapes', { ...COSTS, freeze: { batch: 4 } }, 'TUNE_COSTS', /--freeze.*batch.*4/],
  ])('%s', (_, costs, code, message) => {
    expect(() => readCosts(written(costs), subject)).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test('no file', () => {
    expect(() => readCosts(path.join(folder, 'none'), subject)).toThrowError(
      expect.objectContaining({ code: 'TUNE_NO_COSTS' }),
    );
  });
});

test('what is measured has all that the same search asks for', async () => {
  const wanted = ['forecast', 'guidance-delta', 'loop-invariant'];
  const guided: LoopSubject = {
    ...subject,
    guidance: { order: 'uncond-first', mode: 'two-calls', unconditional: {} },
  };
  const there = new Bundles(guided, bundles.model, 1);
  try {
    const costs = await measureCosts(there, {
      ...{ subject: guided, mostSteps: 20, wanted, machine: 'this one' },
    });
    expect(costs.machine).toBe('this one');
    expect(costs.source.milliseconds).toBeGreaterThan(0);
    const file = written(formatCosts(costs, 'costs.json'));
    const { methods } = await findMethods(there, {
      ...{ subject: guided, mostSteps: 20, wanted },
      costs: costsFromTable(readCosts(file, guided)),
    });
    const costOf = (name: string) =>
      costs.entries.find(({ passes }) => passes.at(-1)!.pass === name);
    for (const { pass, cost } of methods)
      expect(cost).toEqual({ full: costOf(pass.name)!.full, between: costOf(pass.name)!.between });
    expect(methods.map(({ pass }) => pass.name)).toEqual(['forecast', 'guidance-delta']);
  } finally {
    await there.release();
  }
}, 120_000);
