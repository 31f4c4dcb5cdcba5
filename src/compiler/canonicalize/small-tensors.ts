/**
 * Short vectors and single numbers in external data are read into memory. Exporters leave them in the model file, but
 * `onnx.save` with a size threshold of 0 moves out all of them, the numbers that shape arithmetic works on
 * among them; onnxruntime itself needs some of those inside (the scales of a Resize, for one).
 */
import { StepfoldError } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import { replaceTensors } from '../../model/ir/stored-tensors.js';
import { readBytes, tensorBytes } from '../../model/ir/tensor.js';

/** The threshold of PyTorch's exporter. */
const SMALL = 1024;

/** Leaves a tensor whose file is missing or wrong as it is: models without weights can be looked at too. */
export function readSmallTensors(model: Model): void {
  replaceTensors(model.graph, (tensor) => {
    if (tensor.data.kind !== 'external' || !tensor.data.files) return undefined;
    if (tensor.dims.length > 1 || tensorBytes(tensor) >= SMALL) return undefined;
    try {
      return { ...tensor, data: { kind: 'bytes', bytes: readBytes(tensor) } };
    } catch (error) {
      if (error instanceof StepfoldError) return undefined;
      throw error;
    }
  });
}
