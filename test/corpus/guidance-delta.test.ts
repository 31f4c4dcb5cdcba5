/**
 * One half of the pair beside what computes once an image, what leaves the deep part out, and half precision: on exported
 * networks, in every form and either way of guidance, against the source with the plan acted out on it by `verify`.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { deepcache, depthSkip, guidanceDelta, loopInvariant } from '../../passes/index.js';
import type { Pass } from '../../src/compiler/pass/index.js';
import { Pipeline } from '../../src/compiler/pipeline/index.js';
import { fillWeights, loadModel, verifyBundle, writeBundle } from '../../src/node.js';
import { EMITS } from '../helpers/compile.js';

const corpus: Record<string, { inputs: Record<string, number[]> }> = JSON.parse(
  fs.readFileSync('samples/corpus/corpus.json', 'utf8'),
);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-guidance-delta-'));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

const STEPS = 6;
const ZERO = [deepcache, { branch: 1, interval: 3, strategy: 'zero' }] as const;
const INVARIANT = [loopInvariant, {}] as const;
const SKIP = [depthSkip, { branch: 1 }] as const;
type Chosen = readonly (readonly [Pass<never>, object])[];

/** These hold their weights. */
const WHOLE = /quantized/;

const filled = (name: string): string => {
  if (WHOLE.test(name)) return path.resolve(`samples/corpus/${name}.onnx`);
  const folder = path.join(scratch, name);
  if (fs.existsSync(folder)) return path.join(folder, `${name}.onnx`);
  return fillWeights({ model: path.resolve(`samples/corpus/${name}.onnx`), folder }).model;
};

type Form = readonly [mode: 'batch' | 'two-calls', emit: (typeof EMITS)[number]];
const TWO_CALLS: Form = ['two-calls', 'merged'];
const ALL: readonly Form[] = [...EMITS.map((emit) => ['batch', emit] as const), TWO_CALLS];
const HALF = 'unet-dynamo-23-half';

// every pass in every form on one network; half precision in every form with one of its pairs
describe.each<[string, string, Chosen, readonly Form[]]>([
  ['unet-script2-17', 'loop-invariant', [INVARIANT], ALL],
  ['unet-script2-17', 'zeros', [ZERO], ALL],
  ['unet-script2-17', 'depth-skip', [SKIP], ALL],
  [HALF, 'loop-invariant and zeros', [INVARIANT, ZERO], [['batch', 'chain'], TWO_CALLS]],
  [
    HALF,
    'depth-skip',
    [SKIP],
    [
      ['batch', 'split'],
      ['batch', 'merged'],
    ],
  ],
  // steps of scales that are the same for all images, and places that are told by counting them
  ['dit-quantized-qdq', 'nothing', [], [['batch', 'merged']]],
  ['dit-quantized-4bit', 'nothing', [], [['batch', 'split']]],
  ['cogvideox-script2-17', 'nothing', [], [['batch', 'chain']]],
  // a batch that is written down
  ['unet-script2-14-static', 'loop-invariant and zeros', [INVARIANT, ZERO], ALL],
] as never)('%s with %s', (name, _, others, forms) => {
  test.each(forms)(
    '%s, %s',
    async (mode, emit) => {
      const model = filled(name);
      let pipeline = Pipeline.create({
        calls: mode === 'batch' ? STEPS : 2 * STEPS,
        guidance: { order: mode === 'batch' ? 'uncond-first' : 'cond-first', mode },
        emit,
        // what other loops do is the same in every form
        fixedLoop: emit !== 'split',
      }).use(guidanceDelta, { interval: 2, order: 1 });
      for (const [pass, options] of others) pipeline = pipeline.use(pass, options as never);
      const folder = path.join(scratch, 'bundle');
      writeBundle(await pipeline.compile(loadModel(model)), folder, {
        sourceFile: model,
        force: true,
      });
      const report = await verifyBundle({
        folder,
        model,
        shapes: corpus[name]!.inputs,
        levels: ['disabled'],
      });
      expect(report.checks.filter((check) => !check.passed)).toEqual([]);
      expect(report).toMatchObject({ passed: true, statements: [], unproved: [] });
      expect(report.checks.filter((check) => check.kind === 'loop')).not.toEqual([]);
    },
    120_000,
  );
});
