/** Where shapes are not known, nobody can say where the batch goes. */
import { describe, expect, it } from 'vitest';
import { followBatch } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelFor } from '../../helpers/halves.js';
import { named } from '../../helpers/text.js';

/** x, or what else a node reads, has no known shape; y may have a declared one. */
describe('nobody can say where', () => {
  it.each<[string, RegExp, string, (readonly number[])?]>([
    ['an element lies', /rank of its output is not known/, 'y = Neg (x)'],
    ['an element comes from', /different axes/, 'y = Neg (x)', [4, 2]],
    ['a norm works', /rank of its input is not known/, 'y = Softmax <axis = -1> (x)'],
    ['a sum works', /axes that it reduces are not known/, 'y = ReduceSum (x, one)'],
    ['a matrix lies', /ranks of its operands are not known/, 'y = MatMul (x, w)', [4, 2]],
    ['an axis is turned to', /rank of its input is not known/, 'y = Transpose (x)'],
    ['elements are put', /its shapes are not known/, 'y = Reshape (x, two)', [2, 3]],
    ['elements come from', /its shapes are not known/, 'y = Reshape (seen, fed)'],
    ['an axis goes', /its axes are not known/, 'y = Squeeze (x, one)', [4, 2]],
    ['any axis goes', /its axes are not known/, 'y = Squeeze (seen, fed)'],
    ['an axis comes', /its axes are not known/, 'y = Unsqueeze (x, one)', [4, 1, 2]],
    ['parts are joined', /axis that it works along is not known/, 'y = Concat <axis = -1> (x, x)'],
    ['a part begins', /axes that it slices are not known/, 'y = Slice (x, one, two, one)'],
    ['it is gathered from', /its shapes are not known/, 'y = Gather <axis = 1> (x, one)'],
    ['it is gathered to', /its shapes are not known/, 'y = Gather <axis = 1> (seen, fed)'],
  ])('%s', (_, reason, body, shape) => {
    const model = modelFor({
      body,
      inputs: 'int64[] fed, float[4, 3] seen',
      constants: `int64[1] one = {1}, int64[1] two = {2}, float[3, 2] w = {1, 2, 3, 4, 5, 6}`,
    });
    for (const name of ['x', 'fed'])
      named(model, name).type = { kind: 'tensor', elem: name === 'x' ? 'float32' : 'int64' };
    if (shape) named(model, 'y').type = { kind: 'tensor', elem: 'float32', shape };
    const from = named(model, body.includes('seen') ? 'seen' : 'x');
    const axes = followBatch(new Set(model.graph.nodes), from, inferShapes(model));
    expect(axes).toMatchObject({ reason: expect.stringMatching(reason) });
  });
});
