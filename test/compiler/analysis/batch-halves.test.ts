/**
 * Where the batch goes, for every operator that is followed, in many forms, with the batch on every axis.
 * The oracle is onnxruntime: where an axis is named, each half of the images must give just that half of
 * what all give; where it is refused although halves do, the refusal stands in a list here.
 */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { followBatch, freeBatch } from '../../../src/compiler/analysis/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { named } from '../../helpers/text.js';
import { runModel } from '../../model/shape/engine.js';

const IMAGES = 4;

/** The sizes of `x` as an operator gets it, and on which axis the images lie. */
interface Form {
  readonly dims: readonly number[];
  readonly axis: number;
}

/** Nodes that make `y` of `x`; undefined where the operator does not take such an `x`. */
type Body = (form: Form) => string | undefined;

let count = 0;
/** A constant of those sizes, and its name. */
function constant(dims: readonly number[], type = 'float', number = (i: number) => Math.cos(i)) {
  const name = `k${count++}`;
  const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => number(i));
  const shape = dims.length > 0 ? `[${dims.join(',')}]` : '';
  return {
    name,
    text: `${name} = Constant <value = ${type}${shape} {${values.join(', ')}}> ()\n`,
  };
}
const whole = (numbers: readonly number[]) =>
  constant([numbers.length], 'int64', (i) => numbers[i]!);

const withConstant = (
  dims: readonly number[],
  node: (name: string) => string,
  type?: string,
  number?: (i: number) => number,
) => {
  const made = constant(dims, type, number);
  return made.text + node(made.name);
};
const withWhole = (numbers: readonly number[], node: (name: string) => string) => {
  const made = whole(numbers);
  return made.text + node(made.name);
};

const AXES = [0, 1, 2, 3];
const each = <T>(things: readonly T[], of: (thing: T) => readonly [string, Body]) => things.map(of);
const ofRank =
  (rank: number, body: (form: Form) => string): Body =>
  (form) =>
    form.dims.length === rank ? body(form) : undefined;

/** The sizes with 1 on those axes. */
const ones = (dims: readonly number[], axes: readonly number[]) =>
  dims.map((d, i) => (axes.includes(i) ? 1 : d));

const BODIES: readonly (readonly [string, Body])[] = [
  ...each(AXES, (a) => [
    `CumSum ${a}`,
    ({ dims }) =>
      a < dims.length
        ? withConstant(
            [],
            (k) => `y = CumSum (x, ${k})`,
            'int64',
            () => a,
          )
        : undefined,
  ]),
  ...each(AXES, (a) => [
    `DFT ${a}`,
    ({ dims }) =>
      a < dims.length
        ? withWhole([dims.length], (k) => `u = Unsqueeze (x, ${k})\n y = DFT <axis = ${a}> (u)`)
        : undefined,
  ]),
  ['Sigmoid', () => 'y = Sigmoid (x)'],
  ['Add, a scalar', () => withConstant([], (k) => `y = Add (x, ${k})`)],
  ['Add, all sizes', ({ dims }) => withConstant(dims, (k) => `y = Add (x, ${k})`)],
  ...each([0, 1, 2], (n) => [
    `Mul, the last ${n + 1}`,
    ({ dims }) => withConstant(dims.slice(dims.length - n - 1), (k) => `y = Mul (x, ${k})`),
  ]),
  ...each(AXES, (a) => [
    `Mul, all but axis ${a}`,
    ({ dims }) => withConstant(ones(dims, [a]), (k) => `y = Mul (${k}, x)`),
  ]),
  [
    'Add, of higher rank',
    ({ dims }) => withConstant([1, ...dims.map(() => 1)], (k) => `y = Add (x, ${k})`),
  ],
  [
    'Add, of higher rank and larger',
    ({ dims }) => withConstant([3, ...dims.map(() => 1)], (k) => `y = Add (${k}, x)`),
  ],
  ['Add, itself reduced', () => 'r = ReduceMean <axes = [-1], keepdims = 1> (x)\n y = Sub (x, r)'],
  [
    'Add, itself with the axis gone',
    ofRank(4, () => 'r = ReduceMean <axes = [0], keepdims = 0> (x)\n y = Sub (x, r)'),
  ],
  [
    'Add, the outer product of rows',
    ofRank(2, ({ dims: [n] }) =>
      withWhole(
        [1, n!],
        (k) =>
          `r = ReduceMean <axes = [1], keepdims = 1> (x)\n t = Transpose (r)\n y = Add (r, t)\n z = Identity (${k})`,
      ),
    ),
  ],
  ...each([-4, -3, -2, -1, 0, 1, 2, 3], (a) => [
    `Softmax ${a}`,
    ofRank(4, () => `y = Softmax <axis = ${a}> (x)`),
  ]),
  ['Softmax, no axis', () => 'y = Softmax (x)'],
  ...each([-1, -2, -3], (a) => [
    `LayerNormalization ${a}`,
    ({ dims }) =>
      dims.length < -a
        ? undefined
        : withConstant(dims.slice(a), (k) => `y = LayerNormalization <axis = ${a}> (x, ${k})`),
  ]),
  ...each([[0], [1], [2], [3], [1, 2], [0, 1], [2, -1], [-4], [-3, -1]], (axes) => [
    `ReduceMean ${axes}`,
    ofRank(4, () => `y = ReduceMean <axes = [${axes}]> (x)`),
  ]),
  ...each([[0], [1], [2], [3], [1, 2], [0, 1], [2, -1], [-4], [-3, -1]], (axes) => [
    `ReduceSum ${axes}, axes gone`,
    ofRank(4, () => withWhole(axes, (k) => `y = ReduceSum <keepdims = 0> (x, ${k})`)),
  ]),
  ['ReduceMax, all', () => 'y = ReduceMax <keepdims = 0> (x)'],
  [
    'MatMul, a matrix',
    ({ dims }) => withConstant([dims.at(-1)!, 5], (k) => `y = MatMul (x, ${k})`),
  ],
  [
    'MatMul, a matrix on the left',
    ({ dims }) => withConstant([5, dims.at(-2)!], (k) => `y = MatMul (${k}, x)`),
  ],
  ['MatMul, a vector', ({ dims }) => withConstant([dims.at(-1)!], (k) => `y = MatMul (x, ${k})`)],
  [
    'MatMul, a vector on the left',
    ({ dims }) => withConstant([dims.at(-2)!], (k) => `y = MatMul (${k}, x)`),
  ],
  [
    'MatMul, a matrix each',
    ({ dims }) =>
      withConstant([...dims.slice(0, -2), dims.at(-1)!, 5], (k) => `y = MatMul (x, ${k})`),
  ],
  [
    'MatMul, several matrices for all',
    ofRank(2, ({ dims }) => withConstant([3, dims[1]!, 5], (k) => `y = MatMul (x, ${k})`)),
  ],
  [
    'MatMul, itself transposed',
    ofRank(4, () => 't = Transpose <perm = [0, 1, 3, 2]> (x)\n y = MatMul (x, t)'),
  ],
  ['MatMul, itself transposed, rank 2', ofRank(2, () => 't = Transpose (x)\n y = MatMul (x, t)')],
  ...each([[5], [1, 5], [IMAGES, 5], [IMAGES, 1]], (bias) => [
    `Gemm, bias ${bias}`,
    ofRank(2, ({ dims }) => {
      const [w, b] = [constant([dims[1]!, 5]), constant(bias)];
      return `${w.text}${b.text} y = Gemm (x, ${w.name}, ${b.name})`;
    }),
  ]),
  [
    'Gemm, no bias',
    ofRank(2, ({ dims }) => withConstant([5, dims[1]!], (k) => `y = Gemm <transB = 1> (x, ${k})`)),
  ],
  [
    'Gemm, transposed',
    ofRank(2, ({ dims }) => withConstant([dims[0]!, 5], (k) => `y = Gemm <transA = 1> (x, ${k})`)),
  ],
  [
    'Gemm, as the weight',
    ofRank(2, ({ dims }) => withConstant([5, dims[0]!], (k) => `y = Gemm (${k}, x)`)),
  ],
  ['Gemm, with itself', ofRank(2, () => 'y = Gemm <transB = 1> (x, x)')],
  [
    'Gemm, as its own bias',
    ofRank(2, ({ dims }) => withConstant([dims[1]!, dims[1]!], (k) => `y = Gemm (x, ${k}, x)`)),
  ],
  ...each(['[0, 1, 2, 3]', '[1, 0, 2, 3]', '[3, 1, 2, 0]', '[2, 3, 0, 1]'], (perm) => [
    `Transpose ${perm}`,
    ofRank(4, () => `y = Transpose <perm = ${perm}> (x)`),
  ]),
  ['Transpose', () => 'y = Transpose (x)'],
  ...each([0, 1, 2], (a) => [
    `Reshape, ${a} and ${a + 1} made one`,
    ofRank(4, ({ dims }) => {
      const target = [...dims.slice(0, a), dims[a]! * dims[a + 1]!, ...dims.slice(a + 2)];
      return withWhole(target, (k) => `y = Reshape (x, ${k})`);
    }),
  ]),
  ...each(AXES, (a) => [
    `Reshape, an axis of 1 before ${a}`,
    ofRank(4, ({ dims }) =>
      withWhole([...dims.slice(0, a), 1, ...dims.slice(a)], (k) => `y = Reshape (x, ${k})`),
    ),
  ]),
  ...each(AXES, (a) => [
    `Reshape, ${a} inferred`,
    ofRank(4, ({ dims }) => withWhole(dims.with(a, -1), (k) => `y = Reshape (x, ${k})`)),
  ]),
  ...each(AXES, (a) => [
    `Reshape, ${a} copied`,
    ofRank(4, ({ dims }) => withWhole(dims.with(a, 0), (k) => `y = Reshape (x, ${k})`)),
  ]),
  ['Reshape, flat', () => withWhole([-1], (k) => `y = Reshape (x, ${k})`)],
  ['Reshape, rows', ({ dims }) => withWhole([-1, dims.at(-1)!], (k) => `y = Reshape (x, ${k})`)],
  [
    'Reshape, the last taken apart and ahead',
    ofRank(4, ({ dims }) =>
      withWhole([dims[0]!, dims[1]!, 2, dims[2]!, dims[3]! / 2], (k) => `y = Reshape (x, ${k})`),
    ),
  ],
  [
    'Reshape, there and back',
    ofRank(4, ({ dims }) => {
      const [fold, back] = [whole([dims[0]! * dims[1]!, dims[2]!, dims[3]!]), whole(dims)];
      return `${fold.text}${back.text} f = Reshape (x, ${fold.name})\n y = Reshape (f, ${back.name})`;
    }),
  ],
  [
    'Reshape, other sizes',
    ofRank(4, ({ dims }) =>
      withWhole([dims[3]!, dims[2]!, dims[1]!, dims[0]!], (k) => `y = Reshape (x, ${k})`),
    ),
  ],
  ...each([0, 1, 2, 3, 4, -1], (a) => [
    `Flatten ${a}`,
    ofRank(4, () => `y = Flatten <axis = ${a}> (x)`),
  ]),
  ...each([0, 1, 2, 4, -1, -5], (a) => [
    `Unsqueeze ${a}`,
    ofRank(4, () => withWhole([a], (k) => `y = Unsqueeze (x, ${k})`)),
  ]),
  ['Unsqueeze two', ofRank(4, () => withWhole([0, 3], (k) => `y = Unsqueeze (x, ${k})`))],
  ...each([0, 1, 2, 3, -1, -4], (a) => [
    `Squeeze ${a}`,
    ofRank(4, () =>
      withWhole([a], (k) => `r = ReduceMean <axes = [${a}]> (x)\n y = Squeeze (r, ${k})`),
    ),
  ]),
  ...each([...AXES, -1], (a) => [
    `Split ${a}`,
    ofRank(4, ({ dims }) => {
      const size = dims.at(a)!;
      return withWhole([1, size - 1], (k) => `y, rest = Split <axis = ${a}> (x, ${k})`);
    }),
  ]),
  ['Split, no axis', ofRank(4, () => 'y, rest = Split (x)')],
  ...each([...AXES, -1], (a) => [
    `Concat ${a}`,
    ofRank(4, () => `y = Concat <axis = ${a}> (x, x)`),
  ]),
  ...each(AXES, (a) => [
    `Concat ${a}, a constant`,
    ofRank(4, ({ dims }) => withConstant(dims, (k) => `y = Concat <axis = ${a}> (x, ${k})`)),
  ]),
  ...each([...AXES, -1], (a) => [
    `Slice ${a}`,
    ofRank(4, () => {
      const [from, to, axes] = [whole([1]), whole([2]), whole([a])];
      return `${from.text}${to.text}${axes.text} y = Slice (x, ${from.name}, ${to.name}, ${axes.name})`;
    }),
  ]),
  ...each(AXES, (a) => [
    `Gather ${a}, one`,
    ofRank(4, () =>
      withConstant(
        [],
        (k) => `y = Gather <axis = ${a}> (x, ${k})`,
        'int64',
        () => 1,
      ),
    ),
  ]),
  ...each([...AXES, -1], (a) => [
    `Gather ${a}, several`,
    ofRank(4, () =>
      withConstant(
        [2, 3],
        (k) => `y = Gather <axis = ${a}> (x, ${k})`,
        'int64',
        (i) => i % 2,
      ),
    ),
  ]),
  [
    'Gather, no axis',
    ofRank(4, () =>
      withConstant(
        [1],
        (k) => `y = Gather (x, ${k})`,
        'int64',
        () => 1,
      ),
    ),
  ],
  ...each(
    [
      'abcd->abdc',
      'abcd->dcba',
      'abcd->acd',
      'abcd->bcd',
      'abcd,abcd->abcd',
      'abcd,abcd->ab',
      'abcd,abcd->cd',
    ],
    (equation) => [
      `Einsum ${equation}`,
      ofRank(
        4,
        () => `y = Einsum <equation = "${equation}"> (x${equation.includes(',') ? ', x' : ''})`,
      ),
    ],
  ),
  [
    'Einsum with a matrix',
    ofRank(4, ({ dims }) =>
      withConstant([dims[3]!, 5], (k) => `y = Einsum <equation = "abcd,de->abce"> (x, ${k})`),
    ),
  ],
  [
    'Einsum with a row each',
    ofRank(4, ({ dims }) =>
      withConstant([dims[0]!, 5], (k) => `y = Einsum <equation = "abcd,ae->abcde"> (x, ${k})`),
    ),
  ],
  [
    'Einsum, a diagonal',
    ofRank(4, ({ dims }) =>
      withConstant([dims[0]!, 5, 5], (k) => `y = Einsum <equation = "abcd,aee->abcde"> (x, ${k})`),
    ),
  ],
  ['Conv', ofRank(4, ({ dims }) => withConstant([2, dims[1]!, 1, 1], (k) => `y = Conv (x, ${k})`))],
  ['GlobalAveragePool', ofRank(4, () => 'y = GlobalAveragePool (x)')],
  ['MaxPool', ofRank(4, () => 'y = MaxPool <kernel_shape = [2, 2]> (x)')],
  ['MaxPool, places', ofRank(4, () => 'm, y = MaxPool <kernel_shape = [2, 2]> (x)')],
  [
    'InstanceNormalization',
    ofRank(4, ({ dims }) => {
      const [scale, bias] = [constant([dims[1]!]), constant([dims[1]!])];
      return `${scale.text}${bias.text} y = InstanceNormalization (x, ${scale.name}, ${bias.name})`;
    }),
  ],
  ...each(
    [
      ['', undefined],
      ['a bias', (_: Form) => constant([3 * 6])],
    ] as const,
    ([name, bias]) => [
      `MultiHeadAttention, ${name}`,
      ofRank(3, (form) => {
        const made = bias?.(form);
        return `${made?.text ?? ''} y = com.microsoft.MultiHeadAttention <num_heads = 2> (x, x, x${made ? `, ${made.name}` : ''})`;
      }),
    ],
  ),
  ...each(['none', 'padding', 'lengths'], (mask) => [
    `Attention, ${mask}`,
    ofRank(3, ({ dims: [images, tokens] }) => {
      const [w, b] = [constant([6, 18]), constant([18])];
      const of = mask === 'lengths' ? [images!] : [images!, tokens!];
      const m = constant(of, 'int32', (i) =>
        mask === 'lengths' ? 1 + (i % 2) : Number(i % 3 > 0),
      );
      const inputs = [w.name, b.name, ...(mask === 'none' ? [] : [m.name])].join(', ');
      return `${w.text}${b.text}${m.text} y = com.microsoft.Attention <num_heads = 2> (x, ${inputs})`;
    }),
  ]),
  [
    'Einsum, a diagonal of the images',
    ofRank(2, ({ dims }) => {
      const [from, to, axes] = [whole([0]), whole([Math.min(...dims)]), whole([1])];
      return `${from.text}${to.text}${axes.text} s = Slice (x, ${from.name}, ${to.name}, ${axes.name})
        y = Einsum <equation = "aa->a"> (s)`;
    }),
  ],
  ...each([1, IMAGES], (rows) => [
    `MultiHeadAttention, a mask of ${rows}`,
    ofRank(3, ({ dims }) =>
      withConstant(
        [rows, 1, dims[1]!, dims[1]!],
        (k) => `y = com.microsoft.MultiHeadAttention <num_heads = 2> (x, x, x, , , ${k})`,
      ),
    ),
  ]),
  [
    'MultiHeadAttention, padding',
    ofRank(3, ({ dims }) =>
      withConstant(
        [dims[0]!, dims[1]!],
        (k) => `y = com.microsoft.MultiHeadAttention <num_heads = 2> (x, x, x, , ${k})`,
        'int32',
        (i) => Number(i % 3 > 0),
      ),
    ),
  ],
  [
    'MultiHeadAttention, the same keys for all',
    ofRank(3, ({ dims }) =>
      withConstant(
        dims,
        (k) => `y = com.microsoft.MultiHeadAttention <num_heads = 2> (x, ${k}, ${k})`,
      ),
    ),
  ],
];

/** One scale and zero point, and what they make of x. */
const QUANTIZED = `s = Constant <value = float {0.1}> ()  z = Constant <value = uint8 {128}> ()
  q = QuantizeLinear (x, s, z)
`;
/** Bytes, as many as those sizes tell. */
const bytes = (dims: readonly number[]) => constant(dims, 'uint8', (i) => (37 * i) % 251);

/** What onnxruntime's optimizers and quantizers write, and its processor runs. */
const WRITTEN_BODIES: readonly (readonly [string, Body])[] = [
  ...each(['', 'transB = 1, ', 'transBatchA = 1, '], (how) => [
    `FusedMatMul, ${how}a matrix`,
    ({ dims }) =>
      withConstant(
        how.startsWith('transB =') ? [5, dims.at(-1)!] : [dims.at(-1)!, 5],
        (k) => `y = com.microsoft.FusedMatMul <${how}alpha = 0.5> (x, ${k})`,
      ),
  ]),
  [
    'FusedMatMul, rows in columns',
    ({ dims }) =>
      dims.length < 2
        ? undefined
        : withConstant(
            [dims.at(-2)!, 5],
            (k) => `y = com.microsoft.FusedMatMul <transA = 1> (x, ${k})`,
          ),
  ],
  ['FusedMatMul, itself', () => 'y = com.microsoft.FusedMatMul <transB = 1> (x, x)'],
  [
    'MatMulNBits',
    ({ dims }) => {
      const [w, scales] = [bytes([5, 1, 8]), constant([5])];
      return `${w.text}${scales.text} y = com.microsoft.MatMulNBits
        <K = ${dims.at(-1)}, N = 5, bits = 4, block_size = 16> (x, ${w.name}, ${scales.name})`;
    },
  ],
  ['QuantizeLinear and back', () => `${QUANTIZED} y = DequantizeLinear (q, s, z)`],
  ...each([...AXES, -1], (a) => [
    `QuantizeLinear and back along ${a}`,
    ({ dims }) => {
      const size = dims.at(a);
      if (size === undefined) return undefined;
      const [s, z] = [constant([size], 'float', (i) => 0.1 * (i + 1)), bytes([size])];
      return `${s.text}${z.text} q = QuantizeLinear <axis = ${a}> (x, ${s.name}, ${z.name})
        y = DequantizeLinear <axis = ${a}> (q, ${s.name}, ${z.name})`;
    },
  ]),
  [
    'DynamicQuantizeLinear and back',
    () => 'q, s, z = DynamicQuantizeLinear (x)\n y = DequantizeLinear (q, s, z)',
  ],
  [
    'MatMulInteger',
    ({ dims }) => {
      const w = bytes([dims.at(-1)!, 5]);
      return `${w.text}${QUANTIZED} i = MatMulInteger (q, ${w.name}, z)\n y = Cast <to = 1> (i)`;
    },
  ],
  [
    'MatMulInteger, on the right',
    ({ dims }) => {
      if (dims.length < 2) return undefined;
      const w = bytes([5, dims.at(-2)!]);
      return `${w.text}${QUANTIZED} i = MatMulInteger (${w.name}, q, z, z)\n y = Cast <to = 1> (i)`;
    },
  ],
  [
    'MatMulInteger, a zero point of each row',
    ({ dims }) => {
      if (dims.length < 2) return undefined;
      const [w, zeros] = [bytes([dims.at(-1)!, 5]), bytes([dims.at(-2)!])];
      return `${w.text}${zeros.text}${QUANTIZED} i = MatMulInteger (q, ${w.name}, ${zeros.name})\n y = Cast <to = 1> (i)`;
    },
  ],
  [
    'QLinearMatMul',
    ({ dims }) => {
      const w = bytes([dims.at(-1)!, 5]);
      return `${w.text}${QUANTIZED} m = QLinearMatMul (q, s, z, ${w.name}, s, z, s, z)\n y = DequantizeLinear (m, s, z)`;
    },
  ],
  [
    'QLinearConv',
    ofRank(4, ({ dims }) => {
      const w = bytes([5, dims[1]!, 1, 1]);
      return `${w.text}${QUANTIZED} m = QLinearConv (q, s, z, ${w.name}, s, z, s, z)\n y = DequantizeLinear (m, s, z)`;
    }),
  ],
  [
    'ConvInteger',
    ofRank(4, ({ dims }) => {
      const w = bytes([5, dims[1]!, 1, 1]);
      return `${w.text}${QUANTIZED} i = ConvInteger (q, ${w.name}, z)\n y = Cast <to = 1> (i)`;
    }),
  ],
  ...each([...AXES.slice(0, 3), 'all'] as const, (a) => [
    a === 'all' ? 'SkipLayerNormalization' : `SkipLayerNormalization, the same along ${a}`,
    ({ dims }) => {
      if (a !== 'all' && a >= dims.length) return undefined;
      const [gamma, skip] = [
        constant([dims.at(-1)!]),
        constant(ones(dims, a === 'all' ? [] : [a])),
      ];
      return `${gamma.text}${skip.text} y = com.microsoft.SkipLayerNormalization (x, ${a === 'all' ? 'x' : skip.name}, ${gamma.name})`;
    },
  ]),
  [
    'SkipLayerNormalization, its sum',
    ({ dims }) =>
      withConstant(
        [dims.at(-1)!],
        (k) => `n, , , y = com.microsoft.SkipLayerNormalization (x, x, ${k})`,
      ),
  ],
  ...each(['w', 'w, b', 'w, b, c', 'w, b, d'], (inputs) => [
    `FusedConv (x, ${inputs})`,
    ofRank(4, ({ dims }) => {
      const [w, b, d] = [
        constant([dims[1]!, dims[1]!, 1, 1]),
        constant([dims[1]!]),
        constant(dims),
      ];
      const names: Readonly<Record<string, string>> = { w: w.name, b: b.name, c: 'c', d: d.name };
      const given = inputs.split(', ').map((name) => names[name]);
      return `${w.text}${b.text}${d.text} c = Conv (x, ${w.name})
        y = com.microsoft.FusedConv <activation = "Relu"> (x, ${given.join(', ')})`;
    }),
  ]),
  [
    'FusedGemm',
    ofRank(2, ({ dims }) =>
      withConstant(
        [dims[1]!, 5],
        (k) => `y = com.microsoft.FusedGemm <activation = "Relu"> (x, ${k})`,
      ),
    ),
  ],
  [
    'nchwc, there and back',
    ofRank(4, ({ dims }) => {
      const w = constant([16, 16, 1, 1]);
      return `${w.text} p = com.microsoft.nchwc.ReorderInput (x)
        c = com.microsoft.nchwc.Conv (p, ${w.name}, , p)
        m = com.microsoft.nchwc.MaxPool <kernel_shape = [1, 1]> (c)
        u = com.microsoft.nchwc.Upsample <scales = [1, 1, 2, 2]> (m)
        y = com.microsoft.nchwc.ReorderOutput <channels = ${dims[1]}> (u)`;
    }),
  ],
];
const ALL_BODIES = [...BODIES, ...WRITTEN_BODIES];

/** Refused though halves give halves, by the images' axis and the rank: it costs a chance, and is rare. */
const CAUTIOUS: Readonly<Record<string, readonly string[]>> = {
  'Softmax -4': ['1 of 4', '2 of 4', '3 of 4'],
  'Softmax -3': ['2 of 4', '3 of 4'],
  'Softmax -2': ['3 of 4'],
  'Softmax 0': ['1 of 4', '2 of 4', '3 of 4'],
  'Softmax 1': ['2 of 4', '3 of 4'],
  'Softmax 2': ['3 of 4'],
  'Softmax, no axis': ['1 of 4', '2 of 4', '1 of 3'],
  'MatMul, a matrix on the left': ['3 of 4', '2 of 3', '1 of 2'],
  'MatMul, a vector': ['0 of 4', '1 of 4', '2 of 4', '0 of 3', '1 of 3', '0 of 2'],
  'MatMul, a vector on the left': ['0 of 4', '1 of 4', '3 of 4', '0 of 3', '2 of 3', '1 of 2'],
  'Gemm, transposed': ['1 of 2'],
  'Gemm, as the weight': ['1 of 2'],
  'Flatten 0': ['0 of 4'],
  'Flatten 1': ['1 of 4'],
  'Flatten 2': ['2 of 4'],
  'Flatten 3': ['3 of 4'],
  'Flatten -1': ['0 of 4', '3 of 4'],
  'MatMulInteger, on the right': ['3 of 4', '2 of 3', '1 of 2'],
  Conv: ['2 of 4', '3 of 4'],
  QLinearConv: ['2 of 4', '3 of 4'],
  ConvInteger: ['2 of 4', '3 of 4'],
  'FusedConv (x, w)': ['2 of 4', '3 of 4'],
  'FusedConv (x, w, b)': ['2 of 4', '3 of 4'],
  'FusedConv (x, w, b, c)': ['2 of 4', '3 of 4'],
  GlobalAveragePool: ['1 of 4'],
  MaxPool: ['1 of 4'],
  'MultiHeadAttention, the same keys for all': ['1 of 3'],
};

/** Forms that are followed though they have the number of images in them: of them, halves do not run. */
const FOLLOWED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'Reshape, 0 and 1 made one': { 4: 3 },
  'Reshape, 1 and 2 made one': { 4: 3 },
  'Reshape, 2 and 3 made one': { 4: 3 },
  'Reshape, an axis of 1 before 0': { 4: 4 },
  'Reshape, an axis of 1 before 1': { 4: 4 },
  'Reshape, an axis of 1 before 2': { 4: 4 },
  'Reshape, an axis of 1 before 3': { 4: 4 },
  'Reshape, 0 inferred': { n: 1, 4: 4 },
  'Reshape, 1 inferred': { n: 1, 4: 4 },
  'Reshape, 2 inferred': { n: 1, 4: 4 },
  'Reshape, 3 inferred': { n: 1, 4: 4 },
  'Reshape, 0 copied': { n: 1, 4: 4 },
  'Reshape, 1 copied': { n: 1, 4: 4 },
  'Reshape, 2 copied': { n: 1, 4: 4 },
  'Reshape, 3 copied': { n: 1, 4: 4 },
  'Reshape, flat': { n: 3, 4: 3 },
  'Reshape, rows': { n: 3, 4: 6 },
  'Reshape, the last taken apart and ahead': { 4: 2 },
  'Reshape, there and back': { 4: 3 },
  'Reshape, other sizes': { 4: 1 },
};

const FORMS: readonly Form[] = [
  ...AXES.map((axis) => ({ dims: [3, 2, 6].toSpliced(axis, 0, IMAGES), axis })),
  ...[0, 1, 2].map((axis) => ({ dims: [3, 6].toSpliced(axis, 0, IMAGES), axis })),
  ...[0, 1].map((axis) => ({ dims: [6].toSpliced(axis, 0, IMAGES), axis })),
];

/** The images come outermost, and are brought to their axis. */
function modelOf(body: string, { dims, axis }: Form, batch: string | number): Model {
  const rest = dims.toSpliced(axis, 1);
  const perm = rest.map((_, i) => i + 1).toSpliced(axis, 0, 0);
  return parseModel(`<ir_version: 10, opset_import: ["": 17, "com.microsoft": 1, "com.microsoft.nchwc": 1]>
    test (float[${[batch, ...rest]}] images) => (y) {
      x = Transpose <perm = [${perm}]> (images)
      ${body}
    }`);
}

async function run(model: Model, images: ort.Tensor): Promise<ort.Tensor> {
  return (await runModel(model, { images })).y!;
}

/** Row-major elements of the places on an axis, in order. */
function part({ data, dims }: ort.Tensor, axis: number, from: number, to: number): number[] {
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  return Array.from(data as Float32Array, Number).filter((_, i) => {
    const place = Math.floor(i / inner) % dims[axis]!;
    return place >= from && place < to;
  });
}

function isPart(half: ort.Tensor | undefined, all: ort.Tensor, axis: number, second: boolean) {
  const size = all.dims[axis]!;
  if (!half || size % 2 !== 0 || half.dims.length !== all.dims.length) return false;
  if (all.dims.some((d, i) => half.dims[i] !== (i === axis ? size / 2 : d))) return false;
  const expected = second ? part(all, axis, size / 2, size) : part(all, axis, 0, size / 2);
  return Array.from(half.data as Float32Array, Number).every(
    (value, i) => Math.abs(value - expected[i]!) < 1e-6,
  );
}

test("an operator of a domain of one's own is not known", () => {
  const model = parseModel(`<ir_version: 10, opset_import: ["": 17, "own": 1]>
    test (float[n, 3] x) => (y) { y = own.Sigmoid (x) }`);
  const axes = followBatch(new Set(model.graph.nodes), named(model, 'x'), inferShapes(model));
  expect(axes).toMatchObject({ reason: 'it is not known how own.Sigmoid treats the batch' });
});

/** The first half of the images, and the second. */
const HALVES = [
  [0, 2],
  [2, 4],
] as const;

function feed({ dims, axis }: Form, from = 0, to = IMAGES): ort.Tensor {
  const size = dims.reduce((a, b) => a * b) / IMAGES;
  const numbers = Float32Array.from({ length: (to - from) * size }, (_, i) =>
    Math.sin((from * size + i) * 1.7),
  );
  return new ort.Tensor(numbers, [to - from, ...dims.toSpliced(axis, 1)]);
}

const halvesOf = (model: Model, form: Form) =>
  Promise.all(HALVES.map((half) => run(model, feed(form, ...half)).catch(() => undefined)));

const areHalves = (halves: readonly (ort.Tensor | undefined)[], all: ort.Tensor, axis: number) =>
  halves.every((half, i) => isPart(half, all, axis, i === 1));

/** Follows the images through the body, and frees it of their number. */
function follow(model: Model): number | undefined {
  const shapes = inferShapes(model);
  const region = new Set(model.graph.nodes);
  const axes = followBatch(region, named(model, 'images'), shapes);
  if ('reason' in axes) return undefined;
  const edit = freeBatch(region, axes, shapes);
  if (typeof edit !== 'function') return undefined;
  edit();
  return axes.get(named(model, 'y'));
}

/** Shapes are not declared, or sizes beside the images are symbols: less is known, and none of it wrong. */
describe.each(['no shape', 'symbols'])('declared with %s', (declared) => {
  test.each(ALL_BODIES)('%s', async (_, body) => {
    for (const form of FORMS) {
      const text = body(form);
      const free = text && modelOf(text, form, 'n');
      const all = free && (await run(free, feed(form)).catch(() => undefined));
      if (!all) continue;
      const model = modelOf(text, form, IMAGES);
      const rest = form.dims.slice(1).map((_, i) => `s${i}`);
      const shape = declared === 'symbols' ? { shape: [IMAGES, ...rest] } : {};
      const [input] = model.graph.inputs;
      input!.type = { kind: 'tensor', elem: 'float32', ...shape };
      const axis = follow(model);
      if (axis === undefined) continue;
      input!.type = free.graph.inputs[0]!.type;
      const halves = await halvesOf(model, form);
      expect(areHalves(halves, all, axis), `${form.axis} of ${form.dims.length}: ${axis}`).toBe(
        true,
      );
    }
  });
});

describe.each(ALL_BODIES)('%s', (name, body) => {
  test.each(['n', IMAGES])('in a model of %s images', async (batch) => {
    const followed: string[] = [];
    const cautious: string[] = [];
    for (const form of FORMS) {
      const text = body(form);
      const free = text && modelOf(text, form, 'n');
      const all = free && (await run(free, feed(form)).catch(() => undefined));
      if (!all) continue; // not a form that the operator takes
      const place = `${form.axis} of ${form.dims.length}`;
      const model = modelOf(text, form, batch);
      const axis = follow(model);
      if (axis !== undefined) {
        model.graph.inputs[0]!.type = free.graph.inputs[0]!.type;
        expect(areHalves(await halvesOf(model, form), all, axis), `${place}: ${axis}`).toBe(true);
        followed.push(place);
        continue;
      }
      const halves = await halvesOf(free, form);
      if (all.dims.some((_, a) => areHalves(halves, all, a))) cautious.push(place);
    }
    expect(cautious).toEqual(CAUTIOUS[name] ?? []);
    if (name.startsWith('Reshape')) expect(followed).toHaveLength(FOLLOWED[name]?.[batch] ?? 0);
  });
});
