/** What each rule does to a small graph, and that the numbers stay the same to the bit. */
import { describe, expect, it } from 'vitest';
import {
  type CanonicalizeOptions,
  canonicalize,
} from '../../../src/compiler/canonicalize/index.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import { constantTensor } from '../../../src/model/ir/constants.js';
import { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import type { Node } from '../../../src/model/ir/node.js';
import { readNumbers, type Tensor } from '../../../src/model/ir/tensor.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import type { Value } from '../../../src/model/ir/value.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate } from '../../../src/model/sizes/substitute.js';
import { expectSameNumbers, type Shapes } from './numbers.js';

interface Case {
  readonly name: string;
  readonly opset?: number;
  readonly irVersion?: number;
  readonly inputs: string;
  readonly outputs: string;
  readonly body: string;
  /** The nodes that must be left, as `operator(inputs)`; constants stand as their numbers. */
  readonly left: readonly string[];
  /** Rules that must have been used, beside `constant-node`. */
  readonly rules: readonly string[];
  readonly sizes?: readonly Readonly<Record<string, number>>[];
  readonly options?: CanonicalizeOptions;
  /** Equal but for rounding, not bit for bit. */
  readonly close?: boolean;
}

const SIZES = [
  { batch: 1, height: 6, width: 4 },
  { batch: 3, height: 2, width: 5 },
];
const IMAGE = 'float[batch, 8, height, width] x';

const CASES: readonly Case[] = [
  {
    name: 'a GroupNorm of a traced graph: the way in is constant, the way back needs the shape',
    inputs: IMAGE,
    outputs: 'y',
    body: `
      target = Constant <value = int64[3] {0, 4, -1}> ()
      grouped = Reshape (x, target)
      ones = Constant <value = float[4] {1, 1, 1, 1}> ()
      zeros = Constant <value = float[4] {0, 0, 0, 0}> ()
      normal = InstanceNormalization (grouped, ones, zeros)
      shape = Shape (x)
      y = Reshape (normal, shape)`,
    left: [
      'Reshape(x, 0,4,-1)',
      'InstanceNormalization(grouped, 1,1,1,1, 0,0,0,0)',
      'Shape(x)',
      'Reshape(normal, shape)',
    ],
    rules: [],
  },
  {
    name: 'attention: targets from Shape, Gather, Unsqueeze, Concat become constants',
    inputs: 'float[batch, height, 8] x',
    outputs: 'y',
    body: `
      shape = Shape (x)
      i0 = Constant <value_int = 0> ()
      i1 = Constant <value_int = 1> ()
      axis = Constant <value_ints = [0]> ()
      b = Gather (shape, i0)
      t = Gather (shape, i1)
      b1 = Unsqueeze (b, axis)
      t1 = Unsqueeze (t, axis)
      two = Constant <value_ints = [2]> ()
      four = Constant <value_ints = [4]> ()
      split = Concat <axis = 0> (b1, t1, two, four)
      heads = Reshape (x, split)
      turned = Transpose <perm = [0, 2, 1, 3]> (heads)
      i2 = Constant <value_int = 2> ()
      bh = Mul (b, i2)
      bh1 = Unsqueeze (bh, axis)
      fold = Concat <axis = 0> (bh1, t1, four)
      folded = Reshape (turned, fold)
      soft = Softmax (folded)
      half = Div (bh, i2)
      half1 = Unsqueeze (half, axis)
      unfold = Concat <axis = 0> (half1, two, t1, four)
      y = Reshape (soft, unfold)`,
    left: [
      'Reshape(x, 0,0,2,4)',
      'Transpose(heads)',
      'Reshape(turned, 1,-1,0,4)',
      'Squeeze(folded_reshape, 0)',
      'Softmax(folded)',
      'Unsqueeze(soft, 0)',
      'Reshape(y_unsqueeze, -1,2,0,4)',
    ],
    rules: ['reshape-target', 'reshape-by-unit-axis'],
    sizes: [
      { batch: 1, height: 3 },
      { batch: 3, height: 5 },
    ],
  },
  {
    name: 'rows and columns restored from the tensor they come from',
    inputs: IMAGE,
    outputs: 'y, t',
    body: `
      shape = Shape (x)
      i0 = Constant <value_ints = [0]> ()
      i2 = Constant <value_ints = [2]> ()
      i3 = Constant <value_ints = [3]> ()
      eight = Constant <value_ints = [8]> ()
      b = Gather (shape, i0)
      h = Gather (shape, i2)
      w = Gather (shape, i3)
      flat = Constant <value_ints = [0, 8, -1]> ()
      tokens = Reshape (x, flat)
      t = Transpose <perm = [0, 2, 1]> (tokens)
      target = Concat <axis = 0> (b, h, w, eight)
      y = Reshape (t, target)`,
    left: [
      'Reshape(x, 0,8,-1)',
      'Transpose(tokens)',
      'Shape(x)',
      'Gather(target_shape, 0,2,3,1)',
      'Reshape(t, target)',
    ],
    rules: ['local-shape'],
  },
  {
    name: 'the bounds of chunk(2, -1)',
    inputs: 'float[batch, 6] x',
    outputs: 'y',
    body: `
      shape = Shape (x)
      one = Constant <value_ints = [1]> ()
      two = Constant <value_ints = [2]> ()
      zero = Constant <value_ints = [0]> ()
      w = Gather (shape, one)
      more = Add (w, one)
      half = Div (more, two)
      end = Mul (half, two)
      a = Slice (x, zero, half, one)
      b = Slice (x, half, end, one)
      y = Mul (a, b)`,
    left: ['Slice(x, 0, 3, 1)', 'Slice(x, 3, 6, 1)', 'Mul(a, b)'],
    rules: ['known-integers'],
    sizes: [{ batch: 1 }, { batch: 3 }],
    // integers are known without the engine
    options: { engine: false },
  },
  {
    name: 'constants that onnxruntime evaluates',
    inputs: 'float[batch] x',
    outputs: 'y',
    body: `
      start = Constant <value = float {0}> ()
      limit = Constant <value = float {3}> ()
      step = Constant <value = float {1}> ()
      range = Range (start, limit, step)
      scale = Constant <value = float {-0.7}> ()
      scaled = Mul (range, scale)
      waves = Exp (scaled)
      axis = Constant <value_ints = [1]> ()
      x1 = Unsqueeze (x, axis)
      y = Mul (x1, waves)`,
    left: [
      'Unsqueeze(x, 1)',
      `Mul(x1, ${[0, 1, 2].map((i) => Math.fround(Math.exp(Math.fround(i * Math.fround(-0.7)))))})`,
    ],
    rules: ['fold-constants'],
    sizes: [{ batch: 1 }, { batch: 3 }],
  },
  {
    name: 'the zero that baddbmm adds before a softmax',
    inputs: 'float[batch, height, 4] q, float[batch, 4, width] k',
    outputs: 'y',
    body: `
      scores = MatMul (q, k)
      s = Constant <value = float {0.5}> ()
      zero = Constant <value = float {0}> ()
      scaled = Mul (scores, s)
      shape = Shape (scores)
      empty = ConstantOfShape (shape)
      nothing = Mul (empty, zero)
      sum = Add (nothing, scaled)
      wide = Cast <to = 11> (sum)
      soft = Softmax (wide)
      y = Cast <to = 1> (soft)`,
    left: ['MatMul(q, k)', 'Mul(scores, 0.5)', 'Cast(scaled)', 'Softmax(wide)', 'Cast(soft)'],
    rules: ['zero-add'],
  },
  {
    name: 'zeros before a softmax that lie elsewhere, in another shape',
    inputs: IMAGE,
    outputs: 'y',
    body: `
      shape = Shape (x)
      empty = ConstantOfShape (shape)
      axis = Constant <value_ints = [0]> ()
      turned = Transpose <perm = [3, 2, 1, 0]> (empty)
      more = Unsqueeze (turned, axis)
      less = Squeeze (more, axis)
      back = Transpose <perm = [3, 2, 1, 0]> (less)
      a = Add (x, back)
      y = Softmax (a)`,
    left: ['Softmax(x)'],
    rules: ['zero-add'],
  },
  {
    name: 'zeros stay where the sign of zero could show',
    inputs: IMAGE,
    outputs: 'y, z',
    body: `
      shape = Shape (x)
      empty = ConstantOfShape (shape)
      a = Add (x, empty)
      y = Reciprocal (a)
      zero = Constant <value = float {0}> ()
      relu = Relu (x)
      minus = Neg (relu)
      b = Add (minus, zero)
      z = Reciprocal (b)`,
    left: [
      'Shape(x)',
      'ConstantOfShape(shape)',
      'Add(x, empty)',
      'Reciprocal(a)',
      'Relu(x)',
      'Neg(relu)',
      'Add(minus, 0)',
      'Reciprocal(b)',
    ],
    rules: [],
  },
  {
    name: 'the zeros before a softmax that are none: zero times what is infinite, or not a number',
    inputs: IMAGE,
    outputs: 'y, z, w',
    body: `
      shape = Shape (x)
      empty = ConstantOfShape (shape)
      infinite = Constant <value = float {inf}> ()
      none = Mul (empty, infinite)
      a = Add (x, none)
      y = Softmax (a)
      nan = Constant <value = float {nan}> ()
      nothing = Mul (nan, empty)
      b = Add (nothing, x)
      z = Softmax (b)
      other = Exp (x)
      fed = Mul (empty, other)
      c = Add (x, fed)
      w = Softmax (c)`,
    left: [
      'Shape(x)',
      'ConstantOfShape(shape)',
      'Mul(empty, Infinity)',
      'Add(x, none)',
      'Softmax(a)',
      'Mul(NaN, empty)',
      'Add(nothing, x)',
      'Softmax(b)',
      'Exp(x)',
      'Mul(empty, other)',
      'Add(x, fed)',
      'Softmax(c)',
    ],
    rules: [],
  },
  {
    name: 'nodes that do nothing',
    inputs: `${IMAGE}, int64[batch] n`,
    outputs: 'y, m',
    body: `
      a = Identity (x)
      b = Dropout (a)
      c = Cast <to = 1> (b)
      d = Transpose <perm = [0, 1, 2, 3]> (c)
      shape = Shape (d)
      e = Reshape (d, shape)
      f = Expand (e, shape)
      one = Constant <value = float {1}> ()
      g = Mul (f, one)
      ones = Constant <value = float[8, 1, 1] {1, 1, 1, 1, 1, 1, 1, 1}> ()
      h = Div (g, ones)
      zero = Constant <value = float {0}> ()
      i = Sub (h, zero)
      minus = Constant <value = float {-0.0}> ()
      j = Add (i, minus)
      k = Concat <axis = 1> (j)
      start = Constant <value_ints = [0]> ()
      end = Constant <value_ints = [9223372036854775807]> ()
      axis = Constant <value_ints = [2]> ()
      l = Slice (k, start, end, axis)
      pads = Constant <value_ints = [0, 0, 0, 0, 0, 0, 0, 0]> ()
      p = Pad (l, pads)
      y = Neg (p)
      none = Constant <value = int64 {0}> ()
      n2 = Add (n, none)
      m = Neg (n2)`,
    left: ['Neg(x)', 'Neg(n)'],
    rules: ['no-operation'],
  },
  {
    // a node behind each: one that reads an input and makes an output is never replaced
    name: 'nodes that look as if they did nothing',
    inputs: IMAGE,
    outputs: 'a2, b2, c2, d2, e2, f2, g2, h2, i2, j2',
    body: `
      one = Constant <value = float {1}> ()
      a = Div (one, x)
      a2 = Neg (a)
      ones = Constant <value = float[1, 1, 1, 1, 1] {1}> ()
      b = Mul (x, ones)
      b2 = Neg (b)
      zero = Constant <value = float {0}> ()
      c = Sub (zero, x)
      c2 = Neg (c)
      last = Constant <value_ints = [-1]> ()
      far = Constant <value_ints = [-9223372036854775807]> ()
      axis = Constant <value_ints = [2]> ()
      d = Slice (x, last, far, axis, last)
      d2 = Neg (d)
      shift = Constant <value_ints = [0, 0, 1, 0, 0, 0, -1, 0]> ()
      e = Pad (x, shift)
      e2 = Neg (e)
      minus = Constant <value = float {-0.0}> ()
      f = Sub (x, minus)
      f2 = Neg (f)
      zeros = Constant <value = float[1, 1, 1, 1, 1] {-0.0}> ()
      g = Add (zeros, x)
      g2 = Neg (g)
      wide = Constant <value = bool[1, 1, 1, 1, 1] {1}> ()
      h = Where (wide, x, zero)
      h2 = Neg (h)
      i = Transpose <perm = [0, 1, 3, 2]> (x)
      i2 = Neg (i)
      k = Cast <to = 11> (x)
      j2 = Neg (k)`,
    left: [
      'Div(1, x)',
      'Neg(a)',
      'Mul(x, 1)',
      'Neg(b)',
      'Sub(0, x)',
      'Neg(c)',
      'Slice(x, -1, -9223372036854776000, 2, -1)',
      'Neg(d)',
      'Pad(x, 0,0,1,0,0,0,-1,0)',
      'Neg(e)',
      'Sub(x, 0)',
      'Neg(f)',
      'Add(0, x)',
      'Neg(g)',
      'Where(1, x, 0)',
      'Neg(h)',
      'Transpose(x)',
      'Neg(i)',
      'Cast(x)',
      'Neg(k)',
    ],
    rules: [],
  },
  {
    name: 'a dropout that does nothing, though its mask is read',
    inputs: IMAGE,
    outputs: 'y, z',
    body: `
      a, mask = Dropout (x)
      y = Neg (a)
      z = Not (mask)`,
    left: ['Dropout(x)', 'Neg(x)', 'Not(mask)'],
    rules: ['no-operation'],
  },
  {
    name: 'a dropout that trains',
    inputs: `${IMAGE}, bool train`,
    outputs: 'y',
    body: `
      ratio = Constant <value = float {0}> ()
      a = Dropout (x, ratio, train)
      y = Neg (a)`,
    left: ['Dropout(x, 0, train)', 'Neg(a)'],
    rules: [],
  },
  {
    name: 'attributes that differ in the sign of a zero',
    inputs: IMAGE,
    outputs: 'y, z',
    body: `
      a = LeakyRelu <alpha: float = 0.0> (x)
      b = LeakyRelu <alpha: float = -0.0> (x)
      y = Reciprocal (a)
      z = Reciprocal (b)`,
    left: ['LeakyRelu(x)', 'LeakyRelu(x)', 'Reciprocal(a)', 'Reciprocal(b)'],
    rules: [],
  },
  {
    name: 'outputs keep their names and are made by nodes',
    inputs: IMAGE,
    outputs: 'y, z, c, same',
    body: `
      neg = Neg (x)
      y = Identity (neg)
      z = Identity (x)
      c = Constant <value = float[2] {1, 2}> ()
      again = Neg (x)
      same = Identity (again)`,
    left: ['Neg(x)', 'Identity(x)', 'Constant()', 'Neg(x)'],
    rules: ['no-operation'],
  },
  {
    name: 'repeated nodes, with what reads them',
    inputs: IMAGE,
    outputs: 'y',
    body: `
      a = Sigmoid (x)
      b = Mul (x, a)
      c = Sigmoid (x)
      d = Mul (x, c)
      e = Sum (b, d)
      f = LeakyRelu <alpha: float = 0.1> (e)
      g = LeakyRelu <alpha: float = 0.2> (e)
      y = Add (f, g)`,
    left: ['Sigmoid(x)', 'Mul(x, a)', 'Sum(b, b)', 'LeakyRelu(e)', 'LeakyRelu(e)', 'Add(f, g)'],
    rules: ['common-subexpression'],
  },
  {
    name: 'an If whose condition is known',
    inputs: IMAGE,
    outputs: 'y',
    body: `
      shape = Shape (x)
      i1 = Constant <value_int = 1> ()
      channels = Gather (shape, i1)
      eight = Constant <value_int = 8> ()
      is = Equal (channels, eight)
      y = If (is) <
        then_branch = yes () => (float[batch, 8, height, width] a) <float[1] w = {2}> { b = Mul (x, w) a = Neg (b) },
        else_branch = no () => (float[batch, 8, height, width] b) { b = Exp (x) }
      >`,
    left: ['Mul(x, 2)', 'Neg(b_1)'],
    rules: ['known-integers', 'inline-if'],
  },
  ...['Equal (h, w)', 'Greater (h, w)', 'Not (wide)'].map(
    (condition): Case => ({
      name: `an If whose condition depends on sizes: ${condition}`,
      inputs: IMAGE,
      outputs: 'y',
      body: `
        shape = Shape (x)
        i2 = Constant <value_int = 2> ()
        i3 = Constant <value_int = 3> ()
        h = Gather (shape, i2)
        w = Gather (shape, i3)
        wide = Less (h, w)
        number = ${condition}
        whole = Cast <to = 7> (number)
        is = Cast <to = 9> (whole)
        y = If (is) <
          then_branch = yes () => (float[batch, 8, height, width] a) { a = Neg (x) },
          else_branch = no () => (float[batch, 8, height, width] b) { b = Exp (x) }
        >`,
      left: [
        'Shape(x)',
        'Gather(shape, 2)',
        'Gather(shape, 3)',
        ...(condition.includes('wide') ? ['Less(h, w)'] : []),
        condition.replace(' ', ''),
        'Cast(number)',
        'Cast(whole)',
        'If(is) { Neg(x) } { Exp(x) }',
      ],
      rules: [],
      sizes: [
        { batch: 1, height: 2, width: 3 },
        { batch: 1, height: 3, width: 3 },
        { batch: 1, height: 3, width: 2 },
        { batch: 1, height: 1, width: 1 },
      ],
    }),
  ),
  {
    name: 'rules reach into graphs inside nodes',
    inputs: `${IMAGE}, bool flag`,
    outputs: 'y',
    body: `
      y = If (flag) <
        then_branch = yes () => (float[batch, 8, height, width] a) {
          b = Identity (x)
          target = Shape (x)
          c = Reshape (b, target)
          a = Neg (c)
        },
        else_branch = no () => (float[batch, 8, height, width] d) { d = Identity (x) }
      >`,
    left: ['If(flag) { Neg(x) } { Identity(x) }'],
    rules: ['no-operation'],
  },
  {
    name: 'Resize to computed sizes that are twice the input',
    inputs: IMAGE,
    outputs: 'y',
    body: `
      shape = Shape (x)
      i0 = Constant <value_ints = [0]> ()
      i2 = Constant <value_ints = [2]> ()
      i4 = Constant <value_ints = [4]> ()
      front = Slice (shape, i0, i2)
      back = Slice (shape, i2, i4)
      twice = Mul (back, i2)
      sizes = Concat <axis = 0> (front, twice)
      y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, "", "", sizes)`,
    left: ['Resize(x, -, 1,1,2,2, -)'],
    rules: ['resize-scale'],
  },
  {
    name: 'before opset 13, axes are attributes',
    opset: 11,
    inputs: 'float[batch, 2, height, 4] x',
    outputs: 'y',
    body: `
      shape = Shape (x)
      i0 = Constant <value = int64 {0}> ()
      i2 = Constant <value = int64 {2}> ()
      b = Gather (shape, i0)
      h = Gather (shape, i2)
      bh = Mul (b, i2)
      bh1 = Unsqueeze <axes = [0]> (bh)
      h1 = Unsqueeze <axes = [0]> (h)
      four = Constant <value = int64[1] {4}> ()
      target = Concat <axis = 0> (bh1, h1, four)
      y = Reshape (x, target)`,
    left: ['Reshape(x, 1,-1,0,4)', 'Squeeze(y_reshape)'],
    rules: ['reshape-by-unit-axis'],
    sizes: [
      { batch: 1, height: 3 },
      { batch: 3, height: 5 },
    ],
  },
  {
    name: 'a target of the dynamo exporter, whose 0 would not copy',
    inputs: 'float[batch, height, 8] x',
    outputs: 'y, z',
    body: `
      b = Shape <start = 0, end = 1> (x)
      h = Shape <start = 1, end = 2> (x)
      heads = Constant <value = int64[2] {2, 4}> ()
      apart = Concat <axis = 0> (b, h, heads)
      y = Reshape <allowzero = 1> (x, apart)
      wide = Constant <value = int64[1] {8}> ()
      open = Constant <value = int64[1] {-1}> ()
      flat = Concat <axis = 0> (open, wide)
      z = Reshape <allowzero = 1> (x, flat)`,
    left: ['Reshape(x, -1,8)', 'Reshape(x, 0,0,2,4)'],
    rules: ['reshape-target'],
    sizes: [
      { batch: 1, height: 3 },
      { batch: 3, height: 5 },
    ],
  },
  {
    name: 'the norm of a sum in one, with a bias, and without a sum that is read',
    inputs: 'float[batch, height, 4] x, float[batch, height, 4] stream',
    outputs: 'y, z',
    body: `
      gamma = Constant <value = float[4] {1, 2, -1, 0.5}> ()
      beta = Constant <value = float[4] {0.5, 0, 1, -1}> ()
      bias = Constant <value = float[4] {0.25, 1, -2, 3}> ()
      a, , , sum = com.microsoft.SkipLayerNormalization <epsilon = 1e-5> (x, stream, gamma, beta, bias)
      b = com.microsoft.SkipSimplifiedLayerNormalization <epsilon = 1e-5> (a, sum, gamma)
      y = Tanh (b)
      z = Tanh (sum)`,
    left: [
      'Add(x, 0.25,1,-2,3)',
      'Add(sum_add, stream)',
      'LayerNormalization(sum, 1,2,-1,0.5, 0.5,0,1,-1)',
      'Add(a, sum)',
      'SimplifiedLayerNormalization(b_add, 1,2,-1,0.5)',
      'Tanh(b)',
      'Tanh(sum)',
    ],
    rules: ['skip-norm'],
    close: true,
    sizes: [
      { batch: 1, height: 3 },
      { batch: 3, height: 5 },
    ],
  },
  {
    name: 'the norm of a sum whose statistics are read',
    inputs: 'float[batch, height, 4] x, float[batch, height, 4] stream',
    outputs: 'y, z',
    body: `
      gamma = Constant <value = float[4] {1, 2, -1, 0.5}> ()
      a, mean, deviation = com.microsoft.SkipLayerNormalization <epsilon = 1e-5> (x, stream, gamma)
      y = Tanh (a)
      z = Exp (deviation)`,
    left: ['SkipLayerNormalization(x, stream, 1,2,-1,0.5)', 'Tanh(a)', 'Exp(deviation)'],
    rules: [],
    // the engine's kernel makes no statistics: nothing to run
    sizes: [],
  },
  {
    name: 'before IR version 4, constants stay Constant nodes',
    irVersion: 3,
    opset: 8,
    inputs: 'float[batch, 4] x',
    outputs: 'y',
    body: `
      shape = Shape (x)
      target = Constant <value = int64[2] {-1, 2}> ()
      a = Reshape (x, target)
      y = Reshape (a, shape)`,
    left: ['Constant()', 'Reshape(x, -1,2)', 'Constant()', 'Reshape(a, -1,4)'],
    rules: ['reshape-target'],
    sizes: [{ batch: 1 }, { batch: 3 }],
  },
];

function parse({ opset = 17, irVersion = 8, inputs, outputs, body }: Case): Model {
  return parseModel(
    `<ir_version: ${irVersion}, opset_import: ["" : ${opset}]> test (${inputs}) => (${outputs}) { ${body} }`,
  );
}

function shown(node: Node): string {
  const inputs = node.inputs.map((value) => (value ? operand(value) : '-'));
  const graphs = [...node.attributes.values()].flatMap((a) =>
    a.type === 'graph' ? [` { ${[...a.value.nodes].map(shown).join(' ')} }`] : [],
  );
  return `${node.opType}(${inputs.join(', ')})${graphs.join('')}`;
}

function operand(value: Value): string {
  const tensor = constantTensor(value);
  return tensor ? String(readNumbers(tensor)) : value.name;
}

describe('canonicalize', () => {
  it.each(CASES)('$name', async (test) => {
    const source = parse(test);
    const { model } = cloneModel(source);
    const { trace, notes } = await canonicalize.run(model, test.options);
    expect([...model.graph.nodes].map(shown)).toEqual(test.left);
    const rules = new Set(trace.map((entry) => entry.rule));
    for (const rule of test.rules) expect(rules).toContain(rule);
    expect(notes).toEqual([]);
    expect(findViolations(model.graph)).toEqual([]);
    expect(model.graph.outputs.map((v) => v.name)).toEqual(source.graph.outputs.map((v) => v.name));
    for (const size of test.sizes ?? SIZES)
      await expectSameNumbers(source, model, shapesOf(source, size), test.close);
  });

  it('says why it changed what it changed, by names', async () => {
    const model = parse(CASES[3]!);
    const { trace } = await canonicalize.run(model);
    expect(trace).toContainEqual({
      rule: 'known-integers',
      node: 'Mul making end',
      opType: 'Mul',
      values: ['end'],
      why: 'its elements are known numbers',
    });
  });

  /** A model whose only constant is a weight `w`, negated before it is used. */
  const withWeight = (tensor: Tensor) => {
    const graph = new Graph();
    const x = graph.addInput('x', { kind: 'tensor', elem: 'float32', shape: [...tensor.dims] });
    const turned = graph.addNode({ opType: 'Neg', inputs: [graph.addInitializer('w', tensor)] });
    graph.addOutput(graph.addNode({ opType: 'Add', inputs: [x, turned.output] }).output);
    return { ...parse(CASES[0]!), graph };
  };

  it.each<[string, Tensor['data'], number]>([
    ['lies in memory', { kind: 'bytes', bytes: new Uint8Array(1024) }, 1],
    ['is larger than the budget', { kind: 'bytes', bytes: new Uint8Array(2 ** 21) }, 2],
    [
      'is in an external file that is missing',
      { kind: 'external', location: 'absent.bin', offset: 0, length: 1024, files: undefined },
      2,
    ],
    ['has no data', { kind: 'none' }, 2],
  ])('a constant that %s', async (_, data, nodes) => {
    const bytes = data.kind === 'bytes' ? data.bytes.length : 1024;
    const model = withWeight({ dtype: 'float32', dims: [bytes / 4], data });
    const { notes, nodesAfter } = await canonicalize.run(model);
    expect(notes).toEqual([]);
    expect(nodesAfter).toBe(nodes);
  });

  it('does not blow a small constant up', async () => {
    const model = parse({
      ...CASES[0]!,
      inputs: 'float[256, 256] x',
      outputs: 'y',
      body: `
        one = Constant <value = float {3}> ()
        shape = Constant <value_ints = [256, 256]> ()
        large = Expand (one, shape)
        y = Add (x, large)`,
    });
    await canonicalize.run(model);
    expect([...model.graph.nodes].map(shown)).toEqual(['Expand(3, 256,256)', 'Add(x, large)']);
  });

  it('goes on when the engine cannot evaluate a constant, and says so', async () => {
    const model = parse({
      ...CASES[0]!,
      inputs: 'float[2] x',
      outputs: 'y',
      body: `
        a = Constant <value = float[2] {1, 2}> ()
        i = Constant <value = int64 {5}> ()
        c = Exp (a)
        d = Gather (c, i)
        y = Add (x, d)`,
    });
    const { notes } = await canonicalize.run(model);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('2 constant nodes are left');
    expect(findViolations(model.graph)).toEqual([]);
  });

  it('merges equal nodes of random numbers never', async () => {
    const model = parse({
      ...CASES[0]!,
      inputs: 'float[2] x',
      outputs: 'y',
      body: `
        a = RandomNormalLike (x)
        b = RandomNormalLike (x)
        y = Sub (a, b)`,
    });
    const { nodesAfter } = await canonicalize.run(model);
    expect(nodesAfter).toBe(3);
  });
});

function shapesOf({ graph }: Model, size: Readonly<Record<string, number>>): Shapes {
  const bindings = new Map(Object.entries(size));
  return Object.fromEntries(
    graph.inputs.map(({ name, type }) => [
      name,
      type?.kind === 'tensor'
        ? (type.shape ?? []).map((d) => evaluate(parseDim(String(d)), bindings)!)
        : [],
    ]),
  );
}
