/**
 * Softmax attention without a mask, spelled as two products, becomes onnxruntime's MultiHeadAttention,
 * which goes over the keys in blocks (Dao et al. 2022, arXiv 2205.14135) and never writes the scores to
 * memory: 512 MiB of them at 4,096 tokens and 8 heads. With few keys the blocks cost more than they save,
 * and those attentions stay as they are.
 *
 * Heads go in as further batches of one head each, (batch*heads, tokens, size). That is a view of what the
 * products take, so that nothing is moved.
 */
import { attrNumber, attrNumbers, float, int, ints } from '../../../model/ir/attribute.js';
import { isOp, MICROSOFT, type Node } from '../../../model/ir/node.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { evaluate } from '../../../model/shape/index.js';
import type { NodeStep, Rewrite, StepOutput } from '../../canonicalize/rewrite.js';
import type { Miss, TargetContext, TargetRule } from '../target.js';
import { scalarConstant, soleUser } from './operands.js';

/**
 * From so many keys on the operator is faster. Measured (two threads, heads of 40 to 160): 1.4 times at
 * 4,096 keys, 1.0 to 1.3 at 1,024, 0.8 to 0.9 at 256 and fewer.
 */
const FEWEST_KEYS = 1024;

export const attention: TargetRule = {
  name: 'attention',
  description:
    'Attention spelled as two products, from 1,024 keys on, as one operator that keeps no scores (MultiHeadAttention).',
  match(softmax, { shapes, opset, sizes }: TargetContext): Rewrite | Miss | undefined {
    if (!isOp(softmax, 'Softmax')) return undefined;
    const mix = soleUser(softmax.output);
    const way = wayOfScores(softmax);
    // a softmax that follows no product is no near miss
    if (!way || !mix) return undefined;
    const miss = (reason: string): Miss => ({ node: softmax, reason });
    if (typeof way === 'string') return miss(way);
    const v = mix.inputs[1];
    if (!isOp(mix, 'MatMul') || mix.inputs[0] !== softmax.output || !v)
      return miss(`its output is not the left operand of a MatMul ("${mix.label}" reads it)`);
    const scoresShape = shapes.shape(softmax.output);
    const rank = scoresShape?.length;
    if (!scoresShape || (rank !== 3 && rank !== 4))
      return miss('its scores have neither three nor four axes');
    const axis = attrNumber(softmax, 'axis', opset < 13 ? 1 : -1);
    if (axis !== -1 && axis !== rank - 1)
      return miss(`it normalises over axis ${axis}, not the last`);
    if (shapes.dtype(softmax.output) !== 'float32')
      return miss(`it is of type ${shapes.dtype(softmax.output)}, and only float32 has a kernel`);
    const [q, k] = way.scores.inputs as [Value, Value];
    if ([q, k, v].some((operand) => shapes.shape(operand)?.length !== rank))
      return miss('q, k and v are not all of the rank of the scores');
    // products broadcast leading axes, the operator does not
    const lead = (operand: Value) => shapes.shape(operand)!.slice(0, -2).join();
    if (lead(q) !== lead(k) || lead(q) !== lead(v))
      return miss('q, k and v have different numbers of heads or batches');
    const heads = rank === 4 ? scoresShape[1]!.constant : 1;
    if (heads === undefined) return miss('the number of heads is not known');
    const keys = evaluate(scoresShape.at(-1)!, sizes);
    if (keys === undefined) return miss('the number of keys is not known');
    if (keys < FEWEST_KEYS) return miss(`with ${keys} keys it is no faster as one operator`);
    // as the attribute holds it
    const scale = Math.fround(way.factor);
    if (scale === 0 || !Number.isFinite(scale))
      return miss(`its scores are times ${way.factor}, which to the operator is no scale`);
    const steps = operatorSteps({ operands: [q, k, v], rank, heads, scale, opset });
    return {
      rule: 'attention',
      node: softmax,
      why: `${keys} keys, scores of "${way.scores.label}" times ${way.factor}`,
      replace: [{ from: mix.output, to: { steps } }],
    };
  },
};

/** From the softmax back over factors to the product; text where something else lies there. */
function wayOfScores(
  softmax: Node,
): { readonly scores: Node; readonly factor: number } | string | undefined {
  let value = softmax.inputs[0];
  let factor = 1;
  for (;;) {
    const node: Node | undefined = value?.producer;
    if (!node) return undefined;
    if (isOp(node, 'MatMul', 'Mul', 'Div') && !soleUser(node.output))
      return 'something else reads its scores';
    if (isOp(node, 'MatMul')) return { scores: node, factor };
    if (isOp(node, 'Add', 'Sub', 'Where', 'Cast'))
      return `"${node.label}" (${node.opType}) stands between the product and it`;
    if (!isOp(node, 'Mul', 'Div')) return undefined;
    const [a, b] = node.inputs.map((v) => scalarConstant(v));
    if (b !== undefined) factor = node.opType === 'Mul' ? factor * b : factor / b;
    else if (a !== undefined && node.opType === 'Mul') factor *= a;
    else return `"${node.label}" (${node.opType}) by no constant number lies before it`;
    value = node.inputs[b === undefined ? 1 : 0];
  }
}

interface Operator {
  /** q (..., queries, size), k (..., size, keys), v (..., keys, size). */
  readonly operands: readonly [Value, Value, Value];
  readonly rank: 3 | 4;
  readonly heads: number;
  readonly scale: number;
  readonly opset: number;
}

function operatorSteps({ operands, rank, heads, scale, opset }: Operator): NodeStep[] {
  const steps: NodeStep[] = [];
  const add = (step: NodeStep): StepOutput => ({ step: steps.push(step) - 1 });
  const axisStep = (opType: 'Squeeze' | 'Unsqueeze', data: Value | StepOutput): NodeStep =>
    opset < 13
      ? { opType, inputs: [data], attributes: { axes: ints([0]) } }
      : { opType, inputs: [data, int64Tensor([0])] };
  const reshape = (data: Value | StepOutput, target: readonly number[]): StepOutput =>
    add({ opType: 'Reshape', inputs: [data, int64Tensor(target)] });
  // sizes are copied from their places, so that the views hold for any of them
  const flat = (data: Value | StepOutput) =>
    rank === 3 ? data : add(axisStep('Squeeze', reshape(data, [1, -1, 0, 0])));
  const [q, kTransposed, v] = operands;
  const { data, perm } = turned(kTransposed, rank);
  const k = perm ? add({ opType: 'Transpose', inputs: [data], attributes: { perm } }) : data;
  const result = add({
    opType: 'MultiHeadAttention',
    domain: MICROSOFT,
    inputs: [flat(q), flat(k), flat(v)],
    attributes: { num_heads: int(1), scale: float(scale) },
  });
  if (rank === 4) reshape(add(axisStep('Unsqueeze', result)), [-1, heads, 0, 0]);
  return steps;
}

/** The value with its last two axes swapped: what a Transpose before it read, where there is one. */
function turned(value: Value, rank: 3 | 4) {
  const swap = rank === 3 ? [0, 2, 1] : [0, 1, 3, 2];
  const node = value.producer;
  const before = isOp(node, 'Transpose') ? attrNumbers(node, 'perm') : undefined;
  const data = node?.inputs[0];
  if (!before || !data) return { data: value, perm: ints(swap) };
  const order = swap.map((axis) => before[axis]!);
  return { data, perm: order.every((axis, i) => axis === i) ? undefined : ints(order) };
}
