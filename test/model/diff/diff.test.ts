/**
 * Differences found are those that were made: models are renamed, shuffled and edited at random, and what
 * comes out is held against the list of edits, and against which nodes a bundle's model still has.
 */
import fc from 'fast-check';
import onnxProto from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { parsePassRequest, passes } from '../../../passes/index.js';
import { graphsOf } from '../../../src/compiler/canonicalize/graphs.js';
import { type Compilation, Pipeline, parseModel } from '../../../src/index.js';
import {
  diffModels,
  isSame,
  type ModelDifference,
  regionsOf,
} from '../../../src/model/diff/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Model } from '../../../src/model/ir/model.js';
import { isOp, type Node } from '../../../src/model/ir/node.js';
import { sortNodes } from '../../../src/model/ir/order.js';
import { readBytes } from '../../../src/model/ir/tensor.js';
import { decodeModel, encodeModel } from '../../../src/model/onnx/index.js';
import { loadModel } from '../../../src/node.js';

const UNET = loadModel('samples/digits/digits-unet.onnx');
const DIT = loadModel('samples/dit-digits/dit-digits.onnx');

/** A copy in which everything has another name and nodes stand in another order. */
function disguised(model: Model, random: () => number): Model {
  const copy = cloneModel(model).model;
  let n = 0;
  // collected, since reordering makes lists anew
  const graphs = [...graphsOf(copy.graph)];
  const values = graphs.flatMap((graph) => [...graph.values()]);
  const ports = new Set([...copy.graph.inputs, ...copy.graph.outputs]);
  for (const value of values) if (!ports.has(value)) value.graph.rename(value, `renamed_${n++}`);
  for (const graph of graphs) {
    for (const node of graph.nodes) node.name = `node ${n++}`;
    graph.reorder(
      [...graph.nodes]
        .map((node) => [random(), node] as const)
        .sort(([a], [b]) => a - b)
        .map(([, node]) => node),
    );
    sortNodes(copy.graph);
  }
  return copy;
}

const seeded = (seed: number) => () => {
  seed = (seed * 1_664_525 + 1_013_904_223) % 2 ** 32;
  return seed / 2 ** 32;
};

const names = (nodes: readonly Node[]) => nodes.map((node) => node.output.name).sort();
const changed = ({ kept }: ModelDifference) => kept.filter(({ changes }) => changes.length > 0);

const rewired = ({ kept }: ModelDifference) =>
  kept
    .filter((entry) => entry.rewired.length > 0)
    .map((entry) => [entry.before.opType, ...entry.rewired]);

type Edit = (model: Model, pick: number) => { kind: 'insert' | 'delete' | 'change'; at: Node };

/** Nodes that an edit can be told at: one output that is read, none of it inside a branch. */
const candidates = (model: Model, ...ops: string[]) =>
  [...model.graph.nodes].filter(
    (node) => isOp(node, ...ops) && node.output.uses.size > 0 && !node.output.isGraphOutput,
  );

const EDITS: Record<string, Edit> = {
  'an Identity inserted'(model, pick) {
    const all = candidates(model, 'Conv', 'Add', 'Mul', 'MatMul', 'Gemm');
    const at = all[pick % all.length]!;
    const identity = model.graph.addNode({
      opType: 'Identity',
      inputs: [at.output],
      outputs: ['inserted'],
    });
    model.graph.replaceUses(at.output, identity.output, ({ user }) => user !== identity);
    return { kind: 'insert', at: identity };
  },
  'a Sigmoid taken out'(model, pick) {
    const all = candidates(model, 'Sigmoid', 'Tanh', 'Softmax');
    const at = all[pick % all.length]!;
    model.graph.replaceUses(at.output, at.inputs[0]!);
    model.graph.removeNode(at);
    return { kind: 'delete', at };
  },
  'a weight changed'(model, pick) {
    const all = candidates(model, 'Conv', 'Gemm').filter((node) => node.inputs[1]?.initializer);
    const at = all[pick % all.length]!;
    const tensor = at.inputs[1]!.initializer!;
    const bytes = readBytes(tensor).slice();
    bytes[(pick * 7) % bytes.length]! ^= 1;
    at.inputs[1]!.initializer = { ...tensor, data: { kind: 'bytes', bytes } };
    return { kind: 'change', at };
  },
  'an attribute changed'(model, pick) {
    const all = candidates(model, 'Transpose', 'Softmax', 'Concat');
    const at = all[pick % all.length]!;
    const perm = at.attributes.get('perm');
    if (perm?.type === 'ints')
      at.attributes.set('perm', { ...perm, value: [...perm.value].reverse() });
    else at.attributes.set('axis', { type: 'int', value: 97n });
    return { kind: 'change', at };
  },
};

describe.each([
  ['the digits U-Net', UNET],
  ['the digits DiT', DIT],
])('%s', (_, model) => {
  test('is the same by other names and in another order', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const difference = diffModels(model, disguised(model, seeded(seed)));
        expect(isSame(difference)).toBe(true);
        expect(difference.kept).toHaveLength(difference.before.nodes.length);
        expect(regionsOf(difference)).toEqual([]);
      }),
      { numRuns: 5 },
    );
  });

  test.each(Object.entries(EDITS))('differs by %s, and by nothing else', (__, edit) => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer(), (pick, seed) => {
        const copy = cloneModel(model).model;
        const { kind, at } = edit(copy, pick);
        // the disguise keeps what nodes there are, so what was edited is found by what it is
        const where = at.output.name;
        const difference = diffModels(model, copy);
        const { removed, inserted } = difference;
        expect({
          removed: names(removed),
          inserted: names(inserted),
          changed: names(changed(difference).map(({ after }) => after)),
        }).toEqual({
          removed: kind === 'delete' ? [where] : [],
          inserted: kind === 'insert' ? [where] : [],
          changed: kind === 'change' ? [where] : [],
        });
        const hidden = diffModels(model, disguised(copy, seeded(seed)));
        expect(hidden.removed).toHaveLength(removed.length);
        expect(hidden.inserted).toHaveLength(inserted.length);
        expect(changed(hidden)).toHaveLength(changed(difference).length);
        expect(regionsOf(hidden)).toHaveLength(1);
      }),
      { numRuns: 8 },
    );
  });
});

/** Of samples whose weights nobody has: only what lies around a node tells which it is. */
test.each([
  'dit-dynamo-23',
  'flux-script2-17',
  'mmdit-optimizer',
  'unet-functions-16',
  'unet-olive-17-half',
  'unet-static-level-all',
])('%s is the same without weights, by other names and in another order', (name) => {
  const load = () => loadModel(`samples/corpus/${name}.onnx`);
  for (const seed of [1, 2]) {
    const difference = diffModels(load(), disguised(load(), seeded(seed)));
    expect(isSame(difference)).toBe(true);
    expect(difference.kept).toHaveLength(difference.before.nodes.length);
    expect(difference.unread).toBeGreaterThan(0);
  }
});

describe('models of a bundle', () => {
  const compile = (
    model: Model,
    request: string,
    emit: 'split' | 'merged',
  ): Promise<Compilation> => {
    const { pass, options } = parsePassRequest(request);
    return Pipeline.create({ calls: 6, emit })
      .use(passes[pass]!, options as never)
      .compile(model);
  };

  /** What the outputs still need when some values are given. */
  function needed(model: Model, given: ReadonlySet<string>): Set<Node> {
    const found = new Set<Node>();
    const open = [...model.graph.outputs];
    for (let value = open.pop(); value; value = open.pop()) {
      const { producer } = value;
      if (!producer || given.has(value.name) || found.has(producer)) continue;
      found.add(producer);
      open.push(...producer.inputs.filter((v) => v !== null));
    }
    return found;
  }

  test('leave out what nobody needs once the cached value is given, and keep the rest', async () => {
    const { canonical, lowered, plan } = await compile(
      UNET,
      'deepcache:branch=3,interval=3',
      'split',
    );
    const given = new Set(plan.sites.flatMap((site) => site.outputs.map((v) => v.name)));
    const left = needed(canonical, given);
    const difference = diffModels(canonical, lowered.models.get('shallow')!);
    const { nodes } = difference.before;
    expect(new Set(difference.removed)).toEqual(new Set(nodes.filter((node) => !left.has(node))));
    expect(difference.inserted).toEqual([]);
    // the join reads the state in place of the main branch
    const rewired = difference.kept.filter((k) => k.rewired.length > 0);
    expect(rewired.map(({ before }) => before.opType)).toEqual(['Concat']);
    expect(difference.inputs.inserted.map((v) => v.name)).toEqual(['stepfold.in.deep.0']);
    expect(difference.inputs.removed).toEqual([]);
  });

  test('keep every node of the source inside the branches of an If', async () => {
    const { canonical, lowered } = await compile(
      DIT,
      'ditfastattn:strategy=reuse,interval=2',
      'merged',
    );
    const difference = diffModels(canonical, lowered.models.get('merged')!);
    expect(difference.removed).toEqual([]);
    expect(difference.kept).toHaveLength(difference.before.nodes.length);
    expect(changed(difference)).toEqual([]);
    expect(new Set(difference.inserted.map((node) => node.opType))).toContain('If');
  });
});

describe('small graphs', () => {
  const model = (body: string, ports = 'float[2] x) => (float[2] y', opset = 17) =>
    parseModel(`<ir_version: 8, opset_import: ["" : ${opset}]> g (${ports}) { ${body} }`);

  test('inputs and outputs that came and went, and the operator set', () => {
    const difference = diffModels(
      model('y = Relu(x)'),
      model('y = Relu(x) z = Neg(s)', 'float[2] x, float[3] s) => (float[2] y, float[3] z', 18),
    );
    expect(difference.header).toEqual(['opset ai.onnx: 17 -> 18']);
    expect(difference.inputs.inserted.map((v) => v.name)).toEqual(['s']);
    expect(difference.outputs.inserted.map((v) => v.name)).toEqual(['z']);
    expect(difference.inserted.map((n) => n.opType)).toEqual(['Neg']);
  });

  test('inputs by type where their names differ', () => {
    const difference = diffModels(
      model('y = Add(x, t)', 'float[2] x, float t) => (float[2] y'),
      model('w = Add(a, b)', 'float[2] a, float b) => (float[2] w'),
    );
    expect(isSame(difference)).toBe(true);
  });

  test('a swap of operands is told', () => {
    const difference = diffModels(
      model('a = Relu(x) b = Neg(x) y = Sub(a, b)'),
      model('a = Relu(x) b = Neg(x) y = Sub(b, a)'),
    );
    expect(difference.removed.length + difference.inserted.length).toBe(0);
    expect(difference.kept.filter((k) => k.rewired.length > 0).map((k) => k.rewired)).toEqual([
      [0, 1],
    ]);
  });

  test('constants are compared by what they hold, wherever it stands', () => {
    const inline = model('c = Constant<value = float[2] {1, 2}>() y = Add(x, c)');
    const initializer = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
      g (float[2] x) => (float[2] y) <float[2] c = {1, 2}> { y = Add(x, c) }`);
    const other = model('c = Constant<value = float[2] {1, 3}>() y = Add(x, c)');
    expect(isSame(diffModels(inline, initializer))).toBe(true);
    expect(changed(diffModels(inline, other)).map((k) => k.changes)).toEqual([
      ['input 1: another constant float32[2]'],
    ]);
  });

  const ports = ({ inputs, outputs }: ModelDifference) =>
    [...inputs.kept, ...outputs.kept]
      .filter(({ changes }) => changes.length > 0)
      .map(({ after, changes }) => [after.name, ...changes]);

  test('outputs that were exchanged, and one that is another constant', () => {
    const two = 'float[2] x) => (float[2] y, float[2] z';
    expect(
      ports(diffModels(model('y = Relu(x) z = Neg(x)', two), model('z = Relu(x) y = Neg(x)', two))),
    ).toEqual([
      ['y', 'comes from something else'],
      ['z', 'comes from something else'],
    ]);
    const constant = (numbers: string) =>
      parseModel(`<ir_version: 8, opset_import: ["" : 17]>
        g () => (float[2] y) <float[2] y = {${numbers}}> { }`);
    expect(ports(diffModels(constant('1, 2'), constant('1, 3')))).toEqual([
      ['y', 'another constant float32[2]'],
    ]);
  });

  test('types and defaults of inputs, and an output that is named twice', () => {
    expect(
      ports(
        diffModels(
          model('y = Relu(x)'),
          model('y = Relu(x)', 'float16[2, batch] x) => (float16[2, batch] y'),
        ),
      ),
    ).toEqual([
      ['x', 'float32[2] -> float16[2, batch]'],
      ['y', 'float32[2] -> float16[2, batch]'],
    ]);
    const given = (w: string) =>
      model('y = Add(x, w)', `float[2] x, float[2] w${w}) => (float[2] y`);
    expect(ports(diffModels(given(' = {1, 2}'), given(' = {1, 3}')))).toEqual([
      ['w', 'another default'],
    ]);
    expect(ports(diffModels(given(''), given(' = {1, 3}')))).toEqual([['w', 'has a default now']]);
    const twice = diffModels(
      model('y = Relu(x)'),
      model('y = Relu(x)', 'float[2] x) => (float[2] y, float[2] y'),
    );
    expect(twice.outputs.inserted.map(({ name }) => name)).toEqual(['y']);
    expect(isSame(twice)).toBe(false);
  });

  test('symbols of sizes have other names, unless two became one', () => {
    const of = (x: string, t: string) =>
      model('y = Add(x, t)', `float[${x}, 2] x, float[${t}, 2] t) => (float[${x}, 2] y`);
    expect(isSame(diffModels(of('batch', 'one'), of('N', 'batch')))).toBe(true);
    expect(ports(diffModels(of('batch', 'one'), of('N', 'N')))).toEqual([
      ['t', 'float32[one, 2] -> float32[N, 2]'],
    ]);
    const renamed = model('b = Add(a, c)', 'float[N, 2] a, float[M, 2] c) => (float[N, 2] b');
    expect(isSame(diffModels(of('batch', 'one'), renamed))).toBe(true);
  });

  const branches = (then: string, other: string, results = 'y') =>
    model(
      `${results} = If(c) <
        then_branch = t () => (float[2] p) { ${then} },
        else_branch = e () => (float[2] q) { ${other} }
      >`,
      'bool c, float[2] x) => (float[2] y',
    );

  test('branches that were exchanged', () => {
    const difference = diffModels(
      branches('p = Relu(x)', 'q = Neg(x)'),
      branches('p = Neg(x)', 'q = Relu(x)'),
    );
    expect(changed(difference).map(({ changes }) => changes)).toEqual([
      ['then_branch output 0 is p', 'else_branch output 0 is q'],
    ]);
    expect(difference.removed.length + difference.inserted.length).toBe(0);
  });

  test('a constant that a branch gives', () => {
    const of = (n: number) =>
      branches(`p = Constant<value = float[2] {1, ${n}}>()`, 'q = Identity(x)');
    const difference = diffModels(of(2), of(3));
    expect(changed(difference).map(({ changes }) => changes)).toEqual([
      ['then_branch output 0: another constant float32[2]'],
    ]);
    expect(regionsOf(difference)).toHaveLength(1);
  });

  test('reading the result of another If, one of whose branches gives the same', () => {
    const of = (last: string) =>
      model(
        `s = Tanh(x)
        a = If(c) <then_branch = t1 () => (p) { p = Relu(x) }, else_branch = e1 () => (s) { }>
        b = If(c) <then_branch = t2 () => (q) { q = Neg(x) }, else_branch = e2 () => (s) { }>
        y = Sub(${last})`,
        'bool c, float[2] x) => (float[2] y',
      );
    const difference = diffModels(of('a, b'), of('b, a'));
    expect(rewired(difference)).toEqual([['Sub', 0, 1]]);
    expect(changed(difference)).toEqual([]);
  });

  test('branches in branches do not multiply', () => {
    const deep = (op: string) => {
      const steps = Array.from({ length: 60 }, (_, i) => {
        const from = i === 0 ? 'x' : `v${i - 1}`;
        return `v${i} = If(c) <
          then_branch = t${i} () => (p${i}) { p${i} = Identity(${from}) },
          else_branch = e${i} () => (${from}) { }
        >`;
      });
      return model(`${steps.join('\n')} y = ${op}(v59)`, 'bool c, float[2] x) => (float[2] y');
    };
    expect(isSame(diffModels(deep('Relu'), disguised(deep('Relu'), seeded(1))))).toBe(true);
    expect(names(diffModels(deep('Relu'), deep('Neg')).inserted)).toEqual(['y']);
  });

  const loop = (body: string) =>
    model(
      `y, h = Loop(n, c, x, x) <body = g (int64 i, bool going, float[2] s, float[2] r)
        => (bool on, float[2] t, float[2] u) { ${body} }>`,
      'int64 n, bool c, float[2] x) => (float[2] y, float[2] h',
    );

  test('a loop is itself under other names, and another where its body is', () => {
    const body = 'on = Identity(going) t = Relu(s) u = Sub(s, r)';
    expect(isSame(diffModels(loop(body), disguised(loop(body), seeded(5))))).toBe(true);
    const carried = diffModels(loop(body), loop('on = Identity(going) t = Relu(s) u = Sub(r, s)'));
    expect(rewired(carried)).toEqual([['Sub', 0, 1]]);
    const crossed = diffModels(loop(body), loop('on = Identity(going) u = Relu(s) t = Sub(s, r)'));
    expect(changed(crossed).map(({ changes }) => changes)).toEqual([
      ['body output 1 is t', 'body output 2 is u'],
    ]);
    const other = diffModels(loop(body), loop('on = Identity(going) t = Exp(s) u = Sub(s, r)'));
    expect(names(other.removed)).toEqual(['t']);
    expect(names(other.inserted)).toEqual(['t']);
  });

  test('of two that compute the same, the one that is gone', () => {
    // the copy that the Tanh reads is taken out, and stood first
    const difference = diffModels(
      model('a = Relu(x) b = Relu(x) t = Tanh(a) e = Exp(b) y = Add(t, e)'),
      model('b = Relu(x) e = Exp(b) y = Add(x, e)'),
    );
    expect(names(difference.removed)).toEqual(['a', 't']);
  });

  describe('large constants', () => {
    /** Three projections with weights that are equal wherever samples are taken. */
    function projections(order: readonly number[], there = true): Model {
      const source = parseModel(`<ir_version: 8, opset_import: ["" : 17]>
        g (float[1, 40] x) => (float[1, 40] y)
        <float[1] w0 = {0}, float[1] w1 = {0}, float[1] w2 = {0}> {
          q = MatMul(x, w${order[0]}) k = MatMul(x, w${order[1]}) v = MatMul(x, w${order[2]})
          d = Sub(q, k) y = Div(d, v)
        }`);
      for (const i of [0, 1, 2]) {
        const numbers = new Float32Array(1600);
        numbers[101] = i;
        const bytes = new Uint8Array(numbers.buffer);
        source.graph.find(`w${i}`)!.initializer = {
          dtype: 'float32',
          dims: [40, 40],
          data: there
            ? { kind: 'bytes', bytes }
            : { kind: 'external', location: 'w', offset: i, length: 6400, files: undefined },
        };
      }
      return source;
    }

    test('are one only where all of their bytes are', () => {
      const original = projections([0, 1, 2]);
      expect(isSame(diffModels(original, disguised(original, seeded(3))))).toBe(true);
      expect(isSame(diffModels(original, projections([0, 1, 2])))).toBe(true);
      for (const order of [
        [1, 0, 2],
        [0, 2, 1],
        [0, 0, 2],
      ])
        expect(isSame(diffModels(original, projections(order)))).toBe(false);
    });

    test('that are missing are counted, and still not one', () => {
      const original = projections([0, 1, 2], false);
      expect(diffModels(original, original).unread).toBe(0);
      const difference = diffModels(original, projections([0, 1, 2], false));
      expect(difference.unread).toBe(3);
      expect(isSame(difference)).toBe(true);
      const crossed = cloneModel(original).model;
      const [d] = crossed.graph.find('d')!.producer!.inputs;
      const div = crossed.graph.find('y')!.producer!;
      div.setInput(1, d!);
      expect(isSame(diffModels(original, crossed))).toBe(false);
    });
  });

  test('attributes of other types, lists cut elsewhere, and zeros with a sign', () => {
    const of = (value: string) => model(`y = own.Op <a = ${value}> (x)`);
    const changes = (from: string, to: string) =>
      changed(diffModels(of(from), of(to))).flatMap((k) => k.changes);
    expect(changes('["p;q"]', '["p", "q"]')).toEqual(['a: ["p;q"] -> ["p","q"]']);
    expect(changes('1', '1.0')).toEqual(['a: int 1 -> float 1']);
    expect(changes('0.0', '-0.0')).toEqual(['a: 0 -> -0']);
    expect(changes('float[2] {1, 2}', 'float[2] {1, 3}')).toEqual(['a: another float32[2]']);
    const list = (last: number) => `[${[...Array(40).keys(), last].join(', ')}]`;
    expect(changes(list(1), list(2))).toEqual(['a: …,37,38,39,1 -> …,37,38,39,2']);
  });

  test('inputs at the end that are left out, written or not', () => {
    const of = (inputs: string) =>
      model(`y = Clip(${inputs})`, 'float[2] x, float m) => (float[2] y');
    expect(isSame(diffModels(of('x, m'), of('x, m, ')))).toBe(true);
    expect(isSame(diffModels(of('x, m'), of('x, , m')))).toBe(false);
  });

  test('a node that lost an input reads something else', () => {
    const of = (inputs: string) => model(`r = Relu(x) y = Sum(${inputs})`);
    const difference = diffModels(of('r, x, r'), of('r, x'));
    expect(rewired(difference)).toEqual([['Sum', 2]]);
    expect(difference.removed.length + difference.inserted.length).toBe(0);
  });

  test('sparse initializers', () => {
    const of = (name: string, data: readonly number[]) => {
      const message = onnxProto.onnx.ModelProto.decode(
        encodeModel(model(`y = Add(x, ${name})`, `float[2] x, float[2] ${name}) => (float[2] y`)),
      );
      message.graph!.input!.pop();
      message.graph!.sparseInitializer = [
        {
          values: { name, dims: [data.length], dataType: 1, floatData: [...data] },
          indices: { dims: [data.length], dataType: 7, int64Data: [...data.keys()] },
          dims: [2],
        },
      ];
      return decodeModel(onnxProto.onnx.ModelProto.encode(message).finish());
    };
    expect(isSame(diffModels(of('w', [1]), of('v', [1])))).toBe(true);
    expect(rewired(diffModels(of('w', [1]), of('v', [2])))).toEqual([['Add', 1]]);
  });

  test('defaults that are written out', () => {
    const of = (attributes: string) =>
      model(`y = Gemm ${attributes} (x, x)`, 'float[2, 2] x) => (float[2, 2] y');
    expect(isSame(diffModels(of(''), of('<alpha = 1.0, beta = 1.0, transA = 0>')))).toBe(true);
    const scaled = diffModels(of('<transB = 0>'), of('<alpha = 0.5>'));
    expect(changed(scaled).flatMap((k) => k.changes)).toEqual(['alpha: none -> 0.5']);
    const written = diffModels(of('<transB = 0>'), of('<transB = 1>'));
    expect(changed(written).flatMap((k) => k.changes)).toEqual(['transB: 0 -> 1']);
    const celu = (attributes: string) => model(`y = Celu ${attributes} (x)`);
    expect(isSame(diffModels(celu(''), celu('<alpha = 1.0>')))).toBe(true);
    // by other domains the same names may mean something else
    const custom = (attributes: string) => model(`y = own.Gemm ${attributes} (x)`);
    expect(isSame(diffModels(custom(''), custom('<transA = 0>')))).toBe(false);
  });

  test('nothing in common', () => {
    const difference = diffModels(model('y = Relu(x)'), model('a = Exp(x) y = Neg(a)'));
    expect(names(difference.removed)).toEqual(['y']);
    expect(names(difference.inserted)).toEqual(['a', 'y']);
  });
});
