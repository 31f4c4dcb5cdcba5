/** Samplers by name: a solver, set going along a noise path over some timesteps. */
import {
  cleanMissing,
  latentLength,
  stepOutOfRange,
  unknownSamplerChoice,
} from '../../errors/index.js';
import { LEAST_SIGNAL } from './noise-schedule.js';
import { checkOptions } from './options.js';
import { logSnr, type NoiseLevel, noisePath } from './paths/index.js';
import type { Sampler } from './sampler.js';
import type { SamplerName, SamplerOptionsByName } from './sampler-options.js';
import type { LoopOptions, Solver, StepInput } from './solver.js';
import { SOLVERS } from './solvers/index.js';
import { placeTimesteps } from './timesteps.js';

export const SAMPLER_NAMES: readonly SamplerName[] = SOLVERS.map(({ name }) => name);

/** @throws SAMPLER_UNKNOWN_CHOICE */
export function solverOf(name: string): Solver {
  const found = SOLVERS.find((one) => one.name === name);
  if (!found) throw unknownSamplerChoice('sampler', name, SAMPLER_NAMES);
  return found;
}

/**
 * Makes a sampler.
 *
 * @example
 * const sampler = createSampler('ddim', { steps: 50, clip: 1 });
 *
 * @throws SAMPLER_UNKNOWN_CHOICE, SAMPLER_OPTION_UNKNOWN, SAMPLER_OPTION_RANGE, SAMPLER_TIMESTEPS_ORDER,
 *   SAMPLER_KARRAS_TIMESTEPS, SAMPLER_NO_SIGNAL
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
  const least = solver.signal || given.karras ? LEAST_SIGNAL : 0;
  const path = noisePath({ path: solver.path, ...(schedule as object | undefined) }, least);
  const walk = placeTimesteps(path, given, solver.arrivalPoint);
  const { timesteps, levels } = walk;
  const steps = solver.make({
    options: given,
    path,
    walk,
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

  function levelsOf(step: number): Pick<StepInput, 'now' | 'next'> {
    if (!Number.isInteger(step) || step < 0 || step >= timesteps.length)
      throw stepOutOfRange(step, timesteps.length);
    return { now: levels[step]!, next: levels[step + 1]! };
  }

  return {
    timesteps,
    logSnr: timesteps.map((_, step) => logSnr(levels[step]!)),
    firstCall: walk.first,
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
