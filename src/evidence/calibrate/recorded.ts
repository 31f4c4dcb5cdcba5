/** Inputs recorded from a real loop: arrays with a leading axis of calls. */
import type { Tensor, TensorConstructor } from 'onnxruntime-common';
import {
  feedShape,
  feedType,
  feedUnknown,
  oddRecordedBatch,
  recordedMissing,
  recordedShape,
} from '../../errors/index.js';
import type { Port } from '../../runtime/schedule/index.js';
import { type Feeds, fitShape } from '../measure/feeds.js';

/**
 * The feeds of every call.
 * @param recorded by input, [calls, ...]
 * @param constant inputs that are the same at each call
 * @param pair both halves of a guidance pair are in one batch
 * @throws FEED_UNKNOWN, FEED_TYPE, FEED_SHAPE, CALIBRATE_INPUT_MISSING, CALIBRATE_INPUT_SHAPE,
 *   CALIBRATE_ODD_BATCH
 */
export function recordedCalls(
  Tensor: TensorConstructor,
  ports: readonly Port[],
  recorded: Feeds,
  constant: Feeds,
  calls: number,
  pair: boolean,
): { calls: Feeds[]; samples: number } {
  const names = ports.map((port) => port.name);
  for (const name of [...Object.keys(recorded), ...Object.keys(constant)])
    if (!names.includes(name)) throw feedUnknown(name, names);
  const sizes = new Map<string, number>();
  for (const port of ports) {
    const tensor = recorded[port.name] ?? constant[port.name];
    if (!tensor) throw recordedMissing(port.name, Object.keys(recorded));
    if (tensor.type !== port.type) throw feedType(port.name, tensor.type, port.type);
    if (recorded[port.name]) {
      const [count, ...dims] = tensor.dims;
      if (count !== calls || !fitShape(port, dims, sizes))
        throw recordedShape(port.name, tensor.dims, calls, port.shape);
    } else if (!fitShape(port, tensor.dims, sizes))
      throw feedShape(port.name, tensor.dims, port.shape, sizes, pair);
  }
  const [first, batch] = largestBatch(recorded);
  if (pair && batch % 2 !== 0) throw oddRecordedBatch(first, batch);
  return {
    calls: Array.from({ length: calls }, (_, call) => ({
      ...constant,
      ...Object.fromEntries(
        Object.entries(recorded).map(([name, tensor]) => [name, entry(Tensor, tensor, call)]),
      ),
    })),
    samples: pair ? batch / 2 : batch,
  };
}

/** The recorded input of most images; a timestep may be one for all of them. */
function largestBatch(recorded: Feeds): [name: string, batch: number] {
  const batches = Object.entries(recorded).map(
    ([name, { dims }]) => [name, dims[1] ?? 1] as [string, number],
  );
  return batches.reduce((best, other) => (other[1] > best[1] ? other : best), ['', 1]);
}

/** One entry along the first axis; shares the memory of the whole. */
function entry(Tensor: TensorConstructor, tensor: Tensor, index: number): Tensor {
  const [, ...dims] = tensor.dims;
  const length = dims.reduce((product, dim) => product * dim, 1);
  const data = (tensor.data as Float32Array).subarray(index * length, (index + 1) * length);
  return new Tensor(tensor.type, data as never, dims);
}
