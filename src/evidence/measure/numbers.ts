/** What is proved by numbers, at one set of sizes: the identities, and the loop. */
import type { InferenceSession } from 'onnxruntime-common';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import { isOutOfMemory } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Findings, ProofContext } from './context.js';
import type { Decisions } from './decides.js';
import type { Difference } from './difference.js';
import type { Ort } from './engine.js';
import { engineOptions } from './engine-options.js';
import { feedSets } from './feed-sets.js';
import { identities } from './identity.js';
import { loop } from './loop.js';
import type { ReferenceLoop } from './loops/calls.js';
import { otherLoops } from './loops/index.js';
import { OpenOnce } from './open-once.js';
import { proofBindings, proofFeeds, rowsFor } from './proof-feeds.js';
import { smallPicture, takes } from './small-sizes.js';
import { type WholeDifference, wholeLoop } from './whole-loop.js';

export type OptimizationLevel = 'disabled' | 'all';

export interface ProofOptions {
  readonly folder: string;
  readonly model: string;
  readonly seed?: number;
  /** Graph optimization of onnxruntime to check under; default both. */
  readonly levels?: readonly OptimizationLevel[];
  /**
   * Input shapes, where they are not fixed in the bundle; default a batch of 2, 4 with a guidance pair in it, and a picture of 16 by
   * 16 where the bundle says no size and the model takes that, else of 64 by 64.
   */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** @param share that is done of this, from 0 to 1 */
  readonly onProgress?: (what: string, share?: number) => void;
}

export interface Check extends Omit<Difference, 'identical'> {
  /** A program by itself, a call of the loop, the whole loop as one model, or the pictures that this gives. */
  readonly kind: 'identity' | 'loop' | 'whole' | 'pictures';
  readonly program: string;
  /** Index in the schedule, for the loop. */
  readonly call?: number;
  /** The loop, where it is not the one that the schedule is written out for. */
  readonly of?: { readonly steps: number; readonly start: number };
  readonly optimization: OptimizationLevel;
  /** Every bit agrees. */
  readonly exact: boolean;
  /** Every bit has to agree. */
  readonly mustBeExact: boolean;
  readonly passed: boolean;
}

export interface Numbers {
  readonly checks: readonly Check[];
  readonly combinations: number;
  /** So many loops were run. */
  readonly loops: number;
  readonly bindings: ReadonlyMap<string, number>;
}

/** With as many rows as tell exchanged ones apart, or as memory takes. */
export async function withinMemory(
  schedule: Schedule,
  { shapes, onProgress }: ProofOptions,
  findings: Findings,
  proveAt: (bindings: ReadonlyMap<string, number>) => Promise<Numbers>,
): Promise<Numbers> {
  const all = rowsFor(schedule);
  for (let rows = all; ; rows /= 2) {
    const bindings = proofBindings(schedule, shapes, rows);
    try {
      return await proveAt(bindings);
    } catch (error) {
      const fewer = proofBindings(schedule, shapes, rows / 2);
      const isLess = [...fewer].some(([symbol, size]) => size < bindings.get(symbol)!);
      if (!isOutOfMemory((error as Error).message) || !isLess) throw error;
      onProgress?.(`a batch of ${rows / 2}, since memory does not suffice for ${rows}`);
      findings.unproved(
        `that the ${all} rows of a batch are kept apart, since memory does not suffice for ${rows}`,
      );
    }
  }
}

interface Parts extends ProofOptions {
  readonly ort: Ort;
  readonly source: Model;
  readonly isSplit: boolean;
  readonly schedule: Schedule;
  readonly known: KnownStrategies;
  readonly tables: ReadonlyMap<string, number>;
  readonly decisions: readonly Decisions[];
  /** What the rules of the schedule lead to. */
  readonly loops: readonly ReferenceLoop[];
  readonly tolerance: number;
}

/**
 * The identities, and the loop where the source agrees with itself.
 * @param usual sizes; where nobody chose that of the picture, it is a small one if the model takes that
 */
export async function prove(
  parts: Parts,
  report: Findings,
  usual: ReadonlyMap<string, number>,
): Promise<Numbers> {
  const bindings = (await smallSizes(parts, usual)) ?? usual;
  const models = new OpenOnce(parts.ort, parts.folder, parts.schedule);
  try {
    return await proveWith(models, parts, report, bindings);
  } finally {
    await models.release();
  }
}

async function smallSizes(
  { ort, model, schedule, tables, shapes = {}, seed = 0, onProgress }: Parts,
  usual: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number> | undefined> {
  const isChosen = Object.keys(shapes).length > 0;
  const bindings = isChosen ? undefined : smallPicture(schedule, usual);
  if (!bindings) return undefined;
  onProgress?.('source model, a small picture');
  const feeds = proofFeeds({ ort: ort as never, schedule, bindings, seed, tables }, 0);
  return (await takes(ort, model, feeds, sessionOptions('disabled'))) ? bindings : undefined;
}

/** @param models opened for the first of the levels */
async function proveWith(
  models: OpenOnce,
  { folder, model, levels = ['disabled', 'all'], seed = 0, onProgress, ...parts }: Parts,
  report: Findings,
  bindings: ReadonlyMap<string, number>,
): Promise<Numbers> {
  const { ort, source, isSplit, schedule, known, tables, decisions, loops, tolerance } = parts;
  const context = (level: OptimizationLevel): ProofContext => ({
    ...(level === levels[0] ? models : { ort }),
    folder,
    model,
    source,
    isSplit,
    schedule,
    known,
    bindings,
    report,
    session: sessionOptions(level),
    onProgress,
  });
  const feedOptions = { ort: ort as never, schedule, bindings, seed, tables };
  const checks: Check[] = [];
  const judge = (
    kind: Check['kind'],
    optimization: OptimizationLevel,
    {
      identical,
      rounds,
      ...result
    }: Difference & Pick<Check, 'program' | 'call' | 'of'> & { rounds: boolean },
  ) => {
    const mustBeExact = optimization === 'disabled' && !rounds;
    const passed = mustBeExact ? identical : result.relative <= tolerance;
    checks.push({ kind, optimization, ...result, exact: identical, mustBeExact, passed });
  };
  const sweep = feedSets(feedOptions, decisions);
  for (const optimization of levels) {
    const sets = optimization === levels[0] ? sweep : sweep.slice(0, 1);
    const results = await identities(context(optimization), sets);
    if (!results) return { checks, combinations: 0, loops: 0, bindings };
    for (const result of results) judge('identity', optimization, result);
  }
  const [optimization = 'disabled'] = levels;
  const feedsFor = (call: number) => proofFeeds(feedOptions, call + 1);
  const acted = await loop(context(optimization), feedsFor);
  for (const result of acted.checks) judge('loop', optimization, result);
  if (acted.combinations === 0) return { checks, combinations: 0, loops: 0, bindings };
  const others = await otherLoops(context(optimization), loops, feedsFor);
  for (const result of others.checks) judge('loop', optimization, result);
  const whole = await wholeLoop(context(optimization), feedsFor);
  if (whole) checks.push(...judgedWhole(whole, optimization, tolerance));
  const combinations = acted.combinations + others.combinations;
  return { checks, combinations, loops: 1 + others.loops, bindings };
}

/** Rounding of one call goes through all that follow. */
const WHOLE_LOOP = 10;

function judgedWhole(
  { program, pictures, ...latent }: WholeDifference,
  optimization: OptimizationLevel,
  tolerance: number,
): Check[] {
  const judged = (kind: Check['kind'], { identical, ...apart }: Difference, passed: boolean) => ({
    ...{ kind, program, optimization, ...apart, exact: identical, mustBeExact: false, passed },
  });
  return [
    judged('whole', latent, latent.relative <= WHOLE_LOOP * tolerance),
    // those that are another decoder's are unproved
    ...(pictures ? [judged('pictures', pictures, true)] : []),
  ];
}

/**
 * Without optimization the weights can stay mapped from their file, which halves the memory. With it, kernels of 8 bits must not
 * saturate, as on x86-64 without VNNI those of unsigned activations and signed weights do, at sums that depend on what is fused.
 */
const sessionOptions = (level: OptimizationLevel): InferenceSession.SessionOptions =>
  engineOptions({
    graphOptimizationLevel: level,
    extra: {
      session: level === 'disabled' ? { disable_prepacking: '1' } : { x64quantprecision: '1' },
    },
  });
