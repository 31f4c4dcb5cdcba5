/**
 * Raises attention that is spelled as a Softmax between two products, MatMul or Einsum in any
 * orientation: each operand is put in order by the letters of its axes.
 */
import { attrNumber } from '../../../model/ir/attribute.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import type { DataType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { type DimExpr, equal, product, type ShapeTable } from '../../../model/shape/index.js';
import type { SiteBuilder } from '../../plan/site.js';
import type { Refusal } from '../refusal.js';
import type { Attention } from './attention.js';
import { type Axes, arrangement, type ProductAxes, permutation, productAxes } from './axes.js';
import { arranged, transposed, withNumber } from './building.js';
import type { RaisedCore } from './raised-core.js';
import { isElementWise, type Step, wayBetween } from './way.js';

/** A condition that failed, thrown inside and given back as a refusal. */
class Unraisable extends Error {
  constructor(
    reason: string,
    readonly node: Node,
  ) {
    super(reason);
  }
}

export function raiseProducts(
  attention: Attention,
  tokens: DimExpr,
  shapes: ShapeTable,
): RaisedCore | Refusal {
  try {
    return raise(attention, tokens, shapes);
  } catch (error) {
    if (!(error instanceof Unraisable)) throw error;
    return { reason: error.message, node: error.node.label };
  }
}

function raise(attention: Attention, tokens: DimExpr, shapes: ShapeTable): RaisedCore {
  const { softmax, scores, mix, mixed, q, k, v } = attention;
  const name = attention.id ?? 'attention';
  const softmaxInput = softmax.inputs[0]!;
  const scoresType = shapes.dtype(softmaxInput);
  if (!scoresType) throw new Unraisable('the type of its scores is not known', softmax);

  const scoresAxes = axesOf(scores, shapes);
  const before = alikeSteps(scores.output, softmaxInput, shapes);
  const atSoftmax = behindTransposes(scoresAxes.result, before);
  const axis = attrNumber(softmax, 'axis', -1);
  if (axis !== -1 && axis !== atSoftmax.length - 1)
    throw new Unraisable(`it normalises over axis ${axis}, not over the last`, softmax);
  const letters = scoreLetters(scoresAxes, atSoftmax.at(-1)!, scores);

  const side = mix.inputs[0] === v.value ? 1 : 0;
  const after = alikeSteps(softmax.output, mix.inputs[side]!, shapes);
  const mixAxes = inLettersOf(behindTransposes(atSoftmax, after), side, mix, shapes);

  const { lead, query, inner, key } = letters;
  const value = mixAxes.values.find((axis) => axis !== key && !lead.includes(axis))!;
  const perms = {
    q: order(letters.q, [...lead, query, inner], scores),
    k: order(letters.k, [...lead, inner, key], scores),
    v: order(mixAxes.values, [...lead, key, value], mix),
    lower: order([...lead, query, value], mixAxes.result, mix),
  };
  const sizeIn = (operand: Value, axes: Axes, letter: string) =>
    shapes.shape(operand)?.[axes.indexOf(letter)];
  for (const letter of lead) {
    const sizes = [
      sizeIn(q.value, letters.q, letter),
      sizeIn(k.value, letters.k, letter),
      sizeIn(v.value, mixAxes.values, letter),
    ];
    const [first] = sizes;
    if (!first || !sizes.every((size) => size && equal(size, first)))
      throw new Unraisable(
        `q, k and v have different numbers of heads or batches (${sizes.map((s) => s ?? '?').join(', ')})`,
        scores,
      );
  }
  const scoresFactor = attrNumber(scores, 'alpha', 1);
  const mixFactor = attrNumber(mix, 'alpha', 1);
  return {
    operands: (b) => ({
      q: arranged(b, q.value, perms.q, attention.module, `${name}.q`),
      k: arranged(b, k.value, perms.k, attention.module, `${name}.k`),
      v: arranged(b, v.value, perms.v, attention.module, `${name}.v`),
    }),
    rank: lead.length + 2,
    tokens,
    lead: product(lead.map((letter) => sizeIn(q.value, letters.q, letter)!)),
    size: sizeIn(q.value, letters.q, inner),
    valueSize: sizeIn(v.value, mixAxes.values, value),
    scoresType,
    scale: (b, value) =>
      repeated(
        b,
        before,
        scaled(b, value, scoresFactor, shapes.dtype(scores.output), `${name}.scores`),
        `${name}.scores`,
      ),
    weights: (b, value) => repeated(b, after, value, `${name}.weights`),
    lower: (b, value) =>
      transposed(
        b,
        scaled(b, value, mixFactor, shapes.dtype(mixed), `${name}.mixed`),
        perms.lower,
        `${name}.mixed`,
      ),
  };
}

function axesOf(node: Node, shapes: ShapeTable): ProductAxes {
  const axes = productAxes(node, shapes);
  if (axes) return axes;
  const unknown = node.inputs.find((v) => v && !shapes.shape(v));
  throw new Unraisable(
    (unknown && shapes.whyUnknown(unknown)) ??
      'its operands and its result do not have one axis for each of batch, heads, tokens and size',
    node,
  );
}

/** The steps from one value to another, all of which do to any scores what they do to these. */
function alikeSteps(from: Value, to: Value, shapes: ShapeTable): Step[] {
  const { steps, meeting } = wayBetween(from, to);
  if (meeting) throw new Unraisable(`two values made of "${from.name}" meet at this node`, meeting);
  for (const step of steps)
    if (!isOp(step.node, 'Transpose') && !isElementWise(step, shapes))
      throw new Unraisable(
        'it does not treat all scores alike: it is not element-wise, or not with one number',
        step.node,
      );
  return [...steps];
}

function behindTransposes(axes: Axes, steps: readonly Step[]): Axes {
  let current = axes;
  for (const { node } of steps)
    if (isOp(node, 'Transpose'))
      current = permutation(node, current.length).map((axis) => current[axis]!);
  return current;
}

/** The steps once more, behind another value; Transposes are left out, their effect being in the axes. */
function repeated(b: SiteBuilder, steps: readonly Step[], value: Value, name: string): Value {
  let current = value;
  for (const { node, index } of steps)
    if (!isOp(node, 'Transpose'))
      current = b.add({
        opType: node.opType,
        domain: node.domain,
        inputs: node.inputs.map((v, i) => (i === index ? current : v && b.value(v))),
        outputs: [name],
        attributes: Object.fromEntries(node.attributes),
      });
  return current;
}

function scaled(
  b: SiteBuilder,
  value: Value,
  factor: number,
  type: DataType = 'float32',
  name: string,
): Value {
  return factor === 1 ? value : withNumber(b, 'Mul', value, factor, type, name);
}

/** Letters of the scores' product, by what they mean. */
interface ScoreLetters {
  readonly q: Axes;
  readonly k: Axes;
  readonly lead: Axes;
  readonly query: string;
  readonly key: string;
  /** What the product sums over. */
  readonly inner: string;
}

function scoreLetters(axes: ProductAxes, key: string, node: Node): ScoreLetters {
  const [a, b] = axes.operands;
  const [q, k] = a.includes(key) ? [b, a] : [a, b];
  const lead = axes.result.filter((x) => q.includes(x) && k.includes(x));
  const [query, ...others] = axes.result.filter((x) => q.includes(x) && !k.includes(x));
  const [inner, ...more] = q.filter((x) => k.includes(x) && !axes.result.includes(x));
  if (!query || !inner || others.length > 0 || more.length > 0)
    throw new Unraisable('queries, or what a score sums over, lie along more than one axis', node);
  return { q, k, lead, query, key, inner };
}

/** The axes of the product with v, by the letters that the scores' axes have. */
function inLettersOf(
  probabilities: Axes,
  side: 0 | 1,
  mix: Node,
  shapes: ShapeTable,
): { values: Axes; result: Axes } {
  const axes = axesOf(mix, shapes);
  const own = axes.operands[side];
  if (own.length !== probabilities.length)
    throw new Unraisable('the probabilities change their rank on the way to it', mix);
  const letters = new Map(own.map((letter, i) => [letter, probabilities[i]!]));
  const renamed = (list: Axes) => list.map((x) => letters.get(x) ?? `value ${x}`);
  return { values: renamed(axes.operands[side === 0 ? 1 : 0]), result: renamed(axes.result) };
}

function order(there: Axes, wanted: Axes, node: Node): number[] {
  const perm = arrangement(there, wanted);
  if (perm) return perm;
  throw new Unraisable('its operands do not have the same axes beside tokens and size', node);
}
