/** Runs a model that needs no inputs, without optimization, and reads its outputs as tensors. */
import type { Tensor as EngineTensor } from 'onnxruntime-common';
import type { Model } from '../../model/ir/model.js';
import type { Tensor } from '../../model/ir/tensor.js';
import type { DataType } from '../../model/ir/types.js';
import { encodeModel } from '../../model/onnx/index.js';
import type { Engine } from './engine.js';

/**
 * Evaluates the outputs of a model without inputs. Graph optimization is off, so every node gives
 * what it would give inside a larger model. The model must carry its tensors' data.
 * @returns tensors by output name
 * @throws whatever the engine says about a node it cannot run
 */
export async function evaluate(model: Model, engine: Engine): Promise<Map<string, Tensor>> {
  const session = await engine.InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'disabled',
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run({});
    return new Map(Object.entries(results).map(([name, tensor]) => [name, toTensor(tensor)]));
  } finally {
    await session.release();
  }
}

function toTensor(tensor: EngineTensor): Tensor {
  const { dims, data } = tensor;
  if (Array.isArray(data)) {
    const utf8 = new TextEncoder();
    const values = data.map((text) => utf8.encode(String(text)));
    return { dtype: 'string', dims, data: { kind: 'strings', values } };
  }
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  const bytes = new Uint8Array(buffer, byteOffset, byteLength).slice();
  return { dtype: tensor.type as DataType, dims, data: { kind: 'bytes', bytes } };
}
