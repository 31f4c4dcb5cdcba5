/**
 * Graphs that look as if a rule applied, beside those where it does. Both must give the numbers that
 * onnxruntime gave before, to the bit, on NaN, infinities, both zeros and subnormal numbers, at several
 * sizes; and the operators that are left say whether the rule was taken.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { canonicalize } from '../../../src/compiler/canonicalize/index.js';
import { subgraphs } from '../../../src/model/ir/attribute.js';
import { cloneModel } from '../../../src/model/ir/clone.js';
import type { Graph } from '../../../src/model/ir/graph.js';
import type { Model } from '../../../src/model/ir/model.js';
import { findViolations } from '../../../src/model/ir/validate.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate } from '../../../src/model/sizes/substitute.js';
import { type Feeds, runModel } from '../../model/shape/engine.js';

interface Case {
  readonly name: string;
  readonly body: string;
  /** Operators that are left, in order; constants do not count. */
  readonly left: string;
  readonly inputs?: string;
  readonly outputs?: string;
  readonly opset?: number;
  /** For what onnxruntime does not run, or draws at random. */
  readonly isShownOnly?: boolean;
  readonly sizes?: readonly Readonly<Record<string, number>>[];
}

const SIZES = [
  { n: 1, h: 3, w: 4 },
  { n: 2, h: 4, w: 4 },
  { n: 3, h: 2, w: 1 },
];
const IMAGE = 'float[n, 3, h, w] x';

const SPECIAL = [
  ...[-0, 0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, -2.25, Number.NEGATIVE_INFINITY],
  ...[1e-41, -1e-41, 3.4e38, -1, 0.1, -7.75],
];

/** A constant named `k`, and then the node. */
const k = (text: string) => `k = Constant <value = ${text}> ()\n`;

/** A number of whole ones, as the second part of a name. */
const ints = (name: string, ...values: number[]) =>
  `${name} = Constant <value = int64[${values.length}] {${values}}> ()\n`;

const NO_OPERATIONS: readonly Case[] = [
  { name: 'a cast to the same type', body: 'a = Cast <to = 1> (x)\n y = Neg (a)', left: 'Neg' },
  {
    name: 'a cast to another type',
    body: 'a = Cast <to = 11> (x)\n y = Neg (a)',
    left: 'Cast Neg',
  },
  {
    name: 'a cast like something of a type that is not known, of what has none either',
    body: 'a = own.Thing (x)\n b = own.Thing (a)\n c = CastLike (a, b)\n y = Neg (c)',
    left: 'own.Thing own.Thing CastLike Neg',
    isShownOnly: true,
  },
  {
    name: "an identity of a domain of one's own",
    body: 'a = own.Identity (x)\n y = Neg (a)',
    left: 'own.Identity Neg',
    isShownOnly: true,
  },
  {
    name: 'axes in order, and out of order with equal sizes',
    inputs: 'float[n, n] x',
    body: 'a = Transpose <perm = [0, 1]> (x)\n b = Transpose <perm = [1, 0]> (a)\n y = Neg (b)',
    left: 'Transpose Neg',
  },
  {
    name: 'axes turned around by no order',
    inputs: 'float[n, n] x',
    body: 'a = Transpose (x)\n y = Neg (a)',
    left: 'Transpose Neg',
  },
  {
    name: 'a slice of all, before opset 10',
    opset: 9,
    body: 'a = Slice <axes = [2], starts = [0], ends = [9223372036854775807]> (x)\n y = Neg (a)',
    left: 'Neg',
  },
  {
    name: 'a slice of some, before opset 10',
    opset: 9,
    body: 'a = Slice <axes = [1], starts = [1], ends = [3]> (x)\n y = Neg (a)',
    left: 'Slice Neg',
  },
  ...[10, 17].map(
    (opset): Case => ({
      name: `a slice of all backwards, opset ${opset}`,
      opset,
      body: `${ints('last', -1)}${ints('far', -2147483647)}${ints('axis', 1)}
        a = Slice (x, last, far, axis, last)\n y = Neg (a)`,
      left: 'Slice Neg',
    }),
  ),
  {
    name: 'a slice of all by steps of one',
    opset: 10,
    body: `${ints('zero', 0)}${ints('far', 2147483647)}${ints('axis', 1)}${ints('one', 1)}
      a = Slice (x, zero, far, axis, one)\n y = Neg (a)`,
    left: 'Neg',
  },
  {
    name: 'a slice by two steps, one of them backwards',
    body: `${ints('from', 0, -1)}${ints('to', 99, -99)}${ints('axis', 1, 2)}${ints('by', 1, -1)}
      a = Slice (x, from, to, axis, by)\n y = Neg (a)`,
    left: 'Slice Neg',
  },
  ...[10, 11].map(
    (opset): Case => ({
      name: `padding, opset ${opset}`,
      opset,
      body:
        opset < 11
          ? `a = Pad <pads = [0, 0, 0, 0, 0, 0, 0, 0]> (x)
             b = Pad <pads = [0, 0, 1, 0, 0, 0, -1, 0]> (a)\n y = Neg (b)`
          : `${ints('none', 0, 0, 0, 0, 0, 0, 0, 0)}${ints('some', 0, 0, 1, 0, 0, 0, -1, 0)}
             a = Pad (x, none)\n b = Pad (a, some)\n y = Neg (b)`,
      left: 'Pad Neg',
    }),
  ),
  {
    name: 'dropout whose mask is read',
    outputs: 'y, z',
    body: 'a, mask = Dropout (x)\n y = Neg (a)\n m = Cast <to = 1> (mask)\n z = Neg (m)',
    left: 'Dropout Neg Cast Neg',
  },
  {
    name: 'dropout whose mask is not read, and which does not train',
    body: `r = Constant <value = float {0.9}> ()\n t = Constant <value = bool {0}> ()
      a, mask = Dropout (x, r, t)\n y = Neg (a)`,
    left: 'Neg',
  },
  {
    name: 'dropout that trains, twice',
    outputs: 'y, z',
    body: `r = Constant <value = float {0.9}> ()\n t = Constant <value = bool {1}> ()
      a = Dropout (x, r, t)\n y = Neg (a)\n b = Dropout (x, r, t)\n z = Neg (b)`,
    left: 'Dropout Neg Dropout Neg',
    isShownOnly: true,
  },
  {
    name: 'dropout of which it is not known whether it trains',
    inputs: `${IMAGE}, bool t`,
    body: 'r = Constant <value = float {0.9}> ()\n a = Dropout (x, r, t)\n y = Neg (a)',
    left: 'Dropout Neg',
    isShownOnly: true,
  },
  ...[6, 7].map(
    (opset): Case => ({
      name: `dropout that says whether it tests, opset ${opset}`,
      opset,
      body: `a = Dropout <is_test = 1> (x)\n b = Neg (a)\n c = Dropout <is_test = 0> (b)\n y = Neg (c)`,
      left: opset < 7 ? 'Neg Dropout Neg' : 'Neg Neg',
      isShownOnly: true,
    }),
  ),
  ...[0, 1].map(
    (is): Case => ({
      name: `a choice that is always ${is}`,
      inputs: `${IMAGE}, float[n, 3, h, w] z`,
      // onnxruntime's own Where takes a chosen -0 for nothing chosen, and gives 0
      body: `is = Constant <value = bool[1, 3, 1, 1] {${is}, ${is}, ${is}}> ()
        p = Abs (x)\n a = Where (is, p, z)\n y = Neg (a)`,
      left: is ? 'Abs Neg' : 'Neg',
    }),
  ),
  {
    name: 'a choice by parts',
    inputs: `${IMAGE}, float[n, 3, h, w] z`,
    body: 'is = Constant <value = bool[3, 1, 1] {1, 0, 1}> ()\n a = Where (is, x, z)\n y = Neg (a)',
    left: 'Where Neg',
  },
  {
    name: 'a choice that is always one, of what broadcasts',
    inputs: `${IMAGE}, float[1, 3, 1, 1] z`,
    body: 'is = Constant <value = bool {0}> ()\n a = Where (is, x, z)\n y = Neg (a)',
    left: 'Where Neg',
  },
  {
    name: 'one part and two',
    body: `${ints('all', 3)}${ints('parts', 1, 2)}
      a = Split <axis = 1> (x, all)\n b, c = Split <axis = 1> (a, parts)\n y = Concat <axis = 1> (c, b)`,
    left: 'Split Concat',
  },
  {
    name: 'two of what is single elsewhere',
    inputs: `${IMAGE}, float[n, 3, h, w] z`,
    body: 'a = Sum (x)\n b = Max (a)\n c = Min (b)\n d = Max (c, z)\n e = Min (d, x)\n y = Sum (e, z)',
    left: 'Max Min Sum',
  },
  {
    name: 'one that makes the rank higher, two, and ones of several',
    body: `one = Constant <value = float[1, 1, 1, 1, 1] {1}> ()\n two = Constant <value = float {2}> ()
      a = Mul (x, one)\n b = Div (a, one)\n c = Div (b, two)\n d = Mul (c, two)\n y = Neg (d)`,
    left: 'Mul Div Mul Neg',
  },
  {
    name: 'ones that widen a row',
    inputs: 'float[n, 1] x',
    body: `${k('float[1, 3] {1, 1, 1}')} a = Mul (x, k)\n b = Div (x, k)\n c = Sub (a, b)\n y = Neg (c)`,
    left: 'Mul Div Sub Neg',
  },
  {
    name: 'a quotient by a number and of one',
    body: `${k('float {1}')} a = Div (k, x)\n y = Neg (a)`,
    left: 'Div Neg',
  },
  {
    name: 'a difference from zero',
    body: `${k('float {0}')} a = Sub (k, x)\n y = Exp (a)`,
    left: 'Sub Exp',
  },
  {
    name: 'axes of which the first alone stays',
    inputs: 'float[n, h, h] x',
    body: 'a = Transpose <perm = [0, 2, 1]> (x)\n y = Neg (a)',
    left: 'Transpose Neg',
  },
  {
    name: 'a slice of some, before opset 10, as large as all',
    opset: 9,
    inputs: 'float[n, 1] x',
    body: 'a = Slice <axes = [1], starts = [0], ends = [1]> (x)\n y = Neg (a)',
    left: 'Neg',
  },
  ...['0', '-0.0'].flatMap((zero): Case[] => [
    {
      name: `the sign of zero behind a sum with ${zero}`,
      body: `${k(`float {${zero}}`)} a = Add (x, k)\n y = Reciprocal (a)`,
      left: zero === '0' ? 'Add Reciprocal' : 'Reciprocal',
    },
    {
      name: `the sign of zero behind a difference with ${zero}`,
      body: `${k(`float {${zero}}`)} a = Sub (x, k)\n y = Reciprocal (a)`,
      left: zero === '0' ? 'Reciprocal' : 'Sub Reciprocal',
    },
  ]),
  {
    name: 'zeros of both signs',
    body: `${k('float[3, 1, 1] {-0.0, 0, -0.0}')} a = Add (x, k)\n y = Reciprocal (a)`,
    left: 'Add Reciprocal',
  },
  {
    name: 'whole numbers',
    inputs: 'int64[n] x',
    body: `${k('int64 {0}')} a = Add (x, k)\n b = Add (k, a)\n one = Constant <value = int64 {1}> ()
      c = Add (b, one)\n d = Mul (c, one)\n e = Sub (d, one)\n y = Neg (e)`,
    left: 'Add Sub Neg',
  },
];

/** `z` is made of the shape of `x`, added to it, and read by a softmax. */
const zeros = (name: string, z: string, left: string, inputs = IMAGE, behind?: string): Case => ({
  name,
  inputs,
  outputs: 'y',
  body: `shape = Shape (x)
    ${z}
    a = Add (x, z)
    ${behind ?? 'y = Softmax (a)'}`,
  left,
});

const ZERO_ADDS: readonly Case[] = [
  zeros('zeros by default', 'z = ConstantOfShape (shape)', 'Softmax'),
  zeros('zeros that are said', 'z = ConstantOfShape <value = float[1] {0}> (shape)', 'Softmax'),
  zeros('negative zeros', 'z = ConstantOfShape <value = float[1] {-0.0}> (shape)', 'Softmax'),
  zeros(
    'ones',
    'z = ConstantOfShape <value = float[1] {1}> (shape)',
    'Shape ConstantOfShape Add Softmax',
  ),
  zeros('a zero', 'z = Constant <value = float {0}> ()', 'Softmax'),
  zeros('a number', 'z = Constant <value = float {0.5}> ()', 'Add Softmax'),
  ...(['zero, c', 'c, zero'] as const).flatMap((order) =>
    [
      ['2', 'Softmax'],
      ['0', 'Softmax'],
      ['3e38', 'Softmax'],
    ].map(([c, left]) =>
      zeros(
        `zeros times a number: ${order}, ${c}`,
        `zero = ConstantOfShape (shape)\n c = Constant <value = float {${c}}> ()\n z = Mul (${order})`,
        left!,
      ),
    ),
  ),
  ...['infinity', 'x'].map((c) =>
    zeros(
      `zeros times ${c}`,
      `zero = ConstantOfShape (shape)
       big = Constant <value = float {3e38}> ()
       infinity = Mul (big, big)
       z = Mul (zero, ${c})`,
      'Shape ConstantOfShape Mul Add Softmax',
    ),
  ),
  zeros(
    'ones times a number',
    `one = ConstantOfShape <value = float[1] {1}> (shape)\n c = Constant <value = float {2}> ()
     z = Mul (one, c)`,
    'Shape ConstantOfShape Mul Add Softmax',
  ),
  zeros(
    'zeros times zeros, cast',
    `zero = ConstantOfShape <value = double[1] {0}> (shape)\n both = Mul (zero, zero)\n z = Cast <to = 1> (both)`,
    'Softmax',
  ),
  zeros(
    'zeros that are widened and reshaped',
    `none = Constant <value = float[1] {0}> ()\n wide = Expand (none, shape)\n z = Reshape (wide, shape)`,
    'Softmax',
  ),
  zeros(
    'the exponential of zeros',
    'zero = ConstantOfShape (shape)\n z = Exp (zero)',
    'Shape ConstantOfShape Exp Add Softmax',
  ),
  zeros(
    'zeros of higher rank',
    'z = Constant <value = float[2, 1, 1, 1, 1] {0, 0}> ()',
    'Add Softmax',
  ),
  zeros('zeros that are fed', 'z = Identity (other)', 'Add Softmax', `${IMAGE}, float[1] other`),
  zeros(
    'a softmax behind a cast',
    'z = ConstantOfShape (shape)',
    'Cast Softmax',
    IMAGE,
    'b = Cast <to = 11> (a)\n y = Softmax (b)',
  ),
  zeros(
    'a cast without a softmax',
    'z = ConstantOfShape (shape)',
    'Shape ConstantOfShape Add Cast Reciprocal',
    IMAGE,
    'b = Cast <to = 11> (a)\n y = Reciprocal (b)',
  ),
  {
    ...zeros(
      'a sum that is also read otherwise',
      'z = ConstantOfShape (shape)',
      'Shape ConstantOfShape Add Softmax Reciprocal',
      IMAGE,
      'y = Softmax (a)\n r = Reciprocal (a)',
    ),
    outputs: 'y, r',
  },
  {
    ...zeros(
      'a sum that is given out',
      'z = ConstantOfShape (shape)',
      'Shape ConstantOfShape Add Softmax',
    ),
    outputs: 'y, a',
  },
  {
    ...zeros(
      "a softmax of a domain of one's own",
      'z = ConstantOfShape (shape)',
      'Shape ConstantOfShape Add own.Softmax',
      IMAGE,
      'y = own.Softmax (a)',
    ),
    isShownOnly: true,
  },
];

const pair = (
  name: string,
  first: string,
  second: string,
  isOne: boolean,
  more: Partial<Case> = {},
): Case => {
  const [op] = first.match(/^\w+/)!;
  return {
    name,
    outputs: 'y, z',
    body: `a = ${first}\n b = ${second}\n y = Neg (a)\n z = Abs (b)`,
    left: isOne ? `${op} Neg Abs` : `${op} ${op} Neg Abs`,
    ...more,
  };
};
const RNN = (kind: string, alpha: string) =>
  `RNN <hidden_size = 1, activations = ["${kind}"], activation_alpha = [${alpha}]> (x, w, r)`;
const CELL = {
  inputs: 'float[n, 1, 2] x, float[1, 1, 2] w, float[1, 1, 1] r',
};
/** Two times the same product with what may be one constant. */
const constants = (name: string, first: string, second: string, isOne: boolean): Case => ({
  name,
  inputs: 'float[2] x',
  outputs: 'y, z',
  body: `k = Constant <value = ${first}> ()\n l = Constant <value = ${second}> ()
    a = Mul (x, k)\n b = Mul (x, l)\n y = Neg (a)\n z = Abs (b)`,
  left: isOne ? 'Mul Neg Abs' : 'Mul Mul Neg Abs',
});
const many = (count: number) => `float[${count}, 1] {${Array(count).fill(0.5)}}`;

const REPEATED: readonly Case[] = [
  pair('the same', 'Sigmoid (x)', 'Sigmoid (x)', true),
  pair(
    'a number that differs',
    'Elu <alpha: float = 0.5> (x)',
    'Elu <alpha: float = 2.0> (x)',
    false,
  ),
  pair(
    'a number that is the same',
    'Elu <alpha: float = 0.5> (x)',
    'Elu <alpha: float = 0.5> (x)',
    true,
  ),
  pair(
    'a zero of another sign',
    'LeakyRelu <alpha: float = 0.0> (x)',
    'LeakyRelu <alpha: float = -0.0> (x)',
    false,
  ),
  pair('a whole number that differs', 'Softmax <axis = 1> (x)', 'Softmax <axis = 2> (x)', false),
  pair('a list that differs', 'ReduceMax <axes = [1]> (x)', 'ReduceMax <axes = [2]> (x)', false),
  pair('a list that is the same', 'ReduceMax <axes = [1]> (x)', 'ReduceMax <axes = [1]> (x)', true),
  pair(
    'a word that differs',
    'Gelu <approximate = "none"> (x)',
    'Gelu <approximate = "tanh"> (x)',
    false,
    { opset: 20 },
  ),
  pair('words that differ', RNN('Elu', '0.5'), RNN('LeakyRelu', '0.5'), false, CELL),
  pair('numbers of a list that differ', RNN('Elu', '0.5'), RNN('Elu', '2.0'), false, CELL),
  pair(
    'numbers of a list that differ by the sign of zero',
    RNN('LeakyRelu', '0.0'),
    RNN('LeakyRelu', '-0.0'),
    false,
    CELL,
  ),
  pair('lists that are the same', RNN('Elu', '0.5'), RNN('Elu', '0.5'), true, CELL),
  pair(
    'an order of attributes that differs',
    'HardSigmoid <alpha: float = 0.25, beta: float = 0.75> (x)',
    'HardSigmoid <beta: float = 0.75, alpha: float = 0.25> (x)',
    true,
  ),
  pair(
    'attributes that are exchanged',
    'HardSigmoid <alpha: float = 0.25, beta: float = 0.75> (x)',
    'HardSigmoid <alpha: float = 0.75, beta: float = 0.25> (x)',
    false,
  ),
  ...(
    [
      ['the same', 'float[1] {2}', true],
      ['another', 'float[1] {3}', false],
      ['of another type', 'int32[1] {1073741824}', false],
    ] as const
  ).map(
    ([name, value, isOne]): Case => ({
      name: `an element that is ${name}`,
      outputs: 'y, z',
      body: `shape = Shape (x)\n a = ConstantOfShape <value = float[1] {2}> (shape)
        b = ConstantOfShape <value = ${value}> (shape)\n y = Neg (a)\n z = Abs (b)`,
      left: isOne
        ? 'Shape ConstantOfShape Neg Abs'
        : 'Shape ConstantOfShape ConstantOfShape Neg Abs',
    }),
  ),
  pair('inputs that are exchanged', 'Sub (x, v)', 'Sub (v, x)', false, {
    inputs: `${IMAGE}, float[n, 3, h, w] v`,
  }),
  {
    name: 'an input that is left out',
    outputs: 'y, z',
    body: `lo = Constant <value = float {-1}> ()\n a = Clip (x, lo)\n b = Clip (x, , lo)\n y = Neg (a)\n z = Abs (b)`,
    left: 'Clip Clip Neg Abs',
  },
  {
    name: 'nodes of other domains',
    body: 'a = own.Thing (x)\n b = own.Thing (x)\n y = Add (a, b)',
    left: 'own.Thing own.Thing Add',
    isShownOnly: true,
  },
  ...['RandomNormalLike', 'RandomUniformLike', 'Bernoulli'].map(
    (op): Case => ({
      name: `${op}, twice`,
      body: `a = ${op} (x)\n b = ${op} (x)\n y = Sub (a, b)`,
      left: `${op} ${op} Sub`,
      isShownOnly: true,
    }),
  ),
  constants('constants that are equal', 'float {2}', 'float {2}', true),
  constants('constants that differ', 'float {2}', 'float {3}', false),
  constants('constants that differ by the sign of zero', 'float {0}', 'float {-0.0}', false),
  constants('constants of other sizes', 'float[2] {2, 3}', 'float[1, 2] {2, 3}', false),
  constants('constants as large as are compared', many(64), many(64), true),
  constants('constants larger than are compared', many(65), many(65), false),
  {
    name: 'weights that are equal keep their names',
    inputs: 'float[2] x',
    outputs: 'y, z',
    body: 'a = Mul (x, k)\n b = Mul (x, l)\n y = Neg (a)\n z = Abs (b)',
    left: 'Mul Mul Neg Abs',
  },
];

const sized = (name: string, body: string, left: string, more: Partial<Case> = {}): Case => ({
  name,
  body: `shape = Shape (x)\n ${body}`,
  left,
  ...more,
});
/** `part` names a size of `x`, in a list of one. */
const part = (name: string, axis: number) =>
  `${ints(`${name}_at`, axis)}${name} = Gather (shape, ${name}_at)\n`;

const SHAPES: readonly Case[] = [
  sized(
    'all sizes of a tensor',
    `${part('a', 0)}${part('b', 1)}${part('c', 2)}${part('d', 3)}
    t = Concat <axis = 0> (a, b, c, d)\n y = ConstantOfShape (t)`,
    'Shape ConstantOfShape',
  ),
  ...[14, 15, 17].map((opset) =>
    sized(
      `the first sizes of a tensor, opset ${opset}`,
      `${part('a', 0)}${part('b', 1)}${part('c', 2)}\n t = Concat <axis = 0> (a, b, c)\n y = ConstantOfShape (t)`,
      opset < 15 ? 'Shape Gather ConstantOfShape' : 'Shape ConstantOfShape',
      { opset },
    ),
  ),
  sized(
    'sizes out of order',
    `${part('a', 3)}${part('b', 0)}\n t = Concat <axis = 0> (a, b)\n y = ConstantOfShape (t)`,
    'Shape Gather ConstantOfShape',
  ),
  sized(
    'sizes and what is none',
    `${part('a', 3)}${part('b', 0)}\n twice = Add (a, a)
    t = Concat <axis = 0> (twice, b)\n y = ConstantOfShape (t)`,
    'Shape Gather Gather Add Concat ConstantOfShape',
  ),
  sized(
    'sizes of 32 bits',
    `${part('a', 3)}${part('b', 0)}\n a32 = Cast <to = 6> (a)\n b32 = Cast <to = 6> (b)
    t = Concat <axis = 0> (b32, a32)\n wide = Cast <to = 7> (t)\n y = ConstantOfShape (wide)`,
    'Shape Gather Gather Cast Cast Concat Cast ConstantOfShape',
  ),
  ...(
    [
      ['int32', 6],
      ['int16', 5],
      ['int8', 3],
      ['uint8', 2],
      ['double', 11],
      ['bool', 9],
    ] as const
  ).map(([name, to]) =>
    sized(
      `a known size as ${name}`,
      `${part('a', 1)}${part('b', 3)}\n c = Cast <to = ${to}> (a)
      d = Cast <to = 1> (c)\n e = Mul (d, x)\n y = Neg (e)`,
      name === 'bool' ? 'Neg' : 'Mul Neg',
    ),
  ),
  ...(
    [
      ['int32', 6, 'Cast Neg'],
      ['int16', 5, 'Cast Cast Neg'],
      ['int8', 3, 'Cast Cast Neg'],
      ['uint8', 2, 'Cast Cast Neg'],
      ['uint64', 13, 'Cast Cast Neg'],
    ] as const
  ).map(
    ([name, to, left]): Case => ({
      name: `numbers below zero and large ones as ${name}`,
      inputs: 'float[n, 70000] x',
      outputs: 'y, z',
      body: `shape = Shape (x)\n ${part('a', 1)} m = Neg (a)\n b = Concat <axis = 0> (m, a)
        c = Cast <to = ${to}> (b)\n y = Cast <to = 7> (c)\n z = Neg (x)`,
      left,
      sizes: [{ n: 1 }],
    }),
  ),
];

const resize = (
  name: string,
  sizes: string,
  left: string,
  more: Partial<Case> & { attributes?: string } = {},
): Case => ({
  name,
  body: `shape = Shape (x)\n ${ints('zero', 0)}${ints('one', 1)}${ints('two', 2)}${ints('four', 4)}
    front = Slice (shape, zero, two)\n back = Slice (shape, two, four)
    ${sizes}
    y = Resize <mode = "linear"${more.attributes ?? ''}> (x, , , to)`,
  left,
  sizes: [
    { n: 1, h: 4, w: 6 },
    { n: 2, h: 2, w: 2 },
  ],
  ...more,
});

const RESIZES: readonly Case[] = [
  resize('twice', 'more = Mul (back, two)\n to = Concat <axis = 0> (front, more)', 'Resize'),
  resize('as large', 'to = Concat <axis = 0> (front, back)', 'Resize'),
  resize(
    'half',
    'less = Div (back, two)\n to = Concat <axis = 0> (front, less)',
    'Shape Slice Slice Div Concat Resize',
  ),
  resize(
    'more by one',
    'more = Add (back, one)\n to = Concat <axis = 0> (front, more)',
    'Shape Slice Slice Add Concat Resize',
  ),
  resize(
    'twice, without stretching',
    'more = Mul (back, two)\n to = Concat <axis = 0> (front, more)',
    'Shape Slice Slice Mul Concat Resize',
    { opset: 18, attributes: ', keep_aspect_ratio_policy = "not_larger"' },
  ),
  {
    name: 'sizes that are fed',
    inputs: `${IMAGE}, int64[4] to`,
    body: 'y = Resize <mode = "nearest"> (x, , , to)',
    left: 'Resize',
    isShownOnly: true,
  },
];

const FOLDED: readonly Case[] = [
  {
    name: 'attributes',
    inputs: 'float[2] x',
    body: `${k('float[2] {-1, 2}')} a = Elu <alpha: float = 0.5> (k)\n b = Mul (x, a)\n y = Neg (b)`,
    left: 'Mul Neg',
  },
  {
    name: 'several results',
    inputs: 'float[2] x',
    body: `${k('float[4] {-1, 2, 5, -0.5}')}${ints('s', 2, 2)} a, b = Split <axis = 0> (k, s)
      c = Mul (x, a)\n d = Add (c, b)\n y = Neg (d)`,
    left: 'Mul Add Neg',
  },
  {
    name: 'several results, of which one is read',
    inputs: 'float[2] x',
    body: `${k('float[4] {-1, 2, 5, -0.5}')}${ints('s', 2, 2)} a, b = Split <axis = 0> (k, s)
      d = Add (x, b)\n y = Neg (d)`,
    left: 'Add Neg',
  },
  {
    name: 'an input that is left out',
    inputs: 'float[2] x',
    body: `${k('float[2] {-1, 2}')} m = Constant <value = float {0.5}> ()\n a = Clip (k, , m)\n b = Add (x, a)\n y = Neg (b)`,
    left: 'Add Neg',
  },
  {
    name: 'a result that others read on the way',
    inputs: 'float[2] x',
    outputs: 'y, z',
    body: `${k('float[2] {-1, 2}')} a = Exp (k)\n b = Exp (a)\n c = Add (x, a)\n d = Add (x, b)\n y = Neg (c)\n z = Abs (d)`,
    left: 'Add Add Neg Abs',
  },
  {
    name: 'not numbers, infinities and zeros',
    inputs: 'float[4] x',
    body: `${k('float[4] {0, -0.0, 1, -1}')} z = Constant <value = float {0}> ()\n a = Div (k, z)\n b = Max (x, a)\n y = Neg (b)`,
    left: 'Max Neg',
  },
  ...[16384, 16385].map(
    (count): Case => ({
      name: `a result of ${4 * count} bytes of a single number`,
      inputs: `float[${count}] x`,
      body: `${k('float {3}')}${ints('s', count)} a = Expand (k, s)\n b = Add (x, a)\n y = Neg (b)`,
      left: count > 16384 ? 'Expand Add Neg' : 'Add Neg',
    }),
  ),
  {
    name: 'random numbers',
    inputs: 'float[2] x',
    body: 'a = RandomNormal <shape = [2], seed: float = 1.0> ()\n b = Add (x, a)\n y = Neg (b)',
    left: 'RandomNormal Add Neg',
    isShownOnly: true,
  },
];

const norm = (op: string, inputs: string, attributes = '<epsilon = 1e-3>') =>
  `gamma = Constant <value = float[4] {1, 2, -1, 0.5}> ()
   beta = Constant <value = float[4] {0.5, 0, 1, -1}> ()
   bias = Constant <value = float[4] {0.25, 1, -2, 3}> ()
   a = ${op} ${attributes} (${inputs})\n y = Neg (a)`;
const STREAMS = 'float[n, h, 4] x, float[n, h, 4] s';
const NORMS: readonly Case[] = [
  {
    name: 'without a shift',
    inputs: STREAMS,
    body: norm('com.microsoft.SkipLayerNormalization', 'x, s, gamma'),
    left: 'Add LayerNormalization Neg',
  },
  {
    name: 'without an epsilon',
    inputs: STREAMS,
    body: norm('com.microsoft.SkipLayerNormalization', 'x, s, gamma, beta', ''),
    left: 'Add LayerNormalization Neg',
  },
  ...['SkipLayerNormalization', 'SkipSimplifiedLayerNormalization'].map(
    (op): Case => ({
      name: `of numbers so small that the default epsilon shows: ${op}`,
      inputs: 'float[n, h, 4] given, float[n, h, 4] other',
      body: `tiny = Constant <value = float {1e-4}> ()\n x = Mul (given, tiny)\n s = Mul (other, tiny)
        ${norm(`com.microsoft.${op}`, 'x, s, gamma', '')}`,
      left: `Mul Mul Add ${op.slice(4)} Neg`,
    }),
  ),
  {
    name: 'by the square mean, with a bias',
    inputs: STREAMS,
    body: norm('com.microsoft.SkipSimplifiedLayerNormalization', 'x, s, gamma, bias'),
    left: 'Add Add SimplifiedLayerNormalization Neg',
  },
  {
    name: "of a domain of one's own",
    inputs: STREAMS,
    body: norm('own.SkipLayerNormalization', 'x, s, gamma'),
    left: 'own.SkipLayerNormalization Neg',
    isShownOnly: true,
  },
  ...['mean', 'deviation'].map(
    (read): Case => ({
      name: `whose ${read} is read`,
      inputs: STREAMS,
      outputs: 'y, z',
      body: `gamma = Constant <value = float[4] {1, 2, -1, 0.5}> ()
        a, mean, deviation = com.microsoft.SkipLayerNormalization (x, s, gamma)\n y = Neg (a)\n z = Abs (${read})`,
      left: 'com.microsoft.SkipLayerNormalization Neg Abs',
      isShownOnly: true,
    }),
  ),
];

const branches = (yes: string, no: string, more = '') => `
  n = Neg (x)
  ${more}
  y = If (flag) <
    then_branch = yes () => (float[n, 3, h, w] a) { ${yes} },
    else_branch = no () => (float[n, 3, h, w] b) { ${no} }
  >`;
const FLAGGED = `${IMAGE}, bool flag`;

const OUTPUTS: readonly Case[] = [
  {
    name: 'a constant that is given out and read',
    inputs: 'float[2] x',
    outputs: 'c, y',
    body: `${k('float[2] {-1, 2}')} c = Exp (k)\n a = Add (x, c)\n y = Neg (a)`,
    left: 'Exp Add Neg',
  },
  {
    name: 'a constant that is given out only',
    inputs: 'float[2] x',
    outputs: 'c, y',
    body: `${k('float[2] {-1, 2}')} c = Exp (k)\n y = Neg (x)`,
    left: 'Exp Neg',
  },
  {
    name: 'what is given out under two names',
    outputs: 'y, z',
    body: 'y = Neg (x)\n z = Identity (y)',
    left: 'Neg Identity',
  },
  {
    name: 'what is given out under another name',
    body: 'a = Neg (x)\n b = Abs (a)\n y = Identity (b)',
    left: 'Neg Abs',
  },
  {
    name: 'a branch that gives out what is made outside',
    inputs: FLAGGED,
    body: branches('a = Identity (n)', 'b = Exp (n)'),
    left: 'Neg If[Identity, Exp]',
  },
  {
    name: 'a branch that gives out what it makes',
    inputs: FLAGGED,
    body: branches('c = Abs (n)\n a = Identity (c)', 'b = Exp (n)'),
    left: 'Neg If[Abs, Exp]',
  },
  {
    name: 'nodes that are repeated in two branches, and in one',
    inputs: FLAGGED,
    body: branches('c = Abs (n)\n d = Abs (n)\n a = Add (c, d)', 'b = Abs (n)'),
    left: 'Neg If[Abs Add, Abs]',
  },
  {
    name: 'sums before a softmax in a branch',
    inputs: FLAGGED,
    body: branches(
      's = Shape (n)\n z = ConstantOfShape (s)\n c = Add (n, z)\n a = Softmax (c)',
      'b = Abs (n)',
    ),
    left: 'Neg If[Softmax, Abs]',
  },
  {
    name: 'two nodes with a branch each',
    inputs: FLAGGED,
    outputs: 'y, z',
    body: `${branches('a = Abs (n)', 'b = Exp (n)')}
      z = If (flag) <
        then_branch = yes2 () => (float[n, 3, h, w] a2) { a2 = Abs (n) },
        else_branch = no2 () => (float[n, 3, h, w] b2) { b2 = Exp (n) }
      >`,
    left: 'Neg If[Abs, Exp] If[Abs, Exp]',
  },
];

function parse({ opset = 17, inputs = IMAGE, outputs = 'y', body, name }: Case): Model {
  const weights = name.startsWith('weights') ? '<float k = {2}, float l = {2}>' : '';
  return parseModel(
    `<ir_version: 8, opset_import: ["" : ${opset}, "com.microsoft": 1, "own": 1]>
     test (${inputs}) => (${outputs}) ${weights} { ${body} }`,
  );
}

const shown = (graph: Graph): string =>
  [...graph.nodes]
    .filter(({ opType }) => opType !== 'Constant')
    .map((node) => {
      const inner = subgraphs(node).map(shown);
      const name = node.domain ? `${node.domain}.${node.opType}` : node.opType;
      return inner.length > 0 ? `${name}[${inner.join(', ')}]` : name;
    })
    .join(' ');

/** The special numbers in turn, beginning elsewhere for each input. */
function feedsOf({ graph }: Model, size: Readonly<Record<string, number>>, isTame: boolean): Feeds {
  const bindings = new Map(Object.entries(size));
  const feeds: Feeds = {};
  for (const [at, { name, type }] of graph.inputs.entries()) {
    if (type?.kind !== 'tensor') throw new Error(`no feed for ${name}`);
    const dims = (type.shape ?? []).map((d) => evaluate(parseDim(String(d)), bindings)!);
    const count = dims.reduce((a, b) => a * b, 1);
    const numbers = SPECIAL.filter((n) => !isTame || Math.abs(n) < 100);
    feeds[name] =
      type.elem === 'bool'
        ? new ort.Tensor('bool', Uint8Array.of(size.n! % 2), [])
        : type.elem === 'int64'
          ? new ort.Tensor(
              'int64',
              BigInt64Array.from({ length: count }, (_, i) => BigInt(((i * 5 + at) % 9) - 4)),
              dims,
            )
          : new ort.Tensor(
              'float32',
              Float32Array.from(
                { length: count },
                (_, i) => numbers[(i + 3 * at) % numbers.length]!,
              ),
              dims,
            );
  }
  return feeds;
}

const bits = ({ data }: ort.Tensor) => {
  const { buffer, byteOffset, byteLength } = data as Float32Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
};

async function check(test: Case, isClose = false): Promise<void> {
  const source = parse(test);
  const { model } = cloneModel(source);
  await canonicalize.run(model);
  expect(findViolations(model.graph)).toEqual([]);
  if (!test.isShownOnly)
    for (const size of test.sizes ?? SIZES) {
      const feeds = feedsOf(source, size, isClose);
      const [before, after] = [await runModel(source, feeds), await runModel(model, feeds)];
      expect(Object.keys(after)).toEqual(Object.keys(before));
      for (const [name, tensor] of Object.entries(before)) {
        expect(after[name]!.type).toBe(tensor.type);
        expect(after[name]!.dims).toEqual(tensor.dims);
        if (!isClose)
          expect(bits(after[name]!), `${name} at ${JSON.stringify(size)}`).toBe(bits(tensor));
        else
          Array.from(tensor.data as Float32Array).forEach((value, i) => {
            expect((after[name]!.data as Float32Array)[i]).toBeCloseTo(value, 4);
          });
      }
    }
  expect(shown(model.graph)).toBe(test.left);
  expect(model.graph.outputs.map((v) => v.name)).toEqual(source.graph.outputs.map((v) => v.name));
}

describe('nothing is done', () => void it.each(NO_OPERATIONS)('$name', (test) => check(test)));
describe('zeros are added', () => void it.each(ZERO_ADDS)('$name', (test) => check(test)));
describe('given out', () => void it.each(OUTPUTS)('$name', (test) => check(test)));
describe('twice', () => void it.each(REPEATED)('$name', (test) => check(test)));
describe('lists of sizes', () => void it.each(SHAPES)('$name', (test) => check(test)));
describe('resized', () => void it.each(RESIZES)('$name', (test) => check(test)));
describe('constants with', () => void it.each(FOLDED)('$name', (test) => check(test)));
describe('the norm of a sum', () => void it.each(NORMS)('$name', (test) => check(test, true)));

it.each([
  [3, 1],
  [4, 0],
])('constants of IR version %i', async (version, left) => {
  const model = parseModel(`<ir_version: ${version}, opset_import: ["" : 8]>
    test (float[n, 4] x) => (y) {
      k = Constant <value = float[4] {1, 2, 3, 4}> ()
      a = Add (x, k)
      y = Neg (a)
    }`);
  const { trace } = await canonicalize.run(model);
  // once each, if at all
  expect(trace).toHaveLength(left ? 0 : 1);
  expect([...model.graph.nodes].filter(({ opType }) => opType === 'Constant')).toHaveLength(left);
});
