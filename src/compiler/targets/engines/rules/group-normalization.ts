/**
 * GroupNormalization of operator set 21, which no engine here has but QNN, becomes what it is defined by:
 * InstanceNormalization over groups, then a weight and a bias for each channel. Equal up to rounding; half
 * precision is normalized in float32, as the operator's `stash_type` says.
 */
import { attrNumber, float, int } from '../../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../../model/ir/node.js';
import { float32Tensor, int64Tensor } from '../../../../model/ir/tensor.js';
import { type DataType, dataTypeCode } from '../../../../model/ir/types.js';
import { constantShape } from '../../../../model/shape/index.js';
import type { NodeStep, Rewrite } from '../../../canonicalize/rewrite.js';
import type { Miss, TargetContext, TargetRule } from '../../target.js';

export const groupNormalization: TargetRule = {
  name: 'group-normalization',
  description: 'GroupNormalization as InstanceNormalization over groups, a weight and a bias.',
  match(node: Node, { shapes, opset }: TargetContext): Rewrite | Miss | undefined {
    if (!isOp(node, 'GroupNormalization')) return undefined;
    const miss = (reason: string): Miss => ({ node, reason });
    // the operator of set 18 has a weight for each group
    if (opset < 21) return miss('before operator set 21 it is another operator');
    const [x, scale, bias] = node.inputs;
    if (!x || !scale || !bias) return undefined;
    const shape = shapes.shape(x);
    if (!shape) return miss('its rank is not known');
    const sizes = constantShape(shape);
    const groups = attrNumber(node, 'num_groups');
    const type = shapes.dtype(x);
    if (!groups || !type) return miss('its groups or its type are not known');
    const stash = attrNumber(node, 'stash_type', dataTypeCode('float32'));
    if (stash !== dataTypeCode('float32')) return miss('it sums in another type than float32');
    // sizes that stay open are asked for when it runs
    const steps: NodeStep[] = sizes ? [] : [{ opType: 'Shape', inputs: [x] }];
    const before = steps.length;
    /** Each step reads the one before, or at first x. */
    const then = (step: NodeStep) =>
      steps.push({
        ...step,
        inputs: [steps.length === before ? x : { step: steps.length - 1 }, ...step.inputs],
      });
    const cast = (to: DataType) =>
      then({ opType: 'Cast', inputs: [], attributes: { to: int(dataTypeCode(to)) } });
    if (type !== 'float32') cast('float32');
    then({ opType: 'Reshape', inputs: [int64Tensor([sizes?.[0] ?? 0, groups, -1])] });
    const [one, zero] = [1, 0].map((all) => float32Tensor(Array<number>(groups).fill(all)));
    then({
      opType: 'InstanceNormalization',
      inputs: [one!, zero!],
      attributes: { epsilon: float(attrNumber(node, 'epsilon', 1e-5)) },
    });
    then({ opType: 'Reshape', inputs: [sizes ? int64Tensor(sizes) : { step: 0 }] });
    if (type !== 'float32') cast(type);
    const normalized = steps.length - 1;
    // along axis 1
    const perChannel = int64Tensor([-1, ...shape.slice(2).map(() => 1)]);
    steps.push(
      { opType: 'Reshape', inputs: [scale, perChannel] },
      { opType: 'Mul', inputs: [{ step: normalized }, { step: normalized + 1 }] },
      { opType: 'Reshape', inputs: [bias, perChannel] },
      { opType: 'Add', inputs: [{ step: normalized + 2 }, { step: normalized + 3 }] },
    );
    return {
      rule: 'group-normalization',
      node,
      why: `${groups} groups of ${shape.map(({ stated }) => stated).join('x')}`,
      replace: [{ from: node.output, to: { steps } }],
    };
  },
};
