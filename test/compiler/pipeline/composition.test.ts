/**
 * The promise that passes go together: every pair of them, in both orders, on a U-Net and on a
 * transformer, is either proved by `verify` or refused by an error that says which two sites conflict
 * and why. What is expected is written out, so that a change shows. Then any plan over the sites of
 * all passes at once.
 */
import { describe, expect, test } from 'vitest';
import type { PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import {
  compilePasses,
  DIT,
  expectAnyPlan,
  expectEitherOrder,
  expectFormsAgree,
  expectProved,
  UNET,
} from '../../helpers/composed.js';

/** Where each pass works: its name, and options for a short loop. */
const PLACES = {
  // the cut at 3 holds all attention; 6 cuts right behind an attention, 7 below all but two
  'deepcache at 3': ['deepcache', { branch: 3, interval: 3 }],
  'deepcache at 6': ['deepcache', { branch: 6, interval: 3 }],
  'deepcache at 7': ['deepcache', { branch: 7, interval: 3 }],
  'delta-cache of one block': ['delta-cache', { blocks: 1, interval: 2 }],
  'delta-cache of three blocks': ['delta-cache', { blocks: 3, interval: 3 }],
  'delta-cache, overlapping': ['delta-cache', { blocks: 4, interval: 3 }],
  'depth-skip at 3': ['depth-skip', { branch: 3 }],
  'depth-skip at 6': ['depth-skip', { branch: 6 }],
  'depth-skip at 7': ['depth-skip', { branch: 7 }],
  'ditfastattn by reuse': ['ditfastattn', { strategy: 'reuse', interval: 4 }],
  'ditfastattn by windows': ['ditfastattn', { strategy: 'window', interval: 4 }],
  'guidance at every second': ['guidance-delta', { interval: 2 }],
  'guidance at every fourth': ['guidance-delta', { interval: 4, cooldown: 0 }],
  'output every third': ['forecast', { interval: 3, order: 1 }],
  'deepcache at 3, every fourth': ['deepcache', { branch: 3, interval: 4, order: 1 }],
  'delta-cache, every fourth': ['delta-cache', { blocks: 3, interval: 4 }],
  'modules every third': ['module-cache', { interval: 3 }],
  'modules by kind': ['module-cache', { self: 2, 'feed-forward': 3 }],
  'feed-forwards every third': ['module-cache', { kinds: ['feed-forward'], interval: 3 }],
  'ditfastattn by halves': ['ditfastattn', { strategy: 'window+guidance-share', interval: 4 }],
} as const satisfies Record<string, readonly [string, object]>;
type Place = keyof typeof PLACES;

const compile = (file: string, places: readonly Place[], loop: Partial<PipelineOptions> = {}) =>
  compilePasses(
    file,
    places.map((place) => PLACES[place]),
    loop,
  );

const ANY_LOOP = { fixedLoop: false } as const;

const SHORT: Readonly<Record<string, string>> = { [UNET]: 'U-Net', [DIT]: 'transformer' };

// of each two passes one pair in either order, which is what is proved; the other has to give the same
describe.each<[file: string, Place, Place]>([
  [UNET, 'deepcache at 3', 'delta-cache of one block'],
  [UNET, 'deepcache at 3', 'depth-skip at 6'],
  [UNET, 'depth-skip at 7', 'deepcache at 3'],
  [UNET, 'deepcache at 3', 'ditfastattn by reuse'],
  [UNET, 'delta-cache of one block', 'deepcache at 6'],
  [UNET, 'deepcache at 6', 'depth-skip at 7'],
  [UNET, 'ditfastattn by windows', 'deepcache at 6'],
  [UNET, 'deepcache at 7', 'delta-cache of one block'],
  [UNET, 'deepcache at 7', 'ditfastattn by reuse'],
  [UNET, 'delta-cache of one block', 'depth-skip at 6'],
  [UNET, 'depth-skip at 7', 'delta-cache of one block'],
  [UNET, 'delta-cache of one block', 'ditfastattn by windows'],
  [UNET, 'depth-skip at 6', 'ditfastattn by windows'],
  [UNET, 'ditfastattn by reuse', 'depth-skip at 7'],
  [DIT, 'delta-cache of one block', 'ditfastattn by reuse'],
  [DIT, 'ditfastattn by windows', 'delta-cache of three blocks'],
  [DIT, 'delta-cache, overlapping', 'ditfastattn by windows'],
  [UNET, 'modules every third', 'deepcache at 6'],
  [DIT, 'delta-cache, overlapping', 'modules by kind'],
  [DIT, 'ditfastattn by windows', 'feed-forwards every third'],
])('go together, %s: %s and %s', (file, first, second) => {
  test(`in both orders (${SHORT[file]})`, async () => {
    await expectEitherOrder(file, (order) => compile(file, order), [first, second]);
  });
});

describe('all four at once', () => {
  const all = [
    'depth-skip at 7',
    'deepcache at 3',
    'delta-cache of one block',
    'ditfastattn by windows',
  ] as const satisfies Place[];

  test('outermost first, in every form', async () => {
    const compilation = await compile(UNET, all, ANY_LOOP);
    await expectProved(UNET, compilation);
    await expectFormsAgree(UNET, compilation, (emit) => compile(UNET, all.toReversed(), { emit }));
  });

  test('innermost first', async () => {
    await expectProved(UNET, await compile(UNET, all.toReversed()));
  });
});

describe('with a guidance pair', () => {
  test.each([
    ['in one batch', 'batch', 'ditfastattn by halves'],
    ['in two calls', 'two-calls', 'ditfastattn by windows'],
  ] as const)('%s', async (_, mode, attention) => {
    const guidance = { order: 'cond-first', mode } as const;
    for (const [file, ...places] of [
      [DIT, 'delta-cache, overlapping', attention],
      [UNET, 'deepcache at 6', 'delta-cache of one block', attention],
    ] as [string, ...Place[]][]) {
      const compilation = await compile(file, places, { guidance, ...ANY_LOOP });
      await expectProved(file, compilation);
      await expectFormsAgree(file, compilation, (emit) =>
        compile(file, places.toReversed(), { guidance, emit }),
      );
    }
  });
});

describe('with one half of a guidance pair', () => {
  const PAIRS = {
    'the condition first': { order: 'cond-first', mode: 'batch' },
    'the condition last': { order: 'uncond-first', mode: 'batch' },
    'in two calls': { order: 'uncond-first', mode: 'two-calls' },
  } as const;

  // each pair with all sorts of passes, and all pairs with one of them
  test.each<[keyof typeof PAIRS, string, ...Place[]]>([
    ['the condition first', UNET, 'deepcache at 3, every fourth', 'guidance at every second'],
    ['the condition last', UNET, 'deepcache at 3, every fourth', 'guidance at every second'],
    ['in two calls', UNET, 'deepcache at 3, every fourth', 'guidance at every second'],
    ['the condition first', UNET, 'depth-skip at 6', 'guidance at every fourth'],
    ['in two calls', DIT, 'delta-cache, every fourth', 'guidance at every second'],
    ['the condition last', DIT, 'ditfastattn by halves', 'guidance at every second'],
    ['in two calls', DIT, 'ditfastattn by halves', 'guidance at every second'],
    ['the condition first', UNET, 'output every third', 'guidance at every second'],
    [
      'the condition last',
      DIT,
      'delta-cache, every fourth',
      'output every third',
      'guidance at every second',
    ],
  ])('%s, %s: %s and %s', async (pair, file, ...places) => {
    const guidance = PAIRS[pair];
    const compilation = await compile(file, places, { guidance });
    await expectProved(file, compilation);
    await expectFormsAgree(file, compilation, (emit) =>
      compile(file, places.toReversed(), { guidance, emit }),
    );
  });
});

describe.each<[Place, Place, code: string, why: RegExp]>([
  // one value cannot be made in two ways
  [
    'deepcache at 3',
    'depth-skip at 3',
    'PLAN_CONFLICT',
    /"(deep|depth)" and site "(deep|depth)" cannot go together: both say how ".*" is made/,
  ],
  ['deepcache at 6', 'depth-skip at 6', 'PLAN_CONFLICT', /both say how ".*" is made/],
  ['deepcache at 7', 'depth-skip at 7', 'PLAN_CONFLICT', /both say how ".*" is made/],
  // what is cut off for good has nothing left to save
  [
    'deepcache at 6',
    'depth-skip at 3',
    'PLAN_HIDDEN',
    /no call needs "deep", since "depth", which it lies in, is "zero" at every call/,
  ],
  ['deepcache at 7', 'depth-skip at 3', 'PLAN_HIDDEN', /"deep" and site "depth" cannot/],
  ['deepcache at 7', 'depth-skip at 6', 'PLAN_HIDDEN', /"deep" and site "depth" cannot/],
  ['delta-cache of one block', 'depth-skip at 3', 'PLAN_HIDDEN', /"blocks.0" and site "depth"/],
  ['ditfastattn by reuse', 'depth-skip at 3', 'PLAN_HIDDEN', /"attention.0" and site "depth"/],
  ['modules every third', 'depth-skip at 3', 'PLAN_HIDDEN', /"self.0" and site "depth"/],
  // an attention is kept by one pass or the other
  [
    'ditfastattn by windows',
    'modules every third',
    'PLAN_CONFLICT',
    /"(attention|self).0" and site "(attention|self).0" cannot go together: both say how ".*" is made/,
  ],
  // plans tell sites apart by names that are those of the pass
  ['deepcache at 3', 'deepcache at 7', 'PLAN_CONFLICT', /Two passes have a site "deep"/],
  ['depth-skip at 3', 'depth-skip at 7', 'PLAN_CONFLICT', /Two passes have a site "depth"/],
  [
    'delta-cache of one block',
    'delta-cache of one block',
    'PLAN_CONFLICT',
    /"blocks.0" cannot go together: both say how ".*" is made/,
  ],
  [
    'ditfastattn by reuse',
    'ditfastattn by windows',
    'PLAN_CONFLICT',
    /"attention.0" cannot go together: both say how ".*" is made/,
  ],
])('cannot go together on a U-Net: %s and %s', (first, second, code, why) => {
  test('in either order', async () => {
    for (const order of [
      [first, second],
      [second, first],
    ])
      await expect(compile(UNET, order)).rejects.toMatchObject({
        code,
        message: expect.stringMatching(why),
        details: { hint: expect.any(String) },
      });
  });
});

describe('on a transformer, where there is no U-Net', () => {
  const others = [
    'deepcache at 3',
    'delta-cache of one block',
    'depth-skip at 3',
    'ditfastattn by reuse',
  ] as const;

  test.each(['deepcache at 3', 'depth-skip at 3'] as const)('%s refuses', async (place) => {
    for (const other of others)
      for (const order of [
        [place, other],
        [other, place],
      ])
        await expect(compile(DIT, order), `${order}`).rejects.toMatchObject({
          code: 'UNET_NOT_FOUND',
          message: expect.stringMatching(/no U-Net skeleton/),
        });
  });
});

describe('any plan over nested sites', () => {
  const calls = 4;

  test.each<[string, string, Place[], PipelineOptions['guidance']]>([
    [
      'the U-Net',
      UNET,
      ['depth-skip at 7', 'deepcache at 6', 'delta-cache of one block', 'ditfastattn by reuse'],
      undefined,
    ],
    [
      'the transformer',
      DIT,
      ['delta-cache, overlapping', 'ditfastattn by reuse'],
      { order: 'uncond-first', mode: 'batch' },
    ],
    [
      'the U-Net with half of each pair at some calls',
      UNET,
      ['deepcache at 6', 'delta-cache of one block', 'guidance at every second'],
      { order: 'uncond-first', mode: 'batch' },
    ],
    [
      'the transformer with half of each pair at some calls',
      DIT,
      ['delta-cache, overlapping', 'ditfastattn by halves', 'guidance at every second'],
      { order: 'cond-first', mode: 'batch' },
    ],
  ])('%s is proved, and all forms agree', async (_, file, places, guidance) => {
    const loop = { calls, ...(guidance && { guidance }) };
    const compileAs = (more: Partial<PipelineOptions>) =>
      compile(file, places, { ...loop, ...more });
    // what one half kept is not for both: a plan that asks for it is refused by name
    await expectAnyPlan(file, compileAs, { calls, runs: 2, refused: 'PLAN_HALF_KEPT' });
  });
});
