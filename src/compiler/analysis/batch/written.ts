/**
 * ScatterND, as exporters write an assignment to a slice: into zeros, or into what an earlier one left. Each image
 * is written into itself where the places that are told begin behind the batch, or tell of each image its own.
 */
import { attrNumber, attrString } from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { readNumbers } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import { readsNoElements } from '../../../model/operators/index.js';
import { equal } from '../../../model/shape/index.js';
import { type Flow, fromFront, type Step } from './step.js';

const DATA = 0;
const INDICES = 1;
const UPDATES = 2;

export const written: Flow = (step) => {
  if ((attrString(step.node, 'reduction') ?? 'none') !== 'none') return 'it adds up what it writes';
  if (step.carries(INDICES)) return 'where it writes depends on the image';
  const [data, indices, updates] = [DATA, INDICES, UPDATES].map((i) => step.shapeOf(i));
  const told = indices?.at(-1)?.constant;
  if (!data || !indices || !updates || told === undefined) return 'its shapes are not known';
  const axisIn = (index: number) => step.carrying.find((c) => c.index === index)?.axis;
  /** The axis of the result for one of what is written. */
  const ahead = indices.length - 1;
  const wrote = axisIn(UPDATES);
  if (wrote === undefined) return 'what it writes is the same for all images';
  const isBehind = wrote >= ahead;
  const axis = isBehind ? wrote - ahead + told : wrote;
  if ((axisIn(DATA) ?? axis) !== axis) return 'the batch lies on different axes of its inputs';
  if (!isBehind && (wrote !== 0 || !countsImages(step)))
    return 'it is not known whether it writes each image into itself';
  const fixed = isBehind ? [DATA] : [DATA, INDICES];
  for (const index of fixed)
    if (!step.carries(index) && !followsImages(step.node.inputs[index]!, step.hasImages))
      return `"${step.node.inputs[index]!.name}" is written for a number of images`;
  return axis;
};

/** Of what tells the places, is the first number of each the place of its row? */
function countsImages(step: Step): boolean {
  const indices = step.node.inputs[INDICES]!;
  const join = indices.producer;
  const last = (step.shapeOf(INDICES)?.length ?? 0) - 1;
  if (!isOp(join, 'Concat') || fromFront(attrNumber(join, 'axis', 0), last + 1) !== last)
    return false;
  const images = step.shapeOf(UPDATES)?.[0];
  // numbers that are counted reach this along the first axis, and are the same along all others
  for (let value = join.inputs[0]; value; ) {
    const size = step.sizesOf(value)?.[0];
    const node: Node | undefined = value.producer;
    if (!node || !size || !images || !equal(size, images)) return false;
    if (isOp(node, 'Range')) return isCounted(node);
    value = ['Unsqueeze', 'Expand', 'Reshape', 'Cast'].includes(node.opType)
      ? node.inputs[0]
      : null;
  }
  return false;
}

/** Is it 0, 1, …? */
function isCounted({ inputs }: Node): boolean {
  const [start, , step] = inputs.map((v) => v && constantTensor(v));
  return !!start && !!step && readNumbers(start)[0] === 0 && readNumbers(step)[0] === 1;
}

/** Is a value made of sizes alone, some of them of tensors that carry the batch, or are made so themselves? */
function followsImages(from: Value, hasImages: Step['hasImages']): boolean {
  const stack = [from];
  const met = new Set(stack);
  let isMeasured = false;
  for (let value = stack.pop(); value; value = stack.pop()) {
    const { producer } = value;
    if (!producer && !value.initializer) return false;
    const measures = producer && readsNoElements(producer);
    if (measures && producer.inputs.some((input) => input && hasImages(input))) isMeasured = true;
    else
      for (const input of producer?.inputs ?? [])
        if (input && !met.has(input)) {
          met.add(input);
          stack.push(input);
        }
  }
  return isMeasured;
}
