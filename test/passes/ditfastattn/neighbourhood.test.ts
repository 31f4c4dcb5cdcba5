/**
 * Attention to neighbours on a grid against its definition, worked out in plain loops and by onnxruntime
 * with the whole masked matrix; and what it costs, counted in the shapes of the products that run.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BandOperands,
  bandedAttention,
  bandedMacs,
  type CutRules,
  type Neighbourhood,
} from '../../../passes/ditfastattn/band/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { tensorBytes } from '../../../src/model/ir/tensor.js';
import {
  type Attention,
  attentionModel,
  definition,
  dense,
  largestDifference,
  macsRun,
  maskOf,
  operandsOf,
  Runner,
  type Sees,
} from './band-model.js';

const within = (grid: Neighbourhood, rules?: CutRules) => {
  return (b: SiteBuilder, operands: BandOperands) => bandedAttention(b, operands, { grid }, rules);
};

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

/** 2 |i - j| <= extent on every axis, the last running fastest; text sees all and is seen by all. */
function seesIn({ from, sizes, extents }: Neighbourhood): Sees {
  const places = Array.from({ length: product(sizes) }, (_, image) => {
    let rest = image;
    const place: number[] = [];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      place.unshift(rest % sizes[axis]!);
      rest = Math.floor(rest / sizes[axis]!);
    }
    return place;
  });
  return (i, j) => {
    const [a, b] = [places[i - from], places[j - from]];
    if (!a || !b) return true;
    return a.every((x, axis) => 2 * Math.abs(x - b[axis]!) <= extents[axis]!);
  };
}

const axis = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  extent: fc.integer({ min: 1, max: 9 }),
});
const rules: fc.Arbitrary<CutRules> = fc.record({
  chunk: fc.integer({ min: 1, max: 4 }),
  groups: fc.integer({ min: 1, max: 6 }),
});

test('neighbours are those of the masked matrix', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        lead: fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 2 }),
        axes: fc.array(axis, { minLength: 1, maxLength: 3 }),
        before: fc.integer({ min: 0, max: 3 }),
        behind: fc.integer({ min: 0, max: 3 }),
        rules: fc.option(rules, { nil: undefined }),
        seed: fc.integer({ min: 0, max: 2 ** 31 }),
      }),
      async ({ lead, axes, before, behind, rules, seed }) => {
        const sizes = axes.map(({ size }) => size);
        const grid = { from: before, sizes, extents: axes.map((a) => a.extent) };
        const tokens = before + product(sizes) + behind;
        const attention: Attention = { lead, size: 3, tokens, scale: 0.7 };
        const operands = operandsOf(attention, tokens, seed);
        const tiled = await Runner.open(attention, within(grid, rules));
        const found = await tiled.run(tokens, operands);
        await tiled.release();
        const expected = definition(attention, tokens, operands, seesIn(grid));
        expect(largestDifference(found, expected)).toBeLessThan(1e-5);
      },
    ),
    { numRuns: 100 },
  );
});

const CASES: { grid: Neighbourhood; behind: number }[] = [
  { grid: { from: 0, sizes: [20, 22], extents: [8, 8] }, behind: 0 },
  { grid: { from: 11, sizes: [17, 29], extents: [3, 7] }, behind: 0 },
  { grid: { from: 0, sizes: [20, 20], extents: [4, 4] }, behind: 13 },
  { grid: { from: 5, sizes: [6, 9, 10], extents: [2, 4, 4] }, behind: 3 },
  // a row of which each sees itself alone
  { grid: { from: 0, sizes: [12], extents: [1] }, behind: 0 },
  // no cheaper than the whole, or the whole itself
  { grid: { from: 4, sizes: [9, 9], extents: [9, 9] }, behind: 0 },
  { grid: { from: 0, sizes: [9, 9], extents: [18, 18] }, behind: 2 },
];

describe.each(CASES)('$grid', ({ grid, behind }) => {
  const tokens = grid.from + product(grid.sizes) + behind;

  test('in onnxruntime, cut as for speed', async () => {
    const attention: Attention = { lead: [2], size: 8, tokens, scale: 8 ** -0.5 };
    const operands = operandsOf(attention, tokens, 5, 5);
    const mask = maskOf(tokens, seesIn(grid));
    for (const options of ['disabled', 'all'] as const) {
      const session = { graphOptimizationLevel: options, logSeverityLevel: 4 } as const;
      const tiled = await Runner.open(attention, within(grid), session);
      const masked = await Runner.open(attention, dense, session);
      const expected = await masked.run(tokens, operands, mask);
      expect(largestDifference(await tiled.run(tokens, operands), expected)).toBeLessThan(1e-5);
      await tiled.release();
      await masked.release();
    }
  });

  test('costs what is said of it', async () => {
    const attention: Attention = { lead: [2], size: 4, tokens, scale: 1 };
    const expected = bandedMacs({ tokens, size: 4, lead: 2, window: { grid } });
    expect(await macsRun(attention, within(grid), tokens)).toBe(expected);
    expect(expected).toBeLessThanOrEqual(2 * 2 * 4 * tokens ** 2);
  });
});

test.each([
  { sizes: [64, 64], extents: [16, 16], beside: 0, most: 0.15 },
  { sizes: [64, 64], extents: [16, 16], beside: 333, most: 0.36 },
  { sizes: [13, 30, 45], extents: [4, 8, 8], beside: 226, most: 0.11 },
])('a small graph and a fraction of the scores: $sizes, $extents, $beside beside', (given) => {
  const { sizes, extents, beside, most } = given;
  const tokens = beside + product(sizes);
  const grid = { from: beside, sizes, extents };
  const attention: Attention = { lead: [2, 8], size: 64, tokens, scale: 1 };
  const { graph } = attentionModel(attention, within(grid));
  const bytes = [...graph.initializers].map((value) => tensorBytes(value.initializer!));
  expect(graph.nodes.size).toBeLessThan(180);
  expect(bytes.reduce((a, b) => a + b, 0)).toBeLessThan(12e6);
  const macs = bandedMacs({ tokens, size: 64, lead: 16, window: { grid } });
  expect(macs / (2 * 64 * 16 * tokens ** 2)).toBeLessThan(most);
});

test("bands and neighbourhoods of one graph do not take each other's constants", async () => {
  const attention: Attention = { lead: [2], size: 4, tokens: 38, scale: 1 };
  const grids = [
    { from: 2, sizes: [6, 6], extents: [2, 2] },
    { from: 0, sizes: [6, 6], extents: [2, 2] },
    { from: 2, sizes: [4, 9], extents: [2, 2] },
    { from: 2, sizes: [6, 6], extents: [4, 2] },
    { from: 2, sizes: [36], extents: [2] },
  ];
  const rules = { chunk: 2, groups: 3 };
  const sum = await Runner.open(attention, (b, operands) =>
    b.add({
      opType: 'Sum',
      inputs: [
        bandedAttention(b, operands, { tokens: 1 }, rules),
        ...grids.map((grid) => within(grid, rules)(b, operands)),
        ...grids.map((grid) => within(grid)(b, operands)),
      ],
    }),
  );
  const operands = operandsOf(attention, 38, 8);
  const found = await sum.run(38, operands);
  await sum.release();
  const band = definition(attention, 38, operands, 1);
  const each = grids.map((grid) => definition(attention, 38, operands, seesIn(grid)));
  const expected = found.map((_, i) => band[i]! + 2 * each.reduce((t, one) => t + one[i]!, 0));
  expect(largestDifference(found, expected)).toBeLessThan(1e-4);
});
