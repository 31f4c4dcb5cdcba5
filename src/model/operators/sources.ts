/** Operators that make tensors out of nothing, or out of the shapes and number of others. */
import { attrTensor } from '../ir/attribute.js';
import { constantNodeTensor } from '../ir/constants.js';
import { dataTypeFromCode } from '../ir/types.js';
import { isPositive, maximum } from '../sizes/bounds.js';
import { add, constant, multiply, product, subtract } from '../sizes/dim.js';
import { ceilDivide } from '../sizes/divide.js';
import { type Operator, type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { countOf } from './rules/elements.js';
import { constantShape, type Facts, type Fraction, MAX_CONTENTS, whole } from './rules/facts.js';
import { isExactAsDouble } from './rules/fractions.js';
import { tensorFacts } from './rules/tensor-facts.js';
import { always, byAttribute, like, likeFirst, type OutputType, untold } from './rules/types.js';
import { unknownList } from './rules/unknown-list.js';

const constantNode: Rule = (c) => {
  const tensor = constantNodeTensor(c.node);
  if (tensor) return tensorFacts(tensor);
  const { attributes } = c.node;
  if (attributes.has('value_string')) return { dtype: 'string', shape: [] };
  const strings = attributes.get('value_strings');
  if (strings?.type === 'strings')
    return { dtype: 'string', shape: [constant(strings.value.length)] };
  const sparse = attributes.get('sparse_value');
  if (sparse?.type !== 'opaque' || sparse.tensor?.kind !== 'tensor')
    return c.fail('it holds no value');
  const { elem, shape } = sparse.tensor;
  return { dtype: elem, shape: (shape ?? []).map((size) => constant(size as number)) };
};

const shapeOf: Rule = (c) => {
  const shape = c.shape(0);
  const clamp = (axis: number) =>
    Math.min(Math.max(axis < 0 ? axis + shape.length : axis, 0), shape.length);
  const part = shape.slice(clamp(c.number('start', 0)), clamp(c.number('end', shape.length)));
  return { dtype: 'int64', shape: [constant(part.length)], contents: part.map(whole) };
};

const size: Rule = (c) => ({
  dtype: 'int64',
  shape: [],
  contents: [whole(product(c.shape(0)))],
});

const constantOfShape: Rule = (c) => {
  const shape = c.integers(0) ?? unknownList(c, 0);
  const fill = attrTensor(c.node, 'value');
  const facts: Facts = { dtype: fill?.dtype ?? 'float32', shape };
  const sizes = constantShape(shape);
  const element = fill ? tensorFacts(fill).contents?.[0] : whole(0);
  if (sizes?.some((size) => size < 0)) return c.fail('a size is negative');
  if (!element || !sizes || countOf(sizes) > MAX_CONTENTS) return facts;
  return { ...facts, contents: new Array(countOf(sizes)).fill(element) };
};

const range: Rule = (c) => {
  const [start, limit, step] = [0, 1, 2].map((i) => c.contents(i)?.[0]);
  const dtype = c.dtype(0);
  const by = step?.over.exactConstant;
  if (!start || !limit || !step || !by || [start, limit, step].some((f) => f.under !== 1n))
    return { dtype, shape: [c.freshSize(0)] };
  if (!isExactAsDouble(start.over) || !isExactAsDouble(limit.over))
    return { dtype, shape: [c.freshSize(0)] };
  const span = by > 0n ? subtract(limit.over, start.over) : subtract(start.over, limit.over);
  const count = maximum(0, ceilDivide(span, by < 0n ? -by : by));
  const length = count.constant;
  if (length === undefined || length > MAX_CONTENTS) return { dtype, shape: [count] };
  const contents = Array.from({ length }, (_, i) => whole(add(start.over, multiply(by, i))));
  return { dtype, shape: [count], contents };
};

/** Random tensors of a shape given as an attribute. */
const random: Rule = (c) => ({
  dtype: dataTypeFromCode(c.number('dtype', 1)),
  shape: (c.numbers('shape') ?? []).map((d) => constant(d)),
});

const randomLike: Rule = (c) => {
  const code = c.number('dtype');
  return { dtype: code === undefined ? c.dtype(0) : dataTypeFromCode(code), shape: c.shape(0) };
};

const eyeLike: Rule = randomLike;

const oneHot: Rule = (c) => {
  const indices = c.shape(0);
  const depth = c.integers(1)?.[0];
  const axis = c.number('axis', -1);
  const at = axis < 0 ? axis + indices.length + 1 : axis;
  const size = depth && isPositive(depth) ? depth : c.freshSize(at);
  const shape = [...indices.slice(0, at), size, ...indices.slice(at)];
  return { dtype: c.dtype(2), shape, contents: markedPlaces(c, constantShape(shape), at) };
};

/** Of every row of places along an axis the one that an index tells, counted from the end where it is negative. */
function markedPlaces(
  c: RuleContext,
  sizes: readonly number[] | undefined,
  at: number,
): readonly Fraction[] | undefined {
  const [places, [off, on] = []] = [c.constants(0), c.contents(2)];
  if (!places || !off || !on || !sizes || countOf(sizes) > MAX_CONTENTS) return undefined;
  const depth = sizes[at]!;
  const inner = countOf(sizes.slice(at + 1));
  return Array.from({ length: countOf(sizes) }, (_, i) => {
    const row = Math.floor(i / (inner * depth)) * inner + (i % inner);
    const place = places[row]!;
    const along = Math.floor(i / inner) % depth;
    return (place < 0 ? place + depth : place) === along ? on : off;
  });
}

const nonZero: Rule = (c) => ({
  dtype: 'int64',
  shape: [constant(c.shape(0).length), c.freshSize(1)],
});

const NORMAL = { mean: 0, scale: 1 };
const UNIFORM = { low: 0, high: 1 };

/** Drawn from a distribution; the type of a result may be told. */
const drawn = (
  required: number,
  shape: Rule | undefined,
  otherwise: OutputType,
  defaults: Operator['defaults'] = {},
) =>
  operator({
    required,
    defaults,
    shape,
    types: byAttribute('dtype', otherwise),
    batch: 'unknown',
    elements: 'computed',
    random: 'always',
  });

/** Made of a number of elements alone. */
const window = () =>
  operator({
    required: 1,
    defaults: { output_datatype: 1, periodic: 1 },
    shape: undefined,
    types: byAttribute('output_datatype', always('float32')),
    batch: 'unknown',
    elements: 'computed',
  });

export const SOURCES: Operators = {
  Constant: operator({
    required: 0,
    shape: constantNode,
    types: untold,
    batch: 'unknown',
    elements: 'computed',
  }),
  Shape: operator({
    required: 1,
    defaults: { start: 0 },
    shape: shapeOf,
    types: always('int64'),
    batch: 'measured',
    elements: 'unread',
  }),
  Size: operator({
    required: 1,
    shape: size,
    types: always('int64'),
    batch: 'measured',
    elements: 'unread',
  }),
  ConstantOfShape: operator({
    required: 1,
    shape: constantOfShape,
    types: (node) => attrTensor(node, 'value')?.dtype ?? 'float32',
    batch: 'unknown',
    elements: 'computed',
  }),
  Range: operator({
    required: 3,
    defaults: { stash_type: 1 },
    shape: range,
    batch: 'unknown',
    elements: 'computed',
  }),
  RandomNormal: drawn(0, random, always('float32'), { ...NORMAL, dtype: 1 }),
  RandomUniform: drawn(0, random, always('float32'), { ...UNIFORM, dtype: 1 }),
  RandomNormalLike: drawn(1, randomLike, likeFirst, NORMAL),
  RandomUniformLike: drawn(1, randomLike, likeFirst, UNIFORM),
  Bernoulli: drawn(1, randomLike, likeFirst),
  Multinomial: drawn(1, undefined, always('int32'), { dtype: 6, sample_size: 1 }),
  EyeLike: operator({
    required: 1,
    defaults: { k: 0 },
    shape: eyeLike,
    types: byAttribute('dtype', likeFirst),
    batch: 'unknown',
    elements: 'computed',
  }),
  OneHot: operator({
    required: 3,
    defaults: { axis: -1 },
    shape: oneHot,
    types: like(2),
    batch: 'unknown',
    elements: 'computed',
  }),
  NonZero: operator({
    required: 1,
    shape: nonZero,
    types: always('int64'),
    batch: 'unknown',
    elements: 'computed',
  }),
  HannWindow: window(),
  HammingWindow: window(),
  BlackmanWindow: window(),
};
