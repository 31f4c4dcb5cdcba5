/**
 * `verify` on the rules of a schedule: every loop of up to 60 steps is held against an evaluation of its own, and what calls
 * can be in another loop alone is run.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { verifyBundle, writeBundle } from '../../../src/node.js';

type Use = readonly [pass: string, options: Record<string, unknown>];

let scratch: string;
let made = 0;
beforeAll(() => {
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-rules-'));
});
afterAll(() => fs.rmSync(scratch, { recursive: true }));

const TURNS = { order: 'uncond-first', mode: 'two-calls' } as const;

const golden = (name: string) =>
  parseModel(fs.readFileSync(path.resolve('test/golden', name, 'input.onnx.txt'), 'utf8'));

async function bundle(source: string, uses: readonly Use[], options: PipelineOptions) {
  const folder = path.join(scratch, `bundle ${made++}`);
  const model = `${folder}.onnx`;
  saveModel(golden(source), model);
  let pipeline = Pipeline.create({ engine: false, ...options });
  for (const [pass, own] of uses) pipeline = pipeline.use(passes[pass] as never, own as never);
  writeBundle(await pipeline.compile(loadModel(model)), folder, { sourceFile: model });
  return { folder, model };
}

const prove = (of: { folder: string; model: string }) =>
  verifyBundle({ ...of, levels: ['disabled'] });

const cached = (options: object): Use[] => [['deepcache', { branch: 1, interval: 3, ...options }]];
const FOUND = {
  format: 'stepfold.plan',
  version: 1,
  calls: 8,
  sites: {
    'attention.0': ['compute', 'compute', 'window', 'reuse', 'compute', 'reuse', 'window', 'reuse'],
  },
} as const;

const APART = {
  format: 'stepfold.plan',
  version: 1,
  calls: 8,
  sites: { deep: [...'crcrrcrc'].map((is) => (is === 'c' ? 'compute' : 'reuse+forecast')) },
} as const;

const CASES: Record<string, readonly [string, Use[], PipelineOptions, number]> = {
  plain: ['deepcache-uniform', cached({}), { calls: 8 }, 1],
  'a forecast': ['deepcache-uniform', cached({ order: 2, warmup: 2 }), { calls: 8 }, 1],
  'one call alone': ['deepcache-uniform', cached({ order: 1 }), { calls: 1 }, 2],
  'two calls a step': ['deepcache-uniform', cached({ order: 1 }), { calls: 4, guidance: TURNS }, 2],
  'two rules': [
    'deepcache-uniform',
    [...cached({ interval: 2 }), ['forecast', { interval: 3, order: 1 }]],
    { calls: 8 },
    2,
  ],
  placed: [
    'attention-merged',
    [['ditfastattn', { window: 1 }]],
    { calls: 8, plan: structuredClone(FOUND) as never },
    1,
  ],
  'full steps apart': [
    'deepcache-uniform',
    cached({ order: 1 }),
    { calls: 8, plan: structuredClone(APART) as never },
    1,
  ],
};

describe.each(Object.entries(CASES))('%s', (_, [source, uses, options, loops]) => {
  test('is proved', async () => {
    const report = await prove(await bundle(source, uses, options));
    expect(report.statements).toEqual([]);
    expect(report.unproved).toEqual([]);
    expect(report.passed).toBe(true);
    expect(report.loop.loops).toBe(loops);
    const of = report.checks.filter((check) => check.of);
    expect(of.length > 0).toBe(loops > 1);
  });
});
