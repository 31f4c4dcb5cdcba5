/**
 * Attention raised to its one form: what is computed from the form must be what the source computes.
 * onnxruntime runs both, and PyTorch's recorded output stands by where the source is a spelling that
 * the CPU provider cannot run. Which spellings are refused follows from the manifest.
 */
import { describe, expect, test } from 'vitest';
import { findAttention, raiseCore } from '../../../src/compiler/analysis/attention/index.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { evaluate } from '../../../src/model/shape/index.js';
import { relativeDifference } from '../../helpers/injectable.js';
import { raised, raisedModel } from '../../helpers/raised.js';
import { asFloat32, loadSpelling, referenceOf, SPELLINGS } from '../../helpers/spellings.js';
import { runModel } from '../../model/shape/engine.js';

const OWN_PROJECTION = 'microsoft-attention.onnx';
/** onnxruntime's CPU provider has no packed MultiHeadAttention. */
const NOT_ON_CPU = /multi-head-packed/;

const isRefused = ({ file, attention, mask }: (typeof SPELLINGS)[number]) =>
  attention !== 'self' || mask || file === OWN_PROJECTION;

describe.each(SPELLINGS.filter((s) => !isRefused(s)))('$file', async (spelling) => {
  const { file, tokens, heads, headDim } = spelling;
  const model = loadSpelling(spelling);
  const { shapes } = await canonicalize.run(model);
  const attention = findAttention(model.graph, shapes).found[0]!;

  test('computes what the source computes', async () => {
    const { feeds, output, tolerance } = referenceOf(spelling);
    const copy = raisedModel(model, attention, shapes).model;
    const { y } = await runModel(copy, feeds);
    expect(relativeDifference(asFloat32(y!), output)).toBeLessThan(tolerance);
    if (NOT_ON_CPU.test(file)) return;
    const source = await runModel(model, feeds);
    expect(relativeDifference(asFloat32(y!), asFloat32(source.y!))).toBeLessThan(tolerance);
  });

  test('has the sizes of the manifest', () => {
    const core = raised(attention, shapes);
    const bindings = new Map([
      ['batch', 2],
      ['tokens', 12],
    ]);
    const sizes = [core.tokens, core.lead, core.size, core.valueSize].map(
      (d) => d && evaluate(d, bindings),
    );
    expect(sizes).toEqual([tokens, 2 * heads, headDim, headDim]);
    expect(core.scoresType).toBe('float32');
  });
});

describe('nodes are added only where the layout is another', () => {
  const SCALE = ['Mul'];
  const OUT_OF_TOKENS = ['Reshape', 'Transpose'];
  test.each<[string, string[]]>([
    ['heads-4d', SCALE],
    ['packed-qkv', SCALE],
    ['scores-divided', ['Div']],
    // the scale is on the operands, which are taken as they are
    ['scale-on-both', []],
    ['library-function', []],
    ['library-module', []],
    ['folded-baddbmm', SCALE],
    // Casts around the Softmax
    ['half-softmax-float', ['Cast', 'Cast', ...SCALE]],
    // v stands on the left, so it and the result are turned; q and k are as wanted
    ['convolution', [...SCALE, 'Transpose', 'Transpose']],
    // k is (batch, tokens, size)
    ['einsum-folded', [...SCALE, 'Transpose']],
    // q, k, v and the result have their heads behind the tokens
    ['einsum-heads-behind', [...SCALE, 'Transpose', 'Transpose', 'Transpose', 'Transpose']],
    // q, v and the result have their channels before the tokens
    ['convolution-packed', ['Transpose', 'Transpose', 'Transpose']],
    // q, k and v as they come; only k is turned
    ['onnx-attention-4d', [...SCALE, 'Transpose']],
    ['onnx-attention-3d', [...SCALE, ...Array(4).fill(OUT_OF_TOKENS).flat()].sort()],
    ['microsoft-multi-head', [...SCALE, ...Array(4).fill(OUT_OF_TOKENS).flat()].sort()],
    [
      'microsoft-multi-head-packed',
      [...SCALE, ...Array(3).fill(['Gather', 'Transpose']).flat(), ...OUT_OF_TOKENS].sort(),
    ],
  ])('%s', async (name, expected) => {
    const spelling = SPELLINGS.find(({ file }) => file === `${name}.onnx`)!;
    const model = loadSpelling(spelling);
    const { shapes } = await canonicalize.run(model);
    const { added } = raisedModel(model, findAttention(model.graph, shapes).found[0]!, shapes);
    expect(added).toEqual(expected);
  });
});

describe.each(SPELLINGS.filter(isRefused))('$file', (spelling) => {
  test('is refused, and says why', async () => {
    const model = loadSpelling(spelling);
    const { shapes } = await canonicalize.run(model);
    const attention = findAttention(model.graph, shapes).found[0]!;
    const refusal = raiseCore(attention, shapes) as { reason: string; node: string };
    const expected =
      spelling.file === OWN_PROJECTION
        ? { reason: 'projects q, k and v by itself', node: attention.operator }
        : spelling.attention === 'cross'
          ? { reason: 'attends to another sequence', node: attention.scores }
          : spelling.attention === 'linear'
            ? { reason: 'linear attention, which has no scores', node: attention.softmax }
            : spelling.attention === 'pooling'
              ? { reason: 'pools a sequence with one query', node: attention.softmax }
              : { reason: `a mask ("${attention.mask!.name}")`, node: attention.maskedBy };
    expect(refusal.reason).toContain(expected.reason);
    expect(refusal.node).toBe(expected.node!.label);
  });
});
