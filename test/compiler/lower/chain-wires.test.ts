/**
 * What goes from one segment of a `chain` to the next has a type: inferred by way of loops and sequences, or
 * the form is refused, and the others give what onnxruntime computes of the source.
 */
import { describe, expect, test } from 'vitest';
import type { PlainSite } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { encodeModel } from '../../../src/model/onnx/index.js';
import { compileSites, EXACT, openSession, ort } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

const WIDTH = 3;

/** y = x + mask, made anew or, as `bypass` has it, left as x. */
function siteOf(model: Model, from: string): PlainSite {
  const value = named(model, 'inner');
  // its shape follows from no input where a sequence lies between
  value.type = tensorType('float32', ['batch', WIDTH]);
  const plain = { description: '', reads: [], writes: {} };
  return {
    id: 's',
    description: 's',
    outputs: [value],
    states: [{ id: 's.0', like: value }],
    strategies: {
      compute: { ...plain, name: 'compute', writes: { 's.0': (b) => b.value(value) } },
      reuse: { ...plain, name: 'reuse', reads: ['s.0'], produce: (b) => [b.state('s.0')] },
      bypass: { ...plain, name: 'bypass', produce: (b) => [b.value(named(model, from))] },
    },
  };
}

const ROWS = [['compute'], ['reuse'], ['bypass'], ['compute']];

const feeds = () => ({
  x: new ort.Tensor('float32', Float32Array.of(1, -2, 3, 0.5, 4, -1), [2, WIDTH]),
});

async function sourceResult(model: Model): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(encodeModel(model), EXACT);
  const { y } = await session.run(feeds());
  await session.release();
  return y!.data as Float32Array;
}

/** What is reused is of the same inputs, so only the bypassing call differs from the source. */
async function expectRight(model: Model, emit: 'split' | 'merged' | 'chain'): Promise<void> {
  const expected = await sourceResult(model);
  const session = await openSession(compileSites(model, [siteOf(model, 'h')], ROWS, emit));
  for (const [call, [strategy]] of ROWS.entries()) {
    const { y } = await session.run(feeds());
    if (strategy === 'bypass') expect(y!.data, `call ${call}`).not.toEqual(expected);
    else expect(y!.data, `call ${call}`).toEqual(expected);
  }
  await session.release();
}

const withMask = (mask: string) =>
  modelOf(`g (float[batch, ${WIDTH}] x) => (float[batch, ${WIDTH}] y)
    <int64 n = {2}, bool go = {1}, int64 at = {0}, float half = {0.5}> {
      ${mask}
      h = Neg (x)
      e = Exp (h)
      inner = Add (e, mask)
      y = Mul (inner, mask)
    }`);

/** What the mask is made of is not declared anywhere. */
const MASKS: Record<string, string> = {
  'through a Loop over a sequence': `
    none = SequenceEmpty ()
    all = Loop (n, go, none) <body = body (int64 i, bool c, seq(float[?, ?]) s) => (bool d, seq(float[?, ?]) t) {
      d = Identity (c)
      part = Abs (x)
      t = SequenceInsert (s, part)
    }>
    joined = ConcatFromSequence <axis = 0> (all)
    mask = ReduceMax <keepdims = 0> (joined)`,
  'of another type than what it comes from': `
    all = SequenceConstruct (x)
    first = SequenceAt (all, at)
    more = Greater (first, half)
    mask = Cast <to = 1> (more)`,
  'through a Scan': `
    zero = ReduceMax <keepdims = 0> (x)
    mask, rows = Scan <num_scan_inputs = 1, body = body (float u, float[?] r) => (float v, float[?] o) {
      m = ReduceSum <keepdims = 0> (r)
      v = Add (u, m)
      o = Identity (r)
    }> (zero, x)`,
  'out of an If': `
    most = ReduceMax <keepdims = 0> (x)
    big = Greater (most, half)
    mask = If (big) <
      then_branch = yes () => (float[?, ?] a) { a = Abs (x) },
      else_branch = no () => (float[?, ?] b) { b = Neg (x) }>`,
};

describe.each(Object.entries(MASKS))('a mask %s', (_, mask) => {
  test.each(['split', 'merged', 'chain'] as const)('%s', (emit) =>
    expectRight(withMask(mask), emit),
  );
});

test('the input of each segment has a type', () => {
  for (const mask of Object.values(MASKS)) {
    const model = withMask(mask);
    const { lowered } = compileSites(model, [siteOf(model, 'h')], ROWS, 'chain');
    expect(lowered.models.size).toBeGreaterThan(1);
    for (const { graph } of lowered.models.values())
      for (const value of [...graph.inputs, ...graph.outputs])
        expect(value.type, value.name).toMatchObject({ kind: 'tensor', elem: 'float32' });
  }
});

describe('what is no tensor of a known type', () => {
  const SEQUENCE = `g (float[batch, 3] x) => (float[batch, 3] y)
    <int64 at = {0}> {
      all = SequenceConstruct (x, x)
      h = Neg (x)
      part = SequenceAt (all, at)
      inner = Exp (part)
      again = SequenceAt (all, at)
      y = Add (inner, again)
    }`;

  test('is refused by chain, naming it', () => {
    const model = modelOf(SEQUENCE);
    // the sequence is needed whatever the site does, its elements inside too
    const sites = [siteOf(model, 'h')];
    expect(() => compileSites(model, sites, ROWS, 'chain')).toThrow(
      expect.objectContaining({
        code: 'PLAN_NOT_CHAINABLE',
        message: expect.stringMatching(/"all" would go .* it is a sequence\.$/),
      }),
    );
  });

  test.each(['split', 'merged'] as const)('stays inside with %s', (emit) =>
    expectRight(modelOf(SEQUENCE), emit),
  );

  test('of an operator that is not known', () => {
    const model = modelOf(`g (float[batch, 3] x) => (float[batch, 3] y) {
      mask = own.Twist (x)
      h = Neg (x)
      e = Exp (h)
      inner = Add (e, mask)
      y = Mul (e, mask)
      z = Mul (inner, y)
    }`);
    model.graph.setOutput(0, named(model, 'z'));
    expect(() => compileSites(model, [siteOf(model, 'h')], ROWS, 'chain')).toThrow(
      expect.objectContaining({
        code: 'PLAN_NOT_CHAINABLE',
        message: expect.stringMatching(/"mask" would go .*Twist/),
      }),
    );
  });
});
