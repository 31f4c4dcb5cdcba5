/** An `If` whose condition is known becomes the nodes of the branch that is taken. */
import { isOp } from '../../../model/ir/node.js';
import type { Rewrite, Rule } from '../rewrite.js';
import { uniformConstant } from '../tensors.js';

export const inlineIf: Rule = (node): Rewrite | undefined => {
  if (!isOp(node, 'If')) return undefined;
  const condition = uniformConstant(node.inputs[0]);
  if (condition === undefined) return undefined;
  const branch = node.attributes.get(condition ? 'then_branch' : 'else_branch');
  if (branch?.type !== 'graph') return undefined;
  const why = `its condition is always ${condition ? 'true' : 'false'}`;
  return { rule: 'inline-if', node, why, inline: branch.value };
};
