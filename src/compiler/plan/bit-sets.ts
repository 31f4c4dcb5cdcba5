/**
 * Several sets of small integers in one array of 32-bit words, each set in words of its own. Costs one
 * word for each set of up to 32 members, and as many more as a larger one needs.
 */

/** Where each set lies: its first word, and the one behind its last. */
export interface BitLayout {
  readonly starts: readonly number[];
  readonly words: number;
}

/** @param sizes of each set, the number of members that it can have */
export function layBits(sizes: readonly number[]): BitLayout {
  let words = 0;
  const starts = sizes.map((size) => {
    const start = words;
    words += Math.ceil(size / 32);
    return start;
  });
  return { starts, words };
}

/** Puts a member into the set that starts at a word. */
export function addBit(sets: Int32Array, start: number, member: number): void {
  // the shift counts modulo 32
  sets[start + Math.floor(member / 32)]! |= 1 << member;
}

/** A set by itself. */
export function bitSet(size: number, members: Iterable<number>): Int32Array {
  const set = new Int32Array(Math.ceil(size / 32));
  for (const member of members) addBit(set, 0, member);
  return set;
}

/** Are all members of the set at `start` in this one? Written as a loop: a search asks it millions of times. */
export function covers(set: Int32Array, sets: Int32Array, start: number): boolean {
  for (let i = 0; i < set.length; i++) if ((sets[start + i]! & ~set[i]!) !== 0) return false;
  return true;
}

/** Does the set at `start` have the same members as this one? */
export function equals(set: Int32Array, sets: Int32Array, start: number): boolean {
  for (let i = 0; i < set.length; i++) if (set[i] !== sets[start + i]) return false;
  return true;
}

/** All that is in one or the other, set by set. */
export function union(a: Int32Array, b: Int32Array): Int32Array {
  const both = a.slice();
  for (let i = 0; i < both.length; i++) both[i]! |= b[i]!;
  return both;
}
