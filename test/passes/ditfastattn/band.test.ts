/**
 * Attention to a band against its definition, worked out in plain loops and by onnxruntime with the
 * whole masked matrix, over many sizes and cuts.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Band,
  type BandOperands,
  bandedAttention,
  type CutRules,
  windowTokens,
} from '../../../passes/ditfastattn/band/index.js';
import type { SiteBuilder } from '../../../src/compiler/plan/index.js';
import { int } from '../../../src/model/ir/attribute.js';
import { removeUnneeded } from '../../../src/model/ir/prune.js';
import { readNumbers } from '../../../src/model/ir/tensor.js';
import { type DataType, dataTypeCode } from '../../../src/model/ir/types.js';
import type { Value } from '../../../src/model/ir/value.js';
import {
  type Attention,
  attentionModel,
  bandOf,
  definition,
  dense,
  largestDifference,
  operandsOf,
  Runner,
} from './band-model.js';

const band = (window: Band, rules?: CutRules) => (b: SiteBuilder, operands: BandOperands) =>
  bandedAttention(b, operands, window, rules);

const seed = fc.integer({ min: 0, max: 2 ** 31 });
const lead = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 });
const size = fc.integer({ min: 1, max: 5 });
const tokens = fc.integer({ min: 1, max: 48 });
const window: fc.Arbitrary<Band> = fc.oneof(
  fc.record({ tokens: fc.integer({ min: 1, max: 60 }) }),
  fc.record({ tokens: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ fraction: fc.constantFrom(1 / 8, 1 / 3, 0.1, 0.02, 1) }),
);
/** Far smaller than what is chosen for speed, so that a few tokens have inner and outer chunks. */
const rules: fc.Arbitrary<CutRules> = fc.record({
  chunk: fc.integer({ min: 1, max: 9 }),
  groups: fc.integer({ min: 1, max: 12 }),
});

describe('a band is the masked matrix', () => {
  test('for a token count known beforehand', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ lead, size, tokens, window, rules, seed }),
        async ({ lead, size, tokens, window, rules, seed }) => {
          const attention: Attention = { lead, size, tokens, scale: 0.7 };
          const operands = operandsOf(attention, tokens, seed);
          const width = windowTokens(window, tokens);
          const banded = await Runner.open(attention, band(window, rules));
          const found = await banded.run(tokens, operands);
          await banded.release();
          const expected = definition(attention, tokens, operands, width);
          expect(largestDifference(found, expected)).toBeLessThan(1e-5);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('for a token count that only a run knows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          lead,
          size,
          window,
          rules: fc.option(rules, { nil: undefined }),
          counts: fc.array(tokens, { minLength: 1, maxLength: 6 }),
          seed,
        }),
        async ({ lead, size, window, rules, counts, seed }) => {
          const attention: Attention = { lead, size, tokens: 'tokens', scale: 0.7 };
          const banded = await Runner.open(attention, band(window, rules));
          for (const count of counts) {
            const operands = operandsOf(attention, count, seed);
            const width = windowTokens(window, count);
            const expected = definition(attention, count, operands, width);
            const found = await banded.run(count, operands);
            expect(largestDifference(found, expected), `${count} tokens`).toBeLessThan(1e-5);
          }
          await banded.release();
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    { count: 100, window: { tokens: 1 } },
    { count: 300, window: { tokens: 20 } },
    { count: 521, window: { fraction: 1 / 8 } },
    { count: 640, window: { tokens: 7 } },
    { count: 70, window: { tokens: 33 } },
    // 0.7 in float32 is a little less than 7/10
    { count: 10, window: { fraction: 0.7 } },
    { count: 70, window: { tokens: 500 } },
    { count: 1, window: { fraction: 1 / 8 } },
  ])('in onnxruntime, cut as for speed: $count tokens, $window', async ({ count, window }) => {
    for (const options of ['disabled', 'all'] as const)
      for (const tokens of [count, 'tokens']) {
        const attention: Attention = { lead: [2, 3], size: 8, tokens, scale: 8 ** -0.5 };
        const operands = operandsOf(attention, count, count, 5);
        const session = { graphOptimizationLevel: options, logSeverityLevel: 4 } as const;
        const banded = await Runner.open(attention, band(window), session);
        const masked = await Runner.open(attention, dense, session);
        const mask = bandOf(count, windowTokens(window, count));
        const expected = await masked.run(count, operands, mask);
        const found = await banded.run(count, operands);
        expect(largestDifference(found, expected), `${tokens}, ${options}`).toBeLessThan(1e-5);
        await banded.release();
        await masked.release();
      }
  });
});

describe('element types', () => {
  const cases = [
    { name: 'float16 throughout', type: 'float16' },
    { name: 'float16 with the Softmax in float32', type: 'float16', softmaxType: 'float32' },
    { name: 'float32 with the Softmax in float64', type: 'float32', softmaxType: 'float64' },
    { name: 'float32 with the Softmax in float16', type: 'float32', softmaxType: 'float16' },
  ] as const;
  test.each(cases)('$name', async ({ name: _, ...types }) => {
    for (const tokens of [90, 'tokens']) {
      const attention: Attention = { lead: [2], size: 8, tokens, scale: 0.35, ...types };
      const operands = operandsOf(attention, 90, 7);
      const banded = await Runner.open(attention, band({ tokens: 9 }));
      const found = await banded.run(90, operands);
      await banded.release();
      const expected = definition(attention, 90, operands, 9);
      // the last of float16's eleven bits, of values up to 2 and scores up to about 10
      const half = Object.values(types).includes('float16');
      expect(largestDifference(found, expected)).toBeLessThan(half ? 1e-2 : 1e-5);
    }
  });

  test.each(['float16', 'float32'] as const)(
    'scores as large as %s goes leave the band as it is',
    async (type) => {
      // scores up to 20,000 in float16, which an added mask must neither reach nor carry to infinity
      const attention: Attention = { lead: [], size: 1, tokens: 40, scale: 1, type };
      const operands = operandsOf(attention, 40, 3, type === 'float16' ? 140 : 1e6);
      for (const tokens of [40, 'tokens']) {
        const banded = await Runner.open({ ...attention, tokens }, band({ tokens: 2 }));
        const found = await banded.run(40, operands);
        await banded.release();
        const reached = (i: number, j: number) => Math.abs(i - j) <= 2;
        for (let i = 0; i < 40; i++) {
          const seen = [...operands.v].filter((_, j) => reached(i, j));
          expect(found[i]).toBeGreaterThanOrEqual(Math.min(...seen));
          expect(found[i]).toBeLessThanOrEqual(Math.max(...seen));
        }
      }
    },
  );
});

test.each([
  { softmaxType: 'float16', lowest: -65504 },
  { softmaxType: 'bfloat16', lowest: -3.3895e38 },
  { softmaxType: 'float32', lowest: -3.4028e38 },
  { softmaxType: 'float64', lowest: -3.4028e38 },
] as const)('a mask of $softmaxType holds finite numbers', ({ softmaxType, lowest }) => {
  for (const tokens of [60, 'tokens']) {
    const attention: Attention = { lead: [2], size: 4, tokens, scale: 1, softmaxType };
    const { graph } = attentionModel(attention, band({ tokens: 3 }));
    const numbers = [...graph.initializers]
      .map((value) => value.initializer!)
      .filter(({ dtype }) => dtype.includes('float'))
      .flatMap(readNumbers);
    expect(Math.min(...numbers)).toBeLessThanOrEqual(-65504);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(lowest);
    expect(numbers).not.toContain(Number.NaN);
  }
});

test("bands of one graph do not take each other's constants", async () => {
  const attention: Attention = { lead: [2], size: 4, tokens: 40, scale: 1 };
  // chunks of 2 and 3 are of one size; 15 and 22 have all scores at once
  const widths = [1, 2, 3, 15, 22];
  const sum = await Runner.open(attention, (b, operands) => {
    const bands = widths.map((tokens) => band({ tokens }, { groups: 3 })(b, operands));
    // the same window over scores of another type
    const cast = (value: Value, to: DataType) =>
      b.add({ opType: 'Cast', inputs: [value], attributes: { to: int(dataTypeCode(to)) } });
    for (const tokens of widths)
      bands.push(
        band({ tokens })(b, {
          ...operands,
          dtype: 'float64',
          scale: (_, scores) => cast(operands.scale(b, scores), 'float64'),
          weights: (_, probabilities) => cast(probabilities, 'float32'),
        }),
      );
    return b.add({ opType: 'Sum', inputs: bands });
  });
  const operands = operandsOf(attention, 40, 8);
  const found = await sum.run(40, operands);
  await sum.release();
  const each = widths.map((width) => definition(attention, 40, operands, width));
  const expected = found.map((_, i) => 2 * each.reduce((total, one) => total + one[i]!, 0));
  expect(largestDifference(found, expected)).toBeLessThan(1e-4);
});

test('a band can be built again where an earlier one was pruned', async () => {
  const attention: Attention = { lead: [2], size: 4, tokens: 60, scale: 1 };
  const again = await Runner.open(attention, (b, operands) => {
    band({ tokens: 3 })(b, operands);
    // all but the scale, which is the model's own
    removeUnneeded(b.graph, [operands.scale(b, operands.q)]);
    return band({ tokens: 3 })(b, operands);
  });
  const operands = operandsOf(attention, 60, 2);
  const found = await again.run(60, operands);
  await again.release();
  const expected = definition(attention, 60, operands, 3);
  expect(largestDifference(found, expected)).toBeLessThan(1e-5);
});

test('opset 11 has every operator of a band', async () => {
  for (const tokens of [60, 'tokens']) {
    const attention: Attention = { lead: [2], size: 4, tokens, scale: 1, opset: 11 };
    const operands = operandsOf(attention, 60, 1);
    const banded = await Runner.open(attention, band({ fraction: 1 / 8 }));
    const found = await banded.run(60, operands);
    await banded.release();
    const expected = definition(attention, 60, operands, 7);
    expect(largestDifference(found, expected)).toBeLessThan(1e-5);
  }
});
