/** Models to and from bytes. Weights stay where they lie: only the skeleton is decoded. */
import { modelTooLarge, notOnnx, StepfoldError } from '../../errors/index.js';
import type { Model } from '../ir/model.js';
import { sortNodes } from '../ir/order.js';
import type { ByteSource, ExternalFiles } from '../ir/tensor.js';
import { decodeMessage, encodeMessage } from './descriptor.js';
import { modelToMessage } from './from-ir.js';
import type { ModelMessage } from './messages.js';
import { putBack, type RawRange, readThrough, takeOut } from './skeleton.js';
import { joinPieces, memorySource, type Piece } from './source.js';
import { modelFromMessage } from './to-ir.js';

/**
 * Reads a model from any source of bytes.
 * @param files opens external data; without it tensors in external files keep their place but no data
 * @throws ONNX_INVALID, ONNX_TRUNCATED, and the GRAPH_ errors of a graph that is not well formed
 */
export function readModel(source: ByteSource, files?: ExternalFiles): Model {
  refuseKnownFormats(source, source.read(0, Math.min(HEAD, source.size)));
  const { skeleton, ranges } = readThrough(takeOut(source), source);
  return assemble(source, joinPieces(skeleton), ranges, files);
}

/** The model of a skeleton's bytes and the ranges that were taken out of it. */
export function assemble(
  { label }: ByteSource,
  skeleton: Uint8Array,
  ranges: readonly RawRange[],
  files?: ExternalFiles,
): Model {
  return modelFromMessage(decode(skeleton, label), { label, ranges, files });
}

export function decodeModel(bytes: Uint8Array, label?: string, files?: ExternalFiles): Model {
  return readModel(memorySource(bytes, label), files);
}

/** The model's bytes as pieces to write one after another; weights are ranges of their files. */
export function modelPieces(model: Model): Piece[] {
  const { message, ranges } = modelToMessage(model);
  return messagePieces(message, ranges);
}

const PROTOBUF_LIMIT = 2 ** 31 - 1;

/**
 * The same, its nodes put in topological order first, and no longer than a file of the format can be.
 * @throws ONNX_TOO_LARGE
 */
export function sortedPieces(model: Model, file: string): Piece[] {
  sortNodes(model.graph);
  const pieces = modelPieces(model);
  const size = pieces.reduce((sum, p) => sum + p.length, 0);
  if (size > PROTOBUF_LIMIT) throw modelTooLarge(file, size);
  return pieces;
}

export function messagePieces(message: ModelMessage, ranges: readonly RawRange[]): Piece[] {
  return putBack(memorySource(encodeMessage(message)), ranges);
}

export function encodeModel(model: Model): Uint8Array {
  return joinPieces(modelPieces(model));
}

function decode(bytes: Uint8Array, label: string): ModelMessage {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    if (error instanceof StepfoldError) throw error;
    throw notOnnx(label, `its protobuf cannot be decoded (${(error as Error).message})`);
  }
}

const LOOKALIKES: readonly (readonly [string, string])[] = [
  ['PK', 'it is a zip archive, such as a PyTorch checkpoint'],
  ['<', 'it is an HTML or XML page, perhaps an error page saved by a download'],
  ['version https://git-lfs', 'it is a Git LFS pointer; fetch the real file with `git lfs pull`'],
  ['{', 'it is JSON'],
];

/** Bytes that tell a file of another kind. */
export const HEAD = 32;

/** @throws ONNX_INVALID where the first bytes of a file say what else it is */
export function refuseKnownFormats({ label, size }: ByteSource, head: Uint8Array): void {
  if (size === 0) throw notOnnx(label, 'it is empty');
  const text = new TextDecoder('latin1').decode(head);
  for (const [start, what] of LOOKALIKES) if (text.startsWith(start)) throw notOnnx(label, what);
}
