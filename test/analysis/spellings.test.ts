/**
 * One attention module in every spelling of samples/spellings. The manifest was written by the script
 * that made the graphs, from what it built, so it is an oracle that knows nothing of the analysis.
 */
import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { canonicalize } from '../../passes/canonicalize/index.js';
import { findAttention } from '../../src/analysis/attention/index.js';
import { loadModel } from '../../src/onnx/files.js';
import { evaluate } from '../../src/shape/index.js';

interface Spelling {
  readonly file: string;
  readonly attention: 'self' | 'cross';
  readonly tokens: number;
  readonly keyTokens: number;
  readonly heads: number;
  readonly headDim: number;
  readonly values: Readonly<Record<'input' | 'output', string>>;
}

const folder = 'samples/spellings/';
const { spellings } = JSON.parse(fs.readFileSync(`${folder}spellings.json`, 'utf8')) as {
  spellings: Spelling[];
};
/** Attention as one operator is not taken apart yet; tokens before the batch hide how many heads there are. */
const LATER = /^(microsoft|onnx)-|^library-module/;
const bindings = new Map([
  ['batch', 2],
  ['tokens', 12],
]);

describe.each(spellings.filter((s) => !LATER.test(s.file)))('$file', async (spelling) => {
  const model = loadModel(folder + spelling.file);
  const { shapes } = await canonicalize.run(model);
  const { found, refused } = findAttention(model.graph, shapes);

  test('holds one attention', () => {
    expect(refused).toEqual([]);
    expect(found).toHaveLength(1);
    expect(found[0]!.kind).toBe(spelling.attention);
    expect(found[0]!.q.source.name).toBe(spelling.values.input);
  });

  test('of the right size', () => {
    const { queries, keys, heads, headSize } = found[0]!;
    const sizes = [queries, keys, heads, headSize].map((d) => d && evaluate(d, bindings));
    const { tokens, keyTokens, headDim } = spelling;
    expect(sizes).toEqual([tokens, keyTokens, spelling.heads, headDim]);
  });

  test('that ends behind its output projection', () => {
    const { output, outputProjection } = found[0]!;
    expect(outputProjection).toBeDefined();
    // the packed convolution's manifest counts the change of layout behind it as well
    const behind = [output, ...[...output.users].map((user) => user.output)].map((v) => v.name);
    expect(behind).toContain(spelling.values.output);
  });
});
