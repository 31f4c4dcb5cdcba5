/**
 * Every operator that has a record says every facet, or is listed here as one of which it is not known. Whoever
 * adds an operator comes by this list.
 */
import { describe, expect, test } from 'vitest';
import { isHeavy } from '../../../src/model/cost/index.js';
import { Graph } from '../../../src/model/ir/graph.js';
import { OPERATORS, operatorOf, THEMES } from '../../../src/model/operators/index.js';
import { SCHEMAS } from './schemas.js';

const listed = (names: string) => names.split(/\s+/).filter(Boolean).sort();

/** How a batch goes through them nobody can say, or it hangs on numbers that nobody knows beforehand. */
const UNKNOWN_BATCH: Readonly<Record<string, string>> = {
  '': `
    Trilu ArgMax ArgMin TopK Unique NonMaxSuppression MeanVarianceNormalization
    GatherElements GatherND Scatter ScatterElements
    Constant ConstantOfShape Range EyeLike OneHot NonZero HannWindow HammingWindow BlackmanWindow
    RandomNormal RandomUniform RandomNormalLike RandomUniformLike Bernoulli Multinomial
    SequenceEmpty SequenceConstruct SplitToSequence SequenceInsert SequenceErase SequenceAt
    ConcatFromSequence SequenceLength Optional OptionalGetElement OptionalHasElement If Loop Scan`,
  'com.microsoft': 'MatMulIntegerToFloat RotaryEmbedding',
  'com.microsoft.nchwc': '',
};

const NO_SHAPE: Readonly<Record<string, string>> = {
  '': 'Multinomial HannWindow HammingWindow BlackmanWindow Unique NonMaxSuppression',
};

describe.each([...OPERATORS])('of "%s"', (domain, records) => {
  const where = (holds: (name: string) => boolean) => [...records.keys()].filter(holds).sort();

  test('each has one record', () => {
    const names = THEMES[domain]!.flatMap((theme) => Object.keys(theme));
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
    expect(records.size).toBe(names.length);
  });

  test('the shape is known, or known to be unknown', () => {
    expect(where((name) => !records.get(name)!.shape)).toEqual(
      listed(NO_SHAPE[domain] ?? '').filter(Boolean),
    );
  });

  test('the batch is followed, or known not to be', () => {
    expect(where((name) => records.get(name)!.batch === 'unknown')).toEqual(
      listed(UNKNOWN_BATCH[domain]!),
    );
  });

  test('what is a product by its name costs something, and nothing else does', () => {
    expect(where((name) => records.get(name)!.work !== 'nothing')).toEqual(
      where((name) => /MatMul|Gemm|Einsum|Conv(?!ert)|Attention$/.test(name)),
    );
  });

  test('factors of products, and what attention reads, are inputs', () => {
    for (const [name, { work }] of records) {
      if (work === 'nothing') continue;
      const most = Math.max(
        ...SCHEMAS[domain]![name]!.versions.map(({ inputs }) =>
          inputs.some((input) => input.includes('*')) ? Number.POSITIVE_INFINITY : inputs.length,
        ),
      );
      const places =
        work.kind === 'product'
          ? work.factors
          : [
              work.inputs.operands,
              work.inputs.parameters,
              work.inputs.masks,
              work.inputs.kept,
            ].flat();
      for (const place of places) expect(place, name).toBeLessThan(most);
    }
  });
});

describe('what an attention reads, by the names in the schemas', () => {
  test.each([
    [
      '',
      'Attention',
      'Q K V',
      '',
      'attn_mask',
      'attn_mask nonpad_kv_seqlen',
      'past_key past_value',
    ],
    [
      'com.microsoft',
      'Attention',
      'input',
      'weights bias',
      'attention_bias',
      'mask_index attention_bias',
      'past',
    ],
    [
      'com.microsoft',
      'MultiHeadAttention',
      'query key value',
      'bias',
      'attention_bias',
      'key_padding_mask attention_bias',
      'past_key past_value',
    ],
  ])('%s %s', (domain, name, ...expected) => {
    const names = SCHEMAS[domain]![name]!.versions.at(-1)!.inputs.map((n) => n.replace('?', ''));
    const { work } = OPERATORS.get(domain)!.get(name)!;
    if (work === 'nothing' || work.kind !== 'attention') throw new Error('it is no attention');
    const { operands, parameters, bias, masks, kept } = work.inputs;
    const said = [operands, parameters, [bias], masks, kept].map((places) =>
      places.map((place) => names[place]).join(' '),
    );
    expect(said).toEqual(expected);
  });
});

describe('random numbers', () => {
  const isSaid = (name: string) => OPERATORS.get('')!.get(name)!.random !== 'never';

  test.each([...OPERATORS.get('')!.keys()].filter((name) => SCHEMAS['']![name]!.by === 'onnx'))(
    '%s draws them, or does not, as ONNX says',
    (name) => {
      expect(isSaid(name)).toBe(SCHEMAS['']![name]!.random);
    },
  );

  test('what draws them has a record, since all others are taken to draw none', () => {
    const random = Object.entries(SCHEMAS['']!).filter(([, schema]) => schema.random);
    const missing = random.flatMap(([name]) => (OPERATORS.get('')!.has(name) ? [] : [name]));
    // both run other operators, and none of these draws
    expect(missing).toEqual(['AffineGrid', 'SequenceMap']);
  });
});

describe('operators of one name in two domains do not meet', () => {
  test.each([
    ['', 'GroupNorm', false],
    ['com.microsoft', 'GroupNorm', true],
    ['com.microsoft', 'GroupNormalization', false],
    ['ai.onnx', 'GroupNormalization', true],
    ['com.microsoft', 'Conv', false],
    ['com.microsoft.nchwc', 'Conv', true],
    ['own', 'Conv', false],
    ['', 'constructor', false],
    ['constructor', 'Conv', false],
  ])('%s %s', (domain, opType, isKnown) => {
    const node = new Graph('g').addNode({ domain, opType, inputs: [], outputs: ['y'] });
    expect(operatorOf(node) !== undefined).toBe(isKnown);
    expect(isHeavy(node)).toBe(isKnown && opType === 'Conv');
  });

  test('each Attention is read in its own way', () => {
    const [standard, microsoft] = ['', 'com.microsoft'].map(
      (domain) => OPERATORS.get(domain)!.get('Attention')!,
    );
    expect(operatorOf({ domain: 'ai.onnx', opType: 'Attention' })).toBe(standard);
    expect(standard).not.toBe(microsoft);
    expect(standard!.work).not.toEqual(microsoft!.work);
  });
});
