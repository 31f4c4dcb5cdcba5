/** Small helpers on the engine's tensors: making constants and placeholders, copying, disposing. */

import type { Tensor } from 'onnxruntime-common';
import { fetchesInvalid, outOfMemory } from '../../errors/index.js';
import type { Constant, ElementType, Schedule, State } from '../../generated/schedule.js';
import { sizeOf } from '../../model/shape/stated.js';
import { callsOf } from '../schedule/calls.js';
import type { Bindings } from './bindings.js';
import type { Engine } from './engine.js';
import type { SavedData } from './saved-image.js';

type Make = (count: number) => Exclude<Tensor['data'], string[]> | string[];

/** Zeros in the array type that onnxruntime has for each element type. */
const ZEROS: Record<ElementType, Make> = {
  float32: (n) => new Float32Array(n),
  // The constructor takes the bits also where the platform has a Float16Array.
  float16: (n) => new Uint16Array(n),
  float64: (n) => new Float64Array(n),
  int8: (n) => new Int8Array(n),
  uint8: (n) => new Uint8Array(n),
  int16: (n) => new Int16Array(n),
  uint16: (n) => new Uint16Array(n),
  int32: (n) => new Int32Array(n),
  uint32: (n) => new Uint32Array(n),
  int64: (n) => new BigInt64Array(n),
  uint64: (n) => new BigUint64Array(n),
  bool: (n) => new Uint8Array(n),
  string: (n) => new Array<string>(n).fill(''),
  int4: (n) => new Uint8Array(Math.ceil(n / 2)),
  uint4: (n) => new Uint8Array(Math.ceil(n / 2)),
};

/**
 * Zeros for a required input that nothing looks at: of the state's size as far as it is known, which an engine that was
 * given sizes wants, and of 1 elsewhere.
 * @throws OUT_OF_MEMORY for a size that no machine has: a schedule may say anything
 */
export function placeholder(
  { Tensor }: Engine,
  { type, shape }: State,
  bindings: Bindings = new Map(),
): Tensor {
  return zeroTensor(
    { Tensor },
    type,
    shape.map((dim) => sizeOf(dim, bindings) ?? 1),
  );
}

/**
 * Zeros in the engine's array for a type.
 * @throws OUT_OF_MEMORY
 */
export function zeros(type: ElementType, count: number) {
  try {
    return ZEROS[type](count);
  } catch (error) {
    throw outOfMemory((error as Error).message);
  }
}

/** @throws OUT_OF_MEMORY */
export function zeroTensor(
  { Tensor }: Pick<Engine, 'Tensor'>,
  type: ElementType,
  dims: readonly number[],
): Tensor {
  return new Tensor(type, zeros(type, count(dims)), dims);
}

/** Is a tensor held where typed arrays reach it? */
export const isInMemory = ({ location }: Tensor): boolean =>
  location === undefined || location === 'cpu';

/**
 * Writes what an output is into the tensor that a caller has given for it.
 * @throws FETCH_INVALID for another shape
 */
export async function fill(name: string, target: Tensor, from: Tensor): Promise<void> {
  if (target.dims.join() !== from.dims.join())
    throw fetchesInvalid(
      `"${name}" is [${from.dims.join(', ')}], the tensor to write it into [${target.dims.join(', ')}]`,
    );
  const data = isInMemory(from) ? from.data : await from.getData();
  if (ArrayBuffer.isView(target.data) && ArrayBuffer.isView(data))
    // bytes, since float16 is numbers on some platforms and bits on others
    bytesOf(target.data).set(bytesOf(data));
  else Object.assign(target.data, data);
}

/** The bytes that an array of numbers lies in. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** The tensor of a constant of the schedule. */
export function constantTensor({ Tensor }: Engine, { type, shape, data }: Constant): Tensor {
  const elements = ZEROS[type](data.length);
  data.forEach((value, i) => {
    elements[i] = type === 'int64' ? BigInt(value) : value;
  });
  return new Tensor(type, elements, shape);
}

/** What a parameter is at a call; the schedule's check has made sure that it is there. */
export function parameterTensor(
  engine: Engine,
  schedule: Schedule,
  id: string,
  call: number,
): Tensor {
  const { shape } = schedule.parameters![id]!;
  const data = [...callsOf(schedule).fedAt(id, call)!];
  return constantTensor(engine, { type: 'float32', shape, data });
}

/** A tensor with elements of its own in the processor's memory. */
export async function copyOf({ Tensor }: Engine, tensor: Tensor): Promise<Tensor> {
  const data = tensor.location === 'cpu' ? tensor.data.slice() : await tensor.getData();
  return new Tensor(tensor.type, data, tensor.dims);
}

/**
 * A copy of the elements, of float16 as bits. A tensor on a device comes to memory with it, as onnxruntime has it, and
 * leaves nothing there.
 */
export async function elementsOf(tensor: Tensor): Promise<SavedData> {
  const copy = (isInMemory(tensor) ? tensor.data : await tensor.getData(true)).slice();
  if (tensor.type !== 'float16' || Array.isArray(copy)) return copy as SavedData;
  return new Uint16Array(copy.buffer, copy.byteOffset, copy.length);
}

/** A tensor with elements of its own. */
export function tensorOf(
  { Tensor }: Engine,
  type: ElementType,
  data: SavedData,
  dims: readonly number[],
): Tensor {
  return new Tensor(type, data.slice() as Tensor['data'], dims);
}

/** Frees what the garbage collector does not know of: buffers of a device. */
export function dispose(tensor: Tensor): void {
  if (tensor.location !== 'cpu' && tensor.location !== 'none') tensor.dispose();
}

function count(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}
