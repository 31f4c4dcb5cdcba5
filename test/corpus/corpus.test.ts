/**
 * Every file of samples/corpus against what its network holds by definition, whoever wrote the file. That
 * passes work on them is shown by docs/matrix.md; here a few of the most different run from end to end.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { deepcache, deltaCache, ditfastattn } from '../../passes/index.js';
import { analyzeUnet, findAttention, findBlocks } from '../../src/compiler/analysis/index.js';
import { writeBundle } from '../../src/compiler/emit/index.js';
import type { Pass } from '../../src/compiler/pass/index.js';
import { Pipeline, prepare } from '../../src/compiler/pipeline/index.js';
import { fillWeights } from '../../src/evidence/fill/fill.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { verifyBundle } from '../../src/node.js';

interface Row {
  readonly holds: {
    readonly kind: 'unet' | 'transformer';
    readonly branches?: number;
    readonly blocks?: number;
    readonly selfAttentions: number;
    readonly crossAttentions: number;
  };
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly weights?: { readonly file: string; readonly bytes: number };
}

const corpus: Record<string, Row> = JSON.parse(
  fs.readFileSync('samples/corpus/corpus.json', 'utf8'),
);

test('the table has a row for each file', () => {
  const files = fs.readdirSync('samples/corpus').filter((name) => name.endsWith('.onnx'));
  expect(Object.keys(corpus).sort()).toEqual(files.map((name) => path.parse(name).name).sort());
});

test.each(Object.entries(corpus))('%s holds what its network has', async (name, { holds }) => {
  const { canonical, shapes } = await prepare(loadModel(`samples/corpus/${name}.onnx`));
  const unet = analyzeUnet(canonical.graph, shapes);
  const { found } = findAttention(canonical.graph, shapes);
  const { stages, refused } = findBlocks(canonical.graph, shapes, found);
  const count = (kind: string) => found.filter((attention) => attention.kind === kind).length;
  expect({
    branches: unet.isUnet ? unet.joins.length : undefined,
    selfAttentions: count('self'),
    crossAttentions: count('cross'),
  }).toEqual({
    branches: holds.branches,
    selfAttentions: holds.selfAttentions,
    crossAttentions: holds.crossAttentions,
  });
  expect(stages.flat()).toHaveLength(holds.blocks ?? holds.selfAttentions);
  expect(refused).toEqual([]);
});

describe('from end to end', () => {
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-corpus-'));
  afterAll(() => fs.rmSync(scratch, { recursive: true }));

  const ditfast = [ditfastattn, { strategy: 'window+guidance-share', window: '1/4' }] as const;
  const delta = [deltaCache, { blocks: 2, interval: 2 }] as const;

  test.each<[string, Pass<never>, object]>([
    ['dit-dynamo-18', ...ditfast],
    ['dit-dynamo-23', ...ditfast],
    ['mmdit-script2-17', ...delta],
    ['mmdit-dual-dynamo-23', ...delta],
    ['aura-dynamo-18', ...delta],
    ['dit-quantized-dynamic', ...delta],
    ['dit-quantized-qdq', ...delta],
    ['unet-functions-16', deepcache, { branch: 2, interval: 2 }],
  ] as never)('%s', async (name, pass, options) => {
    const stripped = path.resolve(`samples/corpus/${name}.onnx`);
    const { inputs, weights } = corpus[name]!;
    const model = weights
      ? fillWeights({ model: stripped, folder: path.join(scratch, name) }).model
      : stripped;
    const folder = path.join(scratch, `${name}-bundle`);
    const guidance = { order: 'uncond-first', mode: 'batch' } as const;
    const pipeline = Pipeline.create({ calls: 4, guidance }).use(pass, options as never);
    writeBundle(await pipeline.compile(loadModel(model)), folder, { sourceFile: model });
    const report = await verifyBundle({ folder, model, shapes: inputs });
    expect(report.checks.filter((check) => !check.passed)).toEqual([]);
    expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
    expect(report.checks.filter((check) => check.kind === 'loop')).not.toEqual([]);
  });
});
