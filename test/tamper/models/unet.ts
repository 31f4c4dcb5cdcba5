/**
 * A U-Net that has a little of everything: class labels with a null class, a timestep that is embedded
 * and decides between two branches of an `If`, a norm with scale and shift, a masked part, biases,
 * pooling, and two outputs that one convolution makes. Branches: 1 joins e1, 2 joins e2, 3 joins e3.
 */
import { gains, WAVES, weights } from './weights.js';

/** Labels are 0 to 6, and 7 is none. */
export const UNET_CLASSES = 8;

const IMAGE = 'float[batch,4,8,8]';

interface UnetOptions {
  /** Self-attention between the two deepest levels. */
  readonly attention?: true;
  /** With what a target rewrites: padding of its own, a convolution of doubled pixels, GELU by tanh. */
  readonly spelled?: true;
}

const unet = ({
  attention,
  spelled,
}: UnetOptions = {}) => `unet (${IMAGE} x, int64[batch] t, int64[batch] y) => (${IMAGE} eps, ${IMAGE} variance)
<
  ${[
    weights('w_time', [8, 8]),
    weights('b_time', [8], 4),
    weights('w_scale', [8, 8]),
    weights('classes', [UNET_CLASSES, 8], 1),
    weights('w1', [4, 4, 3, 3]),
    weights('b1', [4]),
    weights('w2', [4, 4, 3, 3]),
    weights('b2', [4]),
    weights('w3', [4, 4, 1, 1]),
    weights('b3', [4]),
    weights('wm', [4, 4, 1, 1]),
    weights('bm', [4]),
    weights('u3', [4, 8, 1, 1]),
    weights('u2', [4, 8, 3, 3]),
    weights('u1', [8, 8, 1, 1]),
    weights('c1', [8]),
    weights('ceiling', [1, 4, 1, 1], 4),
    gains('gain', 4),
    weights('offset', [4], 4),
    ...(spelled ? [weights('w_up', [4, 4, 3, 3]), weights('b_up', [4])] : []),
    ...(attention ? ['q', 'k', 'v', 'o'].map((role) => weights(`w_${role}`, [4, 4])) : []),
  ].join(',\n  ')},
  float[4] frequencies = {1, 0.1, 0.01, 0.001}, float half = {0.5}, float one = {1}, int64 middle = {500},
  int64[1] last = {1}, int64[2] image = {2, 3}, int64[2] four = {4, 4}, int64[3] flat = {0, 4, 4},
  int64[8] around = {0, 0, 1, 1, 0, 0, 1, 1}, float cubic = {0.044715}, float root = {0.7978846}, float[4] twice = {1, 1, 2, 2}
> {
${WAVES}
  layer = MatMul (waves, w_time)
  biased = Add (layer, b_time)
  sigmoid = Sigmoid (biased)
  steps = Mul (biased, sigmoid)
  class = Gather (classes, y)
  sum = Add (steps, class)
  latest = ReduceMax <keepdims = 0> (t)
  early = Greater (latest, middle)
  embedding = If (early) <
    then_branch = noisy () => (float[batch,8] kept) { kept = Identity (sum) },
    else_branch = clean () => (float[batch,8] less) { less = Mul (sum, half) }
  >
  condition = MatMul (embedding, w_scale)
  tall = Unsqueeze (condition, image)
  scale, shift = Split <axis = 1> (tall, four)
  conv1 = Conv <pads = [1, 1, 1, 1]> (x, w1, b1)
  e1 = Relu (conv1)
  p1 = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (e1)
  ${spelled ? PADDED : 'conv2 = Conv <pads = [1, 1, 1, 1]> (p1, w2, b2)'}
  norm = InstanceNormalization <epsilon = 0.00001> (conv2, gain, offset)
  more = Add (scale, one)
  scaled = Mul (norm, more)
  shifted = Add (scaled, shift)
  e2 = Relu (shifted)
  p2 = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (e2)
  conv3 = Conv (p2, w3, b3)
  high = Greater (conv3, ceiling)
  e3 = Where (high, ceiling, conv3)
  ${attention ? ATTENTION : ''}
  conv4 = Conv (${attention ? 'attended' : 'e3'}, wm, bm)
  mid = Tanh (conv4)
  j3 = Concat <axis = 1> (mid, e3)
  d3 = Conv (j3, u3)
  r2 = Resize <mode = "nearest"> (d3, , twice)
  j2 = Concat <axis = 1> (r2, e2)
  d2 = Conv <pads = [1, 1, 1, 1]> (j2, u2)
  ${spelled ? GELU : 'a2 = Relu (d2)'}
  r1 = Resize <mode = "nearest"> (a2, , twice)
  ${spelled ? 'up = Conv <pads = [1, 1, 1, 1]> (r1, w_up, b_up)' : ''}
  j1 = Concat <axis = 1> (${spelled ? 'up' : 'r1'}, e1)
  both = Conv (j1, u1, c1)
  eps, variance = Split <axis = 1> (both, four)
}`;

/** Self-attention of the pixels, of one head. */
const ATTENTION = `pixels = Reshape (e3, flat)
  rows = Transpose <perm = [0, 2, 1]> (pixels)
  q = MatMul (rows, w_q)
  k = MatMul (rows, w_k)
  v = MatMul (rows, w_v)
  kt = Transpose <perm = [0, 2, 1]> (k)
  product = MatMul (q, kt)
  scores = Mul (product, half)
  weights = Softmax <axis = -1> (scores)
  mixed = MatMul (weights, v)
  projected = MatMul (mixed, w_o)
  residual = Add (rows, projected)
  back = Transpose <perm = [0, 2, 1]> (residual)
  shape = Shape (e3)
  attended = Reshape (back, shape)`;

const PADDED = `padded = Pad (p1, around)
  conv2 = Conv (padded, w2, b2)`;

const GELU = `square = Mul (d2, d2)
  cube = Mul (square, d2)
  small = Mul (cube, cubic)
  inner = Add (d2, small)
  angles = Mul (inner, root)
  bent = Tanh (angles)
  above = Add (bent, one)
  product = Mul (d2, above)
  a2 = Mul (product, half)`;

export const UNET = unet();
export const ATTENDED_UNET = unet({ attention: true });
export const SPELLED_UNET = unet({ spelled: true });
