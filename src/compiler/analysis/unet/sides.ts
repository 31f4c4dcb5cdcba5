/**
 * What meets at a node: a main branch, which went through the skip's origin and came back, and the skip. The
 * main branch may come in by several values, as where a part of its channels is scaled (FreeU, Si et al.,
 * arXiv 2309.11497), and to the skip something may be added that the main branch has not gone through, as a
 * ControlNet does (Zhang et al., arXiv 2302.05543).
 */
import { constantTensor } from '../../../model/ir/constants.js';
import type { Node } from '../../../model/ir/node.js';
import type { Value } from '../../../model/ir/value.js';
import type { Refusal } from '../refusal.js';
import { gatedOrigin, originOf } from './origin.js';
import type { Surroundings } from './surroundings.js';

export interface Sides {
  readonly node: Node;
  /** Inputs that the main branch comes in by; all of them have gone through the same layers. */
  readonly main: readonly Value[];
  /** The input that the skip comes in by, or what of it the main branch has not gated yet. */
  readonly skip: Value;
  /** What of the skip the main branch has gone through as well: the encoder's feature map. */
  readonly origin: Value;
}

/** A skip with its origin, beside a value that is none. */
interface Skip {
  readonly value: Value;
  readonly origin: Value;
}

/** Concats of more are no joins of feature maps, and to compare all of theirs would take long. */
const MOST_INPUTS = 6;

export function sidesOf(node: Node, around: Surroundings): Sides | Refusal {
  const refuse = (reason: string): Refusal => ({ reason, node: node.label });
  const data = node.inputs.filter((v): v is Value => v !== null && !constantTensor(v));
  if (data.length < 2 || data.length > MOST_INPUTS)
    return refuse(`it joins ${data.length} computed values, not a main branch and a skip`);
  const rank = around.shapes.shape(node.output)?.length;
  if (rank !== undefined && rank < 3)
    return refuse(`its values have rank ${rank}, so they are no feature maps`);
  let main = [data[0]!];
  const skips: Skip[] = [];
  for (const value of data.slice(1)) {
    const relation = compare(main[0]!, value, around);
    if (relation === 'same') main.push(value);
    else if (relation === 'apart') return refuse(whyApart(main[0]!, value, around));
    else if (relation.deeper === value) {
      // those that were together before are so still
      skips.push(...main.map((each) => ({ ...relation.skip, value: each })));
      main = [value];
    } else skips.push(relation.skip);
  }
  const [skip, other] = skips;
  if (!skip) return refuse('neither input went through layers that the other did not');
  if (other)
    return refuse(
      `it joins ${data.length} computed values, of which ${skips.length} are no main branch: a join has one skip`,
    );
  if (!around.firstLayer(skip.origin)) return refuse('its skip comes from no layer of the encoder');
  return { node, main, skip: skip.value, origin: skip.origin };
}

/** What two values have gone through: the same, each something of its own, or one of them more. */
export type Relation = 'same' | 'apart' | { readonly deeper: Value; readonly skip: Skip };

/** Which of two values went through what the other went through, and more. */
export function compare(a: Value, b: Value, around: Surroundings): Relation {
  const { hasOwnWork } = around;
  const [onlyA, onlyB] = [hasOwnWork(a, b), hasOwnWork(b, a)];
  if (!onlyA && !onlyB) return 'same';
  if (!onlyA || !onlyB) {
    const [more, less] = onlyA ? [a, b] : [b, a];
    // what the main branch gates comes behind it, and is the skip all the same
    const gated = gatedOrigin(more, less, around);
    return gated
      ? { deeper: less, skip: { value: gated, origin: gated } }
      : { deeper: more, skip: { value: less, origin: less } };
  }
  const [ofA, ofB] = [originOf(a, b, around), originOf(b, a, around)];
  if (ofA && !ofB) return { deeper: b, skip: { value: a, origin: ofA } };
  if (ofB && !ofA) return { deeper: a, skip: { value: b, origin: ofB } };
  return 'apart';
}

/** Costs a walk over what either has gone through alone. */
function whyApart(a: Value, b: Value, { ancestry, layers }: Surroundings): string {
  const [first, second] = [ancestry.firstOnly(a, b, layers), ancestry.firstOnly(b, a, layers)];
  return `both inputs hold work of their own ("${first!.label}" and "${second!.label}"), so neither is a skip`;
}
