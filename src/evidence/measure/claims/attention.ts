/**
 * What a site of an attention claims, proved from the source's graph alone: the product with v is part of
 * the module whose values the site replaces, and all that comes of it goes through them.
 */
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { DataFlow } from './data-flow.js';

/**
 * Whether the Softmax reads the scores themselves: what is only cast or laid out otherwise is the same, and
 * masks, or the zeros that exporters add, are added to them.
 * @returns what is wrong, as the end of a sentence
 */
export function wrongScores(flow: DataFlow, scores: Value): string | undefined {
  const met = new Set([scores]);
  for (const value of met)
    for (const node of flow.readersOf(value)) {
      if (isOp(node, 'Softmax')) return undefined;
      if (isOp(node, 'Identity', 'Cast', 'Reshape', 'Transpose', 'Add')) met.add(node.output);
    }
  return `no Softmax reads "${scores.name}"`;
}

/** What is wrong, as the end of a sentence; undefined where nothing is. */
export function wrongModule(
  flow: DataFlow,
  mixed: Value,
  values: readonly Value[],
): string | undefined {
  const ends = new Set(values);
  if (!values.some((value) => flow.before([value]).has(mixed)))
    return `none of its values depends on "${mixed.name}"`;
  const past = flow.behind([mixed], ends);
  const escaped = flow.graph.outputs.find((value) => past.has(value) && !ends.has(value));
  return escaped && `"${mixed.name}" reaches "${escaped.name}" past the values of the site`;
}
