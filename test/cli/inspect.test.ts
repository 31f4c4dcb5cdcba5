/** What `inspect` says of a model's attention, for people and as JSON. */
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { encodeModel } from '../../src/model/onnx/index.js';
import { modelOf } from '../helpers/text.js';
import { DIGITS, done, ROOT, requireBuild, scratchFolder } from './stepfold.js';

const sample = (name: string) => path.join(ROOT, 'samples', `${name}.onnx`);
const DIT = sample('dit-digits/dit-digits');
const folder = scratchFolder('inspect');

beforeAll(requireBuild);

const report = async (model: string) => JSON.parse(await done(['inspect', model, '--json']));

/** Lines under a heading. */
function section(text: string, heading: string): string[] {
  const lines = text.split('\n');
  const begin = lines.indexOf(heading);
  expect(begin, `no heading "${heading}"`).toBeGreaterThan(0);
  const end = lines.indexOf('', begin);
  return lines.slice(begin + 1, end < 0 ? undefined : end);
}

describe.concurrent('modules', () => {
  test('as JSON: a feed-forward by its place, what is kept, and what falls away', async () => {
    const { modules, refusedModules, macs } = await report(DIT);
    expect(refusedModules).toEqual([]);
    expect(modules.map(({ id }: { id: string }) => id)).toEqual(
      [0, 1, 2, 3, 4, 5].flatMap((i) => [`self.${i}`, `feed-forward.${i}`]),
    );
    // four times as wide and back, over 144 tokens of 128 channels
    const feed = 8 * 144 * 128 ** 2;
    expect(modules[7]).toEqual({
      id: 'feed-forward.3',
      kind: 'feed-forward',
      block: 3,
      outputs: [{ name: expect.stringContaining('/blocks.3/mlp/'), shape: ['batch', 144, 128] }],
      macs: { all: feed, layers: feed },
      share: feed / macs.all,
    });
  });

  test('for people: a line for those that are alike', async () => {
    const rows = section(await done(['inspect', DIT]), 'Modules, by what leaves them');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['sites', 'of them', 'output', 'MACs in layers', 'with attention', 'together of all'],
      ['self.0-5', '6', '[batch, 144, 128]', '9.44 M', '14.75 M', '43.7 %'],
      ['feed-forward.0-5', '6', '[batch, 144, 128]', '18.87 M', '18.87 M', '55.9 %'],
    ]);
  });
});

describe.concurrent('attention of a transformer', () => {
  test('as JSON: sizes, MACs and shares, borders, nodes', async () => {
    const { attention, refusedAttention, macs, isUnet } = await report(DIT);
    expect({ isUnet, refusedAttention }).toEqual({ isUnet: false, refusedAttention: [] });
    expect(attention).toHaveLength(6);
    // four layers of 144 tokens and 128 channels, and two products of 144 by 144
    const [projections, products] = [4 * 144 * 128 ** 2, 2 * 144 ** 2 * 128];
    expect(attention[3]).toMatchObject({
      id: 'attention.3',
      kind: 'self',
      tokens: 144,
      keys: 144,
      heads: 4,
      headSize: 32,
      macs: { projections, products },
      share: { projections: projections / macs.all, products: products / macs.all },
      mask: null,
      causal: false,
      window: { possible: true },
      input: expect.stringContaining('/blocks.3/'),
      output: expect.stringContaining('/blocks.3/attn/proj'),
      nodes: {
        operator: null,
        q: expect.stringContaining('/blocks.3/attn/qkv'),
        outputProjection: expect.stringContaining('/blocks.3/attn/proj'),
      },
    });
  });

  test('for people: what it is, and a line for each module', async () => {
    const text = await done(['inspect', DIT]);
    expect(text).toContain('\nA transformer with 6 self-attention modules.\nNo U-Net: ');
    // that it is no U-Net is no failure
    expect(text).not.toContain('\nNo U-Net\n');
    const [, ...rows] = section(text, 'Attention');
    expect(rows.slice(0, 6).map((row) => row.split(/ +/).slice(0, 5))).toEqual(
      Array.from({ length: 6 }, (_, n) => [`attention.${n}`, '144', '12x12', '4', '32']),
    );
    expect(rows).toHaveLength(7);
  });
});

describe.concurrent('attention of other models', () => {
  test('cross-attention has no site', async () => {
    const { attention } = await report(sample('spellings/cross-mask'));
    expect(attention).toHaveLength(1);
    expect(attention[0]).toMatchObject({
      id: null,
      kind: 'cross',
      tokens: 12,
      keys: 5,
      input: null,
    });
    expect(attention[0].mask).toEqual(expect.any(String));
    const [, row] = section(await done(['inspect', sample('spellings/cross-mask')]), 'Attention');
    expect(row).toMatch(/^cross +12x5 +2 +8 .* yes/);
  });

  test('why there can be no window', async () => {
    const model = sample('spellings/mask-causal');
    const { attention } = await report(model);
    expect(attention[0].window).toEqual({
      possible: false,
      node: '/attention/Add',
      reason: expect.stringContaining('mask'),
    });
    const text = await done(['inspect', model]);
    expect(text).toContain('No window on attention.0, at node "/attention/Add":\n  a mask (');
  });

  test('a fused operator is named', async () => {
    const { attention } = await report(sample('spellings/microsoft-multi-head'));
    expect(attention[0].nodes).toMatchObject({
      operator: 'com.microsoft.MultiHeadAttention',
      softmax: 'attended_node',
    });
  });

  test('a U-Net keeps its branches', async () => {
    const text = await done(['inspect', DIGITS]);
    expect(text).toContain('\nA U-Net with 9 skip branches, 5 self-attention modules.\n');
    expect(section(text, 'Skip branches (1 is the outermost)')).toHaveLength(10);
    expect(section(text, 'Attention')).toHaveLength(7);
  });

  test('what only looks like attention, and why', async () => {
    const file = path.join(folder, 'classes.onnx');
    const model = modelOf(
      `g (float[batch, 4] x) => (float[batch, 4] y) <float[4, 4] w = {${Array(16).fill(1)}}> {
        [layer] c = MatMul (x, w)
        [classes] y = Softmax (c)
      }`,
    );
    fs.writeFileSync(file, encodeModel(model));
    const text = await done(['inspect', file]);
    expect(section(text, 'No attention, though it looks like it')).toEqual([
      'classes: its input comes from the layer "layer", not from a product of two activations.',
      'ditfastattn has no site there, and no option of it gives it one.',
    ]);
    expect(text).toContain('\nNo U-Net\n');
    expect(text).toContain(
      'deepcache and depth-skip cut at skip branches, so no option of theirs helps here.',
    );
    const { refusedAttention, attention } = await report(file);
    expect(attention).toEqual([]);
    expect(refusedAttention).toMatchObject([{ node: 'classes' }]);
  });
});
