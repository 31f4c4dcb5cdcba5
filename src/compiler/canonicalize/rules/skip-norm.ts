/**
 * The norm of a sum, as com.microsoft SkipLayerNormalization has it in one: the sum is a residual stream,
 * and stands by itself again, with the norm behind it. onnxruntime puts the two together again when it
 * opens a model. This is the one rule after which the last bit of a number may differ: the fused kernel adds up
 * in another order.
 */
import { float, int } from '../../../model/ir/attribute.js';
import { MICROSOFT, type Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import { chain, type NodeStep, type Rewrite } from '../rewrite.js';

/** The norm that each operator ends in. */
const NORMS: Readonly<Record<string, string>> = {
  SkipLayerNormalization: 'LayerNormalization',
  SkipSimplifiedLayerNormalization: 'SimplifiedLayerNormalization',
};

/** What the fused operators take where they say none; the norms by themselves would take 1e-5. */
const EPSILON = 1e-12;

export const skipNorm = (node: Node): Rewrite | undefined => {
  const norm = normOf(node);
  const [normed, mean, deviation, sum] = node.outputs;
  // the second and the third output are statistics for training
  if (!norm || !normed || [mean, deviation].some((output) => output?.uses.size)) return undefined;
  const simplified = norm !== 'LayerNormalization';
  const [input, skip, gamma, beta] = node.inputs;
  const bias = node.inputs[simplified ? 3 : 4];
  if (!input || !skip || !gamma) return undefined;
  const steps = sumSteps(input, skip, bias ?? undefined);
  const epsilon = node.attributes.get('epsilon') ?? float(EPSILON);
  const parameters = simplified || !beta ? [gamma] : [gamma, beta];
  const last = (...inputs: Value[]): NodeStep => ({
    opType: norm,
    inputs: [...inputs, ...parameters],
    attributes: { axis: int(-1), epsilon },
  });
  return {
    rule: 'skip-norm',
    node,
    why: 'it adds up two values before the norm',
    replace: sum
      ? [
          // reads the sum that is replaced next, and so its replacement
          { from: normed, to: { steps: [last(sum)] } },
          { from: sum, to: { steps: chain(...steps) } },
        ]
      : [{ from: normed, to: { steps: chain(...steps, last()) } }],
  };
};

const normOf = (node: Node): string | undefined =>
  node.domain === MICROSOFT && Object.hasOwn(NORMS, node.opType) ? NORMS[node.opType] : undefined;

/** The bias is that of the layer which the first operand comes from. */
const sumSteps = (input: Value, skip: Value, bias: Value | undefined): NodeStep[] =>
  bias
    ? [
        { opType: 'Add', inputs: [input, bias] },
        { opType: 'Add', inputs: [skip] },
      ]
    : [{ opType: 'Add', inputs: [input, skip] }];
