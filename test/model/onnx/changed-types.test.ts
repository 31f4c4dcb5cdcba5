/** What is written of a value's type is what it is now, not what the file said; the rest goes along. */
import { describe, expect, it } from 'vitest';
import { type Dim, tensorType } from '../../../src/model/ir/types.js';
import { decodeModel, encodeModel } from '../../../src/model/onnx/index.js';
import { modelOf, named } from '../../helpers/text.js';

/** A model as it comes from a file: x goes in, y is declared on the way, and z comes out. */
function loaded() {
  const model = modelOf('g (float[2, 3] x) => (float[2, 3] z) { y = Neg (x)  z = Exp (y) }');
  const y = named(model, 'y');
  y.type = tensorType('float32', [2, 3]);
  model.graph.declared.add(y);
  return decodeModel(encodeModel(model));
}

const declared = (model: ReturnType<typeof loaded>, name: string) => {
  const { type } = named(model, name);
  return type?.kind === 'tensor' ? `${type.elem}[${type.shape}]` : type;
};

describe.each(['x', 'y', 'z'])('the type of %s', (name) => {
  it('stays as the file has it', () => {
    const model = loaded();
    expect(declared(decodeModel(encodeModel(model)), name)).toBe('float32[2,3]');
    expect(encodeModel(model)).toEqual(encodeModel(loaded()));
  });

  it.each([
    ['float32', ['batch', 3]],
    ['float32', [2]],
    ['float16', [2, 3]],
  ] as ['float32' | 'float16', Dim[]][])('is written as it has become: %s%j', (elem, shape) => {
    const model = loaded();
    named(model, name).type = tensorType(elem, shape);
    expect(declared(decodeModel(encodeModel(model)), name)).toBe(`${elem}[${shape}]`);
  });

  it('is left out where there is none any more', () => {
    const model = loaded();
    named(model, name).type = undefined;
    expect(declared(decodeModel(encodeModel(model)), name)).toBeUndefined();
  });
});
