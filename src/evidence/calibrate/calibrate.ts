/**
 * Searching a plan: which strategy at which site and call, found on a real denoising loop, or on the
 * recorded inputs of one. Needs onnxruntime-node. The model must come from a file if its weights are
 * not in memory.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { checkWeights } from '../../compiler/emit/weights.js';
import { checkOptions, type Pass, passContext } from '../../compiler/pass/index.js';
import { MOST_CALLS } from '../../compiler/pipeline/limits.js';
import { prepare } from '../../compiler/pipeline/prepare.js';
import type { Plan } from '../../compiler/plan/index.js';
import {
  badCalls,
  fewSamples,
  guidanceIncomplete,
  oddCalls,
  partsWithRecorded,
  passNotSearched,
  timestepsLength,
} from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import {
  type Levels,
  type Sampler,
  type SamplerName,
  samplerFrom,
  stepsFor,
} from '../../runtime/samplers/index.js';
import { callsPerStep, stepsOfCalls } from '../../runtime/schedule/index.js';
import type { Batches } from '../measure/batches.js';
import { type DenoiserPorts, modelPorts } from '../measure/denoise-bundle.js';
import { loadOrt, type Ort } from '../measure/engine.js';
import { engineOptions } from '../measure/engine-options.js';
import type { Feeds } from '../measure/feeds.js';
import { generate } from '../measure/generate.js';
import { tableRows } from '../measure/labels.js';
import { arraysOf, type GivenFeeds } from '../measure/loop-given.js';
import { settleLoop } from '../measure/loop-inputs.js';
import type { LoopParts } from '../measure/loop-parts.js';
import { settleParts } from '../measure/settled-parts.js';
import { BatchedEvaluator } from './batched-evaluator.js';
import { completeConditions, loopSettings } from './conditions.js';
import type { LoopGuidance } from './guidance.js';
import { outcomeOf, wholeLoop } from './outcome.js';
import { recordedCalls } from './recorded.js';
import { type DecidedCall, PlanSearch } from './search.js';
import { openSegments } from './segments.js';
import { searchSpace } from './space.js';
import { openWhole } from './whole.js';

export const SEARCHES = ['segments', 'plain'] as const;
/** `plain` runs the whole model for every candidate, `segments` only what the candidate changes. */
export type SearchKind = (typeof SEARCHES)[number];

/**
 * A sampler by name, with its options but for the steps, which the calls give. Its `timesteps`, where
 * it has any, are as many as the steps.
 */
export interface SamplerChoice {
  readonly name: SamplerName;
  readonly timesteps?: readonly number[] | undefined;
  readonly levels?: Levels | undefined;
  readonly schedule?: object | undefined;
  /** The sampler's other options. */
  readonly [option: string]: unknown;
}

export interface CalibrateOptions<O = Record<string, unknown>> {
  readonly pass: Pass<O>;
  readonly options?: Partial<O>;
  /** Calls in the denoising loop: as many as it has steps, or twice that with two calls a step. */
  readonly calls: number;
  /** Default `segments`. */
  readonly search?: SearchKind;
  /** Images to make and compare; default 8. */
  readonly samples?: number;
  /** Seeds the noise, and the conditions that are not given; default 0. */
  readonly seed?: number;
  /** Default DDIM. */
  readonly sampler?: SamplerChoice;
  readonly guidance?: LoopGuidance;
  /** Conditions by input, one row per image or one for all; those left out are made up from the seed. */
  readonly feeds?: GivenFeeds;
  /** Inputs of a real loop, [calls, ...]; then no sampler runs, and `feeds` are the same at each call. */
  readonly recorded?: Feeds;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly freeze?: Readonly<Record<string, number>>;
  readonly roles?: { readonly latent?: string; readonly timestep?: string };
  /** Pictures to start from, and further models. */
  readonly parts?: LoopParts | undefined;
  readonly sessionOptions?: InferenceSession.SessionOptions;
  /** Calls that an interrupted search of the same kind has decided already. */
  readonly decided?: readonly DecidedCall[];
  /** Called when a call is decided, with all that are. */
  readonly onCall?: (decided: readonly DecidedCall[]) => void;
  /** Called before the first call and when a site is decided, with the expected share of all work. */
  readonly onProgress?: (done: number, call: number) => void;
}

export interface Calibrated {
  readonly plan: Plan;
  /** By site id: of each call the loss of the strategy that was taken, null where it is computed. */
  readonly losses: Readonly<Record<string, readonly (number | null)[]>>;
  readonly threshold: number;
  readonly samples: number;
  /** Model evaluations: of this search, and of one that runs the whole model for each candidate. */
  readonly evaluations: { readonly done: number; readonly plain: number };
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/**
 * Searches a plan by the greedy algorithm of DiTFastAttn (arXiv 2406.08552), algorithm 1.
 *
 * @throws CALIBRATE_ errors, PASS_OPTION, PLAN_BAD_CALLS, what the pass and the sampler throw, the
 *   FEED_ errors, and ENGINE_MISSING, ENGINE_REFUSED or ENGINE_FAILED
 */
export async function calibrate<O>(source: Model, given: CalibrateOptions<O>): Promise<Calibrated> {
  const { pass, calls, guidance, search = 'segments' } = given;
  const { calibration } = pass;
  if (!calibration) throw passNotSearched(pass.name, []);
  checkLoop(given);
  const options = checkOptions(pass, (given.options ?? {}) as Record<string, unknown>);
  const threshold = calibration.threshold(options);
  checkWeights(source);
  const prepared = await prepare(source, given);
  const { canonical, shapes, bindings, roles } = prepared;
  const places = given.recorded ? {} : samplerOf(given.sampler, stepsOfCalls(calls, guidance));
  const context = passContext(canonical, shapes, calls, bindings, guidance, roles, places);
  pass.prepare?.(context, options);
  const proposal = pass.propose(context, options);
  const space = searchSpace(canonical, proposal.sites, {
    pass: pass.name,
    calls,
    calibration,
    options,
  });
  const ort = await loadOrt();
  const loop = makeLoop(ort, modelPorts(prepared), tableRows(canonical.graph), given);
  const prediction = roles.prediction ?? canonical.graph.outputs[0]!.name;
  const open = { segments: openSegments, plain: openWhole }[search];
  const { evaluator: one, flows } = await open({
    ort,
    model: canonical,
    shapes,
    space,
    prediction,
    sessionOptions: engineOptions(given.sessionOptions),
  });
  const { batches } = loop;
  const evaluator = batches ? new BatchedEvaluator(ort.Tensor as never, batches, one) : one;
  try {
    const work = expectedWork(search, space.sites.length, calls);
    given.onProgress?.(0, 0);
    const { onCall, onProgress } = given;
    const planSearch = new PlanSearch({
      space,
      flows,
      evaluator,
      calibration,
      options,
      prediction,
      decided: given.decided ?? [],
      callsPerStep: callsPerStep(guidance),
      firstCall: loop.firstCall,
      ...(onProgress && { onSite: (call, site) => onProgress(work(call, site), call) }),
      ...(onCall && { onCall }),
    });
    await loop.run((feeds) => planSearch.call(feeds));
    return {
      ...outcomeOf(
        space,
        calls,
        proposal.sites.map((site) => site.id),
        wholeLoop(space, planSearch.decided, calls, loop.firstCall),
      ),
      threshold,
      samples: loop.samples,
      madeUp: loop.madeUp,
    };
  } finally {
    await evaluator.release();
  }
}

export function checkLoop(
  options: Pick<CalibrateOptions, 'calls' | 'samples' | 'guidance' | 'recorded' | 'sampler'>,
): void {
  const { calls, samples = 1, guidance, recorded, sampler } = options;
  if (!Number.isInteger(calls) || calls < 1 || calls > MOST_CALLS)
    throw badCalls(calls, MOST_CALLS);
  if (!Number.isInteger(samples) || samples < 1) throw fewSamples(samples);
  const steps = stepsOfCalls(calls, guidance);
  if (!Number.isInteger(steps)) throw oddCalls(calls);
  if (guidance && !recorded && guidance.scale === undefined) throw guidanceIncomplete('scale');
  const listed = sampler?.timesteps;
  if (listed && listed.length !== steps) throw timestepsLength(listed.length, { steps, calls });
}

type Call = (feeds: InferenceSession.FeedsType) => Promise<InferenceSession.ReturnType>;

interface Loop {
  /** Where all images do not fit the model's batch. */
  readonly batches?: Batches | undefined;
  /** Calls of the whole loop that are left out at the beginning. */
  readonly firstCall: number;
  run(call: Call): Promise<unknown>;
  readonly samples: number;
  readonly madeUp: readonly string[];
}

/** Checks all inputs before anything is computed. */
function makeLoop<O>(
  ort: Ort,
  ports: DenoiserPorts,
  classes: ReadonlyMap<string, number>,
  given: CalibrateOptions<O>,
): Loop {
  const { calls, seed = 0, samples = 8, guidance, feeds = {}, recorded } = given;
  if (recorded) {
    if (Object.values(given.parts ?? {}).some((part) => part !== undefined))
      throw partsWithRecorded();
    const pair = guidance?.mode === 'batch';
    const all = recordedCalls(
      ort.Tensor as never,
      ports.inputs,
      recorded,
      arraysOf(feeds),
      calls,
      pair,
    );
    return {
      samples: all.samples,
      firstCall: 0,
      madeUp: [],
      async run(call) {
        for (const inputs of all.calls) await call(inputs);
      },
    };
  }
  const sampler = samplerOf(given.sampler, stepsOfCalls(calls, guidance));
  const settled = settleParts(ports, { feeds, roles: {} }, given.parts, sampler.firstCall);
  const conditions = completeConditions(settled.ports, {
    ort: ort as never,
    samples,
    mode: guidance?.mode,
    feeds: settled.feeds,
    unconditional: guidance?.unconditional ?? {},
    seed,
    classes,
    controlled: settled.controlled,
  });
  const loop = { sampler, ...loopSettings(seed, guidance, conditions, settled.parts) };
  settleLoop(conditions.ports, loop);
  const denoiser = {
    ports: conditions.ports,
    calls: undefined,
    counts: new Map(),
    reset() {},
    async release() {},
  };
  return {
    batches: conditions.batches,
    samples,
    firstCall: sampler.firstCall * callsPerStep(guidance),
    madeUp: conditions.madeUp,
    run: (call) => generate({ ...denoiser, call }, loop),
  };
}

export function samplerOf(
  { name, ...options }: SamplerChoice = { name: 'ddim' },
  steps: number,
): Sampler {
  return samplerFrom(name, { ...options, steps: stepsFor(name, steps) });
}

/** The share of all work behind a site of a call: in segments, early sites have more to run again. */
function expectedWork(search: SearchKind, sites: number, calls: number) {
  const weight = (site: number) => (search === 'plain' ? 1 : sites - site);
  const behind: number[] = [];
  for (let site = 0; site < sites; site++) behind.push((behind.at(-1) ?? 0) + weight(site));
  const perCall = behind.at(-1)!;
  return (call: number, site: number) => (call + behind[site]! / perCall) / calls;
}
