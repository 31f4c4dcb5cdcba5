/** Small tables of lowering: which value leaves as which state, which columns are one, which names are free. */
import { describe, expect, test } from 'vitest';
import { distinctColumns, ifName } from '../../../src/compiler/lower/if-node.js';
import { Kept } from '../../../src/compiler/lower/kept.js';
import { InterfaceNames } from '../../../src/compiler/lower/names.js';
import { addNamedOutput, dropUnusedInputs } from '../../../src/compiler/lower/outputs.js';
import { StrategyInputs } from '../../../src/compiler/lower/strategy-inputs.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import { Graph, NameScope } from '../../../src/model/ir/graph.js';
import { readNumbers } from '../../../src/model/ir/tensor.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { modelOf, named, namesOf } from '../../helpers/text.js';

const valuesOf = (count: number) => {
  const graph = new Graph();
  return Array.from({ length: count }, (_, i) => graph.addInput(`v${i}`));
};

describe('what leaves as a state', () => {
  test('is passed through until a site keeps something, and then that', () => {
    const [a, b, c] = valuesOf(3) as [never, never, never];
    const kept = new Kept([
      ['one', a],
      ['two', b],
    ]);
    expect([kept.get('one'), kept.get('two'), kept.get('three')]).toEqual([a, b, undefined]);
    expect([...kept.statesOf(a)]).toEqual(['one']);
    expect([...kept.statesOf(c)]).toEqual([]);
    kept.set('one', c);
    kept.set('two', c);
    expect([...kept.values()]).toEqual([c, c]);
    expect([[...kept.statesOf(a)], [...kept.statesOf(b)], [...kept.statesOf(c)]]).toEqual([
      [],
      [],
      ['one', 'two'],
    ]);
    kept.set('two', b);
    expect([...kept.statesOf(c)]).toEqual(['one']);
    expect([...kept.statesOf(b)]).toEqual(['two']);
  });

  test('of two states passed as one value, both', () => {
    const [a] = valuesOf(1) as [never];
    const kept = new Kept([
      ['one', a],
      ['two', a],
    ]);
    expect([...kept.statesOf(a)]).toEqual(['one', 'two']);
  });

  test('is made by nodes, in the order of the states, with others that are states', () => {
    const graph = new Graph();
    const x = graph.addInput('x');
    const split = graph.addNode({ opType: 'Split', inputs: [x], outputs: ['a', null, 'b'] });
    const neg = graph.addNode({ opType: 'Neg', inputs: [x] });
    const kept = new Kept(['r', 's', 't', 'u'].map((state) => [state, x]));
    kept.set('t', split.outputs[0]!);
    kept.set('r', split.outputs[2]!);
    kept.set('s', neg.output);
    expect(kept.madeBy([split], [])).toEqual(['r', 't']);
    expect(kept.madeBy([neg, split], [])).toEqual(['r', 's', 't']);
    expect(kept.madeBy([neg], ['u', 'r', 'nothing'])).toEqual(['r', 's', 'u']);
    expect(kept.madeBy([], [])).toEqual([]);
  });
});

describe('columns that are the same in every row', () => {
  test.each<[string, string[], string]>([
    ['no rows', [], ''],
    ['no columns', ['', ''], ''],
    ['all different', ['abc'], '0 1 2'],
    ['all the same', ['aaa', 'bbb'], '012'],
    ['the same in one row only', ['aab', 'abb'], '0 1 2'],
    ['two and two', ['abab', 'cdcd'], '02 13'],
    ['first and last', ['aba', 'cdc'], '02 1'],
  ])('%s', (_, rows, expected) => {
    const values = new Map([...'abcd'].map((name, i) => [name, valuesOf(4)[i]!]));
    const found = distinctColumns(rows.map((row) => [...row].map((name) => values.get(name)!)));
    expect(found.map(({ all }) => all.join('')).join(' ')).toBe(expected);
    for (const { first, all } of found) expect(first).toBe(all[0]);
  });
});

describe('names', () => {
  test.each([
    [[], 'stepfold'],
    [['stepfold', 'stepfold.other.s', 'stepfold.into'], 'stepfold'],
    [['stepfold.in.s'], 'stepfold_1'],
    [['stepfold.out.s'], 'stepfold_1'],
    [['stepfold.strategy.s'], 'stepfold_1'],
    [['stepfold.in.s', 'stepfold_1.out.s'], 'stepfold_2'],
    [['stepfold_1.in.s'], 'stepfold'],
  ])('beside %j', (taken, prefix) => {
    const scope = new NameScope();
    for (const name of taken) scope.claim(name);
    const names = InterfaceNames.freeIn(scope);
    expect([names.stateInput('s'), names.stateOutput('s'), names.strategyInput('s')]).toEqual([
      `${prefix}.in.s`,
      `${prefix}.out.s`,
      `${prefix}.strategy.s`,
    ]);
    const is = (name: string) => names.isState(name);
    expect([is(`${prefix}.in.s`), is(`${prefix}.out.s`)]).toEqual([true, true]);
    expect([is(`${prefix}.strategy.s`), is('s'), is(`x.${prefix}.in.s`)]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('of Ifs tell the branch where it is not the first', () => {
    expect([ifName('s', 0), ifName('s', 2)]).toEqual(['stepfold.if.s', 'stepfold.if.s.2']);
  });
});

describe('an output of a name', () => {
  const model = () => modelOf('g (float[2] x) => (float[2] y) { a = Neg (x) y = Exp (a) }');
  test.each([
    ['a', 'a value inside is renamed', 2],
    ['y', 'what is given out already gets a second one', 3],
    ['x', 'what comes in gets one', 3],
  ])('%s: %s', (name, _, nodes) => {
    const m = model();
    const type = tensorType('float32', ['n']);
    addNamedOutput(m.graph, 'out', named(m, name), type);
    expect(m.graph.nodes.size).toBe(nodes);
    expect(namesOf(m.graph.outputs)).toEqual(['y', 'out']);
    expect(named(m, 'out').type).toBe(type);
  });

  test('keeps its type where none is said', () => {
    const m = model();
    const type = tensorType('float32', [2]);
    named(m, 'a').type = type;
    addNamedOutput(m.graph, 'out', named(m, 'a'), undefined);
    expect(named(m, 'out').type).toBe(type);
  });

  test('inputs that nothing reads go, but for those to keep, with their defaults', () => {
    const m = modelOf(`g (float[2] x, float[2] d, float[2] e, float[2] z) => (float[2] y)
      <float[2] d = {1, 2}, float[2] e = {1, 2}> { y = Add (x, e) }`);
    dropUnusedInputs(m.graph, new Set(['z']));
    expect(namesOf(m.graph.inputs)).toEqual(['x', 'e', 'z']);
    expect(namesOf(m.graph.initializers)).toEqual(['e']);
  });
});

describe('what a merged model is told', () => {
  /** Parts by their owner, each with what it does in every program; one that does one thing is no choice. */
  const PARTS: Record<string, Record<string, number[]>> = {
    alone: { alone: [0, 1, 2, 1] },
    several: { 'several.a': [0, 1, 0, 1], 'several.b': [2, 0, 2, 1], 'several.c': [0, 0, 0, 0] },
    settled: { settled: [0, 0, 0, 0] },
  };
  const graph = new Graph();
  const programs = [0, 1, 2, 3];
  const sites = Object.entries(PARTS).flatMap(([owner, parts]) =>
    Object.entries(parts).map(([id, choices]) => ({
      id,
      owner,
      alternatives: { length: new Set(choices).size },
      choice: (program: number) => choices[program]!,
    })),
  );
  const names = InterfaceNames.freeIn(graph.scope);
  const inputs = new StrategyInputs(graph, programs as never, names, sites as never);
  const chosen = sites
    .filter(({ alternatives }) => alternatives.length > 1)
    .map((site) => [site, inputs.choiceOf(site as never)] as const);

  test('is one number for each site that has a choice, however many parts it has', () => {
    expect(namesOf(graph.inputs)).toEqual(['stepfold.strategy.alone', 'stepfold.strategy.several']);
    for (const program of programs)
      expect(inputs.of(program as never).map(([name]) => name)).toEqual(namesOf(graph.inputs));
  });

  test.each(programs)('from which each part gets its own: program %i', (program) => {
    const told = new Map(inputs.of(program as never));
    for (const [site, value] of chosen) {
      const node = value.producer;
      const input = node ? node.inputs[1]! : value;
      const number = told.get(input.name)!;
      const table = node && readNumbers(constantTensor(node.inputs[0])!);
      expect(table ? table[number] : number, site.id).toBe(site.choice(program));
    }
  });

  test('by a table of the combinations that there are, where there are several parts', () => {
    const tables = chosen.flatMap(([{ id }, { producer }]) =>
      producer ? [[id, constantTensor(producer.inputs[0])!.dims] as const] : [],
    );
    // of the programs two do the same
    expect(tables).toEqual([
      ['several.a', [3]],
      ['several.b', [3]],
    ]);
  });
});
