/**
 * A multiplication and an addition by one constant for each channel, as they follow the normalization of
 * a GroupNorm, are BatchNormalization with mean 0 and variance 1: one pass over the data in place of
 * two. Exact where the engine computes x * a + b by a product and a sum.
 *
 * Costs 8 bytes a channel for zeros and ones.
 */
import { float } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { elementCount, float32Tensor, type Tensor } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { Rewrite, RuleContext } from '../../canonicalize/rewrite.js';
import type { Miss, TargetRule } from '../target.js';
import { soleUser, withConstant } from './operands.js';

export const channelAffine: TargetRule = {
  name: 'channel-affine',
  description:
    'Multiply and add per channel, behind a GroupNorm, in one pass (BatchNormalization of mean 0, variance 1).',
  match(mul, { shapes }: RuleContext): Rewrite | Miss | undefined {
    if (!isOp(mul, 'Mul') || !isNormalized(mul)) return undefined;
    const miss = (reason: string): Miss => ({ node: mul, reason });
    const scaled = withConstant(mul);
    if (!scaled) return miss('its weight is no constant');
    const shape = shapes.shape(scaled.value);
    if (!shape || shape.length < 3)
      return miss('the rank of what it scales is not known, or below 3');
    if (shapes.dtype(scaled.value) !== 'float32')
      return miss(`it is of type ${shapes.dtype(scaled.value)}, and only float32 has a kernel`);
    const channels = shape[1]!.constant;
    if (channels === undefined) return miss('the number of channels is not known');
    const add = soleUser(mul.output);
    if (!isOp(add, 'Add')) return miss('what reads the product is not one Add');
    const shifted = withConstant(add);
    if (!shifted) return miss('its bias is no constant');
    const perChannel = (t: Tensor) => channelVector(t, channels, shape.length);
    const scale = perChannel(scaled.constant);
    const bias = perChannel(shifted.constant);
    if (!scale || !bias)
      return miss(
        `its ${scale ? 'bias' : 'weight'} does not hold one number for each of ${channels} channels`,
      );
    const [zeros, ones] = [0, 1].map((x) => float32Tensor(Array<number>(channels).fill(x)));
    const step = {
      opType: 'BatchNormalization',
      inputs: [scaled.value, scale, bias, zeros!, ones!],
      attributes: { epsilon: float(0) },
    };
    return {
      rule: 'channel-affine',
      node: add,
      why: `one weight and one bias for each of ${channels} channels`,
      replace: [{ from: add.output, to: { steps: [step] } }],
    };
  },
};

/** Does a Mul scale what a normalization made, perhaps back in its shape? */
function isNormalized(mul: Node): boolean {
  const fromNorm = (value: Value | null): boolean => {
    let node = value?.producer;
    while (isOp(node, 'Reshape')) node = node.inputs[0]?.producer;
    return isOp(node, 'InstanceNormalization');
  };
  return mul.inputs.some(fromNorm);
}

/** The same bytes as a vector, when a constant of rank `rank` or less differs along axis 1 only. */
function channelVector(tensor: Tensor, channels: number, rank: number): Tensor | undefined {
  const axis = tensor.dims.length - (rank - 1);
  if (elementCount(tensor.dims) !== channels) return undefined;
  // there is no size before the first axis, and of a higher rank it would give its rank to the result
  if (axis > 1 || tensor.dims[axis] !== channels) return undefined;
  return { ...tensor, dims: [channels] };
}
