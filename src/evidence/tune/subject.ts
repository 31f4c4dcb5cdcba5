/** What a search is about: a model, the loop that its user runs, and images to try settings on. */
import type { PassTable } from '../../compiler/pass/index.js';
import type { GuidancePair } from '../../runtime/schedule/index.js';
import { completeConditions, loopSettings } from '../calibrate/conditions.js';
import type { LoopGuidance } from '../calibrate/guidance.js';
import type { DenoiserPorts } from '../measure/denoise-bundle.js';
import type { Ort } from '../measure/engine.js';
import { SEEDS } from '../measure/feeds.js';
import type { GivenFeeds } from '../measure/loop-given.js';
import { batchOf, rowsInTurn } from '../measure/rows-in-turn.js';
import { settleParts } from '../measure/settled-parts.js';
import type { LoopChoice } from '../yardstick/index.js';
import { type PictureParts, partsOfImages } from './picture-parts.js';

export interface LoopSubject {
  /** The source model. */
  readonly file: string;
  readonly table: PassTable;
  /** The loop as it is without this search. */
  readonly own: LoopChoice;
  /** Its scale is known. */
  readonly guidance?: LoopGuidance;
  /** Conditions by input, a row for each image or one for all; images take rows in turn, and what is left out is made up. */
  readonly feeds: GivenFeeds;
  readonly seed: number;
  /** Pictures to start from, a row for each image or one for all. */
  readonly parts?: PictureParts;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly freeze?: Readonly<Record<string, number>>;
  readonly roles?: { readonly latent?: string; readonly timestep?: string };
}

/** What trials need of it: each says by itself in which loop it runs. */
export type WorkSubject = Omit<LoopSubject, 'own'>;

export const pairOf = ({ guidance }: Pick<WorkSubject, 'guidance'>): GuidancePair | undefined =>
  guidance && { order: guidance.order, mode: guidance.mode };

/** How its model is to be read: with these shapes, sizes and roles. */
export const readingOf = ({ shapes, freeze, roles }: WorkSubject) => ({
  ...(shapes && { shapes }),
  ...(freeze && { freeze }),
  ...(roles && { roles }),
});

/** Images that are made at once, by their number: of equal numbers they are the same. */
export type ImageBatch = number;

/** Batches from here on are for judging: no choice sees them. */
export const HELD_OUT: ImageBatch = 1_000_000;
/** Between the seeds of two batches: conditions take those next to that of the noise. */
const SEED_STRIDE = 3;
/** Where the model does not say. */
const IMAGES_AT_ONCE = 2;

/** How many images a batch is, as the model allows. */
export function imagesAtOnce(
  ports: DenoiserPorts,
  { guidance }: Pick<LoopSubject, 'guidance'>,
): number {
  const batch = batchOf(ports);
  if (typeof batch !== 'number') return IMAGES_AT_ONCE;
  return guidance?.mode === 'batch' ? Math.max(1, batch / 2) : batch;
}

/**
 * Seed, inputs and guidance of a batch, as `generate` takes them.
 * @param start steps of the whole loop that are left out
 * @throws what `completeConditions` and `settleParts` throw
 */
export function loopOf(
  ort: Ort,
  ports: DenoiserPorts,
  classes: ReadonlyMap<string, number>,
  subject: WorkSubject,
  batch: ImageBatch,
  start: number,
) {
  const { guidance } = subject;
  const samples = imagesAtOnce(ports, subject);
  const seed = (subject.seed + SEED_STRIDE * batch) % SEEDS;
  const first = batch * samples;
  const given = givenFor(ort, ports, subject, first, samples);
  const settled = settleParts(ports, { feeds: given.feeds, roles: {} }, given.parts, start);
  const conditions = completeConditions(settled.ports, {
    ort: ort as never,
    samples,
    mode: guidance?.mode,
    feeds: settled.feeds,
    unconditional: given.unconditional,
    seed,
    classes,
  });
  return {
    images: samples,
    madeUp: conditions.madeUp,
    loop: { ...loopSettings(seed, guidance, conditions, settled.parts), images: samples },
  };
}

/** What a subject gives for some images, from the `first`th on. */
export function givenFor(
  ort: Ort,
  ports: DenoiserPorts,
  { feeds, guidance, parts = {} }: WorkSubject,
  first: number,
  count: number,
) {
  const of = (given: GivenFeeds): GivenFeeds =>
    rowsInTurn(ort.Tensor as never, ports, given, first, count);
  const images = Array.from({ length: count }, (_, i) => first + i);
  return {
    feeds: of(feeds),
    unconditional: of(guidance?.unconditional ?? {}),
    parts: partsOfImages(ort.Tensor as never, parts, images),
  };
}
