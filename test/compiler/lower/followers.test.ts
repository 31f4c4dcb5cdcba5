/**
 * States that follow others: whichever of them a strategy reads, in every form it is given what was kept so many
 * writes ago, or the first where there were fewer.
 */
import { describe, expect, test } from 'vitest';
import type { PlainSite } from '../../../src/compiler/plan/index.js';
import type { Value } from '../../../src/model/ir/value.js';
import { compileSites, EMITS, openSession, ort, scheduleOf } from '../../helpers/compile.js';
import { modelOf, named } from '../../helpers/text.js';

/** By how many writes they are behind. */
const STATES = ['last', 'before', 'first'];
const ROWS = 'compute past compute past past compute past compute past'.split(' ');

function compile(reads: readonly string[], emit: (typeof EMITS)[number]) {
  const model = modelOf('g (float[1] x) => (float[1] y) { f = Neg (x) y = Sub (f, x) }');
  const f = named(model, 'f');
  const plain = { description: '', reads: [], writes: {} };
  const site: PlainSite = {
    id: 's',
    description: '',
    outputs: [f],
    states: STATES.map((id, k) => ({ id, like: f, ...(k > 0 && { follows: STATES[k - 1]! }) })),
    strategies: {
      compute: { ...plain, name: 'compute', writes: { last: (b) => b.value(f) } },
      past: {
        ...plain,
        name: 'past',
        reads,
        produce: (b) => [
          reads
            .map((id): Value => b.state(id))
            .reduce((left, right) => b.add({ opType: 'Add', inputs: [left, right] })),
        ],
      },
    },
  };
  return compileSites(
    model,
    [site],
    ROWS.map((name) => [name]),
    emit,
  );
}

function interpret(reads: readonly string[]): number[] {
  const written: number[] = [];
  return ROWS.map((name, x) => {
    if (name === 'compute') written.push(-x);
    const back = (id: string) => written[Math.max(0, written.length - 1 - STATES.indexOf(id))]!;
    const f = name === 'compute' ? -x : reads.reduce((sum, id) => sum + back(id), 0);
    return f - x + 0;
  });
}

describe.each([
  [['last'], 1],
  [['before'], 2],
  [['first'], 3],
  [['last', 'first'], 3],
  [['first', 'before'], 3],
  [['last', 'before', 'first'], 3],
])('of %j', (reads, held) => {
  test.each(EMITS)('%s', async (emit) => {
    const compilation = compile(reads, emit);
    expect(Object.keys(scheduleOf(compilation).states)).toEqual(STATES.slice(0, held));
    const session = await openSession(compilation);
    const results: number[] = [];
    for (const x of ROWS.keys()) {
      const { y } = await session.run({ x: new ort.Tensor('float32', [x], [1]) });
      results.push((y!.data[0] as number) + 0);
    }
    await session.release();
    expect(results).toEqual(interpret(reads));
  });
});
