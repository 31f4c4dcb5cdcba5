/** Which nodes give the same result for the same inputs, and may therefore be merged or folded. */
import { subgraphs } from '../../model/ir/attribute.js';
import { isStandard, type Node } from '../../model/ir/node.js';
import { operatorOf } from '../../model/operators/index.js';
import { uniformConstant } from './tensors.js';

/** Does it draw random numbers whatever it is given? */
export const isRandom = (node: Node): boolean => operatorOf(node)?.random === 'always';

/** Nodes of other domains and nodes that hold graphs are left alone. */
export function isDeterministic(node: Node): boolean {
  if (!isStandard(node) || isRandom(node) || subgraphs(node).length > 0) return false;
  const training = node.inputs[2];
  const isSwitched = operatorOf(node)?.random === 'in training';
  return !isSwitched || !training || uniformConstant(training) === 0;
}
