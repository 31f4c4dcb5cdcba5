/**
 * The promise that passes go together holds where they forecast what they keep: every pair that does without, and the
 * forecast of the output with each; then any plan over nested sites with histories, in every form.
 */
import { describe, expect, test } from 'vitest';
import type { PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import {
  compilePasses,
  DIT,
  expectAnyPlan,
  expectEitherOrder,
  UNET,
} from '../../helpers/composed.js';

/** Where each pass works, with an order; bases differ, so that one pass's weights would not do for another's. */
const AHEAD = {
  output: ['forecast', { interval: 3, order: 2 }],
  guidance: ['guidance-delta', { interval: 2, order: 1, basis: 'hermite' }],
  'deepcache at 3': ['deepcache', { branch: 3, interval: 3, order: 1 }],
  'deepcache at 6': ['deepcache', { branch: 6, interval: 2, order: 2, basis: 'hermite' }],
  'delta-cache of one block': ['delta-cache', { blocks: 1, interval: 2, order: 1 }],
  'delta-cache of three blocks': ['delta-cache', { blocks: 3, interval: 3, order: 2 }],
  'ditfastattn by reuse': ['ditfastattn', { strategy: 'reuse', interval: 2, order: 1 }],
  'ditfastattn by windows': [
    'ditfastattn',
    { strategy: 'window', interval: 3, order: 1, basis: 'chebyshev' },
  ],
} as const satisfies Record<string, readonly [string, object]>;
type Place = keyof typeof AHEAD;

const compile = (file: string, places: readonly Place[], loop: Partial<PipelineOptions> = {}) =>
  compilePasses(
    file,
    places.map((place) => AHEAD[place]),
    loop,
  );

// in the order that is proved; the other has to give the same
test.each<[file: string, Place, Place]>([
  [UNET, 'output', 'deepcache at 3'],
  [UNET, 'output', 'delta-cache of one block'],
  [UNET, 'output', 'ditfastattn by windows'],
  [UNET, 'deepcache at 3', 'delta-cache of one block'],
  [UNET, 'deepcache at 3', 'ditfastattn by reuse'],
  [UNET, 'delta-cache of one block', 'deepcache at 6'],
  [UNET, 'ditfastattn by windows', 'deepcache at 6'],
  [UNET, 'delta-cache of one block', 'ditfastattn by windows'],
  [DIT, 'delta-cache of three blocks', 'output'],
  [DIT, 'ditfastattn by reuse', 'output'],
  [DIT, 'ditfastattn by windows', 'delta-cache of three blocks'],
])('%s: %s and %s go together, in both orders', async (file, first, second) => {
  // with the output's forecast in all the loops that the rules lead to
  const loop = { fixedLoop: first !== 'output' && second !== 'output' };
  await expectEitherOrder(file, (order) => compile(file, order, loop), [first, second]);
});

test.each<[Place, Place]>([
  ['deepcache at 3', 'deepcache at 6'],
  ['delta-cache of one block', 'delta-cache of one block'],
  ['ditfastattn by reuse', 'ditfastattn by windows'],
  ['output', 'output'],
])('%s and %s cannot go together, and both sites are named', async (first, second) => {
  const failed = compile(UNET, [first, second]);
  await expect(failed).rejects.toMatchObject({
    code: 'PLAN_CONFLICT',
    message: expect.stringMatching(/site/),
    details: { hint: expect.any(String) },
  });
});

describe('any plan over nested sites with histories', () => {
  const calls = 5;

  test.each<[string, string, Place[], PipelineOptions['guidance']]>([
    [
      'the U-Net',
      UNET,
      ['output', 'deepcache at 6', 'delta-cache of one block', 'ditfastattn by reuse'],
      undefined,
    ],
    [
      'the transformer, in one batch',
      DIT,
      ['output', 'delta-cache of three blocks', 'ditfastattn by windows'],
      { order: 'uncond-first', mode: 'batch' },
    ],
    [
      'the transformer, in two calls',
      DIT,
      ['output', 'delta-cache of three blocks', 'ditfastattn by reuse'],
      { order: 'cond-first', mode: 'two-calls' },
    ],
    [
      'the U-Net with half of each pair at some calls',
      UNET,
      ['output', 'deepcache at 6', 'guidance'],
      { order: 'uncond-first', mode: 'batch' },
    ],
    [
      'the transformer with half of each pair at some calls',
      DIT,
      ['guidance', 'output', 'ditfastattn by reuse'],
      { order: 'cond-first', mode: 'batch' },
    ],
    [
      'the transformer with the second call of each pair left out at some steps',
      DIT,
      ['guidance', 'output'],
      { order: 'uncond-first', mode: 'two-calls' },
    ],
  ])('%s is proved, and all forms agree', async (_, file, places, guidance) => {
    const perStep = guidance?.mode === 'two-calls' ? 2 : 1;
    const length = perStep * calls;
    const loop = { calls: length, ...(guidance && { guidance }) };
    const compileAs = (more: Partial<PipelineOptions>) =>
      compile(file, places, { ...loop, ...more });
    const refused = 'PLAN_HALF_KEPT';
    await expectAnyPlan(file, compileAs, { calls: length, computed: perStep, runs: 1, refused });
  });
});
