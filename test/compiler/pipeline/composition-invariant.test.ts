/**
 * Triples with `loop-invariant` and `guidance-delta`: what is computed once an image is then read at calls that run one half
 * of each pair. With every other pass, on small exports that have a caption, as one model and as one a program.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, test } from 'vitest';
import { fillWeights } from '../../../src/evidence/fill/fill.js';
import { compilePasses, expectProved } from '../../helpers/composed.js';

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-invariant-'));
afterAll(() => fs.rmSync(scratch, { recursive: true }));

const corpus: Record<string, { inputs: Record<string, number[]> }> = JSON.parse(
  fs.readFileSync('samples/corpus/corpus.json', 'utf8'),
);

const CALLS = 4;
/** Both halves run at the first call and at one more, and all that others keep is kept at these. */
const FULL = [0, 2];

const filled = (name: string): string => {
  const file = path.join(scratch, name, `${name}.onnx`);
  if (!fs.existsSync(file))
    fillWeights({
      model: path.resolve(`samples/corpus/${name}.onnx`),
      folder: path.dirname(file),
    });
  return file;
};

/** Two pairs: one row would go with two, where half of a pair meets both. */
const twoPairs = (inputs: Record<string, number[]>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, [rows, ...rest]]) => [
      name,
      rows === undefined ? [] : [rows === 2 ? 4 : rows, ...rest],
    ]),
  );

describe.each<[string, string, object]>([
  ['unet-script2-17', 'deepcache', { branch: 2, full: FULL }],
  ['unet-script2-17', 'depth-skip', { branch: 2 }],
  ['mmdit-script2-17', 'delta-cache', { blocks: 2, full: FULL }],
  // both streams stand still: nothing reads the text behind the first block
  ['mmdit-script2-17', 'ditfastattn', { strategy: 'reuse', full: FULL }],
  ['unet-script2-17', 'ditfastattn', { strategy: 'window+guidance-share', full: FULL }],
  ['mmdit-script2-17', 'forecast', { order: 0, full: FULL }],
])('%s with %s', (name, pass, options) => {
  test.each(['merged', 'split'] as const)('%s', async (emit) => {
    const file = filled(name);
    const compilation = await compilePasses(
      file,
      [
        ['loop-invariant', {}],
        ['guidance-delta', { order: 0, full: FULL }],
        [pass, options],
      ],
      { calls: CALLS, emit, guidance: { order: 'uncond-first', mode: 'batch' } },
    );
    await expectProved(file, compilation, twoPairs(corpus[name]!.inputs));
  });
});

test('what a call computes inside of a region that is replaced there is not kept', async () => {
  const file = filled('unet-script2-17');
  const plan = (sites: Record<string, string[]>) =>
    ({ format: 'stepfold.plan', version: 1, calls: 3, sites }) as const;
  const all = ['compute', 'compute', 'compute'];
  const compilation = await compilePasses(
    file,
    [
      ['loop-invariant', {}],
      ['delta-cache', { blocks: 1, interval: 2 }],
    ],
    {
      calls: 3,
      emit: 'merged',
      // call 2 takes of call 0 what the last block reads, and all else of call 1
      plan: plan({
        invariant: ['compute', 'compute', 'reuse'],
        'blocks.0': all,
        'blocks.1': all,
        'blocks.2': all,
        'blocks.3': ['compute', 'delta', 'compute'],
      }),
    },
  );
  await expectProved(file, compilation, corpus['unet-script2-17']!.inputs);
});
