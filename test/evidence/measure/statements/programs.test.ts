/** What a schedule says of its programs as a whole: each form fits some programs, and no others. */
import { describe, expect, test } from 'vitest';
import { passesWith } from '../../../../passes/table.js';
import { programProblems } from '../../../../src/evidence/measure/statements/programs.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';

const KNOWN = passesWith().strategies;

describe('programs', () => {
  const run = (model: string, constants = false) => ({
    model,
    ...(constants && { constants: { go: { type: 'bool', shape: [], data: [1] } } }),
  });
  const problems = (emit: string, programs: Record<string, object[]>) => {
    const runs = Object.values(programs).flat() as { model: string }[];
    const models = Object.fromEntries(runs.map(({ model }) => [model, {}]));
    const entries = Object.entries(programs).map(([name, list]) => [name, { runs: list }]);
    return programProblems(
      {
        emit,
        models,
        programs: Object.fromEntries(entries),
        states: {},
        source: {},
        calls: [],
      } as unknown as Schedule,
      KNOWN,
      undefined,
    ).map(({ path }) => path);
  };

  test.each<[programs: Record<string, object[]>, forms: string[]]>([
    [{ a: [run('a')], b: [run('b')] }, ['split', 'chain']],
    [{ a: [run('a')], b: [run('a')] }, ['split', 'merged', 'chain']],
    [{ a: [run('a', true)], b: [run('a', true)] }, ['merged']],
    [{ a: [run('a')], b: [run('a', true)] }, ['merged']],
    [{ a: [run('a', true)], b: [run('b')] }, []],
    [{ a: [run('a'), run('b')], b: [run('b')] }, ['chain']],
    [{ a: [run('a'), run('a')], b: [run('a')] }, ['chain']],
    [{ a: [{ model: 'a', constants: {} }] }, ['split', 'merged', 'chain']],
  ])('of %j are of the forms %j', (programs, forms) => {
    const fitting = ['split', 'merged', 'chain'].filter(
      (emit) => problems(emit, programs).length === 0,
    );
    expect(fitting).toEqual(forms);
    expect(problems('other', programs)).toEqual(['/emit']);
  });

  test('use every state', () => {
    const states = { read: {}, kept: {}, idle: {}, spare: {} };
    const runs = [
      { model: 'm', reads: { i: 'read' }, writes: { kept: 'o' }, unused: { u: 'idle' } },
    ];
    expect(
      programProblems(
        {
          emit: 'split',
          models: { m: {} },
          programs: { p: { runs } },
          states,
          source: {},
          calls: ['p'],
        } as unknown as Schedule,
        KNOWN,
        undefined,
      ),
    ).toEqual([{ path: '/states/spare', message: 'is of no program' }]);
  });

  test.each([
    [undefined, undefined, undefined],
    ['cpu', 'cpu', undefined],
    ['cpu', undefined, 'says cpu, where report.json says nothing'],
    [undefined, 'cpu', 'says nothing, where report.json says cpu'],
    ['cpu', 'gpu', 'says cpu, where report.json says gpu'],
  ])('for %s are of a report for %s', (target, report, message) => {
    const schedule = {
      emit: 'chain',
      target,
      models: {},
      programs: {},
      states: {},
      source: {},
      calls: [],
    };
    expect(programProblems(schedule as unknown as Schedule, KNOWN, report)).toEqual(
      message === undefined ? [] : [{ path: '/target', message }],
    );
  });

  /** One program of one call; `pairs` is what it says of itself. */
  const paired = (
    strategies: string[],
    pairs: boolean | undefined,
    mode?: string,
    outer: string[] = [],
  ) =>
    programProblems(
      {
        emit: 'split',
        models: { m: {} },
        states: {},
        source: mode ? { guidance: { order: 'cond-first', mode } } : {},
        calls: strategies.map(() => 'p'),
        programs: { p: { runs: [run('m')], ...(pairs !== undefined && { pairs }) } },
        sites: { a: { strategies }, ...(outer.length > 0 && { b: { strategies: outer } }) },
      } as unknown as Schedule,
      KNOWN,
      undefined,
    ).map(({ path }) => path);
  const WRONG = ['/programs/p/pairs'];

  test.each<
    [
      what: string,
      strategies: string[],
      pairs: boolean | undefined,
      mode: string | undefined,
      outer: string[],
      found: string[],
    ]
  >([
    ['shares, and says no', ['guidance-share'], false, 'batch', [], WRONG],
    ['shares, and says so', ['guidance-share'], true, 'batch', [], []],
    ['shares, and does not say', ['guidance-share'], undefined, 'batch', [], []],
    ['shares under a window, and says no', ['window+guidance-share'], false, 'batch', [], WRONG],
    ['shares at one of its calls', ['compute', 'guidance-share'], false, 'batch', [], WRONG],
    ['does not share', ['compute', 'window'], false, 'batch', [], []],
    ['shares between calls', ['compute', 'guidance-share'], false, 'two-calls', [], []],
    ['shares without pairs', ['guidance-share'], false, undefined, [], []],
    ['shares beside what computes', ['guidance-share'], false, 'batch', ['compute'], WRONG],
    ['shares inside of what may be replaced', ['guidance-share'], false, 'batch', ['reuse'], []],
    ['shares inside of what may be left out', ['guidance-share'], false, 'batch', ['zero'], []],
    ['shares inside of a run of blocks', ['guidance-share'], false, 'batch', ['delta'], []],
    ['shares beside what nobody knows', ['guidance-share'], false, 'batch', ['other'], []],
  ])('a program that %s', (_, strategies, pairs, mode, outer, found) => {
    expect(paired(strategies, pairs, mode, outer)).toEqual(found);
  });
});
