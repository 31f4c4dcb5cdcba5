/**
 * What a file says about its weights beside the graph that reads them: how to train them, and how they were
 * quantized. It names tensors that the models of a schedule need not have or may name otherwise, and nothing
 * runs on it, so it is left out of what is written, and said. Reading and writing a file unchanged keeps it.
 */
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { copy } from './from-ir.js';
import type { GraphExtra, ModelExtra } from './to-ir.js';

/**
 * Changes the model.
 * @returns a sentence for each kind, without its full stop
 */
export function dropLeftOvers(model: Model): string[] {
  const notes: string[] = [];
  const extra = model.extra as ModelExtra | undefined;
  const training = extra?.message.trainingInfo?.length ?? 0;
  if (extra && training > 0) {
    const message = copy(extra.message);
    delete message.trainingInfo;
    model.extra = { ...extra, message } satisfies ModelExtra;
    notes.push(
      `${count(training, 'training graph')} left out: a schedule's models are not trained`,
    );
  }
  const annotations = dropAnnotations(model.graph);
  if (annotations > 0)
    notes.push(
      `${count(annotations, 'quantization annotation')} left out: they name tensors that a schedule's models may not have`,
    );
  return notes;
}

const count = (n: number, what: string) => (n === 1 ? `1 ${what} is` : `${n} ${what}s are`);

function dropAnnotations(graph: Graph): number {
  let dropped = 0;
  const extra = graph.extra as GraphExtra | undefined;
  if (extra?.message.quantizationAnnotation?.length) {
    dropped += extra.message.quantizationAnnotation.length;
    const message = copy(extra.message);
    delete message.quantizationAnnotation;
    graph.extra = { ...extra, message } satisfies GraphExtra;
  }
  for (const node of graph.nodes)
    for (const inner of subgraphs(node)) dropped += dropAnnotations(inner);
  return dropped;
}
