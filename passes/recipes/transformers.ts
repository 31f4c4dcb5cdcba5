/** Recipes for transformers: what others ship, as far as it is known before the loop, and kept deviations of blocks. */
import type { TransformerBlock } from '../../src/compiler/analysis/index.js';
import type { PassContext, PassRequest } from '../../src/compiler/pass/index.js';
import { stepsOf } from './any-model.js';
import { fora, pab, tgatePixart } from './modules.js';
import type { NoSetting, Recipe } from './recipe.js';

/** TaylorSeer Lite, which OpenVINO GenAI has on by default for these. */
const OPENVINO = { interval: 3, warmup: 6, cooldown: 2 };

const openvino: Recipe = {
  name: 'openvino',
  settings: 'the output forecast but at 6 first, 2 last and every 3rd step, order 1',
  source: {
    kind: 'shipped',
    text: 'OpenVINO GenAI, TaylorSeer Lite, on by default for FLUX and SD 3: interval 3, from step 6 on, not at the last 2',
  },
  passes: (context) =>
    stepsOf(context) > OPENVINO.warmup + OPENVINO.cooldown + 1
      ? [{ pass: 'forecast', options: { ...OPENVINO, order: 1 } }]
      : { reason: 'the loop is too short for it' },
};

/** Full where i < 3 or (i - 4) mod 5 = 0. */
const DIFFUSERS = { first: 3, interval: 5, phase: 4 };

const taylorseer: Recipe = {
  name: 'taylorseer-lite',
  settings: 'the output forecast but at the first 3 and every 5th step, order 1',
  source: {
    kind: 'shipped',
    text: 'diffusers, TaylorSeer in its lite mode, with its defaults; the method is arXiv 2503.06923',
  },
  passes(context) {
    const { first, interval, phase } = DIFFUSERS;
    const steps = stepsOf(context);
    const full = Array.from({ length: steps }, (_, step) => step).filter(
      (step) => step < first || (step - phase) % interval === 0,
    );
    return full.length < steps
      ? [{ pass: 'forecast', options: { full, order: 1 } }]
      : { reason: 'the loop is too short for it' };
  },
};

type Blocks = readonly TransformerBlock[];

/**
 * Passes that keep what blocks add, one for each stage that has any of them: stages follow each other, and in each the stream
 * goes on from block to block.
 */
const keptBlocks = (
  runs: readonly Blocks[],
  options: Readonly<Record<string, unknown>>,
): readonly PassRequest[] =>
  runs
    .filter((run) => run.length > 0)
    .map((run) => ({
      pass: 'delta-cache',
      options: { range: `${run[0]!.index}-${run.at(-1)!.index}`, ...options },
    }));

/** Of each stage those behind the first so many of the model. */
const behindFirst = (context: PassContext, count: number): Blocks[] =>
  context.blocks().stages.map((stage) => stage.filter(({ index }) => index >= count));

/** Of each stage those behind its own first so many. */
const behindFirstOfEach = (context: PassContext, count: number): Blocks[] =>
  context.blocks().stages.map((stage) => stage.slice(count));

const NO_BLOCKS: NoSetting = { reason: 'no transformer blocks were found' };

const countOf = (runs: readonly Blocks[]): number => runs.flat().length;

const delta: Recipe = {
  name: 'delta-forecast',
  settings: 'what all blocks but the first add, at every 2nd step, forecast between',
  source: {
    kind: 'measured',
    where: 'everything-at-equal-cost',
    text: 'on the digits transformer, deviations of Δ-DiT (arXiv 2406.01125) at order 1: 48.4 dB at the cost of 20 full calls; the output forecast alone is ahead of it',
  },
  passes(context) {
    const all = countOf(context.blocks().stages);
    if (all === 0) return NO_BLOCKS;
    if (all < 3) return { reason: `the model has ${all} blocks` };
    return keptBlocks(behindFirst(context, 1), { interval: 2, order: 1 });
  },
};

const deltaDit: Recipe = {
  name: 'delta-dit',
  settings: 'half of the blocks at every 2nd step, the rear ones early and the front ones late',
  source: {
    kind: 'measured',
    where: 'δ-dit-on-a-trained-transformer',
    text: 'on the digits transformer, 20 DDIM steps: 40.8 dB at 1.33x, and fewer steps are ahead; Δ-DiT (arXiv 2406.01125) says 1.6x at 20 steps, with settings that could not be read',
  },
  passes(context) {
    const most = Math.max(0, ...context.blocks().stages.map(({ length }) => length));
    if (most === 0) return NO_BLOCKS;
    if (most < 2) return { reason: 'the model has no two blocks in a row' };
    return [{ pass: 'delta-cache', options: { blocks: Math.ceil(most / 2), interval: 2 } }];
  },
};

/** Steps that cache-dit's masks are for, and the blocks that it runs at each. */
const MASK_STEPS = 28;
const FIRST_BLOCKS = 8;

/** Runs of steps, computed and kept in turn. */
const MASKS = {
  medium: { computed: [6, 2, 2, 2, 2, 1], kept: [1, 3, 3, 3, 3] },
  fast: { computed: [6, 1, 1, 1, 1, 1], kept: [1, 3, 4, 5, 4] },
} as const;

function computedSteps({ computed, kept }: (typeof MASKS)[keyof typeof MASKS]): number[] {
  let step = 0;
  return computed.flatMap((count, i) => {
    const run = Array.from({ length: count }, () => step++);
    step += kept[i] ?? 0;
    return run;
  });
}

/** It counts the first blocks in each list that a model has of them, and takes the two of FLUX.1 for one. */
const cacheDit = (mask: keyof typeof MASKS, behind = behindFirstOfEach): Recipe => ({
  name: `cache-dit-${mask}`,
  settings: `of ${MASK_STEPS} steps: what all blocks but the first ${FIRST_BLOCKS} (of each kind, but in FLUX.1) add, by a list`,
  source: {
    kind: 'shipped',
    text: `cache-dit: DBCache with ${FIRST_BLOCKS} first blocks and its ${mask} mask for ${MASK_STEPS} steps; its test at run time is left out`,
  },
  passes(context) {
    const steps = stepsOf(context);
    if (steps !== MASK_STEPS)
      return { reason: `its mask is for ${MASK_STEPS} steps, and the loop has ${steps}` };
    const { stages } = context.blocks();
    if (stages.length === 0) return NO_BLOCKS;
    const runs = behind(context, FIRST_BLOCKS);
    if (countOf(runs) === 0)
      return {
        reason: `it always runs the first ${FIRST_BLOCKS} blocks, and there are ${stages.map(({ length }) => length).join(' and ')}`,
      };
    return keptBlocks(runs, { full: computedSteps(MASKS[mask]) });
  },
});

const cacheDits = [cacheDit('medium'), cacheDit('fast')];
const cacheDitsInOne = [cacheDit('medium', behindFirst), cacheDit('fast', behindFirst)];

export const transformerRecipes: Readonly<Record<string, readonly Recipe[]>> = {
  flux: [openvino, taylorseer, delta, fora, ...cacheDitsInOne],
  mmdit: [openvino, taylorseer, delta, fora, ...cacheDits],
  pixart: [taylorseer, delta, deltaDit, fora, tgatePixart, ...cacheDits],
  dit: [taylorseer, delta, deltaDit, fora, ...cacheDits],
  sana: [taylorseer],
  'video-transformer': [taylorseer, delta, fora, pab, ...cacheDits],
};
