/**
 * Which graphs are U-Nets, and what is said of those that are not: the condition that failed and the
 * node where it did.
 */
import { describe, expect, test } from 'vitest';
import { analyzeUnet } from '../../../src/compiler/analysis/index.js';
import { inferShapes } from '../../../src/model/shape/index.js';
import { modelOf } from '../../helpers/text.js';
import { analyze, joinsOf, refusalOf } from '../../helpers/unet-lines.js';

const THREE_LEVELS = `
  [c] e1 = x
  [c] e2 = e1
  [c] e3 = e2
  [c] mid = e3
  [j] j3 = mid, e3
  [c] d3 = j3
  [j] j2 = d3, e2
  [c] d2 = j2
  [j] j1 = d2, e1
  [c] out = j1
`;

describe('U-Nets', () => {
  test('three levels, numbered from the outermost', () => {
    expect(joinsOf(analyze(THREE_LEVELS))).toEqual([
      [1, 'j1', 'd2', 'e1'],
      [2, 'j2', 'd3', 'e2'],
      [3, 'j3', 'mid', 'e3'],
    ]);
  });

  test('skips joined in the other order, as they come or mixed', () => {
    const swapped = THREE_LEVELS.replace('d3, e2', 'e2, d3').replace('d2, e1', 'e1, d2');
    expect(joinsOf(analyze(swapped))).toEqual(joinsOf(analyze(THREE_LEVELS)));
  });

  test('a condition concatenated to the latent at the input is no skip', () => {
    const conditioned = THREE_LEVELS.replace('[c] e1 = x', '[j] input = x, c\n[c] e1 = input');
    expect(joinsOf(analyze(conditioned))).toEqual(joinsOf(analyze(THREE_LEVELS)));
  });

  test('nor is one that went through layers of its own', () => {
    const encoded = THREE_LEVELS.replace(
      '[c] e1 = x',
      '[c] hint1 = c\n[c] hint = hint1\n[j] input = hint, x\n[c] e1 = input',
    );
    expect(joinsOf(analyze(encoded))).toEqual(joinsOf(analyze(THREE_LEVELS)));
  });

  test('residuals added to the skips from outside, as ControlNet does', () => {
    const controlled = THREE_LEVELS.replace(
      '[j] j3 = mid, e3',
      'r3 = Add (e3, c)\n[j] j3 = mid, r3',
    )
      .replace('[j] j2 = d3, e2', 'r2 = Add (e2, c)\n[j] j2 = d3, r2')
      .replace('[j] j1 = d2, e1', 'r1 = Add (e1, c)\n[j] j1 = d2, r1');
    expect(
      joinsOf(analyze(controlled)).map(([branch, node, main]) => [branch, node, main]),
    ).toEqual(joinsOf(analyze(THREE_LEVELS)).map(([branch, node, main]) => [branch, node, main]));
  });

  test('residual blocks, a timestep in every block, and a multi-branch block inside', () => {
    expect(
      joinsOf(
        analyze(`
          [c] emb = t
          [c] e1 = x
          a1 = Add (e1, emb)
          [c] e2a = a1
          e2 = Add (e2a, e1)
          [c] wide = e2
          [c] narrow = e2
          [j] inception = wide, narrow
          [c] mid = inception
          [j] j2 = mid, e2
          [c] d2a = j2
          d2 = Add (d2a, emb)
          [j] j1 = d2, e1
          [c] out = j1
        `),
      ),
    ).toEqual([
      [1, 'j1', 'd2', 'e1'],
      [2, 'j2', 'mid', 'e2'],
    ]);
  });

  test('two skips of one level, as two blocks of a decoder take them', () => {
    expect(
      joinsOf(
        analyze(`
          [c] e1 = x
          [c] e2 = e1
          [c] mid = e2
          [j] j2 = mid, e2
          [c] d2 = j2
          [j] j1 = d2, e1
          [c] out = j1
        `),
      ).length,
    ).toBe(2);
  });

  test('a branch around which something deeper leaks is refused, with the others kept', () => {
    const leaking = analyze(THREE_LEVELS.replace('[c] out = j1', '[c] o = j1\nout = Add (o, d3)'));
    expect(joinsOf(leaking).map(([branch]) => branch)).toEqual([2, 3]);
    expect(leaking.isUnet && leaking.refused).toMatchObject([
      {
        branch: 1,
        node: 'j1',
        reason: expect.stringMatching(/the deeper Concat "j3" by another way than through "d2"/),
      },
    ]);
  });
});

describe('a leak two joins deep', () => {
  // what lies between j3 and d3 reaches the output past d2 and d3, and j2 and d3 themselves do not
  const leaking = analyze(
    THREE_LEVELS.replace('[c] d3 = j3', '[c] d3a = j3\n[c] d3 = d3a').replace(
      '[c] out = j1',
      '[c] o = j1\nout = Add (o, d3a)',
    ),
  );

  test('is cut where it leaves the main branch, and refuses what no value holds', () => {
    expect(joinsOf(leaking)).toEqual([
      [2, 'j2', 'd3a', 'e2'],
      [3, 'j3', 'mid', 'e3'],
    ]);
    expect(leaking.isUnet && leaking.refused.map(({ branch, reason }) => [branch, reason])).toEqual(
      [[1, expect.stringMatching(/the deeper Concat "j3" by another way than through "d2"/)]],
    );
  });
});

describe('graphs that are none', () => {
  test('a plain stack of layers', () => {
    expect(refusalOf(analyze('[c] a = x\n[c] b = a\n[c] out = b'))).toMatch(/it has no Concat/);
  });

  test('nothing that multiplies', () => {
    expect(refusalOf(analyze('a = Neg (x)\nout = Add (a, c)'))).toMatch(/no convolution/);
  });

  test('a multi-layer perceptron over vectors', () => {
    const model = modelOf(`g (float[N,1] x, float[N,1] c) => (float[N,8] out)
    <float[2,1] w1 = {1, 1}, float[1,8] w2 = {1, 1, 1, 1, 1, 1, 1, 1}> {
      [both] both = Concat <axis = 1> (x, c)
      [one] one = MatMul (both, w1)
      [two] two = Relu (one)
      [out] out = MatMul (two, w2)
    }`);
    expect(refusalOf(analyzeUnet(model.graph, inferShapes(model)))).toMatch(
      /both: its values have rank 2, so they are no feature maps/,
    );
  });

  test('a DenseNet: every skip comes out of the Concat before', () => {
    const refusal = refusalOf(
      analyze(`
        [c] a = x
        [c] f1 = a
        [j] c1 = a, f1
        [c] f2 = c1
        [j] c2 = c1, f2
        [c] f3 = c2
        [j] out = c2, f3
      `),
    );
    expect(refusal).toMatch(/^out \| the skip of this Concat comes out of the decoder/);
    expect(refusal).toMatch(/"c[12]"/);
  });

  test('two encoders joined by one decoder', () => {
    const refusal = refusalOf(
      analyze(`
        [c] a1 = x
        [c] a2 = a1
        [c] b1 = c
        [c] b2 = b1
        [j] j2 = a2, b2
        [c] d2 = j2
        [j] j1a = a1, b1
        [c] m1 = j1a
        out = Add (d2, m1)
      `),
    );
    expect(refusal).toMatch(/j1a: both inputs hold work of their own \("a1" and "b1"\)/);
    expect(refusal).toMatch(/j2: both inputs hold work of their own \("a1" and "b1"\)/);
  });

  test('skips that are added, not concatenated', () => {
    expect(
      refusalOf(
        analyze(`
          [c] e1 = x
          [c] e2 = e1
          [c] mid = e2
          s2 = Add (mid, e2)
          [c] d2 = s2
          s1 = Add (d2, e1)
          [c] out = s1
        `),
      ),
    ).toMatch(/it has no Concat, so no skip connection joins an encoder to a decoder/);
  });

  test('skips that cross instead of nesting', () => {
    const refusal = refusalOf(
      analyze(`
        [c] e1 = x
        [c] e2 = e1
        [c] e3 = e2
        [c] mid = e3
        [j] j1 = mid, e1
        [c] d1 = j1
        [j] j2 = d1, e2
        [c] out = j2
      `),
    );
    expect(refusal).toMatch(/^j2 \| its skip holds "e2".*"j1".*do not nest/);
  });

  test('an ensemble: two U-Nets side by side', () => {
    const one = (p: string) => `
      [c] ${p}e1 = x
      [c] ${p}mid = ${p}e1
      [j] ${p}j = ${p}mid, ${p}e1
      [c] ${p}out = ${p}j`;
    const refusal = refusalOf(analyze(`${one('a')}\n${one('b')}\nout = Add (aout, bout)`));
    expect(refusal).toMatch(
      /^bj \| its main branch does not go through the Concat before it, "aj"/,
    );
  });

  test('more than two feature maps at once', () => {
    expect(
      refusalOf(analyze('[c] a = x\n[c] b = a\n[c] d = b\n[j] e = a, b, d\n[c] out = e')),
    ).toMatch(/e: it joins 3 computed values, of which 2 are no main branch: a join has one skip/);
  });

  test('a skip that no layer has made', () => {
    expect(refusalOf(analyze('[c] mid = x\n[j] j = mid, x\n[c] out = j'))).toMatch(
      /j: its skip comes from no layer of the encoder/,
    );
  });

  test('two views of one value', () => {
    expect(
      refusalOf(analyze('[c] a = x\nb = Relu (a)\nd = Neg (a)\n[j] e = b, d\n[c] out = e')),
    ).toMatch(/e: neither input went through layers that the other did not/);
  });

  test('more joins than are told of: the last three', () => {
    const joins = [1, 2, 3, 4].map((i) => `[j] j${i} = m${i - 1}, x\n[c] m${i} = j${i}`);
    const refusal = refusalOf(analyze(`[c] m0 = x\n${joins.join('\n')}\nout = Relu (m4)`));
    expect(refusal).toMatch(/^none of its Concat nodes joins a skip/);
    expect(refusal.match(/j\d: /g)).toEqual(['j2: ', 'j3: ', 'j4: ']);
  });
});
