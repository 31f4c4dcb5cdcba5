/** Sizes that inference makes up are symbols by themselves, never below zero; and no element is read from another row. */
import { describe, expect, it } from 'vitest';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { isNonNegative } from '../../../src/model/sizes/bounds.js';
import { modelOf, named } from '../../helpers/text.js';

const CONSTANTS = `int64[2] pair = {2, 3}, int64[1] first = {0}, int64[1] two = {2}, int64[1] three = {3}, int64[1] rest = {-1}, int64 at1 = {1},
  int64[2] none = {0, -1}, float[2] onoff = {0.0, 1.0}, int64[3, 2] rows = {1, 2, 3, 4, 5, 6}, int64[1] end = {2}, int64[1] before = {-3}, int64[1] back = {-2}`;
/** k: one element of which nothing is known, and lists that hold it. */
const HIDDEN =
  'k = GatherElements (two, first)  known = Concat <axis = 0> (three, k)  held = Concat <axis = 0> (k, rest)  both = Concat <axis = 0> (k, k)  lo = Gather (known, at1)  order = Concat <axis = 0> (first, rest)  hidden = GatherElements (pair, order)';

const shapeOf = (node: string) => {
  const model = modelOf(`g (float[h, 6] x) => (y) <${CONSTANTS}> { ${HIDDEN}  y = ${node} }`);
  const table = inferShapes(model);
  return table.shape(named(model, 'y'))!;
};

describe('a size that is made up', () => {
  it.each([
    ['Reshape (x, held)', 2],
    ['Reshape (x, both)', 2],
    ['Expand (first, both)', 2],
    ['ConstantOfShape (both)', 2],
    ['OneHot (pair, lo, onoff)', 1],
    ['Reshape <allowzero = 1> (x, none)', 1],
    ['Tile (x, hidden)', 2],
    ['TopK (x, k)', 1],
    ['Slice (pair, k, three)', 1],
    ['Pad (pair, both)', 1],
  ])('by %s', (node, count) => {
    const sizes = shapeOf(node);
    const open = sizes.filter((size) => size.constant === undefined && size.symbolName !== 'h');
    expect(open).toHaveLength(count);
    for (const size of open) expect(size.symbolName, String(size)).toBeDefined();
  });
});

describe('is not below zero', () => {
  it.each([
    'Reshape (x, held)',
    'Reshape (x, both)',
    'OneHot (pair, lo, onoff)',
    'Slice (pair, k, three)',
  ])('by %s', (node) => {
    expect(shapeOf(node).map((size) => isNonNegative(size))).not.toContain(false);
  });
});

it.each([
  ['end', undefined],
  ['before', undefined],
  ['back', '1,3,5'],
])('Gather by %s reads %s', (index, expected) => {
  const model = modelOf(
    `g (float[2] x) => (y) <${CONSTANTS}> { y = Gather <axis = 1> (rows, ${index}) }`,
  );
  expect(inferShapes(model).contents(named(model, 'y'))?.join()).toBe(expected);
});
