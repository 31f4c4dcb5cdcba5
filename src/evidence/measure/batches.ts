/**
 * Images beyond what a model of fixed batch holds: the loop has all of them in one batch, and the model runs
 * several smaller ones, one after another.
 */
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { DenoiserCall } from '../../runtime/samplers/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { hasRows } from './loop-inputs.js';
import { portOf } from './loop-sizes.js';
import { takeRows } from './rows.js';

/** Sizes of the leading axis. */
export interface Batches {
  /** Of the loop: all images, twice where both halves of a guidance pair are in one batch. */
  readonly rows: number;
  /** Of the model. */
  readonly batch: number;
  /** Whether a batch holds as many rows of either half, the first half in front. */
  readonly pair: boolean;
  /** Inputs that have a row for each image. */
  readonly inputs: ReadonlySet<string>;
}

/** How many there are. */
export const countOf = ({ rows, batch }: Batches): number => Math.ceil(rows / batch);

/**
 * The rows of the loop that are in one of the batches, in their order there. Where the last is not full, it repeats
 * the last image.
 */
function rowsOf({ rows, batch, pair }: Batches, index: number): number[] {
  const halves = pair ? [0, rows / 2] : [0];
  const [each, images] = [batch / halves.length, rows / halves.length];
  return halves.flatMap((start) =>
    Array.from({ length: each }, (_, i) => start + Math.min(index * each + i, images - 1)),
  );
}

/** What each of the batches is fed. */
export function splitFeeds(
  Tensor: TensorConstructor,
  batches: Batches,
  feeds: InferenceSession.FeedsType,
): InferenceSession.FeedsType[] {
  return Array.from({ length: countOf(batches) }, (_, index) => {
    const rows = rowsOf(batches, index);
    return Object.fromEntries(
      Object.entries(feeds).map(([name, tensor]) => [
        name,
        batches.inputs.has(name) ? takeRows(Tensor, tensor as Tensor, rows) : tensor,
      ]),
    );
  });
}

/** One tensor of what each of the batches gave; the first of them where it has no rows of images. */
export function joinRows(
  Tensor: TensorConstructor,
  batches: Batches,
  parts: readonly Tensor[],
): Tensor {
  const [first] = parts as [Tensor];
  if (first.dims[0] !== batches.batch) return first;
  const data = first.data as Float32Array;
  const size = data.length / batches.batch;
  const joined = new (data.constructor as Float32ArrayConstructor)(batches.rows * size);
  for (const [index, part] of parts.entries())
    for (const [i, row] of rowsOf(batches, index).entries())
      joined.set((part.data as Float32Array).subarray(i * size, (i + 1) * size), row * size);
  return new Tensor(first.type, joined as never, [batches.rows, ...first.dims.slice(1)]);
}

/** Each output of the model, joined. */
export const joinOutputs = (
  Tensor: TensorConstructor,
  batches: Batches,
  results: readonly InferenceSession.ReturnType[],
): InferenceSession.ReturnType =>
  Object.fromEntries(
    Object.keys(results[0]!).map((name) => [
      name,
      joinRows(
        Tensor,
        batches,
        results.map((outputs) => outputs[name] as Tensor),
      ),
    ]),
  );

/** One after another, so that no more than one batch is in memory beside what is kept. */
export async function inTurn<T, R>(
  list: readonly T[],
  run: (one: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  for (const [i, one] of list.entries()) results.push(await run(one, i));
  return results;
}

/** A denoiser without states, called for each of the batches. */
export const inBatches =
  (Tensor: TensorConstructor, batches: Batches, call: DenoiserCall): DenoiserCall =>
  async (feeds, step) => {
    const parts = splitFeeds(Tensor, batches, feeds);
    return joinOutputs(Tensor, batches, await inTurn(parts, (part) => call(part, step)));
  };

/** The same for a plain model whose batch may be fixed, whatever rows a call has. */
export function fixedBatchCall(
  Tensor: TensorConstructor,
  ports: readonly Port[],
  latent: string,
  call: DenoiserCall,
): DenoiserCall {
  const latentPort = portOf(ports, latent);
  const [batch] = latentPort.shape;
  if (typeof batch !== 'number') return call;
  const inputs = new Set(ports.filter((port) => hasRows(port, latentPort)).map(({ name }) => name));
  return (feeds, context) => {
    const rows = (feeds[latent] as Tensor).dims[0]!;
    if (rows === batch) return call(feeds, context);
    return inBatches(Tensor, { rows, batch, pair: false, inputs }, call)(feeds, context);
  };
}
