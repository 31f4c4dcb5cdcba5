/**
 * What lies between the ends of a range: the nodes on every way from a stream where it enters to a
 * stream where it leaves. Nothing of that may go anywhere else, or what is put in the place of the
 * streams would not stand for all that the range does.
 */

import type { Node } from '../../../model/ir/node.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import { pushAll } from '../../../model/ir/push-all.js';
import type { Value } from '../../../model/ir/value.js';
import type { ShapeTable } from '../../../model/shape/index.js';
import { beforeMoves } from './moves.js';
import type { Readers } from './readers.js';
import type { StreamRange } from './stream-range.js';

/** A value made within a range, and who reads it by another way than through the streams that leave. */
export interface Leak {
  readonly value: Value;
  /** None where the graph itself hands it out. */
  readonly reader: Node | undefined;
}

/** The first leak of a range, if there is one. Costs a walk over the nodes between its ends. */
export function findLeak(
  range: StreamRange,
  readers: Readers,
  shapes: ShapeTable,
): Leak | undefined {
  // what enters may be read in the layouts that it had before, and by anybody: it stays
  const entering = new Set(range.streams.flatMap(({ input }) => beforeMoves(input, shapes)));
  const leaving = new Set(range.streams.map(({ output }) => output));
  const within = nodesBetween(entering, leaving, readers);
  const order = [...within].sort((a, b) => readers.place(a) - readers.place(b));
  for (const node of order)
    for (const value of node.outputs) {
      if (!value || entering.has(value) || leaving.has(value)) continue;
      const reader = readers.of(value).find((other) => !within.has(other));
      if (reader || value.isGraphOutput) return { value, reader };
    }
  return undefined;
}

/**
 * Of parts of streams, those that are needed: one that nobody reads but on the way to the others need not
 * be given.
 */
export function neededParts<Part extends StreamRange['streams'][number]>(
  parts: readonly Part[],
  readers: Readers,
  shapes: ShapeTable,
): readonly Part[] {
  return parts.reduceRight<readonly Part[]>((kept, part) => {
    const rest = kept.filter((other) => other !== part);
    return rest.length > 0 && !findLeak({ streams: rest }, readers, shapes) ? rest : kept;
  }, parts);
}

function nodesBetween(
  entering: ReadonlySet<Value>,
  leaving: ReadonlySet<Value>,
  readers: Readers,
): Set<Node> {
  const places = [...leaving].map(({ producer }) => (producer ? readers.place(producer) : -1));
  const last = Math.max(...places);
  const reached = new Set<Node>();
  const ahead = [...entering];
  for (let value = ahead.pop(); value; value = ahead.pop())
    for (const node of readers.of(value)) {
      if (reached.has(node) || readers.place(node) > last) continue;
      reached.add(node);
      for (const made of node.outputs) if (made) ahead.push(made);
    }
  const within = new Set<Node>();
  const back = [...leaving];
  for (let value = back.pop(); value; value = back.pop()) {
    const node = value.producer;
    if (!node || entering.has(value) || within.has(node) || !reached.has(node)) continue;
    within.add(node);
    pushAll(back, nodeDependencies(node));
  }
  return within;
}
