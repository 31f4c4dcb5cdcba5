/** Zeros around the input of a convolution, and other things around it. */
import { expect, test } from 'vitest';
import { attrNumbers } from '../../../src/model/ir/attribute.js';
import { ort } from '../../helpers/compile.js';
import type { Tensors } from '../../helpers/injectable.js';
import { modelOf } from '../../helpers/text.js';
import { expectLeft, list, rewrite, tensor } from './rewrite.js';

interface Parts {
  readonly pads?: string;
  /** Inputs of the Pad behind its amounts. */
  readonly rest?: string;
  readonly mode?: string;
  readonly conv?: string;
  readonly inputs?: string;
  readonly opset?: number;
  readonly end?: string;
}

function padded(parts: Parts = {}) {
  const {
    pads = '0, 0, 0, 0, 0, 0, 1, 1',
    rest = '',
    mode = '<mode = "constant">',
    conv = 'strides = [2, 2]',
    inputs = '',
    end = 'z, k, b',
  } = parts;
  const amounts = /\d/.test(pads) ? `int64[${pads.split(',').length}] p = {${pads}}, ` : '';
  return modelOf(
    `down (float[batch,2,h,w2] x${inputs}) => (float[] y)
<${amounts}float c = {1}, float nought = {0}, float[1] zero = {-0.0}, float[2] zeros = {0, 0}, int64[2] axes = {2, 3}, float[3,2,3,3] k = {${list(54, Math.sin)}}, float[3] b = {1, 2, 3}> {
  z = Pad ${mode} (x${amounts ? ', p' : pads}${rest})
  y = Conv <kernel_shape = [3, 3], ${conv}> (${end})
}`,
    parts.opset,
  );
}

const feeds = [{ x: tensor(1, 2, 6, 8) }, { x: tensor(2, 2, 7, 5) }, { x: tensor(0, 2, 6, 3) }];

test.each<[string, Parts, number[]]>([
  ['on two sides only', {}, [0, 0, 1, 1]],
  ['on all sides, unlike', { pads: '0, 0, 1, 2, 0, 0, 3, 4' }, [1, 2, 3, 4]],
  [
    'on two sides, beside those of the convolution',
    { conv: 'strides = [2, 2], pads = [0, 1, 2, 0]' },
    [0, 1, 3, 1],
  ],
  ['of no mode', { mode: '' }, [0, 0, 1, 1]],
  ['that are written down', { rest: ', nought' }, [0, 0, 1, 1]],
  ['that are negative', { rest: ', zero' }, [0, 0, 1, 1]],
  ['in opset 11', { opset: 11 }, [0, 0, 1, 1]],
  ['without a bias', { end: 'z, k' }, [0, 0, 1, 1]],
  ['of a convolution that says it pads as it says', { conv: 'auto_pad = "NOTSET"' }, [0, 0, 1, 1]],
  ['wider than the kernel', { pads: '0, 0, 5, 4, 0, 0, 4, 7' }, [5, 4, 4, 7]],
  [
    'spread over a kernel with gaps',
    { conv: 'dilations = [2, 1], strides = [1, 2]' },
    [0, 0, 1, 1],
  ],
  [
    'in an old file',
    { opset: 10, pads: '', mode: '<pads = [0, 0, 1, 0, 0, 0, 1, 2]>' },
    [1, 0, 1, 2],
  ],
])('zeros %s', async (_, parts, pads) => {
  const { rules, reasons, model } = await rewrite(padded(parts), ...feeds);
  expect({ rules, reasons }).toEqual({ rules: ['padded-convolution'], reasons: [] });
  const nodes = [...model.graph.nodes];
  expect(nodes.map(({ opType }) => opType)).toEqual(['Conv']);
  expect(attrNumbers(nodes[0]!, 'pads')).toEqual(pads);
});

const RUN_TIME = {
  p: new ort.Tensor('int64', BigInt64Array.from([0, 0, 0, 0, 0, 0, 1, 1], BigInt), [8]),
};

test.each<[string, Parts, RegExp, Record<string, ort.Tensor>?]>([
  ['ones around it', { rest: ', c' }, /"Pad making z" does not pad with zeros/],
  ['ones, in opset 11', { opset: 11, rest: ', c' }, /not pad with zeros/],
  [
    'ones, in an old file',
    { opset: 10, pads: '', mode: '<pads = [0, 0, 1, 0, 0, 0, 1, 2], value = 1.0>' },
    /not pad with zeros/,
  ],
  [
    'what is fed around it',
    { rest: ', fill', inputs: ', float fill' },
    /not pad with zeros/,
    { fill: new ort.Tensor(Float32Array.of(0.5), []) },
  ],
  ['the border repeated', { mode: '<mode = "edge">' }, /not pad with a constant/],
  ['the map mirrored', { mode: '<mode = "reflect">' }, /not pad with a constant/],
  ['rows and columns taken away', { pads: '0, 0, -1, 1, 0, 0, 1, 1' }, /takes away/],
  ['columns taken away behind', { pads: '0, 0, 1, 1, 0, 0, 1, -1' }, /takes away/],
  [
    'as much as is fed',
    { pads: ', p', inputs: ', int64[8] p' },
    /known only at run time/,
    RUN_TIME,
  ],
  [
    'axes that are named',
    { opset: 18, pads: '1, 1, 1, 1', rest: ', , axes' },
    /names the axes it pads/,
  ],
  ['automatic padding', { conv: 'auto_pad = "VALID"' }, /auto_pad/],
  ['automatic padding of its own', { conv: 'auto_pad = "SAME_UPPER"' }, /auto_pad/],
])('%s is left', async (_, parts, reason, more) => {
  await expectLeft(padded(parts), reason, ...feeds.map((feed) => ({ ...feed, ...more })));
});

test('as much as the map is large is left', async () => {
  const model = modelOf(`down (float[n,1,h,w2] x) => (float[] y)
<int64[6] nothing = {0, 0, 0, 0, 0, 0}, int64[1] two = {2}, int64[1] four = {4}, float[1,1,2,2] k = {1, 2, 4, 8}> {
  sizes = Shape (x)
  map = Slice (sizes, two, four)
  p = Concat <axis = 0> (nothing, map)
  z = Pad (x, p)
  y = Conv (z, k)
}`);
  await expectLeft(model, /known only at run time/, { x: tensor(2, 1, 3, 4) });
});

// one image or channel of zeros in each place that a Pad can put it
test.each([
  ['images before', '1, 0, 1, 1, 0, 0, 1, 1', 2],
  ['channels before', '0, 1, 1, 1, 0, 0, 1, 1', 1],
  ['images behind', '0, 0, 1, 1, 1, 0, 1, 1', 2],
  ['channels behind', '0, 0, 1, 1, 0, 1, 1, 1', 1],
])('%s are left', async (_, pads, channels) => {
  const model = modelOf(`down (float[batch,${channels},h,w2] x) => (float[] y)
<int64[8] p = {${pads}}, float[3,2,3,3] k = {${list(54, Math.sin)}}> {
  z = Pad (x, p)
  y = Conv (z, k)
}`);
  await expectLeft(model, /pads other axes than the spatial ones/, {
    x: tensor(2, channels, 5, 4),
  });
});

test('zeros at both ends of a row', async () => {
  const model = modelOf(`down (float[n,1,t] x) => (float[] y)
<int64[6] p = {0, 0, 2, 0, 0, 1}, float[1,1,3] k = {1, 2, 4}> {
  z = Pad (x, p)
  y = Conv (z, k)
}`);
  const { rules, model: after } = await rewrite(model, { x: tensor(2, 1, 5) });
  expect(rules).toEqual(['padded-convolution']);
  expect([...after.graph.nodes].map((node) => attrNumbers(node, 'pads'))).toEqual([[2, 1]]);
});

test('a map that is read padded elsewhere', async () => {
  const model = padded();
  model.graph.addOutput(model.graph.find('z')!);
  expect((await rewrite(model, ...feeds)).rules).toEqual(['padded-convolution']);
});

test.each<[string, string, Tensors[]?]>([
  ['no Pad', 'z = Neg (x)\n  y = Conv (z, k)'],
  ['no convolution', 'z = Pad (x, p)\n  y = Neg (z)'],
  // onnxruntime takes the kernel for the map, and loads no such model
  ['a kernel that is padded', 'z = Pad (k, p)\n  y = Conv (x, z)', []],
])('%s is no near miss', async (_, body, feeds = [{ x: tensor(2, 1, 5, 4) }]) => {
  const model = modelOf(`down (float[n,1,h,w2] x) => (float[] y)
<int64[8] p = {0, 0, 0, 0, 0, 0, 1, 1}, float[1,1,2,2] k = {1, 2, 4, 8}> {\n  ${body}\n}`);
  await expectLeft(model, undefined, ...feeds);
});
