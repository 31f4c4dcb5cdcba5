/** Skips that are added, and sums that are no skip joins: by the scales between, and by how they nest. */
import { describe, expect, test } from 'vitest';
import { analyze, joinsOf, refusalOf } from '../../helpers/unet-lines.js';

/** Two levels of two skips each, joined as `join` writes it; the deepest level has a middle of its own. */
const hourglass = (join: (made: string, up: string, skip: string) => string) => `
  [c] e1 = x
  [c] e2 = e1
  [down] p1 = e2
  [c] e3 = p1
  [down] p2 = e3
  [c] mid = p2
  [up] u3 = mid
  ${join('j3', 'u3', 'e3')}
  [c] d3 = j3
  [up] u2 = d3
  ${join('j2', 'u2', 'e2')}
  [c] d2 = j2
  ${join('j1', 'd2', 'e1')}
  [c] out = j1`;

const added = (made: string, up: string, skip: string) =>
  `[${made}] ${made} = Add (${up}, ${skip})`;

const JOINS = [
  [1, 'd2', 'e1'],
  [2, 'u2', 'e2'],
  [3, 'u3', 'e3'],
];
const without = (joins: unknown[][]) => joins.map(([branch, , main, skip]) => [branch, main, skip]);

describe('joins', () => {
  test.each<[string, (made: string, up: string, skip: string) => string]>([
    ['a sum', added],
    ['a sum the other way around', (made, up, skip) => `[${made}] ${made} = Add (${skip}, ${up})`],
    [
      'a mean by one factor, as lerp is exported',
      (made, up, skip) => `
        [${made}] b${made} = Sub (${up}, ${skip})
        c${made} = Mul (b${made}, t)
        ${made} = Add (${skip}, c${made})`,
    ],
    [
      'lerp from whichever end is nearer',
      (made, up, skip) => `
        [${made}] b${made} = Sub (${up}, ${skip})
        c${made} = Mul (b${made}, t)
        l${made} = Add (${skip}, c${made})
        h${made} = Sub (${up}, c${made})
        w${made} = IsNaN (t)
        ${made} = Where (w${made}, l${made}, h${made})`,
    ],
  ])('%s', (_, join) => {
    expect(without(joinsOf(analyze(hourglass(join))))).toEqual(JOINS);
  });

  test('have no number in programs that know Concats alone', () => {
    const found = analyze(hourglass(added));
    expect(found.isUnet && found.joins.map(({ perLevel }) => perLevel)).toEqual(
      Array(3).fill(undefined),
    );
  });

  test('a mean by a gate made of both, which a Concat joins', () => {
    const found = analyze(
      hourglass(
        (made, up, skip) => `
          [j] ${made}0 = ${up}, ${skip}
          [c] ${made}1 = ${made}0
          ${made}2 = Sigmoid (${made}1)
          ${made}3 = Mul (${made}2, ${up})
          ${made}4 = Mul (${made}2, ${skip})
          ${made} = Add (${made}3, ${made}4)`,
      ),
    );
    expect(without(joinsOf(found))).toEqual(JOINS);
  });

  test('sums beside Concats, with residual blocks on both ways', () => {
    const block = (made: string, from: string) =>
      `[c] r${made} = ${from}\n${made} = Add (${from}, r${made})`;
    expect(
      without(
        joinsOf(
          analyze(`
            [c] e0 = x
            ${block('e1', 'e0')}
            [down] p1 = e1
            [c] e2a = p1
            ${block('e2', 'e2a')}
            [down] p2 = e2
            [c] m0 = p2
            ${block('mid', 'm0')}
            [up] u2 = mid
            [j] j2 = u2, e2
            [c] d2a = j2
            ${block('d2', 'd2a')}
            [up] u1 = d2
            j1 = Add (u1, e1)
            ${block('o', 'j1')}
            [c] out = o`),
        ),
      ),
    ).toEqual([
      [1, 'u1', 'e1'],
      [2, 'u2', 'e2'],
    ]);
  });
});

describe('none', () => {
  const NO_CONCAT = /it has no Concat, so no skip connection joins an encoder to a decoder/;

  test('residual connections of one scale, one within the other', () => {
    expect(
      refusalOf(
        analyze(`
          [c] a = x
          [c] b = a
          [c] d = b
          e = Add (d, b)
          [c] f = e
          g = Add (f, a)
          [c] out = g`),
      ),
    ).toMatch(NO_CONCAT);
  });

  test('a block whose keys alone are pooled', () => {
    expect(
      refusalOf(
        analyze(`
          [c] a = x
          [c] q = a
          [down] p = a
          [c] k = p
          [up] b = k
          d = Mul (q, b)
          [c] o = d
          e = Add (a, o)
          [c] out = e`),
      ),
    ).toMatch(/comes back from the coarser "k", and from "a" by a way at its own scale/);
  });

  test('a residual connection that changes scale on both ways', () => {
    expect(
      refusalOf(
        analyze(`
          [c] a = x
          [down] p = a
          [c] b = p
          [up] s = b
          [c] d = b
          [up] u = d
          [c] v = u
          e = Add (s, v)
          [c] out = e`),
      ),
    ).toMatch(NO_CONCAT);
  });

  test('one hourglass behind the other', () => {
    const one = (from: string, i: number) => `
      [down] p${i} = ${from}
      [c] m${i} = p${i}
      [up] u${i} = m${i}
      [s${i}] s${i} = Add (u${i}, ${from})`;
    expect(
      refusalOf(analyze(`[c] a = x\n${one('a', 1)}\n[c] b = s1\n${one('b', 2)}\n[c] out = s2`)),
    ).toMatch(/^s2 \| the skip of this sum comes out of the decoder \(it depends on "s1"\)/);
  });

  test('an hourglass in the encoder of a U-Net whose skips join by Concat', () => {
    expect(
      without(
        joinsOf(
          analyze(`
            [c] a = x
            [down] p = a
            [c] m = p
            [up] u = m
            e1 = Add (u, a)
            [c] mid = e1
            [j] j1 = mid, e1
            [c] out = j1`),
        ),
      ),
    ).toEqual([[1, 'mid', 'e1']]);
  });
});
