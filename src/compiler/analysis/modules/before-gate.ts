/** From what is added to a stream back to what the last layer of the branch gives. */
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers, operatorOf } from '../../../model/operators/index.js';
import type { Ancestry } from '../ancestry.js';
import { follows } from '../blocks/residual.js';

/**
 * The branch without gates: factors that are not computed from the stream, such as those of adaLN-Zero (Peebles and Xie,
 * arXiv 2212.09748), or that are constants, such as a LayerScale. A gate depends on the timestep, so a branch that is kept
 * with it would be scaled as at an earlier step.
 * @param from the stream that the branch is computed from
 */
export function beforeGate(branch: Value, from: Value, ancestry: Ancestry): Value {
  let found = branch;
  for (let value = branch; ; ) {
    const node = value.producer;
    const [first, second] = node?.inputs ?? [];
    if (!node || !first) return found;
    if (isOp(node, 'Mul', 'Div') && second) {
      const [ofStream, ...others] = [first, second].filter((v) => follows(v, from, ancestry));
      if (!ofStream || others.length > 0 || (isOp(node, 'Div') && ofStream !== first)) return found;
      found = ofStream;
      value = ofStream;
    } else if (keepsNumbers(node) || operatorOf(node)?.elements === 'quantized') value = first;
    else return found;
  }
}
