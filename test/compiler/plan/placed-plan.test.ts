/**
 * Plan files in loops that they are not for, and plans for loops that begin in the middle. What is right is what the file
 * says in the loop that it is for, and what a bundle made for that loop has in the other one.
 */
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { parseSchedule, type Schedule, scheduleFor } from '../../../src/runtime/schedule/index.js';
import { openSession, scheduleOf } from '../../helpers/compile.js';
import { UNET } from '../../helpers/composed.js';

const COLUMN = ['compute', 'reuse', 'reuse', 'compute', 'reuse', 'compute', 'reuse', 'reuse'];
const PLAN = {
  format: 'stepfold.plan',
  version: 1,
  calls: COLUMN.length,
  sites: { deep: COLUMN },
} as const;
const model = loadModel(UNET);

const compile = (calls: number, options: Partial<PipelineOptions> = {}) =>
  Pipeline.create({ calls, engine: false, emit: 'merged', plan: structuredClone(PLAN), ...options })
    .use(deepcache, { branch: 2, interval: 3 })
    .compile(model);

const strategies = ({ sites }: Schedule) => sites!.deep!.strategies;

/** As it is written and read again, which checks that the rules lead to it. */
const written = async (...args: Parameters<typeof compile>) =>
  parseSchedule(scheduleOf(await compile(...args)));

describe('a plan for 8 calls', () => {
  test.each([4, 5, 12, 20])('in a loop of %i: as a bundle for 8 has it there', async (calls) => {
    const placed = await written(calls);
    const own = await written(8);
    expect(strategies(own)).toEqual(COLUMN);
    expect(strategies(placed)).toHaveLength(calls);
    expect(strategies(placed)).toEqual(strategies(scheduleFor(own, { steps: calls })));
    // and back again
    expect(strategies(scheduleFor(placed, { steps: 8 }))).toEqual(COLUMN);
  });

  test('whose last steps alone are taken: the first of them is computed', async () => {
    const placed = await written(7, { start: 1 });
    // of as many calls as there are, the plan is for these
    const own = await written(8, { start: 4 });
    expect(placed.loop).toMatchObject({ steps: 8, start: 1 });
    expect(strategies(placed)).toEqual(['compute', ...COLUMN.slice(2)]);
    expect(own.loop).toMatchObject({ steps: 12, start: 4 });
    expect(strategies(own)).toEqual(COLUMN);
    expect(strategies(scheduleFor(own, { steps: 12 }))).toEqual([
      ...Array(4).fill('compute'),
      ...COLUMN,
    ]);
  });

  test('is said to be placed, and only where it is', async () => {
    const { notes } = await compile(12);
    expect(notes.filter((note) => note.includes('8 calls'))).toEqual([
      expect.stringContaining('loop of 12'),
    ]);
    expect((await compile(8)).notes.join()).not.toContain('placed');
  });

  test('is refused where the loop is fixed, or has no whole steps of it', async () => {
    await expect(compile(12, { fixedLoop: true })).rejects.toMatchObject({ code: 'PLAN_LENGTH' });
    const turns = { order: 'cond-first', mode: 'two-calls' } as const;
    const odd = { ...PLAN, calls: 7, sites: { deep: COLUMN.slice(0, 7) } };
    await expect(compile(12, { guidance: turns, plan: odd as never })).rejects.toMatchObject({
      code: 'PLAN_LENGTH',
    });
  });

  test('leaves the sites of others to their own rule', async () => {
    const rest = { ...PLAN, sites: {} };
    const { rows } = (await compile(12, { plan: rest as never })).plan;
    expect(rows.map(([name]) => name)).toEqual(
      Array.from({ length: 12 }, (_, t) => (t % 3 === 0 ? 'compute' : 'reuse')),
    );
  });
});

test('full calls that are listed stay where they are in a loop that begins in the middle', async () => {
  const schedule = parseSchedule(
    scheduleOf(
      await Pipeline.create({ calls: 6, start: 3, engine: false })
        .use(deepcache, { branch: 2, full: [0, 4] })
        .compile(model),
    ),
  );
  const listed = ['compute', 'reuse', 'reuse', 'reuse', 'compute', 'reuse'];
  expect(strategies(schedule)).toEqual(listed);
  expect(strategies(scheduleFor(schedule, { steps: 9, start: 3 }))).toEqual(listed);
  expect(strategies(scheduleFor(schedule, { steps: 9 }))).toEqual([
    ...Array(3).fill('compute'),
    ...listed,
  ]);
});

test('calls grouped into few programs follow in the middle of a loop as well', async () => {
  const compilation = await compile(6, { start: 2, maxPrograms: 2 });
  const session = await openSession(compilation);
  expect(session.calls).toHaveLength(6);
  session.plan({ steps: 8 });
  expect(session.calls).toHaveLength(8);
  await session.release();
});
