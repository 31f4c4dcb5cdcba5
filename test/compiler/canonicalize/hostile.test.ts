/**
 * Files of a few hundred bytes that would take the machine: constants that double, sizes that grow with
 * every node, branches in branches. What is held here is how much is made, not how long it takes.
 */
import { expect, it } from 'vitest';
import { constantNodes } from '../../../src/compiler/canonicalize/fold.js';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { inferShapes, symbolsOf } from '../../../src/model/shape/index.js';
import { modelOf, named } from '../../helpers/text.js';

const MIB = 2 ** 20;

/** `name_0`, then each made of the one before. */
const chain = (count: number, step: (before: string, after: string) => string) =>
  Array.from({ length: count }, (_, i) => step(`v${i}`, `v${i + 1}`)).join('\n');

it.each([
  ['itself', (a: string, b: string) => `${b} = Concat <axis = 0> (${a}, ${a})`],
  [
    'its negative',
    (a: string, b: string) => `${a}n = Neg (${a}) ${b} = Concat <axis = 0> (${a}, ${a}n)`,
  ],
])('a constant that is joined to %s forty times is not made', async (_, step) => {
  const model = modelOf(`test (float[batch] x) => (y) {
    v0 = Constant <value = float[4] {1, 2, 3, 4}> ()
    ${chain(40, step)}
    top = ReduceMax (v40)
    y = Add (x, top)
  }`);
  const shapes = inferShapes(model);
  const { nodes, bytes, tooMuch } = constantNodes(model.graph, () => shapes);
  expect(nodes.size).toBeGreaterThan(5);
  expect(bytes).toBeLessThan(256 * MIB);
  expect(tooMuch + nodes.size).toBeGreaterThan(5);
  const { notes, nodesAfter } = await canonicalize.run(model);
  expect(nodesAfter).toBeGreaterThan(10);
  if (tooMuch > 0) expect(notes.join()).toContain('would take too much memory together');
});

it('sums that double in terms, factors or digits become symbols', () => {
  const steps = {
    Add: (a: string, b: string) => `${b} = Add (${a}, ${a})`,
    Mul: (a: string, b: string) => `${b} = Mul (${a}, ${a})`,
    both: (a: string, b: string) => `${a}w = Add (${a}, w) ${b} = Mul (${a}w, ${a})`,
    extreme: (a: string, b: string) =>
      `${a}m = Max (${a}, w) ${a}s = Sub (w, ${a}m) ${b} = Min (${a}s, ${a})`,
    quotient: (a: string, b: string) => `${a}w = Add (${a}, w) ${b} = Div (${a}w, h)`,
  };
  for (const [name, step] of Object.entries(steps)) {
    const model = modelOf(`test (float[height, width] x) => (y) {
      shape = Shape (x)
      zero = Constant <value_ints = [0]> ()
      one = Constant <value_ints = [1]> ()
      h = Gather (shape, zero)
      w = Gather (shape, one)
      v0 = Identity (h)
      ${chain(200, step)}
      y = Identity (v200)
    }`);
    const table = inferShapes(model);
    const [last] = table.contents(named(model, 'v200')) ?? [];
    expect(last?.weight ?? 0, name).toBeLessThan(1024);
    expect(last ? symbolsOf(last).size : 0, name).toBeLessThan(512);
  }
});

it('sizes that a graph itself makes without end become symbols as well', () => {
  const model = modelOf(`test (float[height, width] v0) => (y) {
    ${chain(100, (a, b) => `${a}t = Transpose <perm = [1, 0]> (${a}) ${a}f = Flatten <axis = 0> (${a}) ${a}c = Flatten <axis = 2> (${a}t) ${b} = MatMul (${a}c, ${a}f)`)}
    y = Neg (v100)
  }`);
  const shape = inferShapes(model).shape(named(model, 'y'));
  for (const size of shape ?? []) expect(size.weight).toBeLessThan(1024);
});

it('branches in branches are written out one by one', async () => {
  const depth = 24;
  let branch = 'z0 = Neg (x)';
  for (let i = 1; i <= depth; i++)
    branch = `z${i} = If (yes) <
      then_branch = t${i} () => (float[batch] z${i - 1}) { ${branch} },
      else_branch = e${i} () => (float[batch] o${i}) { o${i} = Exp (x) }
    >`;
  const model = modelOf(`test (float[batch] x) => (y) {
    yes = Constant <value = bool {1}> ()
    ${branch}
    y = Neg (z${depth})
  }`);
  const { trace } = await canonicalize.run(model);
  expect(trace.filter((entry) => entry.rule === 'inline-if')).toHaveLength(depth);
  expect([...model.graph.nodes].map((node) => node.opType)).toEqual(['Neg', 'Neg']);
});
