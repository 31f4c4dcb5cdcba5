/**
 * A kernel that one branch of an `If` alone reads moves into that branch. onnxruntime lays convolutions out
 * in blocks of channels (NCHWc) only where it finds their kernels in the graph they stand in; with
 * kernels outside, a merged U-Net's convolutions take the slow way.
 *
 * Costs the hard link: onnxruntime refuses weights inside branches that lie in a file with several names,
 * so such a bundle gets a copy of its own.
 */
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Rewrite } from '../../canonicalize/rewrite.js';
import type { Miss, TargetRule } from '../target.js';

export const branchWeights: TargetRule = {
  name: 'branch-weights',
  description:
    'Put kernels that one branch of an If alone reads into it, where they are laid out anew.',
  match(conv): Rewrite | Miss | undefined {
    if (!isOp(conv, 'Conv') || !conv.graph.parent) return undefined;
    const outside = [1, 2].flatMap((index) => {
      const value = conv.inputs[index];
      const tensor = constantTensor(value);
      return value?.initializer && tensor && value.graph !== conv.graph
        ? [{ index, value, to: tensor }]
        : [];
    });
    const [kernel] = outside;
    if (!kernel) return undefined;
    const other = outside.find(({ value }) => !isReadIn(value, conv.graph));
    if (other)
      return { node: conv, reason: `"${other.value.name}" is read outside of its branch as well` };
    return {
      rule: 'branch-weights',
      node: conv,
      why: `nothing outside of its branch reads "${kernel.value.name}"`,
      operands: outside.map(({ index, to }) => ({ index, to })),
    };
  },
};

/** Is a value read in this graph alone? */
const isReadIn = (value: Value, graph: Value['graph']): boolean =>
  !value.isGraphOutput && [...value.users].every((user) => user.graph === graph);
