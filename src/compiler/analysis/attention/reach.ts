/**
 * Walks between heavy nodes: what lies between two matrix products may be spelled in any way
 * (reshapes, casts, scales, norms, rotary embeddings, masks), so it is stepped over rather than
 * matched.
 */

import { isHeavy } from '../../../model/cost/index.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import { pushAll } from '../../../model/ir/push-all.js';
import type { Value } from '../../../model/ir/value.js';
import { readsNoElements } from '../../../model/operators/index.js';

export interface Reached {
  /** The heavy nodes where the walk ended. */
  readonly heavy: ReadonlySet<Node>;
  /** Light nodes on the way. */
  readonly passed: ReadonlySet<Node>;
  /** Graph inputs that were reached without a heavy node between. */
  readonly inputs: ReadonlySet<Value>;
}

/**
 * Where a way back ends without a layer. Shapes carry no data; sines and cosines between a projection
 * and a product are those of a rotary embedding, which come from positions.
 */
const carriesNothing = (node: Node): boolean => readsNoElements(node) || isOp(node, 'Sin', 'Cos');

/** The scale and zero point that dynamic quantization finds are about its data, which come another way. */
const isScaleOfData = (value: Value): boolean =>
  isOp(value.producer, 'DynamicQuantizeLinear') && value.outputIndex > 0;

/** Backwards from a value over light nodes. */
export function reachBack(from: Value): Reached {
  const heavy = new Set<Node>();
  const passed = new Set<Node>();
  const inputs = new Set<Value>();
  const stack = [from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (isScaleOfData(value)) continue;
    if (!node) {
      if (!value.initializer) inputs.add(value);
    } else if (isHeavy(node)) heavy.add(node);
    else if (!passed.has(node) && !carriesNothing(node)) {
      passed.add(node);
      pushAll(stack, nodeDependencies(node));
    }
  }
  return { heavy, passed, inputs };
}

/** Forwards from a value over light nodes, to the heavy nodes that read it first. */
export function reachForward(from: Value): Omit<Reached, 'inputs'> {
  const heavy = new Set<Node>();
  const passed = new Set<Node>();
  const stack = [from];
  for (let value = stack.pop(); value; value = stack.pop()) {
    for (const user of value.users) {
      if (isHeavy(user)) heavy.add(user);
      else if (!passed.has(user) && !readsNoElements(user)) {
        passed.add(user);
        for (const output of user.outputs) if (output) stack.push(output);
      }
    }
  }
  return { heavy, passed };
}
