/** Loops that methods are tried in: a sampler with where its steps lie, of any length. */
import { gammaTimesteps, noisePath, solverOf } from '../../runtime/samplers/index.js';
import { type LoopChoice, partLeftOut } from '../yardstick/index.js';
import { samplerIn } from './setting.js';

export interface Loop {
  /** The loop in which so many steps are taken, or fewer where its sampler makes no such number of calls. */
  withSteps(taken: number): LoopChoice;
  /** Where it comes from, if from anywhere but the rivals. */
  readonly origin?: string;
}

/** Loops that are like one but for their length. */
export const loopLike = (loop: LoopChoice): Loop => ({
  withSteps: (taken) => (taken === takenIn(loop) ? loop : withSteps(loop, taken)),
});

const takenIn = (loop: LoopChoice): number => samplerIn(loop).timesteps.length;

export function withSteps(loop: LoopChoice, taken: number): LoopChoice {
  // a list of timesteps is for one length
  const { timesteps: _, start: __, ...sampler } = loop;
  const left = partLeftOut(samplerIn(loop));
  const steps = stepsWithin(loop.name, Math.round(taken / (1 - left)));
  const start = left === 0 ? 0 : Math.max(0, steps - stepsWithin(loop.name, taken));
  return { ...sampler, steps, ...(start > 0 && { start }) };
}

/** The most steps of a sampler that make no more calls. */
function stepsWithin(name: LoopChoice['name'], calls: number): number {
  const { calls: rule } = solverOf(name);
  if (!rule) return calls;
  let steps = 1;
  while (rule.count(steps + 1) <= calls) steps++;
  return steps;
}

/** Why no list of timesteps says where a loop's steps lie: a sentence without a full stop. */
export function gammaRefusal(loop: LoopChoice): string | undefined {
  const { path } = solverOf(loop.name);
  if (noisePath({ path, ...(loop['schedule'] as object | undefined) }).continuous)
    return 'along this noise path steps lie at levels, which are no timesteps';
  if (samplerIn(loop).firstCall > 0)
    return 'the loop begins in the middle, and a list is of a whole one';
  return undefined;
}

/**
 * Loops of a sampler whose timesteps lie on a gamma curve (runtime/samplers/gamma.ts); undefined where a list cannot say
 * where its steps lie, or they are more than a call.
 */
export function gammaLoop(loop: LoopChoice, gamma: number): Loop | undefined {
  const { spacing: _, offset: __, levels: ___, timesteps: ____, ...sampler } = loop;
  const { path, calls } = solverOf(loop.name);
  if (calls || gammaRefusal(loop) !== undefined) return undefined;
  const { trainTimesteps } = noisePath({ path, ...(loop['schedule'] as object | undefined) });
  return {
    origin: `timesteps by gamma ${Number(gamma.toFixed(3))}`,
    withSteps(taken) {
      const { steps, start } = withSteps({ ...sampler, steps: loop.steps }, taken);
      const timesteps = gammaTimesteps({ steps, trainTimesteps, gamma });
      return { ...sampler, steps, timesteps, ...(start !== undefined && { start }) };
    },
  };
}
