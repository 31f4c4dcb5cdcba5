/** Inputs and outputs of two models: which are one another, and what their declarations say. */

import { groupBy } from '../ir/group-by.js';
import type { Dim, ValueType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { messageText } from './attributes.js';

export interface PortPairs {
  readonly pairs: readonly (readonly [Value, Value])[];
  readonly removed: readonly Value[];
  readonly inserted: readonly Value[];
}

/** Those of one name; then the rest in order, of one type, or else of one element type and rank. */
export function pairPorts(before: readonly Value[], after: readonly Value[]): PortPairs {
  // by place, since a model may name one value as two of its outputs
  const partners = new Map<number, number>();
  const taken = new Set<number>();
  for (const key of [nameOf, typeOf, rankOf]) {
    const free = [...after.keys()].filter((at) => !taken.has(at));
    const groups = groupBy(free, (at) => key(after[at]!));
    before.forEach((value, i) => {
      const partner = partners.has(i) ? undefined : groups.get(key(value))?.shift();
      if (partner === undefined) return;
      partners.set(i, partner);
      taken.add(partner);
    });
  }
  return {
    pairs: before.flatMap((value, i) => {
      const partner = partners.get(i);
      return partner === undefined ? [] : [[value, after[partner]!] as const];
    }),
    removed: before.filter((_, i) => !partners.has(i)),
    inserted: after.filter((_, i) => !taken.has(i)),
  };
}

const nameOf = ({ name }: Value): string => name;

const typeOf = ({ type }: Value): string => typeText(type);

const rankOf = ({ type }: Value): string =>
  type?.kind === 'tensor' ? `${type.elem} ${type.shape?.length}` : typeText(type);

/** `float32[batch, 4]`; what the graph does not model as the file has it. */
function typeText(type: ValueType | undefined): string {
  if (!type) return 'no type';
  if (type.kind === 'other') return messageText(type.source);
  return type.elem + (type.shape ? `[${type.shape.map((dim) => dim ?? '?').join(', ')}]` : '');
}

/** Which symbols of one model's sizes are which of the other's, as the ports that are compared say. */
export class Symbols {
  private readonly forth = new Map<string, string>();
  private readonly back = new Map<string, string>();

  /** How a declared type changed; undefined where it did not, or one of the models declares none. */
  change({ type: x }: Value, { type: y }: Value): string | undefined {
    return !x || !y || this.sameType(x, y) ? undefined : `${typeText(x)} -> ${typeText(y)}`;
  }

  private sameType(x: ValueType, y: ValueType): boolean {
    if (x.kind === 'other' || y.kind === 'other') return typeText(x) === typeText(y);
    if (x.elem !== y.elem || x.shape?.length !== y.shape?.length) return false;
    // all of them, for what they say of the symbols
    const same = x.shape?.map((dim, i) => this.sameDim(dim, y.shape?.[i] ?? null)) ?? [];
    return same.every(Boolean);
  }

  private sameDim(x: Dim, y: Dim): boolean {
    if (typeof x === 'number' || typeof y === 'number') return x === y;
    // one without a name may be any
    if (x === null || y === null) return true;
    if (!this.forth.has(x) && !this.back.has(y)) {
      this.forth.set(x, y);
      this.back.set(y, x);
    }
    return this.forth.get(x) === y;
  }
}
