/** What the shape table says beyond the shapes themselves: reasons, bindings, equalities. */
import { describe, expect, it } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';

const model = (signature: string, body: string): Model =>
  parseModel(
    `<ir_version: 8, opset_import: ["" : 17, "custom" : 1]> test ${signature} { ${body} }`,
  );

const shapeOf = (m: Model, name: string, options?: Parameters<typeof inferShapes>[1]) =>
  String(inferShapes(m, options).shape(m.graph.find(name)!));

describe('reasons', () => {
  it('name the operator without a rule, however far back it is', () => {
    const m = model(
      '(float[batch, 4] x) => (z)',
      'y = custom.Twist (x)  a = Neg (y)  b = MatMul (a, x)  z = Exp (b)',
    );
    const table = inferShapes(m);
    expect(table.shape(m.graph.outputs[0]!)).toBeUndefined();
    expect(table.whyUnknown(m.graph.outputs[0]!)).toBe(
      'node "Twist making y" (custom.Twist): no shape rule for this operator',
    );
    expect(table.whyUnknown(m.graph.find('x')!)).toBeUndefined();
  });

  it('name the sizes that do not fit', () => {
    const m = model('(float[batch, 4] x, float[5, 3] w) => (y)', 'y = MatMul (x, w)');
    expect(inferShapes(m).whyUnknown(m.graph.outputs[0]!)).toBe(
      'node "MatMul making y" (MatMul): the sizes 4 and 5 must be equal',
    );
  });

  it('name an input declared without a shape', () => {
    const m = model('(float x, float[] y) => (z)', 'z = Neg (x)');
    m.graph.inputs[0]!.type = { kind: 'tensor', elem: 'float32' };
    expect(inferShapes(m).whyUnknown(m.graph.outputs[0]!)).toBe('"x" is declared without a shape');
  });
});

describe('declarations', () => {
  it('stand in for operators without a rule', () => {
    const m = model(
      '(float[batch, 4] x) => (float[batch, 8] z)',
      'y = custom.Twist (x)  z = Neg (y)',
    );
    m.graph.find('y')!.type = { kind: 'tensor', elem: 'float32', shape: ['batch', 8] };
    expect(shapeOf(m, 'z')).toBe('batch,8');
  });

  it('count for inputs that are called as what every object has', () => {
    const m = model(
      '(int64[2] toString, float[batch] constructor) => (y, z)',
      'y = Neg (toString)  z = Neg (constructor)',
    );
    expect(shapeOf(m, 'y', { contents: {}, inputs: {} })).toBe('2');
    expect(shapeOf(m, 'z', { contents: {}, inputs: {} })).toBe('batch');
  });

  it('give numbers for sizes that depend on data', () => {
    const m = model('(float[batch, 4] x) => (z)', 'y = NonZero (x)  z = Neg (y)');
    m.graph.find('y')!.type = { kind: 'tensor', elem: 'int64', shape: [2, 7] };
    expect(shapeOf(m, 'z')).toBe('2,7');
  });

  it('without a name become symbols that go on through the graph', () => {
    const m = model('(float[?, 4] x) => (y)', 'y = Concat <axis = 0> (x, x)');
    expect(shapeOf(m, 'y')).toBe('x_dim_0*2,4');
  });

  it('may be expressions in symbols of other inputs', () => {
    const m = model('(float[batch, 4] x, float[b2, 4] y) => (z)', 'z = Concat <axis = 0> (x, y)');
    m.graph.inputs[1]!.type = { kind: 'tensor', elem: 'float32', shape: ['batch*2', 4] };
    expect(shapeOf(m, 'z')).toBe('batch*3,4');
  });
});

describe('options', () => {
  const m = model(
    '(float[batch, 3, height, width] x, float[2, 3, 3, 3] w) => (y)',
    'y = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)',
  );
  const y = m.graph.outputs[0]!;

  it('bindings put numbers in', () => {
    expect(shapeOf(m, 'y', { bindings: new Map([['height', 9]]) })).toBe(
      'batch,2,5,floor((width+1)/2)',
    );
  });

  it('inputs replace declared shapes', () => {
    expect(shapeOf(m, 'y', { inputs: { x: [1, 3, 'side', 'side'] } })).toBe(
      '1,2,floor((side+1)/2),floor((side+1)/2)',
    );
  });

  it('concrete sizes need every symbol', () => {
    const table = inferShapes(m);
    const some = new Map([
      ['batch', 2],
      ['height', 9],
    ]);
    expect(table.concrete(y, some)).toBeUndefined();
    expect(table.concrete(y, new Map([...some, ['width', 4]]))).toEqual([2, 2, 5, 2]);
  });

  it('leave the model as it was', () => {
    expect(m.graph.inputs[0]!.type).toMatchObject({ shape: ['batch', 3, 'height', 'width'] });
  });
});

it('sizes that must be equal get the simpler form, and the equality is kept', () => {
  const m = model(
    '(float[batch, 3, height, 4] x, float[3, 3, 3, 3] w) => (y)',
    `down = Conv <strides = [2, 1], pads = [1, 1, 1, 1]> (x, w)
     scales = Constant <value_floats = [1.0, 1.0, 2.0, 1.0]> ()
     up = Resize <mode = "nearest"> (down, "", scales)
     y = Concat <axis = 1> (up, x)`,
  );
  const table = inferShapes(m);
  expect(String(table.shape(m.graph.outputs[0]!))).toBe('batch,6,height,4');
  expect(table.equalities.map((e) => `${e.kept} = ${e.other} (${e.kind})`)).toEqual([
    'height = floor((height+1)/2)*2 (required)',
  ]);
});

it('the body of a Loop is inferred from what is fed to it', () => {
  const m = model(
    '(float[batch, 4] x, int64 n, bool go) => (y)',
    `y, all = Loop (n, go, x) <
      body = body (int64 i, bool c, float[1, 4] a) => (bool d, float[1, 4] b, float[1, 4] s) {
        d = Identity (c)
        b = Neg (a)
        s = Exp (b)
      }
    >`,
  );
  const table = inferShapes(m);
  const loop = [...m.graph.nodes].find((n) => n.opType === 'Loop')!;
  const body = loop.attributes.get('body');
  const inner = body?.type === 'graph' ? [...body.value.nodes] : [];
  expect(inner.map((n) => String(table.shape(n.output)))).toEqual(['', 'batch,4', 'batch,4']);
  expect(table.dtype(loop.outputs[0]!)).toBe('float32');
  expect(String(table.shape(loop.outputs[0]!))).toBe('batch,4');
  expect(String(table.shape(loop.outputs[1]!))).toBe('y_dim_0,batch,4');
});
