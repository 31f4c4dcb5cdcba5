/**
 * Blocks of transformers in the wirings that there are, as ONNX text, each beside the streams on which a
 * person would say that it begins and ends. The image is `x`, six tokens of four channels; where a text
 * has a stream of its own it is `c`, of four tokens.
 */
import { attention, block, feedForward } from './block-text.js';

/** The same layer with other weights. */
const withWeights = (weights: string, text: string): string =>
  text.replaceAll(', w)', `, ${weights})`);

/** One block on one stream. */
type Block = (p: string, x: string, y: string) => string;

const attend = (p: string, from: string, to: string, weights = 'w') =>
  withWeights(weights, attention(p, from, to));
const feed = (p: string, from: string, to: string, weights = 'w') =>
  withWeights(weights, feedForward(p, from, to));

export const ONE_STREAM: Readonly<Record<string, Block>> = {
  'attention, then feed-forward': block,
  'two attentions over one norm': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_a1`)}
    ${p}_x1 = Add (${x}, ${p}_a1)
    ${attend(`${p}_b`, `${p}_n`, `${p}_a2`, 'v')}
    ${p}_x2 = Add (${p}_a2, ${p}_x1)
    ${feed(`${p}_f`, `${p}_x2`, `${p}_fed`)}
    ${y} = Add (${p}_x2, ${p}_fed)`,
  'two attentions over a norm each': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_a1`)}
    ${p}_x1 = Add (${x}, ${p}_a1)
    ${p}_m = Sigmoid (${x})
    ${attend(`${p}_b`, `${p}_m`, `${p}_a2`, 'v')}
    ${p}_x2 = Add (${p}_x1, ${p}_a2)
    ${feed(`${p}_f`, `${p}_x2`, `${p}_fed`)}
    ${y} = Add (${p}_x2, ${p}_fed)`,
  'two attentions, the second over what went in and what came of it': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_a1`)}
    ${p}_x1 = Add (${x}, ${p}_a1)
    ${p}_both = Mul (${p}_n, ${p}_x1)
    ${attend(`${p}_b`, `${p}_both`, `${p}_a2`, 'v')}
    ${y} = Add (${p}_x1, ${p}_a2)`,
  'two attentions added to each other first': (p, x, y) => `
    ${attend(`${p}_a`, x, `${p}_a1`)}
    ${attend(`${p}_b`, x, `${p}_a2`, 'v')}
    ${p}_both = Add (${p}_a1, ${p}_a2)
    ${p}_x1 = Add (${x}, ${p}_both)
    ${feed(`${p}_f`, `${p}_x1`, `${p}_fed`)}
    ${y} = Add (${p}_x1, ${p}_fed)`,
  'a second sum that starts at the input': (p, x, y) => `
    ${attend(`${p}_a`, x, `${p}_attended`)}
    ${p}_middle = Add (${x}, ${p}_attended)
    ${feed(`${p}_f`, `${p}_middle`, `${p}_fed`)}
    ${y} = Add (${x}, ${p}_fed)`,
  'three sums that start at the input': (p, x, y) => `
    ${attend(`${p}_a`, x, `${p}_attended`)}
    ${p}_x1 = Add (${x}, ${p}_attended)
    ${feed(`${p}_f`, `${p}_x1`, `${p}_fed1`)}
    ${p}_x2 = Add (${p}_fed1, ${x})
    ${feed(`${p}_g`, `${p}_x2`, `${p}_fed2`, 'v')}
    ${y} = Add (${x}, ${p}_fed2)`,
  'a second attention whose sum starts at the input': (p, x, y) => `
    ${attend(`${p}_a`, x, `${p}_a1`)}
    ${p}_x1 = Add (${x}, ${p}_a1)
    ${attend(`${p}_b`, `${p}_x1`, `${p}_a2`, 'v')}
    ${y} = Add (${x}, ${p}_a2)`,
  'attention and feed-forward beside each other, attention added first': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_attended`)}
    ${feed(`${p}_f`, `${p}_n`, `${p}_fed`)}
    ${p}_middle = Add (${x}, ${p}_attended)
    ${y} = Add (${p}_middle, ${p}_fed)`,
  'attention and feed-forward beside each other, feed-forward added first': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_attended`)}
    ${feed(`${p}_f`, `${p}_n`, `${p}_fed`)}
    ${p}_middle = Add (${p}_fed, ${x})
    ${y} = Add (${p}_middle, ${p}_attended)`,
  'attention and feed-forward beside each other, added to each other first': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_attended`)}
    ${feed(`${p}_f`, `${p}_n`, `${p}_fed`)}
    ${p}_both = Add (${p}_attended, ${p}_fed)
    ${y} = Add (${x}, ${p}_both)`,
  'norms on both sides of each layer': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_attended`)}
    ${p}_an = Tanh (${p}_attended)
    ${p}_middle = Add (${x}, ${p}_an)
    ${p}_m = Tanh (${p}_middle)
    ${feed(`${p}_f`, `${p}_m`, `${p}_fed`)}
    ${p}_fn = Tanh (${p}_fed)
    ${y} = Add (${p}_middle, ${p}_fn)`,
  'a feed-forward that also reads what went in': (p, x, y) => `
    ${p}_n = Tanh (${x})
    ${attend(`${p}_a`, `${p}_n`, `${p}_attended`)}
    ${p}_middle = Add (${x}, ${p}_attended)
    ${p}_both = Mul (${p}_n, ${p}_middle)
    ${feed(`${p}_f`, `${p}_both`, `${p}_fed`)}
    ${y} = Add (${p}_middle, ${p}_fed)`,
  'a sum in another layout': (p, x, y) => `
    ${p}_x = Reshape (${x}, grid)
    ${attend(`${p}_a`, x, `${p}_attended`)}
    ${p}_a4 = Reshape (${p}_attended, grid)
    ${p}_m4 = Add (${p}_x, ${p}_a4)
    ${p}_middle = Reshape (${p}_m4, tokens)
    ${feed(`${p}_f`, `${p}_middle`, `${p}_fed`)}
    ${y} = Add (${p}_middle, ${p}_fed)`,
  'a sum in another type': (p, x, y) => `
    ${p}_x = Cast <to = 11> (${x})
    ${attend(`${p}_a`, x, `${p}_attended`)}
    ${p}_ad = Cast <to = 11> (${p}_attended)
    ${p}_md = Add (${p}_x, ${p}_ad)
    ${p}_middle = Cast <to = 1> (${p}_md)
    ${feed(`${p}_f`, `${p}_middle`, `${p}_fed`)}
    ${y} = Add (${p}_middle, ${p}_fed)`,
};

/** One block on two streams. */
type JointBlock = (p: string, x: string, c: string, y: string, d: string) => string;

const pieces = (from: string, image: string, text: string) => `
  ${image} = Slice (${from}, none, six, tokenAxis)
  ${text} = Slice (${from}, six, all, tokenAxis)`;

/** Image and text, with projections of their own, attend as one sequence. */
const joint = (p: string, image: string, text: string, toImage: string, toText: string) => `
  ${['q', 'k', 'v']
    .map(
      (of) => `
  ${p}_${of}i = MatMul (${image}, w)
  ${p}_${of}t = MatMul (${text}, v)
  ${p}_${of} = Concat <axis = 1> (${p}_${of}i, ${p}_${of}t)`,
    )
    .join('')}
  ${p}_turned = Transpose <perm = [0, 2, 1]> (${p}_k)
  [${p}_scores] ${p}_s = MatMul (${p}_q, ${p}_turned)
  [${p}_softmax] ${p}_p = Softmax <axis = -1> (${p}_s)
  [${p}_mix] ${p}_m = MatMul (${p}_p, ${p}_v)
  ${pieces(`${p}_m`, `${p}_mi`, `${p}_mt`)}
  ${toImage} = MatMul (${p}_mi, w)
  ${toText} = MatMul (${p}_mt, v)`;

export const TWO_STREAMS: Readonly<Record<string, JointBlock>> = {
  'joint attention, a feed-forward each': (p, x, c, y, d) => `
    ${joint(`${p}_a`, x, c, `${p}_ai`, `${p}_at`)}
    ${p}_x1 = Add (${x}, ${p}_ai)
    ${feed(`${p}_f`, `${p}_x1`, `${p}_fi`)}
    ${y} = Add (${p}_x1, ${p}_fi)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${feed(`${p}_g`, `${p}_c1`, `${p}_ft`, 'v')}
    ${d} = Add (${p}_c1, ${p}_ft)`,
  'joint attention, and one of the image over the same norm': (p, x, c, y, d) => `
    ${p}_n = Tanh (${x})
    ${joint(`${p}_a`, `${p}_n`, c, `${p}_ai`, `${p}_at`)}
    ${p}_x1 = Add (${x}, ${p}_ai)
    ${attend(`${p}_b`, `${p}_n`, `${p}_bi`, 'v')}
    ${p}_x2 = Add (${p}_x1, ${p}_bi)
    ${feed(`${p}_f`, `${p}_x2`, `${p}_fi`)}
    ${y} = Add (${p}_x2, ${p}_fi)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${feed(`${p}_g`, `${p}_c1`, `${p}_ft`, 'v')}
    ${d} = Add (${p}_c1, ${p}_ft)`,
  'second sums that start at the inputs': (p, x, c, y, d) => `
    ${joint(`${p}_a`, x, c, `${p}_ai`, `${p}_at`)}
    ${p}_x1 = Add (${x}, ${p}_ai)
    ${feed(`${p}_f`, `${p}_x1`, `${p}_fi`)}
    ${y} = Add (${x}, ${p}_fi)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${feed(`${p}_g`, `${p}_c1`, `${p}_ft`, 'v')}
    ${d} = Add (${c}, ${p}_ft)`,
  'one feed-forward for both': (p, x, c, y, d) => `
    ${joint(`${p}_a`, x, c, `${p}_ai`, `${p}_at`)}
    ${p}_x1 = Add (${x}, ${p}_ai)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${p}_both = Concat <axis = 1> (${p}_x1, ${p}_c1)
    ${p}_n = Tanh (${p}_both)
    ${feed(`${p}_f`, `${p}_n`, `${p}_fed`)}
    ${pieces(`${p}_fed`, `${p}_fi`, `${p}_ft`)}
    ${y} = Add (${p}_x1, ${p}_fi)
    ${d} = Add (${p}_c1, ${p}_ft)`,
  'one attention and one feed-forward for both': (p, x, c, y, d) => `
    ${p}_xn = Tanh (${x})
    ${p}_cn = Sigmoid (${c})
    ${p}_in = Concat <axis = 1> (${p}_xn, ${p}_cn)
    ${attend(`${p}_a`, `${p}_in`, `${p}_attended`)}
    ${pieces(`${p}_attended`, `${p}_ai`, `${p}_at`)}
    ${p}_x1 = Add (${x}, ${p}_ai)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${p}_both = Concat <axis = 1> (${p}_x1, ${p}_c1)
    ${feed(`${p}_f`, `${p}_both`, `${p}_fed`)}
    ${pieces(`${p}_fed`, `${p}_fi`, `${p}_ft`)}
    ${y} = Add (${p}_x1, ${p}_fi)
    ${d} = Add (${p}_c1, ${p}_ft)`,
  'a text that is fed what the image became': (p, x, c, y, d) => `
    ${joint(`${p}_a`, x, c, `${p}_ai`, `${p}_at`)}
    ${y} = Add (${x}, ${p}_ai)
    ${p}_c1 = Add (${c}, ${p}_at)
    ${p}_told = Slice (${y}, none, four, tokenAxis)
    ${p}_mixed = Mul (${p}_told, ${p}_c1)
    ${feed(`${p}_g`, `${p}_mixed`, `${p}_ft`, 'v')}
    ${d} = Add (${p}_c1, ${p}_ft)`,
};

const WEIGHTS = Array.from({ length: 16 }, (_, i) => (((i * 7) % 11) - 5) / 8).join(', ');

/** Constants that the pieces read, beside those of `blockModel`. */
export const CONSTANTS = `float[4, 4] v = {${WEIGHTS}},
  int64[4] grid = {1, 2, 3, 4}, int64[3] tokens = {1, 6, 4},
  int64[1] none = {0}, int64[1] four = {4}, int64[1] six = {6}, int64[1] all = {1000},
  int64[1] tokenAxis = {1}`;

export const INPUTS = 'float[1, 6, 4] x, float[1, 4, 4] c';
