/** Fixing sizes in a model, and what is said when they do not fit. */
import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../src/errors/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import { tensorType } from '../../../src/model/ir/types.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { fixInputShapes, freezeSymbols, inputSymbols } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';

const denoiser = () =>
  parseModel(`<ir_version: 8, opset_import: ["" : 17]>
    test (float[batch, 4, height, width] sample, int64[batch] timestep, float[batch, tokens, 8] context)
      => (float[batch, 4, height, width] out) { out = Neg (sample) }`);

const shapes = ({ graph }: ReturnType<typeof denoiser>) =>
  [...graph.inputs, ...graph.outputs].map((v) =>
    v.type?.kind === 'tensor' ? v.type.shape?.join(',') : undefined,
  );

function failure(action: () => void): StepfoldError {
  try {
    action();
  } catch (error) {
    if (error instanceof StepfoldError) return error;
  }
  throw new Error('nothing was refused');
}

describe('fixInputShapes', () => {
  it('fixes the symbols of an input wherever they occur', () => {
    const model = denoiser();
    fixInputShapes(model, { sample: [2, 4, 64, 32] });
    expect(shapes(model)).toEqual(['2,4,64,32', '2', '2,tokens,8', '2,4,64,32']);
  });

  it('leaves a size of null as it is', () => {
    const model = denoiser();
    fixInputShapes(model, { sample: [null, 4, 64, null], context: [null, 77, 8] });
    expect(shapes(model)).toEqual(['batch,4,64,width', 'batch', 'batch,77,8', 'batch,4,64,width']);
  });

  it('gives a shape to an input that has none', () => {
    const model = denoiser();
    model.graph.inputs[2]!.type = { kind: 'tensor', elem: 'float32' };
    fixInputShapes(model, { context: [1, 2, 3] });
    expect(shapes(model)[2]).toBe('1,2,3');
  });

  it('understands sizes that are expressions', () => {
    const model = denoiser();
    model.graph.inputs[1]!.type = { kind: 'tensor', elem: 'int64', shape: ['batch*2'] };
    fixInputShapes(model, { sample: [3, 4, 8, 8] });
    expect(shapes(model)[1]).toBe('6');
  });

  it.each([
    ['an unknown input', { latent: [1] }, 'SHAPE_UNKNOWN_INPUT', '"sample", "timestep", "context"'],
    ['another rank', { sample: [2, 64, 64] }, 'SHAPE_RANK_MISMATCH', '(batch, 4, height, width)'],
    ['a size of zero', { sample: [0, 4, 64, 64] }, 'SHAPE_INVALID_SIZE', 'at least 1'],
    ['half a size', { sample: [0.5, 4, 64, 64] }, 'SHAPE_INVALID_SIZE', '0.5'],
    ['another fixed size', { sample: [2, 3, 64, 64] }, 'SHAPE_CONFLICT', 'Axis 1'],
    [
      'two sizes of one symbol',
      { sample: [2, 4, 8, 8], timestep: [1] },
      'SHAPE_CONFLICT',
      '"batch"',
    ],
  ])('refuses %s and changes nothing', (_, given, code, says) => {
    const model = denoiser();
    const error = failure(() => fixInputShapes(model, given));
    expect(error.code).toBe(code);
    expect(error.fullMessage).toContain(says);
    expect(shapes(model)).toEqual(shapes(denoiser()));
  });

  it('refuses a size that contradicts an expression', () => {
    const model = denoiser();
    model.graph.inputs[1]!.type = { kind: 'tensor', elem: 'int64', shape: ['batch*2'] };
    const error = failure(() => fixInputShapes(model, { sample: [3, 4, 8, 8], timestep: [5] }));
    expect(error.code).toBe('SHAPE_CONFLICT');
    expect(error.message).toContain('batch*2 = 6');
  });
});

describe('freezeSymbols', () => {
  it('replaces a symbol everywhere', () => {
    const model = denoiser();
    freezeSymbols(model, { batch: 2, tokens: 77 });
    expect(shapes(model)).toEqual(['2,4,height,width', '2', '2,77,8', '2,4,height,width']);
    expect(inputSymbols(model)).toEqual(['height', 'width']);
  });

  it('lists the symbols there are', () => {
    const error = failure(() => freezeSymbols(denoiser(), { bacth: 2 }));
    expect(error.code).toBe('SHAPE_UNKNOWN_SYMBOL');
    expect(error.fullMessage).toContain('"batch", "height", "width", "tokens"');
  });

  it('refuses what is no size', () => {
    expect(failure(() => freezeSymbols(denoiser(), { batch: -1 })).code).toBe('SHAPE_INVALID_SIZE');
  });
});

describe('sizes that are fixed', () => {
  const texts = (graph: string, change: (model: ReturnType<typeof modelOf>) => void) => {
    const model = modelOf(graph);
    change(model);
    return shapes(model);
  };

  it('go into expressions, as far as these are known then', () => {
    const graph = 'g (float[b, h] x, float[w] z) => (float[c] y) { y = Neg (x) }';
    const withExpressions = (model: ReturnType<typeof modelOf>) => {
      model.graph.inputs[1]!.type = tensorType('float32', [
        'b*h',
        'b*2',
        'w+1',
        '',
        null,
        7,
        'floor(h/2)',
      ]);
    };
    expect(
      texts(graph, (model) => {
        withExpressions(model);
        freezeSymbols(model, { b: 3 });
      }),
    ).toEqual(['3,h', 'h*3,6,w+1,,,7,floor(h/2)', 'c']);
    expect(
      texts(graph, (model) => {
        withExpressions(model);
        fixInputShapes(model, { x: [3, 5] });
      })[1],
    ).toBe('15,6,w+1,,,7,2');
  });

  it('go into graphs inside of nodes', () => {
    const model = modelOf(`g (float[b] x, bool c) => (y) {
      y = If (c) <then_branch = yes () => (float[b] p) { p = Neg (x) }, else_branch = no () => (float[n] q) { q = Exp (x) }>
    }`);
    freezeSymbols(model, { b: 3 });
    const inner = [...model.graph.nodes].flatMap((node) => [...subgraphs(node)]);
    expect(
      inner.map((graph) =>
        graph.outputs.map(({ type }) => type?.kind === 'tensor' && type.shape?.join()),
      ),
    ).toEqual([['3'], ['n']]);
  });

  it('of one name may be said twice, if it is the same', () => {
    expect(
      texts('g (float[b, b] x, float[b] z) => (y) { y = Neg (x) }', (model) =>
        fixInputShapes(model, { x: [2, 2], z: [2] }),
      ).slice(0, 2),
    ).toEqual(['2,2', '2']);
    expect(
      failure(() =>
        fixInputShapes(modelOf('g (float[b, b] x) => (y) { y = Neg (x) }'), { x: [2, 3] }),
      ).code,
    ).toBe('SHAPE_CONFLICT');
  });

  it.each([1, 2 ** 31, Number.MAX_SAFE_INTEGER])('may be %d', (size) => {
    expect(
      texts('g (float[b] x) => (y) { y = Neg (x) }', (model) =>
        fixInputShapes(model, { x: [size] }),
      )[0],
    ).toBe(String(size));
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('may not be %d', (size) => {
    const model = modelOf('g (float[b] x) => (y) { y = Neg (x) }');
    expect(failure(() => fixInputShapes(model, { x: [size] })).code).toBe('SHAPE_INVALID_SIZE');
    expect(failure(() => freezeSymbols(model, { b: size })).code).toBe('SHAPE_INVALID_SIZE');
  });

  it('of an input without a type are refused only where it is no tensor', () => {
    const model = modelOf('g (seq(float[b]) s, float[b] x) => (y) { y = Neg (x) }');
    expect(failure(() => fixInputShapes(model, { s: [2] })).code).toBe('SHAPE_NOT_A_TENSOR');
    model.graph.inputs[1]!.type = undefined;
    fixInputShapes(model, { x: [2] });
    expect(model.graph.inputs[1]!.type).toBeUndefined();
  });

  it('leave an expression that is open unjudged', () => {
    const model = modelOf('g (float[b] x, float[n] z) => (y) { y = Neg (x) }');
    model.graph.inputs[1]!.type = tensorType('float32', ['b*2']);
    fixInputShapes(model, { z: [5] });
    expect(shapes(model).slice(0, 2)).toEqual(['b', '5']);
    expect(inputSymbols(model)).toEqual(['b']);
  });
});
