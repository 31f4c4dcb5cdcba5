/**
 * Heun's method: Karras et al., "Elucidating the design space of diffusion-based generative models"
 * (arXiv 2206.00364), algorithm 1 without churn; and the same along the straight path of flow matching.
 *
 * Second order, for two calls a step: a step goes to the next level as Euler's does, is asked for the slope
 * there, and goes again with the mean of both slopes. So the denoiser sees t0, t1, t1, t2, t2, …: the trial
 * of a step and the next step are two calls at one timestep, of two latents. The last step, to no noise
 * where there is no slope, is Euler's.
 */
import { trialMissing } from '../../../errors/index.js';
import { alongFlow, alongRatio, type Derivative, startOnRatio } from '../derivative.js';
import {
  type CallRule,
  FLOW_LOOP_OPTIONS,
  LOOP_OPTIONS,
  type StepInput,
  type Steps,
  solver,
} from '../solver.js';

const CALLS: CallRule = {
  count: (steps) => 2 * steps - 1,
  expand({ timesteps, levels, first }) {
    const twice = <T>(values: readonly T[]) =>
      values.flatMap((value, i) => (i === 0 ? [value] : [value, value]));
    return {
      timesteps: twice(timesteps),
      levels: [...twice(levels.slice(0, -1)), levels.at(-1)!],
      first,
    };
  },
};

export const heun = solver({
  name: 'heun',
  title: 'Heun',
  description:
    'Second order in the noise level, two calls a step (Karras et al., 2206.00364, algorithm 1)',
  path: 'variance-preserving',
  arrivalPoint: false,
  signal: true,
  calls: CALLS,
  options: LOOP_OPTIONS,
  make: ({ options: { prediction, spacing }, walk, clip }) => ({
    ...startOnRatio(walk.levels[0]!, spacing),
    ...heunSteps(alongRatio(prediction, clip)),
  }),
});

export const heunFlow = solver({
  name: 'heun-flow',
  title: 'Heun of flow matching',
  description: 'Second order along the straight path of flow matching, two calls a step',
  path: 'flow',
  arrivalPoint: false,
  signal: false,
  calls: CALLS,
  options: FLOW_LOOP_OPTIONS,
  make: ({ options: { prediction }, clip }) => heunSteps(alongFlow(prediction, clip)),
});

function heunSteps({ place, slope, ...rest }: Derivative): Steps {
  const slopes = ({ now, latent, output }: StepInput) => {
    const at = slope(now);
    return latent.map((x, i) => at(x, output[i]!));
  };
  return {
    ...rest,
    step(input) {
      const { step, before, now, next, latent, trajectory } = input;
      const here = slopes(input);
      if (step % 2 === 0) {
        const length = place(next) - place(now);
        const trial = latent.map((x, i) => x + length * here[i]!);
        return { latent: trial, history: [here], origin: latent };
      }
      const { origin, history } = trajectory;
      if (!origin || !history?.[0]) throw trialMissing(step);
      const first = history[0];
      const length = place(now) - place(before);
      return { latent: origin.map((x, i) => x + (length / 2) * (first[i]! + here[i]!)) };
    },
  };
}
