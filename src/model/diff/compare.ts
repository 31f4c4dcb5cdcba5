/** How a node of both models changed, and whether values of theirs are one another. */
import { constantTensor } from '../ir/constants.js';
import type { Node } from '../ir/node.js';
import type { Value } from '../ir/value.js';
import { attributeChanges } from './attributes.js';
import { bodyPairs } from './bodies.js';
import type { Constants } from './constants.js';
import { typeText } from './contents.js';
import type { FlatGraph } from './flat.js';
import type { Matching } from './matching.js';
import type { ValueNumbers } from './value-numbers.js';

/** A node of both models. */
export interface KeptNode {
  readonly before: Node;
  readonly after: Node;
  /** How it changed itself, such as `axis: 1 -> 2`; empty where it did not. */
  readonly changes: readonly string[];
  /** Inputs, by index, that come from something else than before. */
  readonly rewired: readonly number[];
}

export interface Comparison {
  readonly a: FlatGraph;
  readonly b: FlatGraph;
  readonly matching: Matching;
  readonly numbers: ValueNumbers;
  readonly constants: Constants;
  /** Constants that could not be compared. */
  unread: number;
}

export function compareNodes(before: Node, after: Node, comparison: Comparison): KeptNode {
  const changes = attributeChanges(before, after, comparison.constants);
  const rewired: number[] = [];
  const count = Math.max(before.inputs.length, after.inputs.length);
  for (let i = 0; i < count; i++) {
    const change = valueChange(before.inputs[i] ?? null, after.inputs[i] ?? null, comparison);
    if (change === OTHER) rewired.push(i);
    else if (change) changes.push(`input ${i}: ${change}`);
  }
  // what a branch or a loop's body gives is part of the node
  for (const { name, body, other } of bodyPairs(before, after)) {
    const results = Math.max(body.outputs.length, other.outputs.length);
    for (let i = 0; i < results; i++) {
      const [x, y] = [body.outputs[i] ?? null, other.outputs[i] ?? null];
      const change = valueChange(x, y, comparison);
      if (change === OTHER) changes.push(`${name} output ${i} is ${y?.name ?? 'left out'}`);
      else if (change) changes.push(`${name} output ${i}: ${change}`);
    }
  }
  return { before, after, changes, rewired };
}

/** It comes from something else. */
export const OTHER = Symbol('other');

/** Undefined for what is the same; text for constants, which changed. */
export function valueChange(
  x: Value | null,
  y: Value | null,
  comparison: Comparison,
): string | typeof OTHER | undefined {
  const [p, q] = [x && constantTensor(x), y && constantTensor(y)];
  if (!p || !q) return comesFrom(x, y, comparison) ? undefined : OTHER;
  const same = comparison.constants.same(p, q);
  if (same === undefined) comparison.unread++;
  if (same !== false) return undefined;
  const [from, to] = [typeText(p), typeText(q)];
  return from === to ? `another constant ${from}` : `constant ${from} -> ${to}`;
}

/** Is a value of the second model, or what it stands for, the value of the first? */
function comesFrom(
  x: Value | null,
  y: Value | null,
  { a, b, matching, numbers }: Comparison,
): boolean {
  if (!x || !y) return x === y;
  // the result of one If is not that of another, whatever they have in common
  if (matching.keeps(x) && matching.kept(y)) return numbers.of(x) === numbers.of(y);
  const theirs = new Set(b.sources(y).map((value) => numbers.of(value)));
  return a.sources(x).some((value) => theirs.has(numbers.of(value)));
}
