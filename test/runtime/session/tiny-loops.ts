/** Bundles of the same source with histories and parameters, and with guidance, and what they give. */
import { withRoles } from './tiny-bundles.js';
import {
  bundle,
  DEEP,
  DEEP_IN,
  doubled,
  encode,
  FLOAT,
  type Info,
  join_,
  node,
  onnx,
  T,
  type TinyBundle,
  two,
  X,
  Y,
} from './tiny-models.js';

/**
 * The last two values of y = 2 x + t, weighed anew at each call: full computes, shallow is last * w0 + before * w1 + t. Both
 * begin at (1, 1), and are of one row.
 */
export function remembering(
  calls: readonly string[] = ['shallow', 'full', 'full', 'shallow', 'full', 'shallow'],
): TinyBundle {
  const row: Info[] = [
    ['last', FLOAT, [1, 2]],
    ['before', FLOAT, [1, 2]],
  ];
  const weights: Info[] = [
    ['w0', FLOAT, [1]],
    ['w1', FLOAT, [1]],
  ];
  const weighed = [
    node('Mul', ['last', 'w0'], ['a']),
    node('Mul', ['before', 'w1'], ['b']),
    node('Add', ['a', 'b'], ['c']),
    node('Add', ['c', 't'], ['y']),
  ];
  const { schedule, files } = bundle({
    emit: 'split',
    models: {
      full: encode([X, T], [Y, DEEP], [doubled, node('Add', ['deep', 't'], ['y'])], [two()]),
      shallow: encode([T, ...row, ...weights], [Y], weighed),
    },
    full: [{ model: 'full', writes: { last: 'deep' } }],
    shallow: [
      {
        model: 'shallow',
        reads: { last: 'last', before: 'before' },
        parameters: { w0: 'w0', w1: 'w1' },
      },
    ],
  });
  const state = { type: 'float32' as const, shape: [1, 2], initial: [1, 1] };
  const weigh = (weight: (call: number) => number) => ({
    shape: [1],
    calls: calls.map((program, call) => (program === 'full' ? null : [weight(call)])),
  });
  return {
    files,
    schedule: {
      ...schedule,
      states: { last: state, before: { ...state, follows: 'last' } },
      parameters: { w0: weigh((call) => call + 2), w1: weigh((call) => -call) },
      calls: [...calls],
    },
  };
}

/** What the calls of `remembering` give. */
export function remembered(
  calls: readonly { x: number[]; t: number }[],
  programs: readonly string[],
): number[][] {
  let [last, before] = [
    [1, 1],
    [1, 1],
  ];
  return calls.map(({ x, t }, call) => {
    if (programs[call] === 'shallow')
      return last.map((value, i) => value * (call + 2) - before[i]! * call + t);
    [before, last] = [last, x.map((value) => 2 * value)];
    return last.map((value) => value + t);
  });
}

/**
 * Guidance in one batch, of the same source: full computes every row, shared the first half for both, and shallow reads
 * what either has left.
 */
export function guided(calls: readonly string[] = ['full', 'shared', 'full', 'full']): TinyBundle {
  const half = node('Split', ['deep'], ['first', 'second']);
  const both = node(
    'Concat',
    ['first', 'first'],
    ['pair'],
    [{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 }],
  );
  const { schedule, files } = bundle({
    emit: 'split',
    models: {
      full: encode([X, T], [Y, DEEP], [doubled, node('Add', ['deep', 't'], ['y'])], [two()]),
      shared: encode(
        [X, T],
        [Y],
        [doubled, half, both, node('Add', ['pair', 't'], ['y'])],
        [two()],
      ),
      shallow: encode([T, DEEP_IN], [Y], [join_]),
    },
    full: [{ model: 'full', writes: { deep: 'deep' } }],
    shallow: [{ model: 'shallow', reads: { deep_in: 'deep' } }],
  });
  const { full, shallow } = schedule.programs;
  return withRoles({
    files,
    schedule: {
      ...schedule,
      source: { ...schedule.source, guidance: { order: 'cond-first', mode: 'batch' } },
      programs: {
        full: { ...full!, pairs: false },
        shared: { pairs: true, runs: [{ model: 'shared' }] },
        shallow: { ...shallow!, pairs: false },
      },
      calls: [...calls],
    },
  });
}

/** As `guided`, by a rule: every other step shares, the last one never. */
export function guidedByRule(steps: number): TinyBundle {
  const shares = Array.from({ length: steps }, (_, step) => step % 2 === 1 && step < steps - 1);
  const { schedule, files } = guided(shares.map((is) => (is ? 'shared' : 'full')));
  const rule = {
    sites: ['all'],
    choices: [[['compute']], [['share']]],
    when: {
      kind: 'every' as const,
      ...{ interval: 2, warmup: 0, cooldown: 1 },
      between: [{ choice: 1 }],
    },
  };
  const rows = [
    { choices: [1], programs: [['shared']] },
    { choices: [0], programs: [['full']] },
  ];
  return {
    files,
    schedule: { ...schedule, version: 2, loop: { steps, start: 0, rules: [rule], rows } },
  };
}
