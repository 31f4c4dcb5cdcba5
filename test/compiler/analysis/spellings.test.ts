/**
 * One attention module in every spelling of samples/spellings. The manifest was written by the script
 * that made the graphs, from what it built, so it is an oracle that knows nothing of the analysis.
 */
import { describe, expect, test } from 'vitest';
import { attentionCost, findAttention } from '../../../src/compiler/analysis/attention/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { concreteShapes, graphCost } from '../../../src/model/cost/index.js';
import { evaluate } from '../../../src/model/shape/index.js';
import { loadSpelling, SPELLINGS } from '../../helpers/spellings.js';

const BATCH = 2;
const bindings = new Map([
  ['batch', BATCH],
  ['tokens', 12],
  ['context_tokens', 5],
]);

/** Width of the module and of what cross-attention reads. */
const HIDDEN = 16;
const CONTEXT = 24;

describe.each(SPELLINGS)('$file', async (spelling) => {
  const { tokens, keyTokens, heads, keyHeads = heads, headDim, values } = spelling;
  const model = loadSpelling(spelling);
  const { shapes } = await canonicalize.run(model);
  const { found, refused } = findAttention(model.graph, shapes);
  const isSelf = spelling.attention === 'self';
  const isCross = spelling.attention === 'cross';

  test('holds one attention', () => {
    expect(refused).toEqual([]);
    expect(found).toHaveLength(1);
    const [attention] = found;
    expect(attention!.kind).toBe(spelling.attention);
    expect(attention!.id).toBe(
      isSelf || spelling.attention === 'linear' ? 'attention.0' : undefined,
    );
    expect(attention!.packed).toBe(!isCross && values.query === values.value);
  });

  test('of the right size', () => {
    const { queries, keys, heads: count, headSize, lead } = found[0]!;
    const sizes = [queries, keys, count, headSize, lead].map((d) => d && evaluate(d, bindings));
    expect(sizes).toEqual([tokens, keyTokens, heads, headDim, BATCH * heads]);
  });

  test('with its mask', () => {
    const { mask, maskedBy } = found[0]!;
    expect(mask !== undefined).toBe(spelling.mask);
    expect(maskedBy !== undefined).toBe(spelling.mask);
  });

  test('from its input to its output', () => {
    const { input, q, k, v, output, projected, outputProjection, mixed, mix } = found[0]!;
    // the query that pools is a mean
    if (spelling.attention !== 'pooling')
      expect(q.sources.map((v) => v.name)).toEqual([values.input]);
    expect(input?.name).toBe(isCross ? undefined : values.input);
    for (const operand of [k, v])
      expect(operand.sources.map((v) => v.name)).toEqual([isCross ? values.context : values.input]);
    expect(output.name).toBe(values.output);
    expect(projected).toBe(outputProjection!.output);
    if (spelling.attention !== 'linear') expect(mixed).toBe(mix.output);
  });

  test('that holds all nodes but the norm and the residual connection', () => {
    const isOutside = (name: string) => /^\/norm\/|^\/Add$|^normed_node$|^y_node$/.test(name);
    const expected = [...model.graph.nodes].filter((n) => !isOutside(n.name));
    expect(new Set(found[0]!.module)).toEqual(new Set(expected));
  });

  test('which costs what the linear layers and the two products take', () => {
    const shapeOf = concreteShapes(shapes, bindings);
    const contextWidth = isCross ? CONTEXT : HIDDEN;
    const keyWidth = (HIDDEN * keyHeads) / heads;
    const projections =
      BATCH * (2 * tokens * HIDDEN ** 2 + 2 * keyTokens * contextWidth * keyWidth);
    // linear attention multiplies d values and a one with d channels of each token, twice
    const products =
      spelling.attention === 'linear'
        ? BATCH * 2 * tokens * (headDim + 1) * HIDDEN
        : BATCH * 2 * tokens * keyTokens * HIDDEN;
    expect(attentionCost(found[0]!, shapeOf)).toEqual({ projections, products });
    const { macs, unknown } = graphCost(model.graph, shapeOf);
    expect(unknown).toEqual([]);
    expect(macs).toEqual({ all: projections + products, layers: projections });
  });
});
