/**
 * Constant indices of 64 bits become indices of 32, where every one fits and the operator takes either: engines
 * without 64-bit integers take the node then. Exact.
 */
import { constantTensor } from '../../../../model/ir/constants.js';
import { isOp, type Node } from '../../../../model/ir/node.js';
import { readBigInts } from '../../../../model/ir/tensor.js';
import type { Rewrite } from '../../../canonicalize/rewrite.js';
import { integerTensor } from '../../../canonicalize/tensors.js';
import type { Miss, TargetRule } from '../../target.js';

const MOST = 2n ** 31n - 1n;

export const narrowIndices: TargetRule = {
  name: 'narrow-indices',
  description: 'Constant indices as 32-bit integers, which engines without 64-bit ones take.',
  match(node: Node): Rewrite | Miss | undefined {
    if (!isOp(node, 'Gather', 'GatherElements', 'ScatterElements')) return undefined;
    const indices = constantTensor(node.inputs[1]);
    if (indices?.dtype !== 'int64') return undefined;
    const numbers = readBigInts(indices);
    if (numbers.some((x) => x > MOST || x < -MOST - 1n))
      return { node, reason: 'an index is beyond 32 bits' };
    const to = integerTensor('int32', numbers, indices.dims)!;
    return {
      rule: 'narrow-indices',
      node,
      why: `${numbers.length} ${numbers.length === 1 ? 'index' : 'indices'} that fit 32 bits`,
      operands: [{ index: 1, to }],
    };
  },
};
