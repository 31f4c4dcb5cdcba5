/** Operators that give the same elements another shape or order, or repeat them. */
import { isPositive } from '../sizes/bounds.js';
import { constant, type DimExpr, equal, hasFreshSymbol, multiply, product } from '../sizes/dim.js';
import { divideExactly, floorDivide } from '../sizes/divide.js';
import { type Operators, operator } from './operator.js';
import type { Rule, RuleContext } from './rules/context.js';
import { broadcastIndex, countOf, rearrange } from './rules/elements.js';
import { constantShape, type Facts, MAX_CONTENTS, type Shape } from './rules/facts.js';
import { unknownList } from './rules/unknown-list.js';

/** Facts of an output that holds the first input's elements in the same order. */
function reshaped(c: RuleContext, shape: Shape): Facts {
  return { dtype: c.dtype(0), shape, contents: c.contents(0) };
}

/**
 * The output shape of `Reshape`: 0 copies the input's size (unless `allowzero`), -1 is what is left.
 * One target size that is not known is what is left, too.
 */
function reshapeTo(c: RuleContext, target: readonly DimExpr[]): Shape {
  const input = c.facts(0).shape;
  const copiesZero = c.number('allowzero', 0) === 0;
  const open: number[] = [];
  const sizes = target.map((size, i) => {
    if (size.constant === 0 && copiesZero)
      return input
        ? (input[i] ?? c.fail(`it copies size ${i} of a tensor of rank ${input.length}`))
        : c.freshSize(i);
    if (size.constant === -1 || hasFreshSymbol(size)) open.push(i);
    return size;
  });
  const [left] = open;
  if (left === undefined) return sizes;
  // A made-up size can be found out only if it is alone.
  const inferred = open.length === 1 ? left : sizes.findIndex((s) => s.constant === -1);
  return sizes.map((size, i) => {
    if (i === inferred) {
      if (!input) return c.freshSize(i);
      return quotient(c, product(input), product(sizes.filter((_, j) => j !== i)), i);
    }
    // The element's sign was not known, but as a size it is not negative.
    return open.includes(i) && !isPositive(size) ? c.freshSize(i) : size;
  });
}

function quotient(c: RuleContext, total: DimExpr, known: DimExpr, axis: number): DimExpr {
  if (known.constant === 0) return c.freshSize(axis);
  const exact = divideExactly(total, known);
  if (exact) return exact;
  if (hasFreshSymbol(total) || hasFreshSymbol(known)) return c.freshSize(axis);
  return floorDivide(total, known);
}

const reshape: Rule = (c) => {
  if (c.opset < 5) {
    const target = c.numbers('shape') ?? c.fail('its target shape is missing');
    return reshaped(c, reshapeTo(c, target.map(constant)));
  }
  const target = c.integers(1) ?? unknownList(c, 1);
  return reshaped(c, reshapeTo(c, target));
};

const flatten: Rule = (c) => {
  const shape = c.shape(0);
  const axis = c.number('axis', 1);
  const at = axis < 0 ? axis + shape.length : axis;
  return reshaped(c, [product(shape.slice(0, at)), product(shape.slice(at))]);
};

const transpose: Rule = (c) => {
  const shape = c.shape(0);
  const order = c.numbers('perm') ?? shape.map((_, i) => shape.length - 1 - i);
  if (order.length !== shape.length)
    c.fail(`perm has ${order.length} axes for rank ${shape.length}`);
  if (shape.some((_, axis) => !order.includes(axis))) c.fail(`perm ${order} leaves out an axis`);
  const result = order.map((axis) => shape[axis] as DimExpr);
  const elements = c.contents(0);
  if (!elements) return { dtype: c.dtype(0), shape: result };
  const from = constantShape(shape) as number[];
  const to = constantShape(result) as number[];
  const contents = rearrange(elements, from, to, (index) => {
    const source = new Array<number>(index.length);
    order.forEach((axis, i) => {
      source[axis] = index[i] as number;
    });
    return source;
  });
  return { dtype: c.dtype(0), shape: result, contents };
};

/** Axes from the attribute (before opset 13) or the second input. */
function axesOf(c: RuleContext): number[] | undefined {
  if (c.has(1)) return c.constants(1) ?? c.fail(`the axes "${c.value(1).name}" are not known`);
  return c.numbers('axes');
}

const squeeze: Rule = (c) => {
  const shape = c.shape(0);
  const axes = axesOf(c)?.map((a) => c.axis(a, shape.length));
  if (!axes && shape.some((d) => d.constant === undefined))
    c.fail('it drops all sizes of 1, and some sizes are symbolic');
  const dropped = axes ?? shape.flatMap((d, i) => (d.constant === 1 ? [i] : []));
  return reshaped(
    c,
    shape.filter((_, i) => !dropped.includes(i)),
  );
};

const unsqueeze: Rule = (c) => {
  const shape = c.shape(0);
  const listed = axesOf(c) ?? c.fail('its axes are missing');
  const rank = shape.length + listed.length;
  const axes = listed.map((a) => c.axis(a, rank));
  const kept = shape[Symbol.iterator]();
  const result = Array.from({ length: rank }, (_, i) =>
    axes.includes(i) ? constant(1) : (kept.next().value as DimExpr),
  );
  return reshaped(c, result);
};

const expand: Rule = (c) => {
  const shape = c.shape(0);
  const target = c.integers(1) ?? unknownList(c, 1);
  const offset = Math.max(shape.length, target.length);
  const result = Array.from({ length: offset }, (_, i) => {
    const size = shape[i - offset + shape.length];
    const wanted = target[i - offset + target.length];
    if (size === undefined) return wanted as DimExpr;
    if (wanted === undefined || wanted.constant === 1 || equal(size, wanted)) return size;
    // A size of 1 stretches; any other has to be the wanted one, so the wanted one it is.
    if (size.constant === undefined) return wanted;
    return c.broadcastSize(size, wanted);
  });
  return { dtype: c.dtype(0), shape: result, contents: spread(c, shape, result) };
};

function spread(c: RuleContext, shape: Shape, result: Shape): Facts['contents'] {
  const elements = c.contents(0);
  const to = constantShape(result);
  const from = constantShape(shape);
  if (!elements || !to || !from || countOf(to) > MAX_CONTENTS) return undefined;
  return rearrange(elements, from, to, (index) => broadcastIndex(index, from));
}

const tile: Rule = (c) => {
  const shape = c.shape(0);
  const repeats = c.integers(1);
  if (!repeats) return { dtype: c.dtype(0), shape: shape.map((_, i) => c.freshSize(i)) };
  const result = shape.map((size, i) => multiply(size, repeats[i] ?? 1));
  const elements = c.contents(0);
  const [from, to] = [constantShape(shape), constantShape(result)];
  if (!elements || !from || !to || countOf(to) > MAX_CONTENTS)
    return { dtype: c.dtype(0), shape: result };
  const contents = rearrange(elements, from, to, (index) =>
    index.map((i, axis) => i % (from[axis] as number)),
  );
  return { dtype: c.dtype(0), shape: result, contents };
};

/** Sizes of an input (batch, channels, height, width). */
const image = (c: RuleContext) => [c.size(0, 0), c.size(0, 1), c.size(0, 2), c.size(0, 3)] as const;

const depthToSpace: Rule = (c) => {
  const [n, channels, h, w] = image(c);
  const block = c.number('blocksize', 1);
  const shape = [n, floorDivide(channels, block * block), multiply(h, block), multiply(w, block)];
  return { dtype: c.dtype(0), shape };
};

const spaceToDepth: Rule = (c) => {
  const [n, channels, h, w] = image(c);
  const block = c.number('blocksize', 1);
  const shape = [
    n,
    multiply(channels, block * block),
    floorDivide(h, block),
    floorDivide(w, block),
  ];
  return { dtype: c.dtype(0), shape };
};

export const LAYOUT: Operators = {
  Reshape: operator({
    required: 1,
    defaults: { allowzero: 0 },
    shape: reshape,
    batch: 'reshaped',
    elements: 'renamed',
  }),
  Flatten: operator({
    required: 1,
    defaults: { axis: 1 },
    shape: flatten,
    batch: 'flattened',
    elements: 'renamed',
  }),
  Transpose: operator({ required: 1, shape: transpose, batch: 'transposed', elements: 'moved' }),
  Squeeze: operator({ required: 1, shape: squeeze, batch: 'squeezed', elements: 'renamed' }),
  Unsqueeze: operator({ required: 1, shape: unsqueeze, batch: 'unsqueezed', elements: 'renamed' }),
  Expand: operator({ required: 2, shape: expand, batch: 'expanded', elements: 'repeated' }),
  Tile: operator({ required: 2, shape: tile, batch: 'tiled', elements: 'repeated' }),
  DepthToSpace: operator({
    required: 1,
    defaults: { mode: 'DCR' },
    shape: depthToSpace,
    batch: 'outermost',
    elements: 'moved',
  }),
  SpaceToDepth: operator({
    required: 1,
    defaults: { mode: 'DCR' },
    shape: spaceToDepth,
    batch: 'outermost',
    elements: 'moved',
  }),
};
