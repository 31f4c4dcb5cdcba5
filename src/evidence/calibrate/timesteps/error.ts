/**
 * How far a loop on a list of timesteps ends from a loop of many steps: mean squared difference of the
 * final latents, from the same noise, under the same conditions, with the same sampler. The reference
 * runs once, each list after it once, and equal lists are not run again. Needs an engine behind the
 * denoisers; assumes a sampler that draws no noise of its own.
 */
import {
  badReferenceSteps,
  fewSamples,
  freshNoise,
  guidanceIncomplete,
  noPlacedLevels,
  noReference,
  noWholeTimesteps,
  ResultError,
  referenceNotFinite,
} from '../../../errors/index.js';
import { withFollowers } from '../../../model/shape/index.js';
import {
  gammaTimesteps,
  noisePath,
  type Sampler,
  samplerFrom,
  solverOf,
} from '../../../runtime/samplers/index.js';
import { loopOfSampler } from '../../measure/asked-loop.js';
import { inBatches } from '../../measure/batches.js';
import { fitLoop, type LoopDenoiser } from '../../measure/denoise-bundle.js';
import { loadOrt } from '../../measure/engine.js';
import { generate } from '../../measure/generate.js';
import type { GivenFeeds } from '../../measure/loop-given.js';
import { settleLoop } from '../../measure/loop-inputs.js';
import type { LoopParts } from '../../measure/loop-parts.js';
import { settleParts } from '../../measure/settled-parts.js';
import type { SamplerChoice } from '../calibrate.js';
import { completeConditions, loopSettings } from '../conditions.js';
import type { LoopGuidance } from '../guidance.js';
import { REFERENCE_STEPS, SAMPLES } from './defaults.js';
import { askedSizes, type SizeOptions } from './sizes.js';

export interface TimestepLoopOptions extends SizeOptions {
  /** Steps of the loop whose timesteps are wanted. */
  readonly steps: number;
  /** Steps of the loop to compare with, equally spaced (`trailing`); default 100. */
  readonly referenceSteps?: number;
  /** Makes the images to compare with; default the denoiser itself. A bundle's is its source model. */
  readonly reference?: LoopDenoiser;
  /** Images to make and compare; default 8. */
  readonly samples?: number;
  /** Seeds the noise, and the conditions that are not given; default 0. */
  readonly seed?: number;
  /**
   * Default DDIM. Its `steps`, `spacing`, `offset` and `timesteps` have no say; `start` is a number of `steps`, and the
   * reference leaves out as large a part.
   */
  readonly sampler?: SamplerChoice;
  readonly guidance?: LoopGuidance;
  /** Conditions by input, one row per image; those left out are made up from the seed. */
  readonly feeds?: GivenFeeds;
  readonly roles?: { readonly latent?: string; readonly timestep?: string };
  /** Pictures to start from, and further models. A step at which one takes over is one of `steps`. */
  readonly parts?: LoopParts | undefined;
  /** Called after each step of any loop. */
  readonly onStep?: () => void;
}

/** What lists of timesteps can be measured with. */
export interface TimestepError {
  /**
   * Mean squared difference from the reference's final latents; infinity where a latent is not finite.
   * @param timesteps as many as the steps, in descending order
   */
  of(timesteps: readonly number[]): Promise<number>;
  /** What the first loop ended with that ended in numbers that are not finite, if one did. */
  readonly notFinite: ResultError | undefined;
  readonly trainTimesteps: number;
  readonly referenceSteps: number;
  readonly samples: number;
  /** Inputs whose values were made up. */
  readonly madeUp: readonly string[];
}

/**
 * Runs the reference loop, so that lists of timesteps can be compared with it.
 *
 * @throws TIMESTEPS_REFERENCE, TIMESTEPS_NOISE, TIMESTEPS_KARRAS, TIMESTEPS_CONTINUOUS,
 *   TIMESTEPS_NOT_FINITE,
 *   CALIBRATE_SAMPLES, CALIBRATE_GUIDANCE, CALIBRATE_BATCH, what the sampler and the loop throw
 */
export async function timestepError(
  denoiser: LoopDenoiser,
  options: TimestepLoopOptions,
): Promise<TimestepError> {
  const { steps, referenceSteps = REFERENCE_STEPS, samples = SAMPLES, guidance } = options;
  if (!Number.isInteger(samples) || samples < 1) throw fewSamples(samples);
  if (guidance && guidance.scale === undefined) throw guidanceIncomplete('scale');
  const sampler = samplerFactory(options.sampler, steps);
  const { trainTimesteps } = sampler;
  // refuses a loop of no steps, or of more than there are
  const equal = sampler.on(gammaTimesteps({ steps, trainTimesteps, gamma: 1 }));
  const { steps: all, start, ...places } = loopOfSampler(equal);
  fitLoop(denoiser, { all, own: all, start }, guidance, places);
  if (denoiser.calls !== undefined && !options.reference) throw noReference();
  if (
    !(Number.isInteger(referenceSteps) && referenceSteps <= trainTimesteps) ||
    referenceSteps < steps
  )
    throw badReferenceSteps(referenceSteps, steps, trainTimesteps);
  const { run, madeUp } = await loops(denoiser, options, samples, sampler.startOf(steps));
  const wanted = await finiteEnd(
    run(options.reference ?? denoiser, sampler.spaced(referenceSteps)),
  );
  if (wanted instanceof ResultError) throw referenceNotFinite(wanted);
  const known = new Map<string, number>();
  let notFinite: ResultError | undefined;
  return {
    get notFinite() {
      return notFinite;
    },
    async of(timesteps) {
      const key = timesteps.join();
      const before = known.get(key);
      if (before !== undefined) return before;
      const found = await finiteEnd(run(denoiser, sampler.on(timesteps)));
      if (found instanceof ResultError) notFinite ??= found;
      const error =
        found instanceof ResultError ? Number.POSITIVE_INFINITY : meanSquare(found, wanted);
      known.set(key, error);
      return error;
    },
    trainTimesteps,
    referenceSteps,
    samples,
    madeUp,
  };
}

/** Samplers that are alike but for their timesteps. */
function samplerFactory(choice: SamplerChoice = { name: 'ddim' }, ofSteps: number) {
  const { name, ...options } = choice;
  const { spacing: _, offset: __, timesteps: ___, steps: ____, start, ...rest } = options;
  const startOf = (steps: number) => Math.round((Number(start ?? 0) * steps) / ofSteps);
  if (rest.levels && rest.levels !== 'spaced') throw noPlacedLevels(rest.levels);
  const make = (where: object): Sampler => samplerFrom(name, { ...rest, ...where });
  const { trainTimesteps, continuous } = noisePath({
    path: solverOf(name).path,
    ...rest.schedule,
  });
  if (continuous) throw noWholeTimesteps(name);
  if (make({ timesteps: [0] }).needsNoise) throw freshNoise();
  return {
    trainTimesteps,
    startOf,
    spaced: (steps: number) => make({ steps, spacing: 'trailing', start: startOf(steps) }),
    on: (timesteps: readonly number[]) => make({ timesteps, start: startOf(timesteps.length) }),
  };
}

/** Loops of both denoisers that differ in nothing but the sampler; checked before any runs. */
async function loops(
  denoiser: LoopDenoiser,
  options: TimestepLoopOptions,
  samples: number,
  start: number,
) {
  const { guidance, seed = 0, reference } = options;
  const ort = await loadOrt();
  const withRoles = ({ ports }: LoopDenoiser) => ({
    ...ports,
    roles: { ...ports.roles, ...options.roles },
  });
  const given = { feeds: options.feeds ?? {}, roles: options.roles };
  const settledParts = settleParts(withRoles(denoiser), given, options.parts, start);
  const { ports, parts } = settledParts;
  const rows = guidance?.mode === 'batch' ? 2 * samples : samples;
  const sizes = askedSizes(ports, options, { samples, rows });
  const bindingsAsked = new Map([...ports.bindings, ...sizes]);
  const asked = {
    ...ports,
    bindings: withFollowers(bindingsAsked, ports.followers, new Set(sizes.keys())),
  };
  const conditions = completeConditions(asked, {
    ort: ort as never,
    samples,
    mode: guidance?.mode,
    feeds: settledParts.feeds,
    controlled: settledParts.controlled,
    unconditional: guidance?.unconditional ?? {},
    seed,
    classes: (reference ?? denoiser).classes ?? new Map(),
  });
  const { batches } = conditions;
  const { bindings } = conditions.ports;
  const settings = loopSettings(seed, guidance, conditions, parts);
  // both denoisers make as many images, also where only one was made for guidance pairs
  const { dims } = settleLoop(conditions.ports, settings);
  return {
    madeUp: conditions.madeUp,
    async run(on: LoopDenoiser, sampler: Sampler): Promise<Float32Array> {
      // a bundle keeps states, which are those of one batch
      const settled =
        batches && on.calls === undefined
          ? {
              ...on,
              ports: conditions.ports,
              call: inBatches(ort.Tensor as never, batches, on.call),
            }
          : { ...on, ports: { ...withRoles(on), bindings } };
      const { length } = sampler.timesteps;
      const loop = {
        ...{ ...settings, latentShape: dims, sampler },
        parts: partsOf(parts, options.steps, sampler),
        // where batches run one after another, those of the last
        onStep: (done: number, all: number) => done > all - length && options.onStep?.(),
      };
      return (await generate(settled, loop)).latent;
    },
  };
}

/** Of a loop of other steps, a second model takes over at the same part. */
function partsOf({ handOver, ...parts }: LoopParts, steps: number, sampler: Sampler): LoopParts {
  if (!handOver || !('step' in handOver.from)) return { ...parts, handOver };
  const all = sampler.firstCall + sampler.timesteps.length;
  const from = { step: Math.round((handOver.from.step * all) / steps) };
  return { ...parts, handOver: { ...handOver, from } };
}

/** The final latent of a loop, or the error of one that came upon numbers that are not finite. */
const finiteEnd = (loop: Promise<Float32Array>): Promise<Float32Array | ResultError> =>
  loop.catch((error) => {
    if (error instanceof ResultError) return error;
    throw error;
  });

function meanSquare(found: Float32Array, wanted: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < found.length; i++) sum += (found[i]! - wanted[i]!) ** 2;
  return sum / found.length;
}
