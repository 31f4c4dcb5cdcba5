/** Fixing sizes in a model, and what is said when they do not fit. */
import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../src/errors/index.js';
import { parseModel } from '../../src/onnx/text/index.js';
import { fixInputShapes, freezeSymbols, inputSymbols } from '../../src/shape/index.js';

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
