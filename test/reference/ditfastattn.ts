/**
 * DiTFastAttn (Yuan et al., arXiv 2406.08552, section 3) on the digits transformer: what each
 * strategy gives, and what it leaves behind for later calls. Written from the paper's equations.
 *
 * Both halves of a guidance pair come in one batch, the conditional one first, or in two calls.
 */
import { ALL_KEYS, mix, project, queriesKeysValues } from './attention.js';
import type { AttentionModule } from './dit.js';
import { add, type Matrix, subtract } from './numbers.js';
import type { AttentionWeights, DitWeights } from './weights.js';

export const STRATEGIES = [
  'compute',
  'reuse',
  'window',
  'guidance-share',
  'window+guidance-share',
  'window-only',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** One [tokens, width] per image. */
type Images = readonly Matrix[];

/** What a layer remembers of earlier calls. */
interface Kept {
  /** O of the latest call that ran the module, behind the output projection. */
  readonly output?: Images;
  /** R = O - W of the latest call that attended in full, before the output projection. */
  readonly residual?: Images;
}

/** What a strategy needs from an earlier call. */
const NEEDS: Record<Strategy, keyof Kept | undefined> = {
  compute: undefined,
  reuse: 'output',
  window: 'residual',
  'guidance-share': undefined,
  'window+guidance-share': 'residual',
  'window-only': undefined,
};

/** What attends in full leaves a residual, what runs the module leaves an output. */
const LEAVES: Record<Strategy, readonly (keyof Kept)[]> = {
  compute: ['output', 'residual'],
  reuse: [],
  window: ['output'],
  'guidance-share': ['output', 'residual'],
  'window+guidance-share': ['output'],
  'window-only': ['output'],
};

/** What is left after a call, by name: enough to know what may come next. */
export type Left = ReadonlySet<keyof Kept>;
export const NOTHING: Left = new Set();
export const allowed = (left: Left): Strategy[] =>
  STRATEGIES.filter((strategy) => NEEDS[strategy] === undefined || left.has(NEEDS[strategy]));
export const leftBy = (strategy: Strategy, left: Left): Left =>
  new Set([...left, ...LEAVES[strategy]]);

/** What the module gives for all keys, and R = O - W: what a band of them lacks. */
function inFull(x: Matrix, weights: AttentionWeights, reach: number) {
  const projected = queriesKeysValues(x, weights);
  const full = mix(projected, ALL_KEYS);
  return { output: project(full, weights), residual: subtract(full, mix(projected, reach)) };
}

/** The conditional half of the images, and a half standing for both. */
const conditional = (images: Images): Images => images.slice(0, images.length / 2);
const forBoth = (half: Images): Images => [...half, ...half];

/** One layer's attention at one call of both halves: what it gives and what is kept behind it. */
function attend(
  strategy: Strategy,
  inputs: Images,
  kept: Kept,
  weights: AttentionWeights,
  reach: number,
): Required<Pick<Kept, 'output'>> & Kept {
  const full = (images: Images) => {
    const results = images.map((x) => inFull(x, weights, reach));
    return { output: results.map((r) => r.output), residual: results.map((r) => r.residual) };
  };
  const banded = (images: Images, residual?: Images): Images =>
    images.map((x, i) => {
      const window = mix(queriesKeysValues(x, weights), reach);
      return project(residual ? add(window, residual[i]!) : window, weights);
    });
  const needed = (what: keyof Kept): Images => {
    const images = kept[what];
    if (!images) throw new Error(`"${strategy}" needs the ${what} of an earlier call`);
    return images;
  };

  switch (strategy) {
    case 'compute':
      return full(inputs);
    case 'reuse':
      return { ...kept, output: needed('output') };
    case 'window':
      return { ...kept, output: banded(inputs, needed('residual')) };
    case 'window-only':
      return { ...kept, output: banded(inputs) };
    case 'guidance-share': {
      const { output, residual } = full(conditional(inputs));
      return { output: forBoth(output), residual: forBoth(residual) };
    }
    case 'window+guidance-share': {
      const half = banded(conditional(inputs), conditional(needed('residual')));
      return { ...kept, output: forBoth(half) };
    }
  }
}

/** The attention modules of one image's whole denoising, by the strategies of each call. */
export class FastAttention {
  private readonly layers: Kept[];

  constructor(
    private readonly weights: DitWeights,
    private readonly reach: number,
  ) {
    this.layers = weights.blocks.map(() => ({}));
  }

  /** The next call. @param row a strategy for each layer */
  call(row: readonly Strategy[]): AttentionModule {
    return (layer, inputs) => {
      const { attention } = this.weights.blocks[layer]!;
      const now = attend(row[layer]!, inputs, this.layers[layer]!, attention, this.reach);
      this.layers[layer] = now;
      return now.output;
    };
  }
}

/**
 * The same for a loop that makes two calls a step, the conditional half in the first. Each half
 * remembers for itself; sharing means that the second half takes what the first one has.
 */
export class FastAttentionByHalf {
  private readonly layers: [Kept, Kept][];

  constructor(
    private readonly weights: DitWeights,
    private readonly reach: number,
  ) {
    this.layers = weights.blocks.map(() => [{}, {}]);
  }

  /** The next call of a half. @param row a strategy for each layer */
  call(half: 'first' | 'second', row: readonly Strategy[]): AttentionModule {
    return (layer, inputs) => {
      const kept = this.layers[layer]!;
      const { attention } = this.weights.blocks[layer]!;
      const strategy = row[layer]!;
      const shares = strategy === 'guidance-share' || strategy === 'window+guidance-share';
      const at = half === 'first' ? 0 : 1;
      // as in one batch: a band that is shared keeps the half's own residual
      if (strategy === 'window+guidance-share' && half === 'second')
        kept[1] = { ...kept[1], output: kept[0].output as Images };
      else if (shares && half === 'second') kept[1] = kept[0];
      else kept[at] = attend(ALONE[strategy], inputs, kept[at], attention, this.reach);
      return kept[at].output as Images;
    };
  }
}

/** What a strategy means to a half that has nobody to share with. */
const ALONE: Record<Strategy, Strategy> = {
  compute: 'compute',
  reuse: 'reuse',
  window: 'window',
  'guidance-share': 'compute',
  'window+guidance-share': 'window',
  'window-only': 'window-only',
};
