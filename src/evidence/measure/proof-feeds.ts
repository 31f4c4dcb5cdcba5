/**
 * The inputs on which `verify` proves a bundle: every row and every call has its own (but at every second
 * call one timestep for all rows, as in a loop), so that nothing that was exchanged, copied or clipped
 * looks the same. Whole numbers that pick rows of a table range over the whole of it, from its last row
 * (the null class, where there is one) and its first on; timesteps are those of the schedule, or range
 * over all that the denoiser was trained on.
 */
import type { TensorConstructor } from 'onnxruntime-common';
import { elementCount } from '../../model/ir/tensor.js';
import { createRandom, TRAIN_TIMESTEPS } from '../../runtime/samplers/index.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import { CLASSES, concretePort, type Feeds, SEEDS, scheduleBindings, tensorOf } from './feeds.js';

/** The fraction of the golden section: its multiples fill an interval evenly, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export interface ProofFeedOptions {
  readonly ort: { readonly Tensor: TensorConstructor };
  readonly schedule: Schedule;
  readonly bindings: ReadonlyMap<string, number>;
  readonly seed: number;
  /** By input, the rows of the table in which it is looked up. */
  readonly tables: ReadonlyMap<string, number>;
}

/**
 * @param turn which of the sets of inputs; sets of different turns differ in every input
 * @param timestep for all rows; by default it depends on the turn
 * @throws FEED_SHAPE_UNKNOWN
 */
export function proofFeeds(options: ProofFeedOptions, turn: number, timestep?: number): Feeds {
  const { ort, schedule, bindings, seed, tables } = options;
  const { inputs, roles = {} } = schedule.source;
  return Object.fromEntries(
    inputs.map((port, stream) => {
      const dims = concretePort(port, bindings);
      const table = tables.get(port.name);
      let place = turn * elementCount(dims);
      const timesteps = () => {
        if (timestep !== undefined) return { real: () => timestep, whole: () => timestep };
        // real loops have one timestep for all rows, and a branch may depend on the largest
        return timestepsFrom(schedule, table, turn % 2 ? () => turn : () => place++);
      };
      const elements =
        port.name === roles.timestep
          ? timesteps()
          : {
              real: createRandom((seed + turn) % SEEDS, stream).normal,
              whole: () => spread(place++, table ?? CLASSES),
            };
      return [port.name, tensorOf(ort.Tensor, port, dims, elements)];
    }),
  );
}

/** The n-th of a sequence over [0, size): its last and first number, then others all over it. */
function spread(n: number, size: number): number {
  if (n === 0) return size - 1;
  return Math.floor((((n - 1) * GOLDEN) % 1) * size);
}

function timestepsFrom(
  { timesteps }: Schedule,
  table: number | undefined,
  next: () => number,
): { real: () => number; whole: () => number } {
  if (timesteps) {
    const own = () => timesteps[next() % timesteps.length]!;
    return { real: own, whole: own };
  }
  const size = table ?? TRAIN_TIMESTEPS;
  return {
    // samplers ask for timesteps between those of training too
    real: () => {
      const n = next();
      return spread(n, size) + (n % 2 === 0 ? 0 : 0.5);
    },
    whole: () => spread(next(), size),
  };
}

/** Rows that tell exchanged ones apart: two, or two in each half of a guidance pair. */
export const rowsFor = ({ source }: Schedule): number =>
  source.guidance?.mode === 'batch' ? 4 : 2;

/**
 * Sizes for the symbols of a schedule's inputs: those it was costed with and those given, and a batch
 * of at least so many rows, where its size was not asked for.
 * @throws SHAPE_UNKNOWN_INPUT, SHAPE_MISFIT
 */
export const proofBindings = (
  schedule: Schedule,
  given: Readonly<Record<string, readonly number[]>> | undefined,
  rows: number,
): Map<string, number> => scheduleBindings(schedule, given, rows);
