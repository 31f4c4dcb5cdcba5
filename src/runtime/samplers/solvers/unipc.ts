/**
 * UniPC: Zhao et al., "UniPC: A unified predictor-corrector framework for fast sampling of diffusion models"
 * (arXiv 2302.04867), the multistep method of algorithms 5 to 8 in appendix C.
 *
 * A step predicts the latent of the next level (UniP); what the denoiser says there corrects it first
 * (UniC), which costs no call of its own, and is then kept for the steps after. As in the paper, the
 * denoiser is not asked again about the corrected latent, and UniP of order 2 and UniC of order 1 take 1/2
 * for their one coefficient. The last steps are of lower order, and to noise level zero the order is 1.
 */
import {
  LOWER_ORDER_FINAL,
  lengthOf,
  ORDER,
  type OrderOptions,
  orderAt,
  type StepWeights,
  weightedSum,
} from '../multistep.js';
import { solve } from '../numbers.js';
import type { NoiseLevel } from '../paths/index.js';
import { reader } from '../prediction.js';
import { LOOP_OPTIONS, solver } from '../solver.js';

/** B(h) of the paper: h itself, or exp(h) - 1. */
export const UNIPC_TYPES = ['bh1', 'bh2'] as const;
export type UnipcType = (typeof UNIPC_TYPES)[number];

export const uniPc = solver({
  name: 'unipc',
  title: 'UniPC',
  description: 'Predictor and corrector, order 1 to 3 (Zhao et al., 2302.04867)',
  path: 'variance-preserving',
  arrivalPoint: true,
  signal: true,
  options: {
    ...LOOP_OPTIONS,
    order: ORDER,
    solverType: {
      enum: UNIPC_TYPES,
      default: 'bh2',
      title: 'type of UniPC',
      description: 'B(h) of the paper: bh1 is h, bh2 is exp(h) - 1',
    },
    predictX0: {
      type: 'boolean',
      default: true,
      description: 'Whether clean latents are extrapolated, or else the noise',
    },
    lowerOrderFinal: { ...LOWER_ORDER_FINAL, default: true },
    disableCorrector: {
      type: 'array',
      items: { type: 'integer', minimum: 0 },
      description: 'Steps whose latent is not corrected by the call after them',
    },
  },
  make({ options, walk: { levels, first }, clip }) {
    const { order, lowerOrderFinal, disableCorrector = [], prediction } = options;
    const bracket = (step: number, known: number) =>
      bracketOf(levels, step, { ...options, known, lowerOrderFinal });
    // a step of no length has nothing that could be corrected
    const corrects = (step: number) =>
      !disableCorrector.includes(first + step - 1) &&
      levels[step - 1]?.ratio !== levels[step]!.ratio;
    return {
      step({ step, now, latent, output, trajectory: { history = [], origin } }) {
        const read = reader(prediction, options.predictX0 ? 'sample' : 'epsilon', now, clip);
        const newest = latent.map((value, i) => read(value, output[i]!));
        const corrected =
          origin && corrects(step)
            ? weightedSum(corrector(bracket(step - 1, history.length)), origin, [
                newest,
                ...history,
              ])
            : latent;
        const known = [newest, ...history].slice(0, order);
        return {
          latent: weightedSum(predictor(bracket(step, known.length)), corrected, known),
          history: known,
          origin: corrected,
        };
      },
    };
  },
});

/** A step as the equations have it, in whichever of the two predictions. */
interface Bracket {
  readonly keep: number;
  /** Of the newest prediction, in a step of first order. */
  readonly first: number;
  /** -alpha B(h), or -sigma B(h). */
  readonly scale: number;
  /** Lengths of earlier steps back from here, in units of this one: below 0. */
  readonly back: readonly number[];
  /** Right sides of the conditions of order, h phi_{k+1}(h) k! / B(h) for k = 1, 2, … */
  readonly wanted: readonly number[];
}

function bracketOf(
  levels: readonly NoiseLevel[],
  step: number,
  options: OrderOptions & { readonly solverType: 'bh1' | 'bh2'; readonly predictX0: boolean },
): Bracket {
  const [now, next] = [levels[step]!, levels[step + 1]!];
  const order = orderAt(levels, step, options);
  const h = lengthOf(now, next);
  const signed = options.predictX0 ? -h : h;
  const shape = options.solverType === 'bh1' ? signed : Math.expm1(signed);
  const wanted: number[] = [];
  let [phi, factorial] = [Math.expm1(signed) / signed, 1];
  for (let k = 1; k <= order; k++) {
    factorial *= k;
    phi = (phi - 1 / factorial) / signed;
    wanted.push((phi * signed * factorial) / shape);
  }
  return {
    ...(options.predictX0
      ? { keep: next.sigma / now.sigma, first: next.alpha * (1 - next.ratio / now.ratio) }
      : { keep: next.alpha / now.alpha, first: next.alpha * (next.ratio - now.ratio) }),
    scale: -(options.predictX0 ? next.alpha : next.sigma) * shape,
    back: Array.from({ length: order - 1 }, (_, k) => lengthOf(now, levels[step - k - 1]!) / h),
    wanted,
  };
}

/** Coefficients that meet the first conditions of order at as many nodes; equation 7. */
const coefficients = (nodes: readonly number[], wanted: readonly number[]): number[] =>
  nodes.length === 1
    ? [0.5]
    : solve(
        nodes.map((_, power) => nodes.map((node) => node ** power)),
        wanted.slice(0, nodes.length),
      );

/** Equation 3 over the newest prediction and those before it. */
function predictor({ keep, first, scale, back, wanted }: Bracket): StepWeights {
  const earlier = coefficientsOver(back, wanted, scale);
  return { keep, weights: [first - sum(earlier), ...earlier] };
}

/** Equation 8: over the prediction where the step arrived, the one it started from and those before. */
function corrector({ keep, first, scale, back, wanted }: Bracket): StepWeights {
  const others = coefficientsOver([...back, 1], wanted, scale);
  return { keep, weights: [others.at(-1)!, first - sum(others), ...others.slice(0, -1)] };
}

/** Weights of the predictions at nodes, each less that at node 0. */
const coefficientsOver = (nodes: readonly number[], wanted: readonly number[], scale: number) =>
  nodes.length === 0
    ? []
    : coefficients(nodes, wanted).map((value, k) => (scale * value) / nodes[k]!);

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
