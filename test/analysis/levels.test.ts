/**
 * The numbers that other programs have for skip branches, on U-Nets of any depth: against what those
 * programs do with a number, turned around.
 */
import { describe, expect, test } from 'vitest';
import { analyzeUnet, branchTable } from '../../src/analysis/index.js';
import { inferShapes } from '../../src/shape/index.js';
import { modelOf } from '../helpers/text.js';

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

test('levels that differ have no numbers', () => {
  for (const { cacheBranchId, ddpmBranch } of numbers([3, 2, 3]))
    expect([cacheBranchId, ddpmBranch]).toEqual([null, null]);
});
