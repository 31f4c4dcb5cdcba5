/**
 * The digits transformer: DiT with adaLN-Zero (Peebles and Xie, arXiv 2212.09748, section 3.2), image
 * by image, in plain loops. Whoever calls it says what a block's attention module gives.
 */
import { add, affine, gelu, layerNorm, type Matrix, silu } from './numbers.js';
import { DIT, type DitWeights } from './weights.js';

const { side, patch, width, frequencies } = DIT;
const EPSILON = 1e-6;

/**
 * The output of a block's attention module, behind its output projection, for each image.
 * @param inputs one [tokens, width] per image
 */
export type AttentionModule = (layer: number, inputs: readonly Matrix[]) => readonly Matrix[];

/**
 * How the stream goes through the blocks.
 * @param run one block, by its number
 */
export type Way = (
  tokens: readonly Matrix[],
  run: (layer: number, tokens: readonly Matrix[]) => readonly Matrix[],
) => readonly Matrix[];

/** As it was trained: through one after the other. */
const throughAll: Way = (tokens, run) => blocksFrom(0, DIT.layers, tokens, run);

/** Through blocks `first` to `end - 1`. */
export const blocksFrom = (
  first: number,
  end: number,
  tokens: readonly Matrix[],
  run: Parameters<Way>[1],
): readonly Matrix[] => {
  let stream = tokens;
  for (let layer = first; layer < end; layer++) stream = run(layer, stream);
  return stream;
};

/**
 * The noise that the network sees in images [1, 24, 24] at one timestep.
 * @param labels a class for each image; 10 for none
 */
export function predictNoise(
  weights: DitWeights,
  images: readonly Matrix[],
  timestep: number,
  labels: readonly number[],
  attention: AttentionModule,
  way: Way = throughAll,
): Matrix[] {
  const conditions = labels.map((label) => condition(weights, timestep, label));
  const run = (layer: number, tokens: readonly Matrix[]): Matrix[] => {
    const block = weights.blocks[layer]!;
    const modulations = conditions.map((c) => split(modulation(c, block.modulation), 6));
    const inputs = tokens.map((x, i) => modulate(x, modulations[i]![0]!, modulations[i]![1]!));
    const attended = attention(layer, inputs);
    return tokens.map((x, i) => {
      const [, , gate, shift, scale, secondGate] = modulations[i] as Six;
      const middle = add(x, gated(attended[i]!, gate));
      const widened = gelu(
        affine(modulate(middle, shift, scale), block.widen.weight, block.widen.bias),
      );
      return add(
        middle,
        gated(affine(widened, block.narrow.weight, block.narrow.bias), secondGate),
      );
    });
  };
  const embedded = images.map((image) => embed(weights, image));
  return way(embedded, run).map((x, i) => {
    const [shift, scale] = split(modulation(conditions[i]!, weights.finalModulation), 2);
    return image(affine(modulate(x, shift!, scale!), weights.final.weight, weights.final.bias));
  });
}

type Six = [Matrix, Matrix, Matrix, Matrix, Matrix, Matrix];

/** Patches row by row, each through one layer, plus its place. */
function embed({ patches, positions }: DitWeights, pixels: Matrix): Matrix {
  return add(affine(gather(pixels), patches.weight, patches.bias), positions);
}

/** Pixel of the image that is element `index` of the patches, [tokens, patch * patch]. */
function place(index: number): number {
  const [token, within] = [Math.floor(index / patch ** 2), index % patch ** 2];
  const y = Math.floor(token / side) * patch + Math.floor(within / patch);
  const x = (token % side) * patch + (within % patch);
  return y * side * patch + x;
}

const gather = (pixels: Matrix): Matrix => pixels.map((_, i) => pixels[place(i)]!);

function image(patches: Matrix): Matrix {
  const pixels = new Float64Array(patches.length);
  for (const [i, value] of patches.entries()) pixels[place(i)] = value;
  return pixels;
}

/** Timestep and class together: [width]. */
function condition({ timestep, classes }: DitWeights, t: number, label: number): Matrix {
  const [first, second] = timestep;
  const hidden = silu(affine(timestepFeatures(t), first.weight, first.bias));
  const embedded = affine(hidden, second.weight, second.bias);
  return add(embedded, classes.subarray(label * width, (label + 1) * width));
}

/** Cosines, then sines, of the timestep at frequencies from 1 down to nearly 1 / 10,000. */
function timestepFeatures(t: number): Matrix {
  const half = frequencies / 2;
  return Float64Array.from({ length: frequencies }, (_, i) => {
    const angle = t * Math.exp((-Math.log(10000) * (i % half)) / half);
    return i < half ? Math.cos(angle) : Math.sin(angle);
  });
}

const modulation = (c: Matrix, layer: { weight: Matrix; bias: Matrix }): Matrix =>
  affine(silu(c), layer.weight, layer.bias);

const split = (x: Matrix, parts: number): Matrix[] =>
  Array.from({ length: parts }, (_, i) => x.subarray(i * width, (i + 1) * width));

/** Layer norm, then scale and shift, the same for every token. */
const modulate = (x: Matrix, shift: Matrix, scale: Matrix): Matrix =>
  layerNorm(x, width, EPSILON).map(
    (value, i) => value * (1 + scale[i % width]!) + shift[i % width]!,
  );

const gated = (x: Matrix, gate: Matrix): Matrix => x.map((value, i) => value * gate[i % width]!);
