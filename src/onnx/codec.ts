/** Models to and from bytes. Weights stay where they lie: only the skeleton is decoded. */
import { notOnnx, StepfoldError } from '../errors/index.js';
import type { Model } from '../ir/model.js';
import type { ByteSource, ExternalFiles } from '../ir/tensor.js';
import { decodeMessage, encodeMessage } from './descriptor.js';
import { modelToMessage } from './from-ir.js';
import type { ModelMessage } from './messages.js';
import { putBack, type RawRange, takeOut } from './skeleton.js';
import { joinPieces, memorySource, type Piece } from './source.js';
import { modelFromMessage } from './to-ir.js';

/**
 * Reads a model from any source of bytes.
 * @param files opens external data; without it tensors in external files keep their place but no data
 * @throws ONNX_INVALID, ONNX_TRUNCATED, and the GRAPH_ errors of a graph that is not well formed
 */
export function readModel(source: ByteSource, files?: ExternalFiles): Model {
  refuseKnownFormats(source);
  const { skeleton, ranges } = takeOut(source);
  const message = decode(joinPieces(skeleton), source.label);
  return modelFromMessage(message, { label: source.label, ranges, files });
}

export function decodeModel(bytes: Uint8Array, label?: string, files?: ExternalFiles): Model {
  return readModel(memorySource(bytes, label), files);
}

/** The model's bytes as pieces to write one after another; weights are ranges of their files. */
export function modelPieces(model: Model): Piece[] {
  const { message, ranges } = modelToMessage(model);
  return messagePieces(message, ranges);
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

function refuseKnownFormats(source: ByteSource): void {
  if (source.size === 0) throw notOnnx(source.label, 'it is empty');
  const head = new TextDecoder('latin1').decode(source.read(0, Math.min(32, source.size)));
  for (const [start, what] of LOOKALIKES)
    if (head.startsWith(start)) throw notOnnx(source.label, what);
}
