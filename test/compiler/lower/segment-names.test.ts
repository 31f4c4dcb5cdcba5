/** What the segments of a chain are called: names of files, which people read. */
import { describe, expect, test } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { compileSites } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { chainOf, siteOf, TWO_SITES } from './chains.js';

describe('a segment is called', () => {
  const nodes = (model: Model, rows: string[][], ids = ['a', 'b']) =>
    Object.keys(
      chainOf(model, [siteOf(model, ids[0]!, 'f'), siteOf(model, ids[1]!, 't')], rows).models,
    );

  test.each<[string, string[][], string[]]>([
    ['shared, where all is', [['compute', 'compute']], ['shared']],
    [
      'by the site that it computes',
      [
        ['compute', 'compute'],
        ['reuse', 'compute'],
      ],
      ['shared-1', 'a', 'shared-2'],
    ],
    [
      'by a strategy, where no site tells it',
      [
        ['compute', 'compute'],
        ['moved', 'compute'],
        ['not at all', 'compute'],
      ],
      ['shared-1', 'a', 'a-moved', 'a-not_at_all', 'shared-2'],
    ],
  ])('%s', (_, rows, names) => {
    expect(nodes(TWO_SITES(), rows)).toEqual(names);
  });

  test('by what it computes rather than by what it does not, whichever site is listed first', () => {
    const model = modelOf(
      'g (float[2] x) => (float[2] y) { f = Neg (x) t = Exp (x) y = Add (f, t) }',
    );
    const rows = [
      ['not at all', 'compute'],
      ['compute', 'not at all'],
    ];
    for (const [first, second] of [
      ['f', 't'],
      ['t', 'f'],
    ] as const) {
      const sites = [siteOf(model, first, first), siteOf(model, second, second)];
      expect(Object.keys(chainOf(model, sites, rows).models).sort()).toEqual(['f', 'shared', 't']);
    }
  });

  test('by no site that its programs do not come to', () => {
    const rows = [
      ['compute', 'compute'],
      ['compute', 'moved'],
    ];
    expect(nodes(TWO_SITES(), rows)).toContain('b-moved');
  });

  test('with the name of the graph before it, or what stands for one', () => {
    for (const [name, called] of [
      ['net', 'net.a'],
      ['', 'graph.a'],
    ] as const) {
      const model = TWO_SITES();
      model.graph.name = name;
      const { lowered } = chainOf(model, [siteOf(model, 'a', 'f')], [['compute'], ['reuse']]);
      expect(lowered.models.get('a')!.graph.name).toBe(called);
    }
  });

  test('by the site, with what no file should be called left out', () => {
    const rows = [
      ['compute', 'compute'],
      ['reuse', 'compute'],
    ];
    expect(nodes(TWO_SITES(), rows, ['a/b: c', 'b'])).toEqual(['shared-1', 'a_b_c', 'shared-2']);
  });

  test('a part, where programs need it that have nothing in common', () => {
    const model = modelOf(`g (float[2] x) => (float[2] y) {
      both = Exp (x)
      f = Neg (both)
      t = Abs (both)
      y = Add (f, t)
    }`);
    const sites = [siteOf(model, 'a', 'f'), siteOf(model, 'b', 't')];
    const { models } = chainOf(model, sites, [
      ['compute', 'compute'],
      ['reuse', 'compute'],
      ['compute', 'reuse'],
      ['reuse', 'reuse'],
    ]);
    expect(models).toEqual({
      part: 'x > Exp > both',
      a: 'both > Neg > f',
      b: 'both > Abs > t',
      shared: 'f,t > Add > y',
    });
  });
});

test('models of whole programs are called by them, behind the name of the graph', () => {
  for (const [name, called] of [
    ['net', 'net.full'],
    ['', 'graph.full'],
  ] as const) {
    const model = TWO_SITES();
    model.graph.name = name;
    const rows = [['compute'], ['reuse']];
    const { lowered } = compileSites(model, [siteOf(model, 'a', 'f')], rows, 'split');
    expect(lowered.models.get('full')!.graph.name).toBe(called);
  }
});
