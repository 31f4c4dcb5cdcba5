/**
 * The record of an operator: what is known of it, and asked by all who look at graphs. Every facet is
 * said; what is not known is said to be so.
 */
import type { Node } from '../ir/node.js';
import type { Macs, ShapeOf } from './counts.js';
import type { Rule } from './rules/context.js';
import { likeFirst, type OutputType, untold } from './rules/types.js';

/** A list holds as often as the attribute has entries. */
export type Default = number | string | readonly [number];

export interface Operator {
  /** Inputs that it cannot do without, which come first; where versions differ, the smallest number. */
  readonly required: number;
  /** Attributes that say what holds without them, the same in every version of the operator. */
  readonly defaults: Readonly<Record<string, Default>>;
  readonly shape: Rule | undefined;
  readonly types: OutputType;
  readonly work: Work;
  readonly batch: BatchFlow;
  readonly elements: Elements;
  readonly random: Randomness;
}

/** What it multiplies. */
export type Work = 'nothing' | Product | AttentionWork;

/** One product of two operands. */
export interface Product {
  readonly kind: 'product';
  /** MACs, or undefined when a shape they depend on is unknown. */
  readonly macs: (node: Node, shapeOf: ShapeOf) => number | undefined;
  /** Places of the operands among the inputs. */
  readonly factors: readonly [number, number];
}

/** The whole of attention. */
export interface AttentionWork {
  readonly kind: 'attention';
  readonly macs: (node: Node, shapeOf: ShapeOf) => Macs | undefined;
  readonly inputs: AttentionInputs;
}

/** Places of what an attention reads. */
export interface AttentionInputs {
  /** q, k and v, or the one that they are made of. */
  readonly operands: readonly number[];
  /** Weights and biases, the same for every image. */
  readonly parameters: readonly number[];
  /** Added to the scores, as it broadcasts to (batch, heads, queries, keys). */
  readonly bias: number;
  /** All that says which keys are seen, in their order. */
  readonly masks: readonly number[];
  /** Keys and values of earlier calls. */
  readonly kept: readonly number[];
}

/**
 * How images on an axis of the inputs lie in the outputs. `compiler/analysis/batch` follows each of
 * these, and refuses what is unknown.
 */
export type BatchFlow =
  /** Each element is made of those at its place in the inputs, which broadcast. */
  | 'elementwise'
  /** The same, to a shape that is given. */
  | 'expanded'
  /** Repeated along axes, as often as is told. */
  | 'tiled'
  /** Written into a copy of the first input, at places that are told. */
  | 'written'
  /** The first axis is that of the images; they stay apart, and other inputs are the same for all. */
  | 'outermost'
  /** The same, with one more tensor of images that is added where it is there. */
  | 'outermost-added'
  /** The same, with inputs that are added as they broadcast. */
  | 'outermost-summed'
  | 'attention'
  | 'joined'
  | 'split'
  | 'sliced'
  | 'gathered'
  | 'transposed'
  | 'reshaped'
  | 'flattened'
  | 'squeezed'
  | 'unsqueezed'
  | 'reduced'
  /** Other sizes of axes, with elements between. */
  | 'resized'
  | 'padded'
  /** Works along one axis, which an attribute or an input says. */
  | 'along-axis'
  /** Works along the axes from `axis` on; across the last alone where none is told. */
  | 'normalized'
  /** Works across the last axis of a sum of the inputs, which broadcast. */
  | 'normalized-sum'
  /** A weight over the last axis. */
  | 'rows'
  /** By steps of a scale, one for all elements or one for each place on an axis. */
  | 'scaled'
  /** All images decide how each is computed. */
  | 'together'
  /** A softmax: before opset 13 across all axes but the first, where none is told. */
  | 'exponential'
  | 'matrix-product'
  | 'general-product'
  | 'einsum'
  /** Tells sizes, which a program knows in another way. */
  | 'measured'
  | 'unknown';

/** What becomes of the elements of the first input. */
export type Elements =
  /** All of them, in the same order. */
  | 'renamed'
  /** All of them, in another order. */
  | 'moved'
  /** Some of them. */
  | 'picked'
  /** All of them, some more than once. */
  | 'repeated'
  /** All of them, beside those of the other inputs. */
  | 'joined'
  /** The same numbers in another type. */
  | 'retyped'
  /** The same numbers by steps of a scale, or back. */
  | 'quantized'
  /** None is read: sizes are told. */
  | 'unread'
  | 'computed';

/** Does it draw random numbers? */
export type Randomness =
  | 'never'
  | 'always'
  /** Where its third input says that the model is trained. */
  | 'in training'
  /** Where a graph inside it does. */
  | 'inside';

type Facets = Pick<Operator, 'required' | 'shape' | 'batch' | 'elements'> & Partial<Operator>;

/** A record by what is not as with most operators. */
export const operator = (facets: Facets): Operator => ({
  defaults: {},
  types: likeFirst,
  work: 'nothing',
  random: 'never',
  ...facets,
});

/** An operator that treats each element alone, as its inputs broadcast. */
export const elementwise = (
  required: number,
  shape: Rule,
  facets: Partial<Operator> = {},
): Operator => operator({ required, shape, batch: 'elementwise', elements: 'computed', ...facets });

/** An operator that runs graphs inside it; what they do is counted and followed by itself. */
export const holding = (required: number, shape: Rule): Operator =>
  operator({
    required,
    shape,
    types: untold,
    batch: 'unknown',
    elements: 'computed',
    random: 'inside',
  });

/** A product, whose operands come first where nothing else is said. */
export const product = (
  macs: Product['macs'],
  facets: Omit<Facets, 'elements'>,
  factors: Product['factors'] = [0, 1],
): Operator =>
  operator({ ...facets, elements: 'computed', work: { kind: 'product', macs, factors } });

/** Records of one domain, by name. */
export type Operators = Readonly<Record<string, Operator>>;
