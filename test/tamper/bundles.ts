/**
 * The bundles that are tampered with: every pass and form, and guidance in one batch and in two calls.
 * Models are small and their weights made up; what a compiler gets wrong does not ask for size.
 */
import {
  deepcache,
  deltaCache,
  depthSkip,
  ditfastattn,
  loopInvariant,
  onnxruntimeCpu,
} from '../../passes/index.js';
import type { Pass } from '../../src/compiler/pass/index.js';
import type { PipelineOptions } from '../../src/compiler/pipeline/index.js';
import { tinyTransformer } from '../helpers/transformers.js';
import { dit } from './models/dit.js';
import { mmdit } from './models/mmdit.js';
import { ATTENDED_UNET, SPELLED_UNET, UNET } from './models/unet.js';

/** Sources as ONNX text. */
export const SOURCES = {
  unet: UNET,
  'attended unet': ATTENDED_UNET,
  'unet for a target': SPELLED_UNET,
  dit: dit(),
  'dit of long sequences': dit({ tokens: 40 }),
  'dit of four blocks': dit({ layers: 4, tokens: 6 }),
  'dit with captions': dit({ tokens: 6, caption: true }),
  mmdit: mmdit(),
  'half transformer': tinyTransformer({ type: 'float16' }),
} as const;

export type SourceName = keyof typeof SOURCES;

/** Those whose weights lie in a file of their own. */
export const EXTERNAL: ReadonlySet<SourceName> = new Set(['dit']);

/** By site, a letter for each call. */
type Letters = Readonly<Record<string, string>>;

export interface Recipe {
  readonly source: SourceName;
  readonly loop: Omit<PipelineOptions, 'plan'>;
  readonly plan?: Letters;
  readonly passes: readonly (readonly [Pass<never>, Readonly<Record<string, unknown>>])[];
  /**
   * The schedule serves other loops too. Where it does not, `verify` alone stands between a changed list of calls and its
   * user; rules are held against the list where a schedule is read.
   */
  readonly ruled?: true;
}

const NAMES: Readonly<Record<string, string>> = {
  c: 'compute',
  r: 'reuse',
  w: 'window',
  o: 'window-only',
  g: 'guidance-share',
  b: 'window+guidance-share',
};

/** A plan of letters as a plan file has it. */
export const planOf = (letters: Letters): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(letters).map(([site, row]) => [
      site,
      [...row.replaceAll(' ', '')].map((letter) => NAMES[letter]!),
    ]),
  );

const batch = { order: 'cond-first', mode: 'batch' } as const;
const twoCalls = { order: 'uncond-first', mode: 'two-calls' } as const;

const cache = (options: object) => [[deepcache as Pass<never>, options]] as Recipe['passes'];
const delta = (options: object) => [[deltaCache as Pass<never>, options]] as Recipe['passes'];
const attention = (window: string | number) =>
  [[ditfastattn as Pass<never>, { window }]] as Recipe['passes'];
const invariant = [[loopInvariant as Pass<never>, {}]] as Recipe['passes'];

/** A call of either program in every place that matters: first, after a refresh, late, last. */
const cached = (emit: 'split' | 'merged' | 'chain', calls = 7): Recipe => ({
  source: 'unet',
  loop: { calls, emit },
  passes: cache({ branch: 2, interval: 3 }),
});

const WINDOWED: Letters = { 'attention.0': 'cwrwcw', 'attention.1': 'crwwcr' };
const SHARED: Letters = { 'attention.0': 'cbrgwb', 'attention.1': 'cgwrgr' };
const PAIRED: Letters = {
  'attention.0': 'cg wb cc ww rr bb',
  'attention.1': 'cc wg cg rr ww og',
};

const attended = (
  emit: 'split' | 'merged' | 'chain',
  plan: Letters,
  rest: Partial<Recipe['loop']> = {},
): Recipe => ({
  source: 'dit',
  loop: { calls: planOf(plan)['attention.0']!.length, emit, ...rest },
  plan,
  passes: attention(2),
});

const deltas = (emit: 'split' | 'merged' | 'chain', options = {}, rest = {}): Recipe => ({
  source: 'dit of four blocks',
  loop: { calls: 6, emit, ...rest },
  passes: delta({ interval: 2, blocks: 2, ...options }),
});

const captioned = (emit: 'split' | 'merged' | 'chain', rest = {}): Recipe => ({
  source: 'dit with captions',
  loop: { calls: 4, emit, ...rest },
  passes: invariant,
});

export const RECIPES = {
  'deepcache split': cached('split'),
  'deepcache merged': cached('merged'),
  'deepcache chain': cached('chain'),
  'deepcache of 50 calls': cached('split', 50),
  'deepcache merged of 50 calls': cached('merged', 50),
  'deepcache with zeros': {
    source: 'unet',
    loop: { calls: 4 },
    passes: cache({ branch: 2, interval: 2, strategy: 'zero' }),
  },
  'deepcache on timesteps': {
    source: 'unet',
    loop: { calls: 4, timesteps: [980, 700, 420, 40] },
    passes: cache({ branch: 3, interval: 2 }),
  },
  'deepcache for a target': {
    source: 'unet for a target',
    loop: { calls: 4, emit: 'split', target: onnxruntimeCpu },
    passes: cache({ branch: 2, interval: 2 }),
  },
  'depth-skip': {
    source: 'unet',
    loop: { calls: 3 },
    passes: [[depthSkip as Pass<never>, { branch: 2 }]],
  },
  'delta-cache split': deltas('split'),
  'delta-cache merged': deltas('merged'),
  'delta-cache chain': deltas('chain'),
  'delta-cache of outputs': deltas('split', { strategy: 'reuse' }),
  'delta-cache of a range': deltas('split', { blocks: undefined, range: '1-2' }),
  'delta-cache in two calls': deltas('split', {}, { calls: 8, guidance: twoCalls }),
  'delta-cache of 50 calls': deltas('split', {}, { calls: 50 }),
  'delta-cache on two streams': {
    source: 'mmdit',
    loop: { calls: 4, emit: 'split' },
    passes: delta({ interval: 2, blocks: 1 }),
  },
  'windows split': attended('split', WINDOWED),
  'windows merged': attended('merged', WINDOWED),
  'windows chain': attended('chain', WINDOWED),
  'windows of 24 calls': attended('merged', {
    'attention.0': 'cwr'.repeat(8),
    'attention.1': 'crwcwr'.repeat(4),
  }),
  'windows of a fraction': { ...attended('split', WINDOWED), passes: attention('1/5') },
  'windows of long sequences': {
    ...attended('split', { 'attention.0': 'cwow', 'attention.1': 'cwwc' }),
    source: 'dit of long sequences',
    passes: attention(4),
  },
  'reuse in half precision': {
    ...attended('split', { 'attention.0': 'crrcrw', 'attention.1': 'ccrrcw' }),
    source: 'half transformer',
  },
  'windows for a target': attended('split', WINDOWED, { target: onnxruntimeCpu }),
  'shared halves split': attended('split', SHARED, { guidance: batch }),
  'shared halves merged': attended('merged', SHARED, { guidance: batch }),
  'shared halves chain': attended('chain', SHARED, { guidance: batch }),
  'shared halves, the second': attended('split', SHARED, {
    guidance: { ...batch, order: 'uncond-first' },
  }),
  'shared calls split': attended('split', PAIRED, { guidance: twoCalls }),
  'shared calls merged': attended('merged', PAIRED, { guidance: twoCalls }),
  'loop-invariant split': captioned('split'),
  'loop-invariant merged': captioned('merged'),
  'loop-invariant chain': captioned('chain'),
  'loop-invariant in two calls': captioned('split', { guidance: twoCalls }),
  'deltas and attention': {
    source: 'dit of four blocks',
    loop: { calls: 6, emit: 'split' },
    plan: { 'attention.0': 'crcrcr', 'attention.1': 'cwccwr' },
    passes: [...attention(1), ...delta({ interval: 2, range: '2-3' })],
  },
  'deepcache of an attended U-Net': {
    source: 'attended unet',
    loop: { calls: 6, emit: 'merged' },
    plan: { 'attention.0': 'cccrcr' },
    passes: [...cache({ branch: 2, interval: 3 }), ...attention(2)],
  },
  'attention and captions': {
    source: 'dit with captions',
    loop: { calls: 6, emit: 'merged' },
    plan: { 'attention.0': 'crcrcr', 'attention.1': 'cccrcc' },
    passes: [...attention(2), ...invariant],
  },
  'deepcache of one call': {
    source: 'unet',
    loop: { calls: 1, emit: 'split' },
    passes: cache({ branch: 2, interval: 3, order: 1 }),
    ruled: true,
  },
  'deepcache by a rule': { ...cached('merged'), ruled: true },
  'delta-cache of a short loop': {
    ...deltas('split', {}, { calls: 2 }),
    ruled: true,
  },
  'windows placed': { ...attended('merged', WINDOWED), ruled: true },
} as const satisfies Readonly<Record<string, Recipe>>;

export type BundleName = keyof typeof RECIPES;
