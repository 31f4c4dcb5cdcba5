/**
 * One small graph per operator or idiom, with symbolic sizes: every intermediate type, shape and
 * small integer tensor against onnxruntime at two sizes each.
 */
import { describe, it } from 'vitest';
import { type Case, checkCase } from './cases.js';

const IMAGE = 'float[batch, 6, height, width] x';
const IMAGES = [
  { batch: 1, height: 8, width: 5 },
  { batch: 3, height: 7, width: 12 },
];
const VECTOR = 'float[batch, width] x';
const VECTORS = [
  { batch: 2, width: 6 },
  { batch: 3, width: 4 },
];

const unary = (opType: string, attributes = ''): Case => ({
  name: opType,
  inputs: VECTOR,
  body: `y = ${opType} ${attributes} (x)`,
  outputs: 'y',
  shape: 'batch,width',
  sizes: VECTORS,
});

const binary = (opType: string): Case => ({
  name: `${opType} with broadcasting`,
  inputs: 'float[batch, 1, width] x, float[heads, 1] y',
  body: `z = ${opType} (x, y)`,
  outputs: 'z',
  shape: 'batch,heads,width',
  sizes: [
    { batch: 2, width: 3, heads: 4 },
    { batch: 1, width: 5, heads: 2 },
  ],
});

const reduction = (opType: string, opset: number): Case => ({
  name: `${opType} in opset ${opset}`,
  opset,
  inputs: IMAGE,
  body:
    opset >= (opType === 'ReduceSum' ? 13 : 18)
      ? `axes = Constant <value_ints = [1, -1]> ()
         a = ${opType} <keepdims = 0> (x, axes)
         b = ${opType} (x, axes)
         c = ${opType} (x)
         d = ${opType} <noop_with_empty_axes = 1> (x)`
      : `a = ${opType} <axes = [1, -1], keepdims = 0> (x)
         b = ${opType} <axes = [1, -1]> (x)
         c = ${opType} (x)
         d = Identity (x)`,
  outputs: 'a, b, c, d',
  shape: 'batch,height',
  sizes: IMAGES,
});

const CASES: readonly Case[] = [
  ...['Erf', 'Sigmoid', 'Tanh', 'Sin', 'Cos', 'Exp', 'Log', 'Sqrt', 'Neg', 'Abs', 'Floor'].map(
    (o) => unary(o),
  ),
  ...['Ceil', 'Round', 'Reciprocal', 'Relu', 'Softplus', 'Sign', 'Identity', 'Softmax'].map((o) =>
    unary(o),
  ),
  unary('Elu'),
  unary('LeakyRelu', '<alpha: float = 0.1>'),
  unary('HardSwish'),
  unary('LogSoftmax'),
  { ...unary('IsNaN'), data: true },
  { ...unary('Gelu'), opset: 20 },
  ...['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Min', 'Max', 'Mean', 'Sum'].map(binary),
  ...['Greater', 'Less', 'Equal', 'GreaterOrEqual', 'LessOrEqual'].map((opType) => ({
    ...binary(opType),
    data: true,
  })),
  ...['ReduceMean', 'ReduceMax', 'ReduceL2'].flatMap((o) => [reduction(o, 13), reduction(o, 18)]),
  reduction('ReduceSum', 12),
  reduction('ReduceSum', 13),
  {
    name: 'Conv: strides, dilations, padding, automatic padding',
    inputs: `${IMAGE}, float[4, 6, 3, 3] w, float[4, 3, 3, 3] g`,
    body: `
      a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      b = Conv <dilations = [2, 1], pads = [2, 0, 2, 1]> (x, w)
      c = Conv <auto_pad = "SAME_UPPER", strides = [2, 3]> (x, w)
      d = Conv <auto_pad = "VALID"> (x, w)
      e = Conv <group = 2, pads = [0, 0, 1, 1], strides = [2, 2]> (x, g)`,
    outputs: 'a, b, c, d, e',
    shape: 'batch,4,floor((height+1)/2),floor((width+1)/2)',
    sizes: IMAGES,
  },
  {
    name: 'ConvTranspose',
    inputs: `${IMAGE}, float[6, 4, 3, 3] w`,
    body: `
      a = ConvTranspose <strides = [2, 2], pads = [1, 1, 1, 1], output_padding = [1, 1]> (x, w)
      b = ConvTranspose <strides = [2, 3]> (x, w)
      c = ConvTranspose <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)`,
    outputs: 'a, b, c',
    shape: 'batch,4,height*2,width*2',
    sizes: IMAGES,
  },
  {
    name: 'ConvTranspose to a given shape',
    inputs: 'float[batch, 6, 9, 4] x, float[6, 4, 3, 3] w',
    body: 'y = ConvTranspose <output_shape = [20, 10], strides = [2, 2]> (x, w)',
    outputs: 'y',
    shape: 'batch,4,20,10',
    sizes: [{ batch: 2 }],
  },
  {
    name: 'pooling',
    inputs: IMAGE,
    body: `
      a = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      b, i = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x)
      c = GlobalAveragePool (x)
      d = GlobalMaxPool (x)`,
    outputs: 'a, b, i, c, d',
    shape: 'batch,6,floor(height/2),floor(width/2)',
    sizes: IMAGES,
    data: true,
  },
  {
    name: 'pooling rounded up, at fixed sizes',
    inputs: 'float[1, 2, 7, 8] x',
    body: `
      a = AveragePool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1> (x)
      b = MaxPool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (x)`,
    outputs: 'a, b',
    shape: '1,2,4,4',
    sizes: [{}],
  },
  {
    name: 'pooling rounded up, at any size, where a last window may lie in the padding',
    inputs: 'float[1, 2, height, width] x',
    body: `
      a = AveragePool <kernel_shape = [2, 2], strides = [2, 3], ceil_mode = 1> (x)
      b = MaxPool <kernel_shape = [2, 3], strides = [3, 2], pads = [0, 1, 1, 1], ceil_mode = 1> (x)
      c = MaxPool <kernel_shape = [3, 3], strides = [3, 4], pads = [1, 2, 1, 2], ceil_mode = 1> (x)`,
    outputs: 'a, b, c',
    sizes: Array.from({ length: 9 }, (_, i) => ({ height: i + 2, width: 11 - i })),
  },
  {
    name: 'Gather from the end, and of more axes than one',
    inputs: IMAGE,
    body: `
      shape = Shape (x)
      at = Constant <value = int64[2, 2] {-1, 0, -4, -2}> ()
      a = Gather (shape, at)
      table = Constant <value = int64[2, 3] {1, 2, 3, 4, 5, 6}> ()
      last = Constant <value_ints = [-1, -3]> ()
      b = Gather <axis = 1> (table, last)
      rows = Constant <value_ints = [-2, 1, -1]> ()
      c = Gather <axis = -2> (table, rows)`,
    outputs: 'a, b, c',
    shape: '2,2',
    sizes: IMAGES,
  },
  {
    name: 'quotients, remainders and truncation below zero',
    inputs: 'float[height, width] x',
    body: `
      shape = Shape (x)
      zero = Constant <value_ints = [0]> ()
      w = Gather (shape, zero)
      five = Constant <value_ints = [5]> ()
      two = Constant <value_ints = [2]> ()
      three = Constant <value_ints = [3]> ()
      minus = Constant <value_ints = [-3]> ()
      less = Sub (w, five)
      a = Div (less, two)
      b = Mod (less, three)
      c = Mod <fmod = 1> (less, three)
      d = Div (w, minus)
      e = Mod (less, minus)
      seven = Constant <value_ints = [-7]> ()
      f = Mod (seven, three)
      g = Mod <fmod = 1> (seven, three)
      h = Div (seven, three)
      real = Cast <to = 1> (less)
      half = Constant <value_floats = [0.5]> ()
      halves = Mul (real, half)
      i = Cast <to = 7> (halves)
      low = Constant <value_float = 0.5> ()
      j = Clip (halves, low)
      k = Cast <to = 9> (j)
      cube = Pow (less, three)
      none = Constant <value_ints = [0]> ()
      m = GreaterOrEqual (cube, none)
      big = Constant <value = int32[2] {65536, 65536}> ()
      n = ReduceProd (big)
      whole = Constant <value = int32 {0}> ()
      o = Equal (n, whole)`,
    outputs: 'a, b, c, d, e, f, g, h, i, j, k, m, n, o',
    sizes: [1, 2, 3, 4, 5, 6, 9].map((height) => ({ height, width: 2 })),
    open: true,
  },
  {
    name: 'Gemm',
    inputs: 'float[batch, 6] x, float[4, 6] w, float[4] b',
    body: 'y = Gemm <transB = 1> (x, w, b)',
    outputs: 'y',
    shape: 'batch,4',
    sizes: [{ batch: 2 }, { batch: 5 }],
  },
  {
    name: 'MatMul',
    inputs: 'float[batch, 1, tokens, 6] x, float[heads, 6, tokens] y, float[6] v',
    body: 'a = MatMul (x, y)\n b = MatMul (x, v)\n c = MatMul (v, y)',
    outputs: 'a, b, c',
    shape: 'batch,heads,tokens,tokens',
    sizes: [
      { batch: 2, tokens: 3, heads: 4 },
      { batch: 1, tokens: 5, heads: 2 },
    ],
  },
  {
    name: 'Einsum',
    inputs: 'float[batch, tokens, 6] x, float[batch, keys, 6] y',
    body: `
      a = Einsum <equation = "b i d, b j d -> b i j"> (x, y)
      b = Einsum <equation = "...d->..."> (x)
      c = Einsum <equation = "bid,bjd"> (x, y)`,
    outputs: 'a, b, c',
    shape: 'batch,tokens,keys',
    sizes: [
      { batch: 2, tokens: 3, keys: 4 },
      { batch: 1, tokens: 5, keys: 2 },
    ],
  },
  {
    name: 'normalizations',
    inputs: `${IMAGE}, float[6] s, float[width] g`,
    body: `
      a = InstanceNormalization (x, s, s)
      b = BatchNormalization (x, s, s, s, s)
      c, m, v = LayerNormalization <axis = -1> (x, g, g)
      d = LpNormalization (x)`,
    outputs: 'a, b, c, m, v, d',
    shape: 'batch,6,height,width',
    sizes: IMAGES,
  },
  {
    name: 'GroupNormalization',
    opset: 21,
    inputs: `${IMAGE}, float[6] s`,
    body: 'y = GroupNormalization <num_groups = 3> (x, s, s)',
    outputs: 'y',
    shape: 'batch,6,height,width',
    sizes: IMAGES,
  },
  {
    name: 'Concat, Split, Slice',
    inputs: `${IMAGE}, float[batch, 2, height, width] y`,
    body: `
      a = Concat <axis = 1> (x, y)
      b = Concat <axis = -1> (x, x)
      parts = Constant <value_ints = [2, 1, 3]> ()
      c, d, e = Split <axis = 1> (x, parts)
      f, g = Split <axis = 1> (x)
      start = Constant <value_ints = [1, -3]> ()
      end = Constant <value_ints = [9223372036854775807, -1]> ()
      axes = Constant <value_ints = [2, 1]> ()
      h = Slice (x, start, end, axes)
      last = Constant <value_ints = [-1]> ()
      far = Constant <value_ints = [-9223372036854775807]> ()
      two = Constant <value_ints = [2]> ()
      i = Slice (x, last, far, two, last)
      j = Slice (x, start, end, axes, axes)`,
    outputs: 'a, b, c, d, e, f, g, h, i, j',
    shape: 'batch,8,height,width',
    sizes: IMAGES,
  },
  {
    name: 'Slice and Split of old opsets',
    opset: 9,
    inputs: IMAGE,
    body: `
      a = Slice <axes = [1, 2], starts = [1, 0], ends = [3, 2147483647]> (x)
      b, c = Split <axis = 1, split = [2, 4]> (x)`,
    outputs: 'a, b, c',
    shape: 'batch,2,height,width',
    sizes: IMAGES.map((s) => ({ ...s })),
  },
  {
    name: 'Gather, GatherElements, GatherND, ScatterND',
    inputs: `${VECTOR}, int64[batch, 3] i, int64[batch, 1] n`,
    body: `
      a = Gather <axis = 0> (x, i)
      b = GatherElements <axis = 1> (x, i)
      c = GatherND (x, n)
      d = ScatterND (x, n, x)`,
    outputs: 'a, b, c, d',
    shape: 'batch,3,width',
    sizes: [
      { batch: 11, width: 12 },
      { batch: 12, width: 10 },
    ],
  },
  {
    name: "Pad by constants and by PyTorch's padding arithmetic",
    inputs: IMAGE,
    body: `
      pads = Constant <value_ints = [0, 1]> ()
      n = Constant <value_ints = [6]> ()
      zeros = ConstantOfShape <value = int64[1] {0}> (n)
      all = Concat <axis = 0> (pads, zeros)
      pairs = Constant <value_ints = [-1, 2]> ()
      paired = Reshape (all, pairs)
      last = Constant <value_ints = [-1]> ()
      far = Constant <value_ints = [-9223372036854775807]> ()
      first = Constant <value_ints = [0]> ()
      turned = Slice (paired, last, far, first, last)
      swapped = Transpose <perm = [1, 0]> (turned)
      flat = Reshape (swapped, last)
      onnx = Cast <to = 7> (flat)
      y = Pad <mode = "constant"> (x, onnx)`,
    outputs: 'y',
    shape: 'batch,6,height,width+1',
    sizes: IMAGES,
  },
  {
    name: 'Resize by scales, by sizes, and as traced interpolate',
    inputs: `${IMAGE}, float[batch, 6, rows, columns] skip`,
    body: `
      twice = Constant <value_floats = [1.0, 1.0, 2.0, 2.0]> ()
      a = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, "", twice)
      half = Constant <value_floats = [1.0, 1.0, 0.5, 1.5]> ()
      b = Resize <mode = "nearest"> (x, "", half)
      own = Shape (x)
      other = Shape (skip)
      two = Constant <value_ints = [2]> ()
      four = Constant <value_ints = [4]> ()
      zero = Constant <value_ints = [0]> ()
      front = Slice (own, zero, two)
      back = Slice (other, two, four)
      sizes = Concat <axis = 0> (front, back)
      c = Resize <mode = "linear"> (x, "", "", sizes)
      at = Constant <value_int = 2> ()
      rows64 = Gather <axis = 0> (own, at)
      rowsf = Cast <to = 1> (rows64)
      factor = Constant <value_float = 2.5> ()
      product = Mul (rowsf, factor)
      down = Floor (product)
      down64 = Cast <to = 7> (down)
      list = Unsqueeze (down64, zero)
      sizes2 = Concat <axis = 0> (front, list, list)
      d = Resize <mode = "nearest"> (x, "", "", sizes2)`,
    outputs: 'a, b, c, d',
    shape: 'batch,6,height*2,width*2',
    sizes: [
      { batch: 1, height: 6, width: 5, rows: 3, columns: 4 },
      { batch: 2, height: 7, width: 4, rows: 9, columns: 2 },
    ],
  },
  {
    name: 'Resize by scales whose products round up in single precision, or are no sizes',
    inputs: 'float[1, 1, 10, 30] x, float[1, 1, height, width] y',
    body: `
      less = Constant <value_floats = [1.0, 1.0, 0.7, 0.7]> ()
      a = Resize <mode = "nearest"> (x, "", less)
      two = Constant <value_floats = [1.0, 1.0, 7.0, 7.0]> ()
      three = Constant <value_floats = [3.0]> ()
      thirds = Div (two, three)
      b = Resize <mode = "nearest"> (y, "", thirds)`,
    outputs: 'a, b',
    shape: '1,1,7,21',
    sizes: Array.from({ length: 12 }, (_, i) => ({ height: i + 1, width: 3 * i + 3 })),
    open: true,
  },
  {
    name: 'Upsample',
    opset: 9,
    inputs: IMAGE,
    body: `
      twice = Constant <value = float[4] {1.0, 1.0, 2.0, 3.0}> ()
      y = Upsample <mode = "nearest"> (x, twice)`,
    outputs: 'y',
    shape: 'batch,6,height*2,width*3',
    sizes: IMAGES,
  },
  {
    name: 'Reshape: copies, what is left, folded heads',
    inputs: 'float[batch, tokens, 320] x',
    body: `
      target = Constant <value_ints = [0, 0, 8, -1]> ()
      heads = Reshape (x, target)
      turned = Transpose <perm = [0, 2, 1, 3]> (heads)
      shape = Shape (turned)
      i0 = Constant <value_int = 0> ()
      i2 = Constant <value_int = 2> ()
      b = Gather <axis = 0> (shape, i0)
      t = Gather <axis = 0> (shape, i2)
      eight = Constant <value_int = 8> ()
      bh = Mul (b, eight)
      first = Constant <value_ints = [0]> ()
      bh1 = Unsqueeze (bh, first)
      t1 = Unsqueeze (t, first)
      rest = Constant <value_ints = [-1]> ()
      folded = Concat <axis = 0> (bh1, t1, rest)
      y = Reshape (turned, folded)
      flat = Flatten <axis = 2> (y)
      last = Flatten <axis = -1> (y)`,
    outputs: 'y, flat, last',
    shape: 'batch*8,tokens,40',
    sizes: [
      { batch: 1, tokens: 6 },
      { batch: 3, tokens: 4 },
    ],
  },
  {
    name: 'the chunk of a traced graph',
    inputs: 'float[batch, tokens, 12] x',
    body: `
      shape = Shape (x)
      at = Constant <value_ints = [2]> ()
      width = Gather <axis = 0> (shape, at)
      zero = Constant <value_ints = [0]> ()
      one = Constant <value_ints = [1]> ()
      two = Constant <value_ints = [2]> ()
      more = Add (width, one)
      half = Div (more, two)
      end = Mul (half, one)
      end2 = Mul (half, two)
      a = Slice (x, zero, end, at)
      b = Slice (x, end, end2, at)`,
    outputs: 'a, b',
    shape: 'batch,tokens,6',
    sizes: [
      { batch: 1, tokens: 6 },
      { batch: 3, tokens: 4 },
    ],
  },
  {
    name: 'the chunk of a symbolic size',
    inputs: 'float[batch, 3] x',
    body: `
      shape = Shape (x)
      zero = Constant <value_ints = [0]> ()
      batch = Gather <axis = 0> (shape, zero)
      one = Constant <value_ints = [1]> ()
      two = Constant <value_ints = [2]> ()
      more = Add (batch, one)
      half = Div (more, two)
      end2 = Mul (half, two)
      a = Slice (x, zero, half, zero)
      b = Slice (x, half, end2, zero)`,
    outputs: 'a, b',
    shape: 'floor((batch+1)/2),3',
    sizes: [{ batch: 2 }, { batch: 7 }, { batch: 1 }],
  },
  {
    name: 'Squeeze, Unsqueeze, Transpose, Tile, Expand',
    inputs: 'float[batch, 1, width] x',
    body: `
      one = Constant <value_ints = [1]> ()
      a = Squeeze (x, one)
      axes = Constant <value_ints = [0, -1]> ()
      b = Unsqueeze (a, axes)
      c = Transpose (x)
      repeats = Constant <value_ints = [2, 3, 1]> ()
      d = Tile (x, repeats)
      shape = Shape (d)
      wide = Constant <value_ints = [4, 1]> ()
      e = Expand (x, wide)
      shape2 = Shape (x)
      f = Expand (x, shape2)`,
    outputs: 'a, b, c, d, e, f',
    shape: 'batch,width',
    sizes: VECTORS,
  },
  {
    name: 'Squeeze and Unsqueeze with attributes',
    opset: 11,
    inputs: 'float[batch, 1, width] x',
    body: 'a = Squeeze <axes = [1]> (x)\n b = Unsqueeze <axes = [-1, 0]> (a)',
    outputs: 'a, b',
    shape: 'batch,width',
    sizes: VECTORS,
  },
  {
    name: 'Expand as PyTorch writes it, with -1 for sizes to keep',
    inputs: 'float[1, width] x, float[batch] y',
    body: `
      shape = Shape (y)
      keep = Constant <value_ints = [-1]> ()
      target = Concat <axis = 0> (shape, keep)
      rank = Shape (target)
      ones = ConstantOfShape <value = int64[1] {1}> (rank)
      minus = Mul (ones, keep)
      wanted = Equal (target, minus)
      filled = Where (wanted, ones, target)
      z = Expand (x, filled)`,
    outputs: 'z',
    shape: 'batch,width',
    sizes: VECTORS,
  },
  {
    name: 'arithmetic on sizes',
    inputs: IMAGE,
    body: `
      shape = Shape (x)
      i2 = Constant <value_int = 2> ()
      i3 = Constant <value_int = 3> ()
      i9 = Constant <value_int = 9> ()
      h = Gather <axis = 0> (shape, i2)
      w = Gather <axis = 0> (shape, i3)
      area = Mul (h, w)
      sum = Add (h, w)
      less = Sub (sum, h)
      low = Min (h, sum)
      high = Max (h, sum, w)
      rest = Mod (sum, i3)
      cubed = Pow (h, i3)
      halved = Div (sum, i2)
      smaller = Less (h, sum)
      equal = Equal (h, sum)
      not = Not (equal)
      both = And (smaller, not)
      any = Or (smaller, equal)
      total = ReduceProd <keepdims = 0> (shape)
      longest = ReduceMax (shape)
      size = Size (x)
      fixed = Range (i2, i9, i3)
      turned = Neg (h)
      back = Abs (h)
      int32 = Cast <to = 6> (h)
      bool = Cast <to = 9> (h)
      again = Cast <to = 7> (bool)
      choice = Where (smaller, h, w)
      part = Shape <start = 1, end = -1> (x)
      clipped = Clip (h, i2)`,
    outputs: 'area, total, size, fixed, clipped',
    sizes: IMAGES,
  },
  {
    name: 'Range up to a symbolic size',
    inputs: IMAGE,
    body: `
      shape = Shape (x)
      i2 = Constant <value_int = 2> ()
      i3 = Constant <value_int = 3> ()
      h = Gather <axis = 0> (shape, i2)
      w = Gather <axis = 0> (shape, i3)
      sum = Add (h, w)
      many = Range (i2, sum, i3)
      area = Mul (h, w)
      down = Neg (i2)
      few = Range (area, i2, down)`,
    outputs: 'many, few',
    shape: 'floor((height+width)/3)',
    sizes: IMAGES,
    data: true,
  },
  {
    name: 'numbers that a type does not hold',
    inputs: IMAGE,
    body: `
      far = Constant <value_ints = [9223372036854775807, -9223372036854775807, 16777217, 300]> ()
      narrow = Cast <to = 6> (far)
      byte = Cast <to = 2> (far)
      rounded = Cast <to = 1> (far)
      half = Cast <to = 10> (far)
      back = Cast <to = 7> (rounded)
      one = Constant <value_ints = [2]> ()
      over = Add (far, one)
      more = Mul (far, one)
      shape = Shape (x)
      small = Cast <to = 2> (shape)
      halfshape = Cast <to = 10> (shape)
      wide = Cast <to = 7> (small)`,
    outputs: 'narrow, byte, rounded, half, back, over, more, small, halfshape, wide',
    sizes: [
      { batch: 1, height: 1, width: 1 },
      { batch: 2, height: 300, width: 1 },
    ],
    data: true,
  },
  {
    name: 'arithmetic on sizes in floating point',
    inputs: IMAGE,
    body: `
      shape = Shape (x)
      i2 = Constant <value_int = 2> ()
      h = Gather <axis = 0> (shape, i2)
      f = Cast <to = 1> (h)
      three = Constant <value_float = 3.0> ()
      third = Div (f, three)
      down = Floor (third)
      up = Ceil (third)
      a = Cast <to = 7> (down)
      b = Cast <to = 7> (up)
      c = Cast <to = 7> (third)
      half = Constant <value_float = 0.5> ()
      scaled = Mul (f, half)
      more = Add (scaled, half)
      d = Cast <to = 7> (more)
      tenth = Constant <value_float = 0.1> ()
      odd = Mul (f, tenth)
      e = Cast <to = 7> (odd)`,
    outputs: 'a, b, c, d, e',
    sizes: IMAGES,
    open: true,
  },
  {
    name: 'ConstantOfShape, CastLike, Dropout, Clip, Where, Trilu, CumSum, ArgMax, TopK, OneHot, NonZero',
    inputs: `${VECTOR}, int64[batch] i`,
    body: `
      shape = Shape (x)
      a = ConstantOfShape (shape)
      b = CastLike (i, x)
      c, mask = Dropout (x)
      low = Constant <value_float = 0.0> ()
      d = Clip (x, low)
      positive = Greater (x, low)
      e = Where (positive, x, low)
      f = Trilu (x)
      axis = Constant <value = int64 {1}> ()
      g = CumSum (x, axis)
      h = ArgMax <axis = 1> (x)
      k = Constant <value_ints = [2]> ()
      j, l = TopK (x, k)
      depth = Constant <value = int64 {10}> ()
      values = Constant <value = float[2] {0.0, 1.0}> ()
      m = OneHot (i, depth, values)
      n = NonZero (x)
      o = RandomNormalLike (x)
      p = EyeLike (x)`,
    outputs: 'a, b, c, mask, d, e, f, g, h, j, l, m, n, o, p',
    shape: 'batch,width',
    sizes: VECTORS,
    open: true,
  },
  {
    name: 'DFT with its axis as an attribute',
    opset: 17,
    inputs: IMAGE,
    body: `
      last = Constant <value_ints = [4]> ()
      u = Unsqueeze (x, last)
      a = DFT <axis = 2> (u)
      b = DFT <axis = 3, onesided = 1> (u)
      n = Constant <value = int64 {5}> ()
      c = DFT <axis = 3> (u, n)
      d = DFT <axis = 2, inverse = 1> (a)
      e = DFT (u)`,
    outputs: 'a, b, c, d, e',
    sizes: IMAGES,
    open: true,
  },
  {
    name: 'DFT with its axis as an input',
    opset: 20,
    inputs: IMAGE,
    body: `
      last = Constant <value_ints = [4]> ()
      u = Unsqueeze (x, last)
      two = Constant <value = int64 {2}> ()
      a = DFT (u, , two)
      b = DFT <onesided = 1> (u)
      n = Constant <value = int64 {6}> ()
      c = DFT <onesided = 1> (u, n, two)`,
    outputs: 'a, b, c',
    sizes: IMAGES,
    open: true,
  },
  {
    name: 'DepthToSpace and SpaceToDepth',
    inputs: 'float[batch, 8, height, width] x',
    body: 'a = DepthToSpace <blocksize = 2> (x)\n b = SpaceToDepth <blocksize = 2> (a)',
    outputs: 'a, b',
    shape: 'batch,2,height*2,width*2',
    sizes: IMAGES,
  },
  {
    name: 'If with branches of equal and of different shapes',
    inputs: `${VECTOR}, bool flag`,
    body: `
      y = If (flag) <
        then_branch = yes () => (float[batch, width] a) { a = Neg (x) },
        else_branch = no () => (float[batch, width] b) { b = Exp (x) }
      >
      z = If (flag) <
        then_branch = yes2 () => (float[batch, n] c) { c = Concat <axis = 1> (x, x) },
        else_branch = no2 () => (float[batch, n] d) { d = Exp (x) }
      >
      s = Neg (y)
      t = Neg (z)`,
    outputs: 's, t',
    shape: 'batch,width',
    sizes: VECTORS,
    open: true,
  },
  {
    name: 'Attention of com.microsoft and other fused operators',
    inputs: 'float[batch, tokens, 8] x, float[batch, keys, 8] y',
    body: `
      a = com.microsoft.MultiHeadAttention <num_heads = 2> (x, y, y)
      b = com.microsoft.FusedMatMul <transB = 1> (x, y)
      c = com.microsoft.QuickGelu (x)`,
    outputs: 'a, b, c',
    shape: 'batch,tokens,8',
    sizes: [
      { batch: 1, tokens: 6, keys: 3 },
      { batch: 3, tokens: 4, keys: 5 },
    ],
  },
  {
    name: 'dynamic quantization and a product of integers',
    inputs: 'float[batch, tokens, 4] x',
    body: `
      w = Constant <value = int8[4,3] {1, -2, 3, 4, 5, -6, 7, 8, 9, 1, 2, 3}> ()
      zero = Constant <value = int8 {0}> ()
      half = Constant <value = float {0.5}> ()
      q, scale, point = DynamicQuantizeLinear (x)
      a = MatMulInteger (q, w, point, zero)
      b = com.microsoft.DynamicQuantizeMatMul (x, w, half, zero)
      d = com.microsoft.MatMulIntegerToFloat (q, w, scale, half, point, zero)`,
    outputs: 'b, a, d',
    shape: 'batch,tokens,3',
    data: true,
    sizes: [
      { batch: 1, tokens: 6 },
      { batch: 3, tokens: 4 },
    ],
  },
  {
    name: 'quantized convolutions and products',
    inputs: IMAGE,
    body: `
      w = Constant <value = int8[2,6,1,1] {1, -2, 3, 4, 5, -6, 7, 8, 9, 1, 2, 3}> ()
      m = Constant <value = uint8[1,1] {2}> ()
      zero = Constant <value = int8 {0}> ()
      point = Constant <value = uint8 {128}> ()
      scale = Constant <value = float {0.125}> ()
      q = QuantizeLinear (x, scale, point)
      unsigned = QuantizeLinear (x, scale)
      f = DequantizeLinear (q, scale, point)
      a = ConvInteger <kernel_shape = [1, 1], strides = [2, 1], pads = [0, 1, 0, 1]> (q, w, point)
      b = QLinearConv <kernel_shape = [1, 1], strides = [1, 2]> (q, scale, point, w, scale, zero, scale, point)
      flat = Constant <value = int64[2] {-1, 1}> ()
      rows = Reshape (q, flat)
      d = QLinearMatMul (rows, scale, point, m, scale, point, scale, point)`,
    outputs: 'f, a, b, d, unsigned',
    shape: 'batch,6,height,width',
    data: true,
    sizes: IMAGES,
  },
  {
    name: 'fused norms of a sum, and weights of four bits',
    inputs: 'float[batch, tokens, 16] x, float[batch, tokens, 16] skip',
    body: `
      gamma = Constant <value = float[16] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}> ()
      packed = Constant <value = uint8[3,1,8] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}> ()
      scales = Constant <value = float[3] {0.5, 0.25, 0.125}> ()
      normed, , , sum = com.microsoft.SkipLayerNormalization (x, skip, gamma)
      simple, , , total = com.microsoft.SkipSimplifiedLayerNormalization (x, skip, gamma)
      rms = SimplifiedLayerNormalization <axis = -1> (x, gamma)
      y = com.microsoft.MatMulNBits <K = 16, N = 3, bits = 4, block_size = 16> (x, packed, scales)`,
    outputs: 'y, normed, sum, simple, total, rms',
    shape: 'batch,tokens,3',
    sizes: [
      { batch: 1, tokens: 6 },
      { batch: 3, tokens: 4 },
    ],
  },
];

describe('shape rules', () => {
  it.each(CASES)('$name', checkCase);
});
