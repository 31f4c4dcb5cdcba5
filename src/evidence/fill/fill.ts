/**
 * Gives a model whose external weights are missing random ones, so that it runs: for measurements on
 * published architectures without anybody's weights. Values are scaled by what the tensor is used
 * for, so that activations neither vanish nor overflow. They are drawn once and repeat after
 * 2^22 elements; each tensor starts at another place.
 */
import fs from 'node:fs';
import path from 'node:path';
import { checkTarget, writeFolder } from '../../compiler/emit/folder.js';
import { fillsItself, nothingToFill, writeFailed } from '../../errors/index.js';
import { encodeFloat16 } from '../../io/float16.js';
import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import { elementCount, type Tensor, tensorBytes } from '../../model/ir/tensor.js';
import { byteLength } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import { loadModel } from '../../model/onnx/files.js';
import { checkLocation } from '../../model/onnx/locations.js';
import { checkDimensions } from '../../model/operators/requirements.js';
import { createRandom } from '../../runtime/samplers/index.js';

export interface FillOptions {
  readonly model: string;
  /** Folder for the model and its weights; must be empty or absent. */
  readonly folder: string;
  readonly seed?: number;
  readonly onProgress?: (bytes: number, total: number) => void;
}

export interface FillReport {
  readonly model: string;
  readonly files: Readonly<Record<string, number>>;
  readonly tensors: number;
  readonly elements: number;
}

interface Slot {
  readonly tensor: Tensor;
  readonly users: readonly Node[];
  readonly location: string;
  readonly offset: number;
}

const PERIOD = 2 ** 22;
/** Elements converted at a time. */
const BLOCK = 2 ** 20;

/** @throws FILL_NOTHING, EXTERNAL_DATA_ESCAPES, TENSOR_DIMENSION, the OUTPUT_ errors and WRITE_FAILED */
export function fillWeights(options: FillOptions): FillReport {
  const { folder } = options;
  checkTarget(folder, false);
  const model = loadModel(options.model);
  const slots = [...externalSlots(model.graph)];
  if (slots.length === 0) throw nothingToFill(options.model);
  const name = path.basename(options.model);
  for (const { location, tensor } of slots) {
    checkLocation(location, tensor.name ?? '');
    checkDimensions(tensor, tensor.name ?? '');
    if (path.normalize(location) === name) throw fillsItself(options.model, tensor.name ?? '');
  }
  const files = writeFolder(folder, false, (staging) => {
    refuseNoRoom(slots, folder, staging);
    fs.copyFileSync(options.model, path.join(staging, name));
    return writeSlots(slots, staging, options);
  });
  return {
    model: path.join(folder, name),
    files: Object.fromEntries(files),
    tensors: slots.length,
    elements: slots.reduce((sum, s) => sum + elementCount(s.tensor.dims), 0),
  };
}

/** What a damaged model declares may be more than any disk holds: said before the disk is full. */
function refuseNoRoom(slots: readonly Slot[], folder: string, staging: string): void {
  const ends = new Map<string, number>();
  for (const { location, offset, tensor } of slots)
    ends.set(location, Math.max(ends.get(location) ?? 0, offset + tensorBytes(tensor)));
  const needs = [...ends.values()].reduce((sum, end) => sum + end, 0);
  const { bavail, bsize } = fs.statfsSync(staging);
  if (needs > bavail * bsize) throw writeFailed(folder, { code: 'ENOSPC', message: 'no room' });
}

/** @returns the size of each file */
function writeSlots(
  slots: readonly Slot[],
  folder: string,
  { seed = 0, onProgress }: FillOptions,
): Map<string, number> {
  const total = slots.reduce((sum, s) => sum + tensorBytes(s.tensor), 0);
  const noise = createRandom(seed).normals(PERIOD);
  const sizes = new Map<string, number>();
  const open = new Map<string, number>();
  let done = 0;
  try {
    for (const [index, slot] of slots.entries()) {
      const { location } = slot;
      let fd = open.get(location);
      if (fd === undefined) {
        fs.mkdirSync(path.dirname(path.join(folder, location)), { recursive: true });
        fd = fs.openSync(path.join(folder, location), 'w');
        open.set(location, fd);
      }
      // an odd stride visits every starting place
      writeTensor(fd, slot, noise, (index * 1_000_003) % PERIOD);
      const bytes = tensorBytes(slot.tensor);
      sizes.set(location, Math.max(sizes.get(location) ?? 0, slot.offset + bytes));
      done += bytes;
      onProgress?.(done, total);
    }
  } finally {
    for (const fd of open.values()) fs.closeSync(fd);
  }
  return sizes;
}

function* externalSlots(graph: Graph): Generator<Slot> {
  const slot = (tensor: Tensor | undefined, value: Value | undefined): Slot[] =>
    tensor?.data.kind === 'external'
      ? [
          {
            tensor,
            users: value ? [...value.users] : [],
            location: tensor.data.location,
            offset: tensor.data.offset,
          },
        ]
      : [];
  for (const value of graph.initializers) yield* slot(value.initializer, value);
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values())
      if (attribute.type === 'tensor') yield* slot(attribute.value, node.outputs[0] ?? undefined);
    for (const inner of subgraphs(node)) yield* externalSlots(inner);
  }
}

function writeTensor(fd: number, slot: Slot, noise: Float32Array, start: number): void {
  const { tensor } = slot;
  const count = elementCount(tensor.dims);
  const width = byteLength(tensor.dtype, 1) ?? 4;
  const { mean, deviation } = distribution(slot);
  const block = new Float32Array(Math.min(BLOCK, count));
  for (let at = 0; at < count; at += BLOCK) {
    const length = Math.min(BLOCK, count - at);
    for (let i = 0; i < length; i++)
      block[i] = mean + deviation * noise[(start + at + i) % PERIOD]!;
    const bytes = toBytes(tensor, block.subarray(0, length));
    for (let sent = 0; sent < bytes.length; )
      sent += fs.writeSync(fd, bytes, sent, bytes.length - sent, slot.offset + at * width + sent);
  }
}

function toBytes(tensor: Tensor, values: Float32Array): Uint8Array {
  const typed =
    tensor.dtype === 'float16'
      ? encodeFloat16(values)
      : tensor.dtype === 'float64'
        ? Float64Array.from(values)
        : values;
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'float16' && tensor.dtype !== 'float64')
    return new Uint8Array(values.length * (byteLength(tensor.dtype, 1) ?? 1));
  return new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength);
}

/** Weights keep the variance of what they multiply (1 / fan-in); norms scale by about 1; biases are small. */
function distribution({ tensor, users }: Slot): { mean: number; deviation: number } {
  const fan = users.map((user) => fanIn(user, tensor)).find((f) => f !== undefined);
  if (fan !== undefined) return { mean: 0, deviation: 1 / Math.sqrt(fan) };
  const scales = users.some(
    (user) =>
      isOp(user, 'Mul') ||
      (isOp(user, 'LayerNormalization', 'GroupNormalization', 'InstanceNormalization') &&
        user.inputs[1]?.initializer === tensor),
  );
  return scales ? { mean: 1, deviation: 0.1 } : { mean: 0, deviation: 0.1 };
}

/** Products that make one element of the result; undefined for users that do not multiply matrices. */
function fanIn(user: Node, { dims }: Tensor): number | undefined {
  const elements = elementCount(dims);
  if (isOp(user, 'Conv') && dims.length > 2) return elements / (dims[0] ?? 1);
  if (isOp(user, 'ConvTranspose') && dims.length > 2) return elements / (dims[1] ?? 1);
  if (isOp(user, 'MatMul') && dims.length >= 2) return dims[dims.length - 2];
  if (isOp(user, 'Gemm') && dims.length === 2)
    return user.attributes.get('transB')?.value === 1n ? dims[1] : dims[0];
  if (isOp(user, 'Transpose', 'Einsum') && dims.length === 2) return Math.max(dims[0]!, dims[1]!);
  return undefined;
}
