// Denoisers of any size, of the building blocks that exporters write: a stack of transformer blocks, and a
// U-Net with so many residual blocks on either side, so that its outermost skip branches span the whole
// graph. Weights are small and each block has its own.
import { parseModel } from '../../dist/src/index.js';

const HEADER = '<ir_version: 8, opset_import: ["": 17]>';
const numbers = (count, seed) =>
  Array.from({ length: count }, (_, i) => (((seed * 31 + i * 17) % 23) - 11) / 16).join(', ');

/** Nodes before the first block, and in each. */
const TRANSFORMER = { base: 12, block: 38 };
const UNET = { base: 20, block: 21 };

/** Tokens of eight channels; attention of two heads, adaptive norm, feed-forward with tanh GELU. */
function transformer(blocks) {
  const weights = [];
  const matrix = (name, rows, columns, seed) => {
    weights.push(`float[${rows},${columns}] ${name} = {${numbers(rows * columns, seed)}}`);
    return name;
  };
  const modulated = (p, from, shift, scale, to) => `
  ${p}n = LayerNormalization <axis = -1, epsilon = 0.000001> (${from}, ones)
  ${p}o = Add (${scale}, oneFloat)
  ${p}m = Mul (${p}n, ${p}o)
  ${to} = Add (${p}m, ${shift})`;
  const heads = (p, role, from, seed) => `
  ${p}${role} = MatMul (${from}, ${matrix(`${p}w${role}`, 8, 8, seed)})
  ${p}${role}r = Reshape (${p}${role}, apart)
  ${p}${role}h = Transpose <perm = [${role === 'k' ? '0, 2, 3, 1' : '0, 2, 1, 3'}]> (${p}${role}r)`;
  const body = Array.from({ length: blocks }, (_, i) => {
    const p = `b${i}`;
    return `
  ${p}s = Sigmoid (temb)
  ${p}sm = Mul (temb, ${p}s)
  ${p}e = MatMul (${p}sm, ${matrix(`${p}wm`, 8, 8, i)})
  ${p}e1 = Unsqueeze (${p}e, one)
  ${modulated(`${p}a`, `h${i}`, `${p}e1`, `${p}e1`, `${p}x`)}
  ${heads(p, 'q', `${p}x`, i + 1)}${heads(p, 'k', `${p}x`, i + 2)}${heads(p, 'v', `${p}x`, i + 3)}
  ${p}qk = MatMul (${p}qh, ${p}kh)
  ${p}sc = Mul (${p}qk, half)
  ${p}sf = Softmax <axis = -1> (${p}sc)
  ${p}mx = MatMul (${p}sf, ${p}vh)
  ${p}bt = Transpose <perm = [0, 2, 1, 3]> (${p}mx)
  ${p}bj = Reshape (${p}bt, joined)
  ${p}po = MatMul (${p}bj, ${matrix(`${p}wo`, 8, 8, i + 4)})
  ${p}g = Mul (${p}e1, ${p}po)
  ${p}r = Add (h${i}, ${p}g)
  ${modulated(`${p}f`, `${p}r`, `${p}e1`, `${p}e1`, `${p}y`)}
  ${p}u = MatMul (${p}y, ${matrix(`${p}wu`, 8, 16, i + 5)})
  ${p}t = Tanh (${p}u)
  ${p}t1 = Add (${p}t, oneFloat)
  ${p}ge = Mul (${p}u, ${p}t1)
  ${p}d = MatMul (${p}ge, ${matrix(`${p}wd`, 16, 8, i + 6)})
  ${p}g2 = Mul (${p}e1, ${p}d)
  h${i + 1} = Add (${p}r, ${p}g2)`;
  });
  return `${HEADER}
net (float[batch,4,8] x, float[batch] t) => (float[batch,4,8] eps)
< ${timeWeights}, ${weights.join(', ')}, float[8] ones = {1, 1, 1, 1, 1, 1, 1, 1}, float oneFloat = {1},
  float half = {0.5}, int64[4] apart = {0, 0, 2, 4}, int64[3] joined = {0, 0, 8} > {
  ${timeEmbedding}
  h0 = MatMul (x, wIn)
  ${body.join('\n')}
  eps = MatMul (h${blocks}, wOut)
}`;
}

const timeWeights = `int64[1] one = {1}, float[1,4] freqs = {1, 0.5, 0.25, 0.125},
  float[8,8] wIn = {${numbers(64, 3)}}, float[8,8] wOut = {${numbers(64, 4)}}, float[8,8] wT = {${numbers(64, 5)}}`;
const timeEmbedding = `t1 = Unsqueeze (t, one)
  tf = Mul (t1, freqs)
  sn = Sin (tf)
  cs = Cos (tf)
  tc = Concat <axis = -1> (sn, cs)
  temb = MatMul (tc, wT)`;

/** Three levels of eight channels; residual blocks with group norm as exporters spell it. */
function unet(blocks) {
  const side = Math.max(3, Math.floor(blocks / 2));
  const perLevel = Math.ceil(side / 3);
  const weights = [];
  const kernel = (name, inputs, seed) => {
    weights.push(`float[8,${inputs},1,1] ${name} = {${numbers(8 * inputs, seed)}}`);
    return name;
  };
  const normed = (p, from) => `
  ${p}shape = Shape (${from})
  ${p}gr = Reshape (${from}, grouped)
  ${p}in = InstanceNormalization <epsilon = 0.00001> (${p}gr, scales, biases)
  ${p}gb = Reshape (${p}in, ${p}shape)
  ${p}gm = Mul (${p}gb, gamma)
  ${p}ga = Add (${p}gm, beta)
  ${p}sg = Sigmoid (${p}ga)
  ${p}sl = Mul (${p}ga, ${p}sg)`;
  let count = 0;
  const block = (from, to) => {
    const p = `r${count++}`;
    return `${normed(`${p}a`, from)}
  ${p}c = Conv (${p}asl, ${kernel(`${p}w1`, 8, count)})
  ${p}e = MatMul (temb, wT)
  ${p}e2 = Unsqueeze (${p}e, last)
  ${p}h = Add (${p}c, ${p}e2)
  ${normed(`${p}b`, `${p}h`)}
  ${p}d = Conv (${p}bsl, ${kernel(`${p}w2`, 8, count + 1)})
  ${to} = Add (${from}, ${p}d)`;
  };
  const body = [];
  const skips = [];
  let at = 'x0';
  for (let level = 0; level < 3; level++) {
    for (let i = 0; i < perLevel; i++) {
      const to = `e${level}_${i}`;
      body.push(block(at, to));
      skips.push(to);
      at = to;
    }
    if (level < 2) {
      body.push(`p${level} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (${at})`);
      at = `p${level}`;
    }
  }
  body.push(block(at, 'mid'));
  at = 'mid';
  for (let level = 2; level >= 0; level--) {
    for (let i = perLevel - 1; i >= 0; i--) {
      const p = `d${level}_${i}`;
      body.push(`${p}j = Concat <axis = 1> (${at}, ${skips.pop()})
  ${p}n = Conv (${p}j, ${kernel(`${p}w`, 16, i + 7)})`);
      body.push(block(`${p}n`, p));
      at = p;
    }
    if (level > 0) {
      body.push(`u${level} = Resize <mode = "nearest"> (${at}, , twice)`);
      at = `u${level}`;
    }
  }
  return `${HEADER}
net (float[batch,8,8,8] x, float[batch] t) => (float[batch,8,8,8] eps)
< ${timeWeights}, ${weights.join(', ')}, int64[2] last = {2, 3}, int64[3] grouped = {0, 2, -1},
  float[2] scales = {1, 1}, float[2] biases = {0, 0}, float[8,1,1] gamma = {${numbers(8, 1)}},
  float[8,1,1] beta = {${numbers(8, 2)}}, float[4] twice = {1, 1, 2, 2},
  float[8,8,1,1] kIn = {${numbers(64, 6)}}, float[8,8,1,1] kOut = {${numbers(64, 7)}} > {
  ${timeEmbedding}
  x0 = Conv (x, kIn)
  ${body.join('\n')}
  eps = Conv (${at}, kOut)
}`;
}

const KINDS = { transformer: [transformer, TRANSFORMER], unet: [unet, UNET] };

/** A model of about so many nodes. */
export function grow(kind, nodes) {
  const [make, { base, block }] = KINDS[kind];
  return parseModel(make(Math.max(1, Math.round((nodes - base) / block))));
}
