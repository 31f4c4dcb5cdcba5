/** Constant nodes become initializers: one form for constants, so that nothing has to look for two. */
import { constantNodeTensor } from '../../../model/ir/constants.js';
import { isOp } from '../../../model/ir/node.js';
import type { Rewrite, Rule } from '../rewrite.js';

export const constantNode: Rule = (node): Rewrite | undefined => {
  if (!isOp(node, 'Constant')) return undefined;
  const tensor = constantNodeTensor(node);
  if (!tensor) return undefined;
  const replace = [{ from: node.output, to: { tensor } }];
  return { rule: 'constant-node', node, why: 'constants are initializers', replace };
};
