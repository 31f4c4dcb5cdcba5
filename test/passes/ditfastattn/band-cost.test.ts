/** What a band costs: by formula, by counting, and by the shapes of the products that an engine runs. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bandedAttention,
  bandedMacs,
  bandScores,
  type Window,
  windowTokens,
} from '../../../passes/ditfastattn/band/index.js';
import { liveNodes } from '../../../src/model/ir/prune.js';
import { tensorBytes } from '../../../src/model/ir/tensor.js';
import { type Attention, attentionModel, type Build, macsRun } from './band-model.js';

const tokens = fc.integer({ min: 1, max: 60 });

test('scores of a band are those that a query sees', () => {
  fc.assert(
    fc.property(tokens, fc.integer({ min: 1, max: 80 }), (tokens, width) => {
      let seen = 0;
      for (let i = 0; i < tokens; i++)
        for (let j = 0; j < tokens; j++) if (Math.abs(i - j) <= width) seen++;
      expect(bandScores(tokens, width)).toBe(seen);
    }),
  );
});

test.each([
  { window: { tokens: 128 }, tokens: 64, width: 128 },
  { window: { fraction: 1 / 8 }, tokens: 1024, width: 128 },
  { window: { fraction: 1 / 8 }, tokens: 1023, width: 127 },
  { window: { fraction: 1 / 8 }, tokens: 7, width: 1 },
  { window: { fraction: 0.1 }, tokens: 30, width: 3 },
])('$window of $tokens tokens is $width per side', ({ window, tokens, width }) => {
  expect(windowTokens(window, tokens)).toBe(width);
});

/** Table 2 of the paper: fraction of the attention module, projections of width 1152 included. */
test.each([
  { tokens: 1024, percent: 76.5 },
  { tokens: 4096, percent: 51.0 },
  { tokens: 16384, percent: 32.9 },
])('N/8 per side leaves $percent % of the module at $tokens tokens', ({ tokens, percent }) => {
  const width = 1152;
  const projections = 4 * tokens * width ** 2;
  const full = projections + 2 * tokens ** 2 * width;
  const scores = bandScores(tokens, windowTokens({ fraction: 1 / 8 }, tokens));
  expect((100 * (projections + 2 * scores * width)) / full).toBeCloseTo(percent, 1);
});

const sizes: [number, Window][] = [
  [300, { tokens: 16 }],
  [300, { fraction: 1 / 8 }],
  [1000, { tokens: 3 }],
  [777, { tokens: 60 }],
  [90, { tokens: 50 }],
  [10, { tokens: 128 }],
  [1, { tokens: 1 }],
];
describe.each(sizes)('%i tokens, %o', (tokens, window) => {
  test.each([false, true])('costs what is said of it, symbolic: %s', async (symbolic) => {
    const attention: Attention = {
      lead: [2, 3],
      size: 4,
      tokens: symbolic ? 'tokens' : tokens,
      scale: 1,
    };
    const expected = bandedMacs({ tokens, size: 4, lead: 6, window, symbolic });
    const build: Build = (b, operands) => bandedAttention(b, operands, window);
    expect(await macsRun(attention, build, tokens)).toBe(expected);
  });
});

test('a band of up to 1024 tokens is never dearer than all scores', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1024 }), fc.integer({ min: 1, max: 600 }), (n, width) => {
      const macs = bandedMacs({ tokens: n, size: 1, lead: 1, window: { tokens: width } });
      expect(macs).toBeLessThanOrEqual(2 * n * n);
      expect(macs).toBeGreaterThanOrEqual(2 * bandScores(n, width));
    }),
  );
});

describe('a band of a static token count', () => {
  const bandsOf = (tokens: number, width: number, count: number) => {
    const attention: Attention = { lead: [2, 16], size: 72, tokens, scale: 1 };
    const { graph } = attentionModel(attention, (b, operands) => {
      const copies = Array.from({ length: count }, () =>
        bandedAttention(b, operands, { tokens: width }),
      );
      return b.add({ opType: 'Sum', inputs: copies });
    });
    const bytes = [...graph.initializers].map((value) => tensorBytes(value.initializer!));
    return { nodes: graph.nodes.size, bytes: bytes.reduce((a, b) => a + b, 0) };
  };

  test.each([128, 512])('is little more than the band at 4096 tokens, ±%i', (width) => {
    const window = { tokens: width };
    const emitted = bandedMacs({ tokens: 4096, size: 72, lead: 32, window });
    expect(emitted / (2 * 72 * 32 * bandScores(4096, width))).toBeLessThan(1.3);
  });

  test.each([1, 16, 128, 512, 1024])('is a small graph, ±%i', (width) => {
    for (const tokens of [1024, 4096, 16384])
      expect(bandsOf(tokens, width, 1).nodes).toBeLessThan(200);
  });

  test('stores nothing twice, and little once', () => {
    const [one, three] = [1, 3].map((count) => bandsOf(4096, 128, count));
    expect(three!.bytes).toBe(one!.bytes);
    expect(one!.bytes).toBeLessThan(512 * 1024);
    for (const width of [1, 2000, 4000, 5000])
      expect(bandsOf(4096, width, 1).bytes).toBeLessThan(16 * 1024 * 1024);
  });

  test('shares constants only: a node of one band is of no use to another', () => {
    const attention: Attention = { lead: [], size: 4, tokens: 500, scale: 1 };
    attentionModel(attention, (b, operands) => {
      const build = () => bandedAttention(b, operands, { tokens: 9 });
      const [first, second] = [liveNodes([build()]), liveNodes([build()])];
      expect([...first].filter((node) => second.has(node))).toEqual([]);
      expect(first.size).toBe(second.size);
      return operands.q;
    });
  });
});
