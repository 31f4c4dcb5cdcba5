// Seeded choices: input number `index` of a class is the same on every machine for the same seed.

/** Marsaglia's xorshift over 32 bits, started from a hash of the words (FNV-1a). */
export function createChoices(...words) {
  let state = 0x811c9dc5;
  for (const char of words.join('/'))
    state = Math.imul(state ^ (char.codePointAt(0) ?? 0), 0x01000193);
  state ||= 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  for (let i = 0; i < 8; i++) next();
  const below = (count) => next() % count;
  return {
    /** An integer from 0 to `count` - 1. */
    below,
    pick: (list) => list[below(list.length)],
    chance: (one, of) => below(of) < one,
    /** A number of things: 1 is the most frequent one, `most` the rarest. */
    few: (most) => {
      let count = 1;
      while (count < most && below(2) === 0) count++;
      return count;
    },
  };
}
