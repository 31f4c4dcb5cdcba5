/** The conditions on inputs, attributes and outputs that a row of an engine's table makes. */
import type { EngineRow } from '../../../generated/engine.js';
import { attrNumber, attrString } from '../../../model/ir/attribute.js';
import { constantTensor } from '../../../model/ir/constants.js';
import type { Node } from '../../../model/ir/node.js';
import { areNumbers, elementCount, readNumbers } from '../../../model/ir/tensor.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';

export interface Unmet {
  /** Of the operator, what the table says. */
  readonly why: string;
  readonly todo: string;
}

const OTHERWISE = 'Export the model so that the node fits, or let it run there.';

const input = (index: number) => `input ${index}`;

/** Constants above this are weights, which no condition on their numbers is about. */
const MOST_READ = 4096;

/** The first condition that a node does not meet. What is not known is taken to be met. */
export function unmetBy(node: Node, row: EngineRow, shapes: ShapeTable): Unmet | undefined {
  return (
    types(node, row, shapes) ??
    alike(node, row, shapes) ??
    ranks(node, row, shapes) ??
    constants(node, row) ??
    numbers(node, row) ??
    absent(node, row) ??
    attributes(node, row) ??
    outputs(node, row)
  );
}

const given = (node: Node, index: number): Value | undefined => node.inputs[index] ?? undefined;

function types(node: Node, row: EngineRow, shapes: ShapeTable): Unmet | undefined {
  const first = given(node, 0);
  const type = first && shapes.dtype(first);
  if (!row.types || !type || row.types.includes(type)) return undefined;
  return { why: `it is for other element types than ${type}`, todo: OTHERWISE };
}

function alike(
  node: Node,
  { alike: those = [] }: EngineRow,
  shapes: ShapeTable,
): Unmet | undefined {
  const found = those.map((index) => {
    const value = given(node, index);
    return value && shapes.dtype(value);
  });
  const [first, ...others] = found.filter((type) => type !== undefined);
  const other = others.find((type) => type !== first);
  return other === undefined
    ? undefined
    : { why: `its operands are of one type, and here ${first} and ${other}`, todo: OTHERWISE };
}

function ranks(node: Node, { ranks = {} }: EngineRow, shapes: ShapeTable): Unmet | undefined {
  for (const [index, allowed] of Object.entries(ranks)) {
    const value = given(node, Number(index));
    const rank = value && shapes.shape(value)?.length;
    if (rank !== undefined && !allowed.includes(rank))
      return {
        why: `${input(Number(index))} has rank ${allowed.join(' or ')}, and here ${rank}`,
        todo: OTHERWISE,
      };
  }
  return undefined;
}

function constants(node: Node, { constant = [] }: EngineRow): Unmet | undefined {
  for (const index of constant) {
    const value = given(node, index);
    if (value && !constantTensor(value))
      return {
        why: `${input(index)} has to be a constant, and here it is "${value.name}"`,
        todo: 'Fix the sizes that it follows from (--freeze, --shape), or export it as a constant.',
      };
  }
  return undefined;
}

function numbers(node: Node, { positive = [] }: EngineRow): Unmet | undefined {
  for (const index of positive) {
    const tensor = constantTensor(given(node, index));
    if (!tensor || !areNumbers(tensor.dtype) || elementCount(tensor.dims) > MOST_READ) continue;
    if (readNumbers(tensor).some((x) => x < 0))
      return { why: `${input(index)} must hold nothing below 0`, todo: OTHERWISE };
  }
  return undefined;
}

function absent(node: Node, { absent: without = [] }: EngineRow): Unmet | undefined {
  const found = without.find((index) => given(node, index));
  return found === undefined
    ? undefined
    : { why: `${input(found)} has to be left out`, todo: OTHERWISE };
}

function attributes(node: Node, { attributes: limits = {} }: EngineRow): Unmet | undefined {
  for (const [name, allowed] of Object.entries(limits)) {
    const value = attrString(node, name) ?? attrNumber(node, name);
    if (value === undefined || allowed.includes(value)) continue;
    const why =
      allowed.length > 0
        ? `attribute ${name} is ${allowed.join(' or ')}, and here ${value}`
        : `attribute ${name} has to be left out`;
    return { why, todo: OTHERWISE };
  }
  return undefined;
}

function outputs(node: Node, row: EngineRow): Unmet | undefined {
  if (row.outputs === undefined) return undefined;
  const used = node.outputs.filter((output) => output?.uses.size).length;
  return used > row.outputs
    ? { why: `it has ${row.outputs} outputs at most, and here ${used}`, todo: OTHERWISE }
    : undefined;
}
