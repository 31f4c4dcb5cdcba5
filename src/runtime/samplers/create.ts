/** Samplers by name: a solver, set going along a noise path over some timesteps. */
import {
  cleanMissing,
  latentLength,
  noSuchCalls,
  stepOutOfRange,
  unknownSamplerChoice,
} from '../../errors/index.js';
import { checkOptions } from './options.js';
import { logSnr, type NoiseLevel, noisePath } from './paths/index.js';
import type { Sampler } from './sampler.js';
import type { SamplerName, SamplerOptionsByName } from './sampler-options.js';
import type { LoopOptions, Solver, StepInput } from './solver.js';
import { SOLVERS } from './solvers/index.js';
import { tell } from './timestep-scale.js';
import { placeTimesteps } from './timesteps.js';

export const SAMPLER_NAMES: readonly SamplerName[] = SOLVERS.map(({ name }) => name);

/** @throws SAMPLER_UNKNOWN_CHOICE */
export function solverOf(name: string): Solver {
  const found = SOLVERS.find((one) => one.name === name);
  if (!found) throw unknownSamplerChoice('sampler', name, SAMPLER_NAMES);
  return found;
}

const callsOf = ({ calls }: Pick<Solver, 'calls'>, steps: number): number =>
  calls?.count(steps) ?? steps;

/**
 * How many steps of a sampler make so many calls of the denoiser.
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_CALLS where no number of steps does
 */
export function stepsFor(name: string, calls: number): number {
  const solver = solverOf(name);
  if (!solver.calls) return calls;
  for (let steps = 1; ; steps++) {
    const made = callsOf(solver, steps);
    if (made === calls) return steps;
    if (made > calls) throw noSuchCalls(name, calls, callsOf(solver, Math.max(1, steps - 1)), made);
  }
}

/**
 * Makes a sampler.
 *
 * @example
 * const sampler = createSampler('ddim', { steps: 50, clip: 1 });
 *
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_UNKNOWN, SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER,
 *   SAMPLER_LEVELS_TIMESTEPS, SAMPLER_SHIFT_TOKENS, SAMPLER_NO_SIGNAL
 */
export const createSampler = <Name extends SamplerName>(
  name: Name,
  options: SamplerOptionsByName[Name],
): Sampler => samplerFrom(name, { ...options });

/** The same by a name and options that may be anything, such as those of a command line. */
export function samplerFrom(name: string, options: Readonly<Record<string, unknown>>): Sampler {
  const solver = solverOf(name);
  const { schedule, ...rest } = options;
  const given = checkOptions<LoopOptions>(`The sampler "${name}"`, solver.options, rest);
  const path = noisePath(
    { path: solver.path, ...(schedule as object | undefined) },
    { signal: solver.signal, ratio: given.levels !== 'spaced' },
  );
  const ofSteps = placeTimesteps(path, given, solver.arrivalPoint);
  const walk = solver.calls?.expand(ofSteps) ?? ofSteps;
  const { timesteps, levels } = walk;
  const wholeSteps = ofSteps.first + ofSteps.timesteps.length;
  const steps = solver.make({
    options: given,
    path,
    walk,
    steps: wholeSteps,
    clip: given.clip ?? Number.POSITIVE_INFINITY,
  });
  const { needsNoise = false, inputScale, initialScale = path.startScale(levels[0]!) } = steps;

  const scaleOf = (level: NoiseLevel) => inputScale?.(level) ?? 1;

  function noised(clean: Float32Array, noise: Float32Array, step: number): Float32Array {
    const level = Number.isInteger(step) ? levels[step] : undefined;
    if (!level) throw stepOutOfRange(step, levels.length);
    checkLength('The noise', noise, clean);
    const scale = scaleOf(level);
    const [signal, spread] = [level.alpha / scale, level.sigma / scale];
    return clean.map((value, i) => signal * value + spread * noise[i]!);
  }

  function levelsOf(step: number): Pick<StepInput, 'before' | 'now' | 'next'> {
    if (!Number.isInteger(step) || step < 0 || step >= timesteps.length)
      throw stepOutOfRange(step, timesteps.length);
    const now = levels[step]!;
    return { before: levels[step - 1] ?? now, now, next: levels[step + 1]! };
  }

  return {
    timesteps,
    told: timesteps.map((t, step) => tell(given.timestepScale, t, { path, level: levels[step]! })),
    logSnr: timesteps.map((_, step) => logSnr(levels[step]!)),
    firstCall: callsOf(solver, wholeSteps) - timesteps.length,
    initialScale,
    needsNoise,
    start(noise, clean) {
      if (clean) return { latent: noised(clean, noise, 0) };
      if (walk.first > 0) throw cleanMissing(walk.first);
      return { latent: scaled(noise, initialScale) };
    },
    noised,
    scaleInput: (latent, step) =>
      inputScale ? scaled(latent, inputScale(levelsOf(step).now)) : latent,
    step(output, step, trajectory, noise) {
      const { latent } = trajectory;
      checkLength('The model output', output, latent);
      const draw = () => {
        const drawn = noise?.();
        if (drawn) checkLength('The noise', drawn, latent);
        return drawn;
      };
      return steps.step({ step, ...levelsOf(step), latent, output, trajectory, noise: draw });
    },
  };
}

const scaled = (values: Float32Array, factor: number) =>
  factor === 1 ? values : values.map((value) => value * factor);

function checkLength(what: string, found: Float32Array, latent: Float32Array): void {
  if (found.length !== latent.length) throw latentLength(what, found.length, latent.length);
}
