/** Plans that cannot be acted out on a source, and what is said of each. */
import { describe, expect, test } from 'vitest';
import { passesWith } from '../../../../passes/table.js';
import { makeReference } from '../../../../src/evidence/measure/reference/run.js';
import { modelOf, named } from '../../../helpers/text.js';
import { FLOAT, referenceOf, type Site, type Sites } from './blocks.js';

const TO_H1 = { from: 'x', to: 'h1', keeps: 'output' } as const;

describe('there is no reference, since the schedule', () => {
  const site = (more: Partial<Site>) => ({
    a: { strategies: ['compute', 'reuse'], values: ['h1'], ...more },
  });
  const batch = { order: 'cond-first', mode: 'batch' };
  const window = { tokens: 1 };

  test.each<[what: string, sites: Sites | undefined, says: RegExp, guidance?: object]>([
    ['has no plan', undefined, /does not say its plan/],
    [
      'names what is not there',
      site({ values: ['h1', 'gone'] }),
      /no value "gone", which site "a"/,
    ],
    [
      'names a value whose type is none',
      site({ values: ['size'] }),
      /size or type of "size", which site "a"/,
    ],
    ['names a value whose size is not known', site({ values: ['some'] }), /size or type of "some"/],
    ['names no value', site({ values: [] }), /names no value for site "a"/],
    [
      'has a strategy of its own',
      site({ strategies: ['compute', 'extrapolate'] }),
      /"extrapolate" has no reference/,
    ],
    [
      'has a strategy by a name that all objects have',
      site({ strategies: ['compute', 'toString'] }),
      /"toString" has no reference/,
    ],
    [
      'has blocks without ranges',
      site({ strategies: ['compute', 'delta'] }),
      /"delta" has no reference/,
    ],
    [
      'has a range too few',
      site({
        strategies: ['compute', 'delta', 'delta-rear'],
        ranges: { delta: TO_H1 },
      }),
      /not say what "delta-rear" replaces at site "a"/,
    ],
    [
      'has a range from what is not there',
      site({ strategies: ['compute', 'delta'], ranges: { delta: { ...TO_H1, from: 'gone' } } }),
      /no value "gone"/,
    ],
    [
      'has a range to what is not there',
      site({ strategies: ['compute', 'delta'], ranges: { delta: { ...TO_H1, to: 'gone' } } }),
      /no value "gone"/,
    ],
    [
      'shares without guidance',
      site({ strategies: ['compute', 'guidance-share'] }),
      /how guidance is shared at site "a"/,
    ],
    [
      'shares what has no rows',
      site({ strategies: ['compute', 'guidance-share'], values: ['s2'] }),
      /"s2", which site "a" records, has no rows to share/,
      batch,
    ],
    [
      'has a window nowhere',
      site({ strategies: ['compute', 'window'] }),
      /does not say where .* site "a" is/,
    ],
    [
      'has a window at what is not there',
      site({ strategies: ['compute', 'window'], attention: { mixed: 'gone', window } }),
      /no value "gone"/,
    ],
    [
      'has a window at scores that are not there',
      site({
        strategies: ['compute', 'window'],
        attention: { mixed: 'h1', scores: 'gone', window },
      }),
      /no value "gone"/,
    ],
    [
      'has a window at what is no attention',
      site({ strategies: ['compute', 'window'], attention: { mixed: 'h1', window } }),
      /nothing in the source model hides keys from "h1"/,
    ],
    [
      'has a window without a Softmax',
      site({ strategies: ['compute', 'window'], attention: { mixed: 'h2', scores: 'h1', window } }),
      /no single Softmax/,
    ],
  ])('%s', (_, sites, says, guidance) => {
    const text = FLOAT.replace('x) =>', 'x, float s) =>').replace(
      'm =',
      's2 = Neg (s) size = Shape (x) n = NonZero (x) k = Cast <to = 1> (n) some = Neg (k) m =',
    );
    const { reference } = referenceOf(text, sites, ['y'], guidance);
    expect(reference).toMatch(says);
  });

  test('but for what computes everywhere, whatever it names', () => {
    const sites = { ...site({}), b: { strategies: ['compute', 'compute'], values: ['gone'] } };
    expect(referenceOf(FLOAT, sites).reference).toBeTypeOf('object');
  });

  test('and two calls need no rows', () => {
    const text = FLOAT.replace('x) =>', 'x, float s) =>').replace('m =', 's2 = Neg (s) m =');
    const sites = { a: { strategies: ['compute', 'guidance-share'], values: ['s2'] } };
    const guidance = { order: 'cond-first', mode: 'two-calls' };
    expect(referenceOf(text, sites, ['y'], guidance).reference).toBeTypeOf('object');
  });

  test('and what is no matter of the plan is not taken for one', () => {
    const schedule = { source: { outputs: [{ name: 'y' }] }, calls: [], sites: {} };
    const model = modelOf(FLOAT);
    const { producer } = named(model, 'm');
    producer!.setInput(0, named(model, 'y'));
    const make = () => makeReference(model, schedule as never, passesWith().strategies, { x: [2] });
    expect(make).toThrow(expect.objectContaining({ code: 'GRAPH_CYCLE' }));
  });
});
