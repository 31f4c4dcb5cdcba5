/** What sites claim of attention and of what stays the same, on graphs written out, through the schedule. */
import { describe, expect, test } from 'vitest';
import { wrongScores } from '../../../../src/evidence/measure/claims/attention.js';
import { DataFlow } from '../../../../src/evidence/measure/claims/data-flow.js';
import { claimProblems } from '../../../../src/evidence/measure/claims/index.js';
import type { Schedule } from '../../../../src/runtime/schedule/index.js';
import { modelOf, named } from '../../../helpers/text.js';

type Site = NonNullable<Schedule['sites']>[string];

const model = (nodes: string, outputs: readonly string[] = ['y']) =>
  modelOf(
    `g (float[4,4] x, float[4,4] c, float t, float[4,4] spare) => (${outputs.map((name) => `float[4,4] ${name}`).join(', ')})
    < float[4,4] w = {${Array(16).fill(1)}}, float[4,4] spare = {${Array(16).fill(2)}}, int64[2] flat = {4, 4} > { ${nodes} }`,
  );

const problems = (
  site: Partial<Site>,
  nodes: string,
  outputs?: readonly string[],
  roles: Schedule['source']['roles'] = { latent: 'x', timestep: 't' },
) =>
  claimProblems(
    {
      sites: { a: { strategies: ['compute'], ...site } },
      source: { roles },
    } as unknown as Schedule,
    model(nodes, outputs),
  );

const ATTENTION = `k = Transpose (x) s = MatMul (x, k) l = Mul (s, w) p = Softmax (l) m = MatMul (p, c)
  o = MatMul (m, w) h = Add (x, o) y = Relu (h)`;

describe('an attention', () => {
  const at = (values: string[], attention: object) => ({
    values,
    attention: { mixed: 'm', window: { tokens: 1 }, ...attention },
  });

  test.each<[what: string, values: string[], attention: object, nodes: string, outputs?: string[]]>(
    [
      ['with scores and product', ['o'], { scores: 'l' }, ATTENTION],
      ['whose module ends in the product itself', ['m'], {}, ATTENTION],
      ['of several values, one of which the product is in', ['x', 'o'], {}, ATTENTION],
      ['whose value is an output', ['o'], {}, ATTENTION, ['y', 'o']],
      ['of one operator, which has no scores', ['o'], { scores: undefined }, ATTENTION],
      [
        'by other names of the values',
        ['o2'],
        { mixed: 'm2', scores: 'l2' },
        'a = Relu (x) l = Add (a, c) l2 = Identity (l) l3 = Identity (l2) p = Softmax (l3) m = MatMul (p, c) m1 = Identity (m) m2 = Identity (m1) o = MatMul (m2, w) o1 = Identity (o) o2 = Identity (o1) y = Relu (o2)',
      ],
      [
        'by another name of the value, which the others do not read',
        ['o2'],
        {},
        `${ATTENTION} o1 = Identity (o) o2 = Identity (o1)`,
        ['y', 'o2'],
      ],
      [
        'a name of which is not there, which is the reference’s to say',
        ['o'],
        { mixed: 'gone', scores: 'gone' },
        ATTENTION,
      ],
    ],
  )('%s', (_, values, attention, nodes, outputs) => {
    expect(problems(at(values, attention), nodes, outputs)).toEqual([]);
  });

  test.each<
    [
      what: string,
      values: string[],
      attention: object,
      nodes: string,
      outputs: string[],
      key: string,
      says: RegExp,
    ]
  >([
    [
      'whose product is of none of its values',
      ['p'],
      {},
      ATTENTION,
      ['y'],
      'mixed',
      /none of its values depends on "m"/,
    ],
    [
      'whose product is read beside its values',
      ['o'],
      {},
      ATTENTION.replace('Add (x, o)', 'Add (m, o)'),
      ['y'],
      'mixed',
      /"m" reaches "y" past/,
    ],
    [
      'whose product is an output beside its values',
      ['o'],
      {},
      ATTENTION,
      ['y', 'm'],
      'mixed',
      /"m" reaches "m" past/,
    ],
    [
      'whose scores no Softmax reads',
      ['o'],
      { scores: 's' },
      ATTENTION,
      ['y'],
      'scores',
      /no Softmax reads "s"/,
    ],
    [
      'whose scores are behind the Softmax',
      ['o'],
      { scores: 'p' },
      ATTENTION,
      ['y'],
      'scores',
      /no Softmax reads "p"/,
    ],
  ])('%s', (_, values, attention, nodes, outputs, key, says) => {
    const found = problems(at(values, attention), nodes, outputs);
    expect(found).toEqual([
      { path: `/sites/a/attention/${key}`, message: expect.stringMatching(says) },
    ]);
  });

  test('of which both are wrong', () => {
    expect(problems(at(['p'], { scores: 's' }), ATTENTION)).toHaveLength(2);
  });
});

test.each([
  ['cast', 'l2 = Cast <to = 1> (l)', true],
  ['laid out', 'l1 = Transpose (l) l2 = Reshape (l1, flat)', true],
  ['masked', 'l1 = Identity (l) l2 = Add (l1, c)', true],
  ['scaled', 'l2 = Mul (l, c)', false],
  ['bent', 'l2 = Tanh (l)', false],
  ['of which only the size is read', 'n = Shape (l) l2 = Reshape (c, n)', false],
])('scores that are %s on the way to the Softmax', (_, nodes, fine) => {
  const { graph } = model(`l = MatMul (x, w) ${nodes} p = Softmax (l2) y = MatMul (p, c)`);
  const wrong = wrongScores(new DataFlow(graph), graph.find('l')!);
  expect(wrong === undefined).toBe(fine);
});

describe('what stays the same for an image', () => {
  const KEPT =
    'a = MatMul (c, w) b = MatMul (x, w) z = Mul (b, t) n = Shape (x) r = Reshape (a, n) d = Add (spare, a) y = Add (a, z)';

  test.each<[what: string, values: string[], invariant: string[] | undefined]>([
    ['depends on the condition', ['a'], ['c']],
    ['depends on less than it says', ['a'], ['c', 'spare']],
    ['depends on sizes of the latent', ['r'], ['c']],
    ['depends on what has a default', ['d'], ['c']],
    ['depends on weights alone', ['w'], []],
    ['is not said', ['b'], undefined],
    ['is nothing that is there', ['gone'], ['c']],
  ])('holds where it %s', (_, values, invariant) => {
    expect(problems({ values, ...(invariant && { invariant }) }, KEPT)).toEqual([]);
  });

  test.each<[what: string, values: string[], invariant: string[], says: RegExp]>([
    ['depends on the latent', ['b'], ['c'], /"b" depends on "x"/],
    ['depends on both', ['y'], ['c', 'spare'], /"y" depends on/],
    ['has a second value that does', ['a', 'b'], ['c'], /"b" depends on "x"/],
    ['depends on an input that is not said', ['a'], [], /"a" depends on "c"/],
    ['says that the latent stays', ['b'], ['x', 'c'], /"x" is another one at every call/],
    ['says that the timestep stays', ['a'], ['c', 't'], /"t" is another one at every call/],
  ])('does not where it %s', (_, values, invariant, says) => {
    const [problem, second] = problems({ values, invariant }, KEPT);
    expect(second).toBeUndefined();
    expect(problem).toEqual({
      path: '/sites/a/invariant',
      message: expect.stringMatching(says),
    });
  });

  test('is not held against roles that nobody knows', () => {
    expect(problems({ values: ['b'], invariant: ['x'] }, KEPT, ['y'], {})).toEqual([]);
  });
});

describe('runs of blocks of a schedule', () => {
  const SUM = 'a = Tanh (x) h = Add (x, a) b = Tanh (c) k = Add (c, b) y = Mul (h, k)';
  const run = (from: string, to: string) => ({ from, to, keeps: 'deviation' as const });

  test('are held against the graph, by strategy and stream', () => {
    expect(problems({ ranges: { delta: run('x', 'h') } }, SUM)).toEqual([]);
    expect(problems({ ranges: { delta: [run('x', 'h'), run('c', 'k')] } }, SUM)).toEqual([]);
    const wrong = problems(
      { ranges: { fine: run('x', 'h'), delta: [run('x', 'h'), run('a', 'k')] } },
      SUM,
    );
    expect(wrong).toEqual([
      {
        path: '/sites/a/ranges/delta',
        message: expect.stringMatching(/is no run of blocks: "k" is not "a"/),
      },
    ]);
  });

  test.each([
    ['gone', 'h'],
    ['x', 'gone'],
  ])('from %s to %s are the reference’s to say', (from, to) => {
    expect(problems({ ranges: { delta: run(from, to) } }, SUM)).toEqual([]);
  });

  test('without sites there is nothing to hold', () => {
    expect(claimProblems({ source: {} } as Schedule, model(SUM))).toEqual([]);
  });
});

test('a result that is left out is not there', () => {
  const { graph } = modelOf(`g (float[4] x) => (float[4] y) {
    a, , b = Split <axis = 0> (x) y = Add (a, b)
  }`);
  const flow = new DataFlow(graph);
  expect(flow.behind([graph.find('x')!])).toEqual(
    new Set(['x', 'a', 'b', 'y'].map((name) => graph.find(name))),
  );
});

test('what a graph inside a node reads is read by the node', () => {
  const { graph } = modelOf(`g (float[2] x, bool go) => (float[2] y) {
    a = Tanh (x)
    y = If (go) <then_branch = t () => (float[2] o1) { o1 = Neg (a) }, else_branch = e () => (float[2] o2) { o2 = Identity (x) }>
  }`);
  const flow = new DataFlow(graph);
  const [a, x, y] = ['a', 'x', 'y'].map((name) => named({ graph } as never, name));
  expect([...flow.behind([a!])]).toEqual([a, y]);
  expect(flow.before([y!])).toEqual(new Set([y, graph.find('go'), a, x]));
  expect(flow.behind([x!], new Set([a!]))).toEqual(new Set([x, a, y]));
  expect(flow.before([y!], new Set([y!]))).toEqual(new Set([y]));
});
