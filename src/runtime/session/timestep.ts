/** The timestep that a call is fed, whatever its type and shape. */
import type { OnnxValue, Tensor } from 'onnxruntime-common';
import { decodeFloat16 } from '../../io/float16.js';
import { isInMemory } from './tensors.js';

/** One for all, or one for each image or token: then the largest and the smallest of them. */
export interface Timestep {
  readonly largest: number;
  readonly smallest: number;
}

/** Undefined where there is none, where it is on a device, or no number. */
export function readTimestep(value: OnnxValue | undefined): Timestep | undefined {
  if (value === undefined) return undefined;
  const tensor = value as Tensor;
  if (!isInMemory(tensor)) return undefined;
  const { data } = tensor;
  const numbers =
    tensor.type === 'float16' && data instanceof Uint16Array ? decodeFloat16(data) : data;
  let [largest, smallest] = [-Infinity, Infinity];
  for (const element of numbers as Iterable<number | bigint | string>) {
    const number = typeof element === 'string' ? Number.NaN : Number(element);
    if (Number.isNaN(number)) return undefined;
    largest = Math.max(largest, number);
    smallest = Math.min(smallest, number);
  }
  return largest < smallest ? undefined : { largest, smallest };
}
