/** Main branches and skips that come to their Concat by more than a wire: scaled, added to, in parts, inside of a block. */
import { describe, expect, test } from 'vitest';
import { analyze, joinsOf, refusalOf } from '../../helpers/unet-lines.js';

describe('a main branch in two parts, one of them scaled by a mean over all (FreeU)', () => {
  const parts = (h: string) => `
    s${h} = ReduceMean <axes = [1, 2, 3]> (${h})
    a${h} = Mul (${h}, s${h})
    b${h} = Relu (${h})`;
  const net = (inner: string, outer: string) => `
    [c] e1 = x
    [c] e2 = e1
    [c] mid = e2
    ${parts('mid')}
    l2 = Neg (e2)
    [j] j2 = ${inner}
    [c] d2 = j2
    ${parts('d2')}
    [j] j1 = ${outer}
    [c] out = j1`;

  test.each([
    ['amid, bmid, l2', 'ad2, bd2, e1'],
    ['l2, amid, bmid', 'ad2, e1, bd2'],
  ])('%s', (inner, outer) => {
    expect(joinsOf(analyze(net(inner, outer)))).toEqual([
      [1, 'j1', 'd2', 'e1'],
      [2, 'j2', 'mid', 'l2'],
    ]);
  });

  test('beside two skips is none', () => {
    expect(refusalOf(analyze(net('amid, bmid, l2, e2', 'd2, e2, e1')))).toMatch(
      /j1: it joins 3 computed values, of which 2 are no main branch: a join has one skip/,
    );
  });
});

describe('skips to which something is added that the main branch has not gone through', () => {
  /** A second encoder over latent and condition, of which each map is added to a skip of the U-Net's. */
  const controlled = (added2 = 'g2 = Mul (z2, t)\n r2 = Add (e2, g2)') => `
    i = Add (x, c)
    [c] k1 = i
    [c] k2 = k1
    [c] k3 = k2
    [c] z1 = k1
    [c] z2 = k2
    [c] z3 = k3
    [c] e1 = x
    [c] e2 = e1
    [c] e3 = e2
    m = Add (e3, z3)
    ${added2}
    [j] j2 = m, r2
    [c] d2 = j2
    r1 = Add (z1, e1)
    [j] j1 = r1, d2
    [c] out = j1`;

  test('by layers beside the encoder, as a ControlNet in the same file does', () => {
    expect(joinsOf(analyze(controlled()))).toEqual([
      [1, 'j1', 'd2', 'r1'],
      [2, 'j2', 'm', 'r2'],
    ]);
  });

  test('is none where layers of its own read the skip, and that is said', () => {
    const found = analyze(controlled('[c] s2 = e2\n r2 = Add (e2, s2)'));
    expect(joinsOf(found)).toEqual([[1, 'j1', 'd2', 'r1']]);
    expect(found.isUnet && found.passedOver).toEqual([
      { node: 'j2', reason: expect.stringMatching(/both inputs hold work of their own/) },
    ]);
  });

  test('a gate of the timestep', () => {
    const gated = `
      [c] e1 = x
      [c] mid = e1
      [c] gate = t
      g = Sigmoid (gate)
      s = Mul (g, e1)
      [j] j1 = mid, s
      [c] out = j1`;
    expect(joinsOf(analyze(gated))).toEqual([[1, 'j1', 'mid', 's']]);
  });

  test('a gate of the main branch and the skip, as in Attention U-Net', () => {
    const gate = (main: string, skip: string, i: number) => `
      [c] q${i} = ${main}
      [c] k${i} = ${skip}
      a${i} = Add (q${i}, k${i})
      [c] l${i} = a${i}
      g${i} = Sigmoid (l${i})
      s${i} = Mul (${skip}, g${i})
      [j] j${i} = ${main}, s${i}`;
    const net = `
      [c] e1 = x
      [c] e2 = e1
      [c] mid = e2
      ${gate('mid', 'e2', 2)}
      [c] d2 = j2
      ${gate('d2', 'e1', 1)}
      [c] out = j1`;
    expect(joinsOf(analyze(net))).toEqual([
      [1, 'j1', 'd2', 'e1'],
      [2, 'j2', 'mid', 'e2'],
    ]);
  });

  test('a decoder that enlarges its map to the size of such a skip has not gone through it', () => {
    const sized = controlled().replace(
      '[j] j1 = r1, d2',
      'size = Shape (r1)\nv2 = Resize <mode = "nearest"> (d2, , , size)\n[j] j1 = r1, v2',
    );
    expect(joinsOf(analyze(sized)).map(([branch, node]) => [branch, node])).toEqual([
      [1, 'j1'],
      [2, 'j2'],
    ]);
  });
});

test('a join inside of a block is cut where the block begins', () => {
  // x + channelwise(cat(depthwise(x), skip)), as in Stable Cascade
  const block = (x: string, skip: string, i: number) => `
    [c] w${i} = ${x}
    [j] j${i} = w${i}, ${skip}
    [c] f${i} = j${i}
    o${i} = Add (f${i}, ${x})`;
  const found = analyze(`
    [c] e1 = x
    [c] e2 = e1
    [c] e3 = e2
    [c] u2 = e3
    ${block('u2', 'e2', 2)}
    [c] u1 = o2
    ${block('u1', 'e1', 1)}
    [c] out = o1`);
  expect(joinsOf(found)).toEqual([
    [1, 'j1', 'u1', 'e1'],
    [2, 'j2', 'u2', 'e2'],
  ]);
});
