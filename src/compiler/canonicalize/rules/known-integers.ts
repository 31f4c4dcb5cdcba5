/**
 * A small integer or boolean value whose elements shape inference knows as numbers becomes a
 * constant. This resolves most shape arithmetic, without onnxruntime.
 */
import { isOp } from '../../../model/ir/node.js';
import type { Rewrite, Rule } from '../rewrite.js';
import { integerTensor } from '../tensors.js';

export const knownIntegers: Rule = (node, { shapes }): Rewrite | undefined => {
  if (isOp(node, 'Constant')) return undefined;
  const replace = node.outputs.flatMap((output) => {
    if (!output || output.uses.size === 0) return [];
    const elements = shapes.contents(output)?.map((e) => e.exactConstant);
    const dims = shapes.shape(output)?.map((d) => d.constant as number);
    const dtype = shapes.dtype(output);
    if (!elements || !dims || !dtype || elements.some((e) => e === undefined)) return [];
    const tensor = integerTensor(dtype, elements as bigint[], dims);
    return tensor ? [{ from: output, to: { tensor } }] : [];
  });
  if (replace.length === 0) return undefined;
  return { rule: 'known-integers', node, why: 'its elements are known numbers', replace };
};
