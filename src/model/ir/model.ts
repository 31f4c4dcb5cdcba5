/** A model: a main graph with the operator sets it is written in, and everything the file carries beside it. */
import type { Graph } from './graph.js';

export interface Model {
  graph: Graph;
  irVersion: number;
  /** Domain to version; the standard domain is `""`. */
  readonly opsets: Map<string, number>;
  producerName: string | undefined;
  producerVersion: string | undefined;
  readonly metadata: Map<string, string>;
  /** Fields of the file that the graph does not model: functions, training info, devices, …. */
  extra: unknown;
}

/** Version of the standard operator set. */
export function opsetVersion(model: Model): number {
  return model.opsets.get('') ?? model.opsets.get('ai.onnx') ?? 1;
}
