/**
 * A sampler as tables. The step of most samplers is a weighted sum of what it goes by: the latent, what the denoiser gave,
 * what earlier steps kept, fresh noise. The weights are asked of the sampler itself, one unit for each thing at a time, so
 * that there is one place which knows its equations. That the step is such a sum is tried on other numbers.
 *
 * Samplers compute in float64 and give arrays of the kind that they are given; the weights are asked for in float64.
 */
import { samplerNotLinear } from '../../../errors/index.js';
import { createRandom, type Sampler, type Trajectory } from '../../../runtime/samplers/index.js';

/** What a step goes by, and what it leaves but for the last two. */
export type Slot = 'latent' | 'origin' | `history-${number}`;
export type Source = Slot | 'output' | 'noise';

/** By what a step leaves, then by what it goes by, the weight at each step. */
export type StepWeights = ReadonlyMap<Slot, ReadonlyMap<Source, readonly number[]>>;

export interface StepTables {
  readonly slots: readonly Slot[];
  readonly weights: StepWeights;
  /** By what the latent is multiplied for the denoiser, at each step. */
  readonly inputScale: readonly number[];
  /** What the denoiser is told, at each step. */
  readonly told: readonly number[];
  /** Of noise and of clean latents, in what the loop begins with; no clean ones where it begins with noise alone. */
  readonly start: { readonly noise: number; readonly init?: number };
  readonly needsNoise: boolean;
}

/** Of the numbers on which a step is tried: what clamps shows at large ones. */
const MAGNITUDES = [1, 1, 1, 1, 1e4, 1e4, 1e4, 1e4];

/** Of the size of a sum: what is no sum is further off. */
const TOLERANCE = 1e-9;

/** Numbers that a sampler, whose types say float32, goes on with in float64. */
const doubles = (values: Iterable<number>): Float32Array =>
  Float64Array.from(values) as unknown as Float32Array;

/**
 * @param name of the sampler, for messages
 * @throws FORM_SAMPLER where a step is no weighted sum, as where it clamps
 */
export function stepTables(name: string, sampler: Sampler): StepTables {
  const shapes = trajectories(sampler);
  const most = Math.max(0, ...shapes.map(({ history }) => history));
  const slots: Slot[] = [
    'latent',
    ...(shapes.some(({ origin }) => origin) ? (['origin'] as const) : []),
    ...Array.from({ length: most }, (_, k): Slot => `history-${k}`),
  ];
  const sources: Source[] = [
    ...slots,
    'output',
    ...(sampler.needsNoise ? (['noise'] as const) : []),
  ];
  const units = new Map(
    sources.map((source, j) => [source, doubles(sources.map((_, i) => (i === j ? 1 : 0)))]),
  );
  const random = createRandom(1);
  const tried = new Map(
    sources.map((source) => [source, doubles(MAGNITUDES.map((size) => size * random.normal()))]),
  );
  const weights = new Map(
    slots.map((slot) => [slot, new Map(sources.map((s) => [s, [] as number[]]))]),
  );
  for (const step of sampler.timesteps.keys()) {
    const row = leftBy(sampler, step, shapes[step]!, units);
    const found = leftBy(sampler, step, shapes[step]!, tried);
    for (const slot of slots) {
      sources.forEach((source, j) => {
        weights
          .get(slot)!
          .get(source)!
          .push(row.get(slot)?.[j] ?? 0);
      });
      const sums = sumOf(weights.get(slot)!, step, tried);
      const left = found.get(slot) ?? sums.map(() => 0);
      const scale = (i: number) => MAGNITUDES[i]! * sizeAt(weights.get(slot)!, step);
      if (left.some((value, i) => !(Math.abs(value - sums[i]!) <= TOLERANCE * scale(i))))
        throw samplerNotLinear(name, step);
    }
  }
  const [one, none] = [doubles([1]), doubles([0])];
  const begins = sampler.firstCall > 0;
  return {
    slots,
    weights,
    inputScale: sampler.timesteps.map((_, step) => sampler.scaleInput(one, step)[0]!),
    told: sampler.told,
    start: begins
      ? {
          noise: sampler.start(one, none).latent[0]!,
          init: sampler.start(none, one).latent[0]!,
        }
      : { noise: sampler.start(one).latent[0]! },
    needsNoise: sampler.needsNoise,
  };
}

/** What a trajectory has before a step. */
interface TrajectoryShape {
  readonly history: number;
  readonly origin: boolean;
}

/** Before each step, and behind the last: samplers go by what there is. */
function trajectories(sampler: Sampler): TrajectoryShape[] {
  const zero = () => new Float32Array(1);
  let at: Trajectory = { latent: zero() };
  const shapes = [shapeOf(at)];
  for (const step of sampler.timesteps.keys()) {
    at = sampler.step(zero(), step, at, zero);
    shapes.push(shapeOf(at));
  }
  return shapes;
}

const shapeOf = ({ history = [], origin }: Trajectory): TrajectoryShape => ({
  history: history.length,
  origin: origin !== undefined,
});

function leftBy(
  sampler: Sampler,
  step: number,
  { history, origin }: TrajectoryShape,
  given: ReadonlyMap<Source, Float32Array>,
): Map<Slot, readonly number[]> {
  const before: Trajectory = {
    latent: given.get('latent')!,
    ...(history > 0 && {
      history: Array.from({ length: history }, (_, k) => given.get(`history-${k}`)!),
    }),
    ...(origin && { origin: given.get('origin')! }),
  };
  const made = sampler.step(given.get('output')!, step, before, () => given.get('noise')!);
  const left = new Map<Slot, readonly number[]>([['latent', [...made.latent]]]);
  if (made.origin) left.set('origin', [...made.origin]);
  for (const [k, values] of (made.history ?? []).entries()) left.set(`history-${k}`, [...values]);
  return left;
}

/** What weights make of numbers around 1, at most. */
const sizeAt = (weights: ReadonlyMap<Source, readonly number[]>, step: number): number =>
  [...weights.values()].reduce((sum, row) => sum + Math.abs(row[step]!), 1e-6);

const sumOf = (
  weights: ReadonlyMap<Source, readonly number[]>,
  step: number,
  given: ReadonlyMap<Source, Float32Array>,
): number[] => {
  const sums = MAGNITUDES.map(() => 0);
  for (const [source, row] of weights)
    for (const [i, value] of given.get(source)!.entries()) sums[i]! += row[step]! * value;
  return sums;
};
