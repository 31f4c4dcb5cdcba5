/** Cutting sub-graphs out: what comes along, what is refused, and that the piece computes the same. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { extract } from '../../../src/model/ir/extract.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { encodeSorted } from '../../helpers/compile.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

const cut = (model: Model, inputs: string[], outputs: string[], openInputs = false) =>
  extract(model, {
    name: 'piece',
    inputs: inputs.map((name) => named(model, name)),
    outputs: outputs.map((name) => named(model, name)),
    openInputs,
  }).model;

const chain = () =>
  modelOf(`g (float[2] x, float[2] t, float[2] d) => (float[2] y)
  <float[2] d = {10, 20}, float[2] w = {2, 3}, float[2] other = {1, 1}, float[2] a, float[2] c> {
    a = Mul (x, w)
    b = Add (a, t)
    c = Neg (b)
    side = Add (c, other)
    e = Add (c, d)
    y = Mul (e, a)
  }`);

describe('extract', () => {
  test('takes the nodes between, and the initializers they read', () => {
    const { graph } = cut(chain(), ['a', 't'], ['c']);
    expect(namesOf(graph.nodes)).toEqual(['b', 'c']);
    expect(namesOf(graph.inputs)).toEqual(['a', 't']);
    expect(namesOf(graph.initializers)).toEqual([]);
    expect(namesOf(cut(chain(), ['x'], ['a']).graph.initializers)).toEqual(['w']);
  });

  test('refuses a cut that its inputs do not bound, and lists what is missing', () => {
    const model = chain();
    expect(() => cut(model, ['a'], ['c'])).toThrow(/also needs "t"/);
    expect(() => cut(model, [], ['y'])).toThrow(/also needs "x", "t"/);
    try {
      cut(model, [], ['y']);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: 'GRAPH_UNBOUNDED_CUT',
        details: { value: 'x', data: { missing: ['x', 't'] } },
      });
    }
  });

  test('takes the inputs that are missing when asked to, in the order of the source', () => {
    expect(namesOf(cut(chain(), [], ['c'], true).graph.inputs)).toEqual(['x', 't']);
  });

  test('an input with a default need not be listed and keeps its default', () => {
    const { graph } = cut(chain(), ['c'], ['e']);
    expect(namesOf(graph.inputs)).toEqual(['c', 'd']);
    expect(graph.inputs[1]!.initializer).toBeDefined();
    const given = cut(chain(), ['c', 'd'], ['e']).graph;
    expect(given.inputs[1]!.initializer).toBeUndefined();
  });

  test('inputs that nothing between reads do not become inputs', () => {
    expect(namesOf(cut(chain(), ['a', 'c', 't'], ['e']).graph.inputs)).toEqual(['c', 'd']);
  });

  test('an output that is also an input of the cut passes through', () => {
    const { graph } = cut(chain(), ['a', 'c'], ['c', 'a']);
    expect(namesOf(graph.inputs)).toEqual(['a', 'c']);
    expect(graph.nodes.size).toBe(0);
    expect(findViolations(graph)).toEqual([]);
  });

  test('a node of which one output is given from outside keeps its other output', () => {
    const model = modelOf(`g (float[4] x) => (float[2] y) {
      p, q = Split <axis = 0> (x)
      y = Add (p, q)
    }`);
    const { graph } = cut(model, ['x', 'p'], ['y']);
    expect(namesOf(graph.inputs).sort()).toEqual(['p', 'x']);
    const [split, add] = graph.nodes;
    expect(add!.inputs.map((v) => v?.name)).toEqual(['p', 'q']);
    expect(split!.outputs[0]).not.toBe(add!.inputs[0]);
    expect(findViolations(graph)).toEqual([]);
  });

  test('does not touch the source', () => {
    const model = chain();
    const before = encodeSorted(model);
    cut(model, ['a', 't'], ['c']);
    expect(encodeSorted(model)).toEqual(before);
  });

  test('pieces run one after another compute what the whole computes', async () => {
    const run = async (model: Model, feeds: Record<string, number[]>) => {
      const session = await ort.InferenceSession.create(encodeSorted(model), {
        graphOptimizationLevel: 'disabled',
        logSeverityLevel: 4,
      });
      const results = await session.run(
        Object.fromEntries(
          Object.entries(feeds).map(([k, v]) => [k, new ort.Tensor('float32', v, [v.length])]),
        ),
      );
      return Object.fromEntries(
        Object.entries(results).map(([k, v]) => [k, Array.from(v.data as Float32Array)]),
      );
    };
    const feeds = { x: [1, 2], t: [3, 4] };
    // 2: (-(1*2+3)+10)*2 = 10, (-(2*3+4)+20)*6 = 60
    expect(await run(chain(), { ...feeds, d: [10, 20] })).toEqual({ y: [10, 60] });
    const first = await run(cut(chain(), ['x', 't'], ['c', 'a']), feeds);
    expect(first).toEqual({ c: [-5, -10], a: [2, 6] });
    expect(
      await run(cut(chain(), ['c', 'a', 'd'], ['y']), {
        c: first.c!,
        a: first.a!,
        d: [10, 20],
      }),
    ).toEqual({ y: [10, 60] });
  });
});

describe('captures', () => {
  const nested = () =>
    modelOf(`g (float[2] x, float[2] t, bool c, int64 n) => (float[2] y)
    <float[2] w = {2, 3}, int64 one = {1}, bool yes = {1}> {
      a = Mul (x, w)
      z = Loop (one, yes, a) <body: graph = body (int64 i, bool keep, float[2] carried) => (bool go, float[2] next) {
        go = Identity (keep)
        next = If (keep) <
          then_branch: graph = then () => (float[2] p) { p = Add (carried, t) },
          else_branch: graph = else () => (float[2] q) { q = Add (carried, w) }
        >
      }>
      y = Neg (z)
    }`);

  test('what graphs inside nodes read from outside is needed too', () => {
    expect(() => cut(nested(), ['a'], ['z'])).toThrow(/also needs "t"/);
    const { graph } = cut(nested(), ['a', 't'], ['z']);
    expect(namesOf(graph.inputs)).toEqual(['a', 't']);
    expect(namesOf(graph.initializers).sort()).toEqual(['one', 'w', 'yes']);
    expect(findViolations(graph)).toEqual([]);
  });

  test('a captured value can be the border of a cut', () => {
    const model = modelOf(`g (float[2] x, bool c) => (float[2] y) {
      a = Neg (x)
      b = Abs (a)
      y = If (c) <
        then_branch: graph = t () => (float[2] p) { p = Relu (b) },
        else_branch: graph = e () => (float[2] q) { q = Relu (b) }
      >
    }`);
    const { graph } = cut(model, ['b', 'c'], ['y']);
    expect(namesOf(graph.nodes)).toEqual(['y']);
    expect([...graph.inputs[0]!.uses]).toHaveLength(2);
    expect(findViolations(graph)).toEqual([]);
  });
});
