/** Gelu of operator set 20 by onnxruntime's own operators, which the DirectML provider has. Equal up to rounding. */
import { attrString } from '../../../../model/ir/attribute.js';
import { isOp, MICROSOFT, type Node } from '../../../../model/ir/node.js';
import type { Rewrite } from '../../../canonicalize/rewrite.js';
import type { TargetRule } from '../../target.js';

export const microsoftGelu: TargetRule = {
  name: 'microsoft-gelu',
  description: "Gelu by onnxruntime's own operators (Gelu, by tanh FastGelu).",
  match(node: Node): Rewrite | undefined {
    const [x] = node.inputs;
    if (!isOp(node, 'Gelu') || !x) return undefined;
    const tanh = attrString(node, 'approximate') === 'tanh';
    const step = { opType: tanh ? 'FastGelu' : 'Gelu', domain: MICROSOFT, inputs: [x] };
    return {
      rule: 'microsoft-gelu',
      node,
      why: tanh ? 'by tanh' : 'by erf',
      replace: [{ from: node.output, to: { steps: [step] } }],
    };
  },
};
