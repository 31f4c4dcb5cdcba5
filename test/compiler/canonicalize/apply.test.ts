/** Rewrites by themselves: what takes which name, what is left where nothing can be replaced, and what is told. */
import { describe, expect, test } from 'vitest';
import { addConstant, applyRewrite } from '../../../src/compiler/canonicalize/apply.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import {
  chain,
  type Replacement,
  type Rewrite,
  traceOf,
} from '../../../src/compiler/canonicalize/rewrite.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Node } from '../../../src/model/ir/node.js';
import { float32Tensor, readNumbers } from '../../../src/model/ir/tensor.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { modelOf, named } from '../../helpers/text.js';

/** Every node as `made = Operator(read, …)`; constants by their numbers. */
const shown = (model: Model): string[] => {
  expect(findViolations(model.graph)).toEqual([]);
  return [...model.graph.nodes].map((node) => {
    const inputs = node.inputs.map((v) => {
      const tensor = constantTensor(v);
      return tensor ? `${readNumbers(tensor)}` : (v?.name ?? '-');
    });
    return `${node.outputs.map((v) => v?.name ?? '').join()} = ${node.opType}(${inputs.join(', ')})`;
  });
};

const nodeOf = (model: Model, name: string): Node => named(model, name).producer!;

/** Puts something in a value's place. */
function replace(model: Model, from: string, to: Replacement): boolean {
  const rewrite = { rule: 'test', node: nodeOf(model, from), why: '' };
  return applyRewrite(model, { ...rewrite, replace: [{ from: named(model, from), to }] });
}

const model = (outputs = 'y') =>
  modelOf(`g (float[2] x, float[2] z) => (${outputs}) {
    a = Neg (x)
    b = Exp (a)
    y = Add (b, a)
  }`);

const step = (opType: string, ...inputs: Replacement[]) => ({ opType, inputs: inputs as never });
const TWO = float32Tensor([2], []);

describe('in place of a value that', () => {
  test.each<[string, string, (m: Model) => Replacement, boolean, string[]]>([
    [
      'others read: a value',
      'y',
      (m) => ({ value: named(m, 'x') }),
      true,
      ['a = Neg(x)', 'b = Exp(x)', 'y = Add(b, x)'],
    ],
    [
      'others read: a constant',
      'y',
      () => ({ tensor: TWO }),
      true,
      ['a_replaced = Neg(x)', 'b = Exp(2)', 'y = Add(b, 2)'],
    ],
    [
      'others read: a node',
      'y',
      (m) => ({ steps: [step('Abs', named(m, 'x') as never)] }),
      true,
      ['a_replaced = Neg(x)', 'b = Exp(a)', 'y = Add(b, a)', 'a = Abs(x)'],
    ],
    [
      'is given out, and read: a value',
      'y, a',
      (m) => ({ value: named(m, 'x') }),
      true,
      ['a = Neg(x)', 'b = Exp(x)', 'y = Add(b, x)'],
    ],
    [
      'is given out, and read: a constant',
      'y, a',
      () => ({ tensor: TWO }),
      true,
      ['a = Neg(x)', 'b = Exp(2)', 'y = Add(b, 2)'],
    ],
  ])('%s', (_, outputs, to, changed, left) => {
    const m = model(outputs);
    expect(replace(m, 'a', to(m))).toBe(changed);
    expect(shown(m)).toEqual(left);
    expect(m.graph.outputs.map((v) => v.name).join(', ')).toBe(outputs);
  });

  test('is given out only: a constant or an input cannot be', () => {
    for (const to of [{ tensor: TWO }, { value: named(model(), 'x') }]) {
      const m = model();
      const own = 'value' in to ? { value: named(m, 'x') } : to;
      expect(replace(m, 'y', own)).toBe(false);
      expect(shown(m)).toEqual(shown(model()));
    }
  });

  test('is given out only: what is given out already cannot be', () => {
    const m = model('y, b');
    expect(replace(m, 'y', { value: named(m, 'b') })).toBe(false);
    expect(shown(m)).toEqual(shown(model()));
  });

  test('is given out only: what a node makes takes its name', () => {
    const m = model();
    expect(replace(m, 'y', { value: named(m, 'b') })).toBe(true);
    expect(shown(m)).toEqual(['a = Neg(x)', 'y = Exp(a)', 'y_replaced = Add(y, a)']);
  });

  test('nothing reads: nothing, and nothing is made', () => {
    const m = modelOf('g (float[2] x) => (float[2] y) { a = Exp (x) y = Neg (x) }');
    expect(replace(m, 'a', { tensor: TWO })).toBe(false);
    expect(m.graph.initializers.size).toBe(0);
  });
});

describe('new nodes', () => {
  test('in a chain read the one before, first of all', () => {
    const m = model();
    const steps = chain(
      step('Abs', named(m, 'x') as never),
      step('Mul', TWO as never),
      step('Neg'),
    );
    replace(m, 'y', { steps });
    expect(shown(m).slice(3)).toEqual([
      'y_abs = Abs(x)',
      'y_mul = Mul(y_abs, 2)',
      'y = Neg(y_mul)',
    ]);
  });

  test('in steps say what they read, or leave out', () => {
    const m = model();
    const [x, z] = ['x', 'z'].map((name) => named(m, name)) as never[];
    const steps = [
      step('Abs', x!),
      step('Neg', z!),
      step('Clip', { step: 1 } as never, null as never, { step: 0 } as never),
    ];
    replace(m, 'y', { steps });
    expect(shown(m).slice(3)).toEqual([
      'y_abs = Abs(x)',
      'y_neg = Neg(z)',
      'y = Clip(y_neg, -, y_abs)',
    ]);
  });
});

describe('new inputs of a node', () => {
  const clip = () => modelOf('g (float[2] x, float lo) => (float[2] y) { [c] y = Clip (x, lo, ) }');
  const rewrite = (m: Model, operands: Rewrite['operands']): Rewrite => ({
    rule: 'test',
    node: nodeOf(m, 'y'),
    why: '',
    ...(operands && { operands }),
  });

  test('are called by what they replace, or by the node', () => {
    const m = clip();
    const operands = [
      { index: 1, to: TWO },
      { index: 2, to: float32Tensor([3], []) },
    ];
    expect(applyRewrite(m, rewrite(m, operands))).toBe(true);
    expect(shown(m)).toEqual(['y = Clip(x, 2, 3)']);
    expect([...m.graph.initializers].map((v) => v.name)).toEqual(['lo_constant', 'c_constant']);
  });

  test('may be values, or none', () => {
    const m = clip();
    const operands = [
      { index: 1, to: null },
      { index: 2, to: named(m, 'lo') },
    ];
    applyRewrite(m, rewrite(m, operands));
    expect(shown(m)).toEqual(['y = Clip(x, -, lo)']);
  });

  test('none are no change', () => {
    const m = clip();
    expect(applyRewrite(m, rewrite(m, []))).toBe(false);
    expect(applyRewrite(m, rewrite(m, undefined))).toBe(false);
    expect(traceOf(rewrite(m, undefined))).toMatchObject({ node: 'c', values: ['y'] });
  });
});

test('a constant leaves the name that its tensor had', () => {
  for (const [version, isInitializer] of [
    [3, false],
    [4, true],
  ] as const) {
    const m = parseModel(`<ir_version: ${version}, opset_import: ["": 8]>
      g (float[2] x) => (float[2] y) { y = Neg (x) }`);
    const value = addConstant(m, m.graph, 'k', { ...TWO, name: 'other' });
    expect([value.name, value.producer === undefined]).toEqual(['k', isInitializer]);
    expect(constantTensor(value)).toEqual(TWO);
  }
});

describe('a branch that is taken', () => {
  const branch = (made: string, inner: string, more = '') =>
    modelOf(`g (float[2] x) => (float[2] y) <bool yes = {1}> {
      ${made} = If (yes) <
        then_branch = t () => (p, q, o) { o = Ceil (x) ${inner} },
        else_branch = e () => (r, s, u) { r = Exp (x) s = Abs (x) u = Floor (x) }
      >
      ${more}
    }`);

  test('gives what the node gave, in whatever results are wanted', async () => {
    const m = branch('a, b', 'p = Neg (x) q = Exp (x)', 'y = Sub (a, b)');
    await canonicalize.run(m, { engine: false });
    expect(shown(m)).toEqual(['p_1 = Neg(x)', 'q_1 = Exp(x)', 'y = Sub(p_1, q_1)']);
    const second = branch('a, , c', 'p = Neg (x) q = Exp (x)', 'y = Add (a, c)');
    await canonicalize.run(second, { engine: false });
    expect(shown(second)).toEqual(['p_1 = Neg(x)', 'o_1 = Ceil(x)', 'y = Add(p_1, o_1)']);
  });

  test('may leave out results of its nodes', async () => {
    const m = branch(
      'a, b',
      ', i = RNN <hidden_size = 2> (x, x, x) p = Neg (i) q = Exp (x)',
      'y = Sub (a, b)',
    );
    await canonicalize.run(m, { engine: false });
    expect(shown(m)).toEqual([
      ',i_1 = RNN(x, x, x)',
      'p_1 = Neg(i_1)',
      'q_1 = Exp(x)',
      'y = Sub(p_1, q_1)',
    ]);
  });
});

test('what cannot be changed is tried once, and not told', async () => {
  const m = modelOf(`g (float[2] x) => (float[2] y, int64[2] k) {
    y = Identity (x)
    k = Constant <value = int64[2] {1, 2}> ()
  }`);
  const { trace, nodesBefore, nodesAfter } = await canonicalize.run(m);
  expect(trace).toEqual([]);
  expect([nodesBefore, nodesAfter]).toEqual([2, 2]);
});

test('a branch goes on to make what it gives out', async () => {
  const m = modelOf(`g (float[2] x, bool c) => (float[2] y) {
    n = Neg (x)
    y = If (c) <
      then_branch = t () => (p) { p = Identity (n) },
      else_branch = e () => (q) { r = Exp (n) q = Identity (r) }
    >
  }`);
  const { trace } = await canonicalize.run(m);
  expect(findViolations(m.graph)).toEqual([]);
  expect(trace.map(({ values }) => values)).toEqual([['q']]);
});

test('constants of very old files stay nodes, and are not made anew', async () => {
  const m = parseModel(`<ir_version: 3, opset_import: ["": 8]> g (float[2] x) => (float[2] y) {
    k = Constant <value = float[2] {1, 2}> ()
    a = Add (x, k)
    t = Constant <value = int64[2] {1, -1}> ()
    y = Reshape (a, t)
  }`);
  expect((await canonicalize.run(m)).trace).toEqual([]);
});
