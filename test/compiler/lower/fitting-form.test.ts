/** The form that is taken where none is asked for, by how many models there would be and how much they hold twice. */
import { describe, expect, test } from 'vitest';
import { duplication } from '../../../src/compiler/lower/duplication.js';
import { lower } from '../../../src/compiler/lower/index.js';
import { type LeafStrategy, makePlan, type PlainSite } from '../../../src/compiler/plan/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { float32Tensor } from '../../../src/model/ir/tensor.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

/** Two values: one of weights that every call has, and one of weights that only a call that computes has. */
function modelWith(everywhere: number, inside: number): Model {
  const model = modelOf(`g (float[2] x) => (float[2] y) <float e = {1}, float i = {1}> {
    f = Mul (x, i)
    a = Add (f, x)
    y = Mul (a, e)
  }`);
  // no shape of the graph depends on how many numbers a weight has
  named(model, 'e').initializer = float32Tensor(new Array<number>(everywhere).fill(1));
  named(model, 'i').initializer = float32Tensor(new Array<number>(inside).fill(1));
  return model;
}

const KINDS = ['Neg', 'Exp', 'Abs', 'Ceil', 'Floor', 'Relu', 'Tanh', 'Sqrt'];

/** Computed, or one of many operators on x. */
function siteOf(model: Model, outputs = ['f']): PlainSite {
  const plain = { description: '', reads: [], writes: {} };
  const strategies: Record<string, LeafStrategy> = { compute: { ...plain, name: 'compute' } };
  for (const opType of KINDS)
    strategies[opType] = {
      ...plain,
      name: opType,
      produce: (b) => outputs.map(() => b.add({ opType, inputs: [b.value(named(model, 'x'))] })),
    };
  const values = outputs.map((name) => named(model, name));
  return { id: 's', description: '', outputs: values, states: [], strategies };
}

function formOf(model: Model, kinds: readonly string[], outputs?: string[]) {
  const plan = makePlan(kinds.length, [{ sites: [siteOf(model, outputs)], entries: { s: kinds } }]);
  return lower(model, inferShapes(model), plan).lowered;
}

describe('by the number of models', () => {
  test.each([
    [1, 'split', 1],
    [3, 'split', 3],
    [4, 'merged', 1],
    [8, 'merged', 1],
  ])('%i', (count, emit, models) => {
    const lowered = formOf(modelWith(1, 100), ['compute', ...KINDS].slice(0, count));
    expect([lowered.emit, lowered.models.size]).toEqual([emit, models]);
  });
});

describe('where calls differ in the names of their states only', () => {
  test.each([
    [3, 2, 'split'],
    [4, 2, 'merged'],
    // more kinds of calls than are looked at
    [3, 3, 'merged'],
  ])('%i kinds of calls, %i times', (kinds, times, emit) => {
    const model = modelWith(0, 2);
    const f = named(model, 'f');
    const plain = { description: '', reads: [], writes: {} };
    const strategies: Record<string, LeafStrategy> = { compute: { ...plain, name: 'compute' } };
    const rows: string[] = [];
    for (let t = 0; t < times; t++) {
      const state = `s.${t}`;
      strategies[`compute ${t}`] = {
        ...plain,
        name: `compute ${t}`,
        writes: { [state]: (b) => b.value(f) },
      };
      for (const opType of KINDS)
        strategies[`${opType} ${t}`] = {
          ...plain,
          name: `${opType} ${t}`,
          reads: [state],
          produce: (b) => [b.add({ opType, inputs: [b.state(state)] })],
        };
      rows.push(...['compute', ...KINDS].slice(0, kinds).map((name) => `${name} ${t}`));
    }
    const states = Array.from({ length: times }, (_, t) => ({ id: `s.${t}`, like: f }));
    const site: PlainSite = { id: 's', description: '', outputs: [f], states, strategies };
    const plan = makePlan(rows.length, [{ sites: [site], entries: { s: rows } }]);
    const lowered = lower(model, inferShapes(model), plan).lowered;
    expect(lowered.emit).toBe(emit);
    // a model goes on by the names of the program that came first, and every run calls them so
    for (const [run] of lowered.programs.values()) {
      const { inputs, outputs } = lowered.models.get(run!.model)!.graph;
      for (const name of Object.keys(run!.reads ?? {})) expect(namesOf(inputs)).toContain(name);
      for (const name of Object.values(run!.writes ?? {})) expect(namesOf(outputs)).toContain(name);
    }
  });
});

describe('by what two models hold twice', () => {
  test.each([
    [0, 100, 'split'],
    [99, 100, 'split'],
    [100, 100, 'split'],
    [101, 100, 'merged'],
    [100, 0, 'merged'],
  ])('%i weights of both beside %i of one', (everywhere, inside, emit) => {
    expect(formOf(modelWith(everywhere, inside), ['compute', 'Neg']).emit).toBe(emit);
  });
});

describe('where values cannot leave one If together', () => {
  const crossing = () => {
    const model = modelOf(`g (float[2] x) => (float[2] y, float[2] z) <float[2] two = {2, 2}> {
      a = Mul (x, two)
      z = Add (a, two)
      c = Sub (z, x)
      y = Add (c, a)
    }`);
    return model;
  };
  test.each([2, 4, 8])('%i models it is, as there is no other way', (count) => {
    const lowered = formOf(crossing(), ['compute', ...KINDS].slice(0, count), ['a', 'c']);
    expect([lowered.emit, lowered.models.size]).toEqual(['split', count]);
  });
});

test('what goes wrong otherwise is not passed over', () => {
  const model = modelWith(100, 100);
  const kinds = ['compute', ...KINDS];
  const site = siteOf(model);
  const plan = makePlan(kinds.length, [{ sites: [site], entries: { s: kinds } }]);
  const broken = {
    ...site.strategies.Neg!,
    produce: () => {
      throw new TypeError('a fault');
    },
  };
  (site.strategies as Record<string, LeafStrategy>).Neg = broken;
  expect(() => lower(model, inferShapes(model), plan)).toThrow('a fault');
});

describe('bytes held over bytes once', () => {
  const holding = (...tensors: ReturnType<typeof float32Tensor>[]): Model => {
    const names = tensors.map((_, i) => `w${i}`);
    const model = modelOf(
      `g (float[2] x) => (float[2] y) <${['float zero = {0}', ...names.map((n) => `float ${n} = {1}`)].join(', ')}> {
        y = Sum (${['x', ...names]})
      }`,
    );
    model.graph.removeInitializer(named(model, 'zero'));
    for (const [i, tensor] of tensors.entries()) named(model, `w${i}`).initializer = tensor;
    return model;
  };
  const [a, b] = [float32Tensor([1, 2, 3]), float32Tensor([1])];

  test.each<[string, Model[], number]>([
    ['of no model', [], 1],
    ['of models without weights', [holding(), holding()], 1],
    ['of one model', [holding(a, b)], 1],
    ['of one model that holds one twice', [holding(b, b)], 2],
    ['of two models that share none', [holding(a), holding(b)], 1],
    ['of two models that share all', [holding(a), holding(a)], 2],
    // 12 + 4 + 12 bytes over 12 + 4
    ['of two models that share some', [holding(a, b), holding(a)], 28 / 16],
    ['of equal numbers in two places', [holding(a), holding(float32Tensor([1, 2, 3]))], 1],
  ])('%s', (_, models, times) => {
    expect(duplication(models)).toBeCloseTo(times, 10);
  });
});
