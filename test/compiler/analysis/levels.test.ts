/**
 * The numbers that other programs have for skip branches, on U-Nets of any depth: against what those
 * programs do with a number, turned around.
 */
import { describe, expect, test } from 'vitest';
import { analyzeUnet, branchTable } from '../../../src/compiler/analysis/index.js';
import { joinsPerLevel } from '../../../src/compiler/analysis/levels.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';
import { TINY_UNET } from '../../helpers/unets.js';

/** By level, the outermost first, how many joins there are. Sizes are given, or symbols. */
function unet(levels: readonly number[], size: string): ReturnType<typeof modelOf> {
  const down: string[] = [];
  const up: string[] = [];
  let last = 'x';
  levels.forEach((count, level) => {
    if (level > 0) {
      down.push(`p${level} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (${last})`);
      last = `p${level}`;
    }
    for (let i = 0; i < count; i++) {
      down.push(`e${level}_${i} = Conv (${last}, w)`);
      last = `e${level}_${i}`;
    }
  });
  down.push(`mid = Conv (${last}, w)`);
  last = 'mid';
  for (let level = levels.length - 1; level >= 0; level--) {
    for (let i = levels[level]! - 1; i >= 0; i--) {
      const at = `${level}_${i}`;
      up.push(`j${at} = Concat <axis = 1> (${last}, e${at})`, `d${at} = Conv (j${at}, u)`);
      last = `d${at}`;
    }
    if (level > 0) {
      up.push(`r${level} = Resize <mode = "nearest"> (${last}, , twice)`);
      last = `r${level}`;
    }
  }
  return modelOf(`g (float[1,2,${size}] x) => (float[1,2,${size}] y)
  <float[2,2,1,1] w = {1, 2, -1, 1}, float[2,4,1,1] u = {1, 0, 1, -1, 0, 1, 1, 1},
   float[4] twice = {1, 1, 2, 2}> {
    ${[...down, ...up].join('\n')}
    y = Identity (${last})
  }`);
}

function numbers(levels: readonly number[], size = '32,32') {
  const model = unet(levels, size);
  const shapes = inferShapes(model);
  const found = analyzeUnet(model.graph, shapes);
  if (!found.isUnet) throw new Error(found.refusal.reason);
  return branchTable(
    model.graph,
    shapes,
    found.joins,
    new Map([
      ['H', 32],
      ['W', 32],
    ]),
  ).branches;
}

/** The plug-in: level and place are the number by three; it numbers places from 0 at every level. */
function reachedBy(id: number, joins: number): number | undefined {
  const [level, place] = [Math.floor(id / 3), id % 3];
  return place < joins ? level * joins + place + 1 : undefined;
}

describe.each(['32,32', 'H,W'])('sizes %s', (size) => {
  test.each([1, 2, 3, 4, 5])('%i joins a level', (joins) => {
    const branches = numbers([joins, joins, joins], size);
    expect(branches).toHaveLength(3 * joins);
    const ids = Array.from({ length: 9 }, (_, id) => id);
    for (const { branch, cacheBranchId, ddpmBranch } of branches) {
      const id = ids.find((candidate) => reachedBy(candidate, joins) === branch);
      expect([branch, cacheBranchId]).toEqual([branch, id ?? null]);
      expect([branch, ddpmBranch]).toEqual([branch, joins === 3 && branch > 1 ? branch - 2 : null]);
    }
  });
});

test('residuals that are added to skips may call their sizes otherwise', () => {
  const sized = (i: number) => `float[1,2,h${i},w${i}] r${i}`;
  const model =
    modelOf(`g (float[1,2,H,W] x, ${[0, 1, 2, 3].map(sized).join()}) => (float[1,2,H,W] y)
  <float[2,2,1,1] w = {1, 2, -1, 1}, float[2,4,1,1] u = {1, 0, 1, -1, 0, 1, 1, 1}> {
    e0 = Conv (x, w)
    e1 = Conv (e0, w)
    p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e1)
    e2 = Conv (p, w)
    e3 = Conv (e2, w)
    s0 = Add (e0, r0)  s1 = Add (e1, r1)  s2 = Add (e2, r2)  s3 = Add (e3, r3)
    m = Conv (e3, w)
    j3 = Concat <axis = 1> (m, s3)
    d3 = Conv (j3, u)
    j2 = Concat <axis = 1> (d3, s2)
    d2 = Conv (j2, u)
    n = Shape (s1)
    t = Resize <mode = "nearest"> (d2, , , n)
    j1 = Concat <axis = 1> (t, s1)
    d1 = Conv (j1, u)
    j0 = Concat <axis = 1> (d1, s0)
    y = Conv (j0, u)
  }`);
  const found = analyzeUnet(model.graph, inferShapes(model));
  expect(found.isUnet && found.joins.map(({ perLevel }) => perLevel)).toEqual([2, 2, 2, 2]);
});

test('levels that differ have no numbers', () => {
  for (const { cacheBranchId, ddpmBranch } of numbers([3, 2, 3]))
    expect([cacheBranchId, ddpmBranch]).toEqual([null, null]);
});

/** Shapes of skips, the outermost first, that are joined along an axis. */
test.each<[string, number | undefined, string, readonly string[]]>([
  ['one at each level', 1, 'axis = 1', ['1,2,8,8', '1,4,4,4']],
  ['channels that differ at one level', 2, 'axis = 1', ['1,2,8,8', '1,4,8,8']],
  ['batches that differ at one level', 2, 'axis = 1', ['1,2,8,8', '2,2,8,8']],
  ['channels last', 2, 'axis = 3', ['1,8,8,2', '1,8,8,4']],
  ['channels last, counted from behind', 2, 'axis = -1', ['1,8,8,2', '1,8,8,4']],
  ['channels first, counted from behind', 2, 'axis = -3', ['1,2,8,8', '1,4,8,8']],
  ['channels first, said to be last', 1, 'axis = 3', ['1,2,8,8', '1,4,8,8']],
  ['channels where nobody says', 2, '', ['1,2,8,8', '1,4,8,8']],
  ['a size that comes back', 1, 'axis = 1', ['1,2,8,8', '1,2,4,4', '1,2,8,8']],
  ['two at a level, and one', undefined, 'axis = 1', ['1,2,8,8', '1,2,8,8', '1,2,4,4']],
  ['one of no known size', undefined, 'axis = 1', ['1,2,8,8', '']],
  ['widths that differ', 1, 'axis = 1', ['1,2,8,8', '1,2,8,4']],
])('%s', (_, expected, axis, skips) => {
  const model =
    modelOf(`g (${skips.map((dims, i) => `float[${dims}] s${i}`).join(', ')}) => (float j0) {
    ${skips.map((_, i) => `j${i} = Concat ${axis && `<${axis}>`} (s${i}, s${i})`).join('\n')}
  }`);
  for (const [i, dims] of skips.entries())
    if (!dims) named(model, `s${i}`).type = { kind: 'tensor', elem: 'float32' };
  const joins = skips.map((_, i) => ({
    node: named(model, `j${i}`).producer!,
    skip: named(model, `s${i}`),
  }));
  expect(joinsPerLevel(joins, inferShapes(model))).toBe(expected);
});

test('what branches cost and keep, counted by hand', () => {
  const model = modelOf(TINY_UNET);
  const shapes = inferShapes(model);
  const found = analyzeUnet(model.graph, shapes);
  if (!found.isUnet) throw new Error(found.refusal.reason);
  const sizes = { batch: 1, height: 4, width: 4 };
  const table = branchTable(model.graph, shapes, found.joins, new Map(Object.entries(sizes)));
  // places times channels in and out: 16 at the top, 4 below, 1 in the middle
  const [e1, e2, e3, mid, d3, d2, d1] = [64, 16, 4, 4, 8, 32, 128] as const;
  const all = e1 + e2 + e3 + mid + d3 + d2 + d1;
  expect(table.fullMacs).toEqual({ all, layers: all });
  expect(table.unknownNodes).toEqual([]);
  expect(
    table.branches.map(({ branch, join, value, shallowMacs, stateBytes }) => [
      branch,
      join,
      value,
      shallowMacs,
      stateBytes,
    ]),
  ).toEqual([
    [1, 'join1', 'r1', { all: e1 + d1, layers: e1 + d1 }, 4 * 32],
    [2, 'join2', 'r2', { all: all - e3 - mid - d3, layers: all - e3 - mid - d3 }, 4 * 8],
    [3, 'join3', 'mid', { all: all - mid, layers: all - mid }, 4 * 2],
  ]);
  // the weights of the layers that are left out: four numbers each, and eight behind a join
  const left = table.branches.map((b) => table.parameters - b.shallowParameters);
  expect(left[2]).toBe(4);
  expect(left[1]! - left[2]!).toBe(4 + 8);
  // halved and doubled
  expect(table.branches[0]!.shape).toEqual(['batch', 2, 'floor(height/2)*2', 'floor(width/2)*2']);
});
