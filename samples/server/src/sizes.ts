/**
 * What one image of a bundle takes in memory. All sizes are fixed when the server starts, so that bounds on bytes
 * are bounds on numbers of images.
 */
import { freeDimensions, type Port, type Schedule, type Shape } from 'stepfold/runtime';

export interface ImageSizes {
  /** [1, channels, …] */
  readonly latent: readonly number[];
  /** Of the clean latent, which is float32. */
  readonly latentBytes: number;
  /** Of all states together, with both halves of guidance where there is any. */
  readonly stateBytes: number;
  /** Elements of one row of an input. */
  readonly rowOf: (input: string) => number;
}

/** What is known of an image beside its latent, generously. */
export const RECORD_BYTES = 4096;

const BYTES: Readonly<Record<string, number>> = {
  float64: 8,
  int64: 8,
  uint64: 8,
  float32: 4,
  int32: 4,
  uint32: 4,
  float16: 2,
  int16: 2,
  uint16: 2,
};

const product = (dims: readonly number[]): number => dims.reduce((all, size) => all * size, 1);

/**
 * @param pairs guidance in one batch: every image is two rows
 * @throws StepfoldError SIZES_UNKNOWN
 */
export function imageSizes(schedule: Schedule, pairs: boolean): ImageSizes {
  const { source, states, cost } = schedule;
  const latentPort = portOf(schedule, source.roles?.latent);
  const sizesOf = (rows: number) => {
    const batch = latentPort.shape[0];
    const sizes = { ...cost?.macs?.bindings, ...(typeof batch === 'string' && { [batch]: rows }) };
    const known: Readonly<Record<string, number>> = freeDimensions(schedule, sizes);
    return (shape: Shape, symbols?: readonly (string | null)[]) =>
      shape.map((dim, axis) =>
        typeof dim === 'number' ? dim : (known[symbols?.[axis] ?? dim ?? ''] ?? 1),
      );
  };
  const one = sizesOf(1);
  const all = sizesOf(pairs ? 2 : 1);
  const latent = [1, ...one(latentPort.shape).slice(1)];
  const stateBytes = Object.values(states)
    .map(({ type, shape, symbols }) => product(all(shape, symbols)) * (BYTES[type] ?? 1))
    .reduce((sum, bytes) => sum + bytes, 0);
  return {
    latent,
    latentBytes: 4 * product(latent),
    stateBytes,
    rowOf: (input) => {
      const dims = one(portOf(schedule, input).shape);
      return product(dims[0] === 1 ? dims.slice(1) : dims);
    },
  };
}

function portOf({ source }: Schedule, name: string | undefined): Port {
  const port = source.inputs.find((input) => input.name === name);
  if (!port) throw new Error(`The schedule has no input "${name}".`);
  return port;
}
