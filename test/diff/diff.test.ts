/**
 * Differences found are those that were made: models are renamed, shuffled and edited at random, and what
 * comes out is held against the list of edits, and against which nodes a bundle's model still has.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { graphsOf } from '../../passes/canonicalize/graphs.js';
import { passes } from '../../passes/index.js';
import { diffModels, isSame, type ModelDifference, regionsOf } from '../../src/diff/index.js';
import { type Compilation, Pipeline, parseModel, parsePassRequest } from '../../src/index.js';
import { cloneModel } from '../../src/ir/clone.js';
import type { Model } from '../../src/ir/model.js';
import { isOp, type Node } from '../../src/ir/node.js';
import { sortNodes } from '../../src/ir/order.js';
import { readBytes } from '../../src/ir/tensor.js';
import { loadModel } from '../../src/node.js';

const UNET = loadModel('samples/digits/digits-unet.onnx');
const DIT = loadModel('samples/dit-digits/dit-digits.onnx');

/** A copy in which everything has another name and nodes stand in another order. */
function disguised(model: Model, random: () => number): Model {
  const copy = cloneModel(model).model;
  let n = 0;
  const values = [...graphsOf(copy.graph)].flatMap((graph) => [...graph.values()]);
  const ports = new Set([...copy.graph.inputs, ...copy.graph.outputs]);
  for (const value of values) if (!ports.has(value)) value.graph.rename(value, `renamed_${n++}`);
  for (const graph of graphsOf(copy.graph)) {
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

  test('nothing in common', () => {
    const difference = diffModels(model('y = Relu(x)'), model('a = Exp(x) y = Neg(a)'));
    expect(names(difference.removed)).toEqual(['y']);
    expect(names(difference.inserted)).toEqual(['a', 'y']);
  });
});
