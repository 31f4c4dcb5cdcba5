/**
 * Sizes of outputs as the engine sees them. Triton refuses a model where its configuration says less of an output than
 * onnxruntime finds out, such as three channels where the model declares an open size. So the engine is asked, and what it
 * says is also written into the model, where every version of it finds the same.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { inOneLine } from '../../../errors/in-one-line.js';
import type { Graph } from '../../../model/ir/graph.js';
import { type Dim, tensorType } from '../../../model/ir/types.js';
import { loadEngine } from '../../../runtime/ort/index.js';

/** Nothing is computed ahead, and no weight is read. */
const OPTIONS: InferenceSession.SessionOptions = {
  graphOptimizationLevel: 'disabled',
  logSeverityLevel: 4,
  extra: { session: { disable_prepacking: '1' } },
};

/**
 * Costs opening the model.
 * @param graph of it, whose outputs are told their sizes
 * @returns why the engine could not be asked, where that is so
 */
export async function settleOutputs(graph: Graph, file: string): Promise<string | undefined> {
  const engine = await loadEngine();
  if (!engine) return 'onnxruntime-node is not installed';
  let session: InferenceSession;
  try {
    session = await engine.InferenceSession.create(file, OPTIONS);
  } catch (error) {
    return inOneLine((error as Error).message).replace(/\.$/, '');
  }
  try {
    for (const found of session.outputMetadata) {
      const output = graph.outputs.find(({ name }) => name === found.name);
      if (!found.isTensor || output?.type?.kind !== 'tensor') continue;
      const { elem, shape } = output.type;
      output.type = tensorType(
        elem,
        found.shape.map((dim, axis) => settled(dim, shape?.[axis])),
      );
    }
  } finally {
    await session.release();
  }
  return undefined;
}

/** @param found a number, a symbol, or nothing where the size is open */
const settled = (found: number | string, declared: Dim | undefined): Dim => {
  if (typeof found === 'number' && found >= 0) return found;
  return declared ?? (typeof found === 'string' && found !== '' ? found : null);
};
