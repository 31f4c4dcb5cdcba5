/**
 * Models to and from the message objects of the `onnx-proto` package. Both go through the file
 * format, so every tensor held in the messages is copied once; external data stay outside.
 */
import type Long from 'long';
import type { Model } from '../ir/model.js';
import type { ExternalFiles } from '../ir/tensor.js';
import { decodeModel, encodeModel } from './codec.js';
import { decodeMessage, encodeMessage } from './descriptor.js';
import type { ModelMessage } from './messages.js';

/**
 * A ModelProto as an object of `onnx-proto`: what its `onnx.ModelProto` decodes, and what it encodes. Declared here, since
 * that package's own declarations do not compile wherever these have to.
 */
export interface OnnxProtoModel {
  irVersion?: number | Long | null;
  opsetImport?: object[] | null;
  producerName?: string | null;
  producerVersion?: string | null;
  domain?: string | null;
  modelVersion?: number | Long | null;
  docString?: string | null;
  graph?: object | null;
  metadataProps?: object[] | null;
  trainingInfo?: object[] | null;
  functions?: object[] | null;
}

/**
 * Reads a model from an object of `onnx-proto`, decoded or plain. Nothing is lost here, but
 * `onnx-proto` 8.0.1 speaks ONNX 1.10: what is newer was dropped when it decoded the file (overloads
 * and metadata of nodes, typed functions, device placements, fields it does not know). Prefer `decodeModel` or
 * `loadModel` where the file is at hand.
 * @param files opens external data
 * @throws ONNX_INVALID and the GRAPH_ errors of a graph that is not well formed
 */
export function fromOnnxProto(model: OnnxProtoModel, files?: ExternalFiles): Model {
  return decodeModel(encodeMessage(model as ModelMessage), 'onnx-proto', files);
}

/**
 * The model as an object that `onnx-proto` can encode. It carries every field; `onnx-proto` writes
 * those of ONNX 1.10 and drops the rest. Large tensors are read into memory.
 */
export function toOnnxProto(model: Model): OnnxProtoModel {
  return decodeMessage(encodeModel(model));
}
