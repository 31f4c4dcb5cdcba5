/**
 * One bundle for loops of any length: what its rules lead to, held against what a compilation for that very loop
 * writes. The two share which programs there are, and nothing of how calls come to them: there strategies flow through
 * the graph from the first call to the last.
 */
import { describe, expect, test } from 'vitest';
import { passes } from '../../../passes/index.js';
import { Pipeline, type PipelineOptions } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import {
  formatSchedule,
  parseSchedule,
  type Schedule,
  scheduleFor,
} from '../../../src/runtime/schedule/index.js';
import { scheduleOf } from '../../helpers/compile.js';
import { DIT, UNET } from '../../helpers/composed.js';

type Use = readonly [pass: string, options: Record<string, unknown>];

const BATCH = { order: 'cond-first', mode: 'batch' } as const;
const TURNS = { order: 'uncond-first', mode: 'two-calls' } as const;

const CASES: Record<string, readonly [string, readonly Use[], Partial<PipelineOptions>?]> = {
  'deepcache every third': [UNET, [['deepcache', { branch: 2, interval: 3 }]]],
  'deepcache with ends and a forecast': [
    UNET,
    [['deepcache', { branch: 3, interval: 4, warmup: 3, cooldown: 2, order: 2 }]],
  ],
  'deepcache crowded': [UNET, [['deepcache', { branch: 2, interval: 3, center: 0, power: 1.2 }]]],
  'forecast, full calls evenly': [UNET, [['forecast', { 'full-calls': 5, order: 2 }]]],
  'forecast by Chebyshev': [UNET, [['forecast', { interval: 3, order: 2, basis: 'chebyshev' }]]],
  'deepcache inside a forecast': [
    UNET,
    [
      ['deepcache', { branch: 2, interval: 2, order: 1 }],
      ['forecast', { interval: 3, order: 1 }],
    ],
  ],
  'two calls a step': [
    UNET,
    [['deepcache', { branch: 2, interval: 3, order: 1 }]],
    { guidance: TURNS },
  ],
  'guidance kept as a difference': [
    UNET,
    [['guidance-delta', { interval: 3 }]],
    { guidance: BATCH },
  ],
  'guidance kept, in two calls': [UNET, [['guidance-delta', { interval: 4 }]], { guidance: TURNS }],
  'a run of blocks that changes in the middle': [
    DIT,
    [['delta-cache', { blocks: 3, interval: 2, order: 1 }]],
  ],
  'a boundary at a step': [DIT, [['delta-cache', { blocks: 3, interval: 3, boundary: 4 }]]],
  'windows that lack what full attention has': [
    DIT,
    [['ditfastattn', { strategy: 'window', interval: 3, window: 4 }]],
  ],
  'nothing but the removal of a part': [UNET, [['depth-skip', { branch: 3 }]]],
  'no pass at all': [UNET, []],
};

const LONGEST = 60;

/** What a reader of two schedules would call the same loop. */
function loopOf({ calls, programs, parameters = {}, sites = {} }: Schedule) {
  return {
    strategies: Object.fromEntries(
      Object.entries(sites).map(([id, { strategies }]) => [id, strategies]),
    ),
    reads: calls.map((name) => programs[name]!.runs.map(({ reads = {} }) => reads)),
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([id, { calls: fed }]) => [id, fed]),
    ),
  };
}

const writesOf = ({ calls, programs }: Schedule) =>
  calls.map((name) => programs[name]!.runs.flatMap(({ writes = {} }) => Object.keys(writes)));

describe.each(Object.entries(CASES))('%s', (_, [file, uses, options = {}]) => {
  const model = loadModel(file);
  const perStep = options.guidance?.mode === 'two-calls' ? 2 : 1;
  const compiled = async (steps: number, start = 0) => {
    let pipeline = Pipeline.create({
      ...options,
      calls: (steps - start) * perStep,
      start,
      engine: false,
      emit: 'merged',
    });
    for (const [pass, own] of uses) pipeline = pipeline.use(passes[pass] as never, own as never);
    return scheduleOf(await pipeline.compile(model));
  };

  test('every number of steps leads where a compilation for it does', async () => {
    const bundle = await compiled(20);
    expect(bundle.loop?.fixed).toBeUndefined();
    for (const steps of [1, 2, 3, 7, 8, 13, 21, LONGEST]) {
      let own: Schedule;
      try {
        own = await compiled(steps);
      } catch (error) {
        // an option that is too much for so short a loop is refused there, and made to fit here
        expect((error as { code: string }).code).toBe('PASS_OPTION');
        continue;
      }
      const found = scheduleFor(bundle, { steps });
      expect(loopOf(found), `${steps} steps`).toEqual(loopOf(own));
      const kept = writesOf(found);
      for (const [call, states] of writesOf(own).entries())
        expect(kept[call]).toEqual(expect.arrayContaining(states));
    }
  });

  test('a loop from step s on is one of so many steps less', async () => {
    const bundle = await compiled(20);
    for (let steps = 1; steps <= LONGEST; steps += steps < 12 ? 1 : 4)
      for (let start = 0; start < steps; start += start < 3 ? 1 : 7) {
        const found = scheduleFor(bundle, { steps, start });
        expect(loopOf(found)).toEqual(loopOf(scheduleFor(bundle, { steps: steps - start })));
        expect(found.calls).toHaveLength((steps - start) * perStep);
      }
  });
});

describe('a list that is placed in other loops', () => {
  const model = loadModel(DIT);
  const compiled = async (column: readonly string[], options: Partial<PipelineOptions> = {}) => {
    const sites = Object.fromEntries(['attention.0', 'attention.1'].map((id) => [id, [...column]]));
    const pipeline = Pipeline.create({
      calls: column.length,
      plan: { format: 'stepfold.plan', version: 1, calls: column.length, sites },
      engine: false,
      emit: 'merged',
      ...options,
    }).use(passes.ditfastattn as never, { window: 4 } as never);
    const schedule = scheduleOf(await pipeline.compile(model));
    // reading holds the rules against the list
    return parseSchedule(formatSchedule(schedule), 'schedule.json');
  };
  const KINDS = { c: 'compute', w: 'window', r: 'reuse' } as const;
  const column = (kinds: string) => [...kinds].map((kind) => KINDS[kind as keyof typeof KINDS]);
  const LIST = column('ccrrcrwrrcrrwrcrrwrr');
  const strategiesOf = ({ sites }: Schedule) => sites!['attention.0']!.strategies;

  /** Steps 0 2 5 8 11 14 17 18 of 20. */
  const FULL = column('crcrrcrrcrrcrrcrrccr');
  const ruleOf = ({ loop }: Schedule, site = 'attention.0') =>
    loop!.rules!.find(({ sites }) => sites.includes(site))!.when;

  test.each([
    ['three choices', LIST],
    ['full steps', FULL],
  ])('of %s runs there what a compilation of the placed list runs', async (_, list) => {
    const bundle = await compiled(list);
    expect(bundle.loop?.fixed).toBeUndefined();
    for (const steps of [2, 3, 8, 19, 21, 30, 50]) {
      const found = scheduleFor(bundle, { steps });
      const own = await compiled(strategiesOf(found));
      expect(loopOf(found), `${steps} steps`).toEqual(loopOf(own));
      const kept = writesOf(found);
      for (const [call, states] of writesOf(own).entries())
        expect(kept[call]).toEqual(expect.arrayContaining(states));
    }
  });

  test('keeps the share of what is full, and loses none in a shorter loop', async () => {
    const bundle = await compiled(LIST);
    const placed = (steps: number) => strategiesOf(scheduleFor(bundle, { steps }));
    // the tables of docs/schedule.md
    expect(placed(30)).toEqual(column('cccrrrcrrwrrrccrrrwwrccrrrwrrr'));
    expect(placed(8)).toEqual(column('cccwccrw'));
  });

  test('of full steps with one other choice between them, is spread apart', async () => {
    const timesteps = FULL.map((_, i) => 999 - 50 * i);
    const bundle = await compiled(FULL, { timesteps });
    expect(ruleOf(bundle)).toMatchObject({ apart: true });
    expect(ruleOf(bundle)).not.toHaveProperty('timesteps');
    expect(bundle.loop!.timesteps).toEqual(timesteps);
    // the tables of docs/schedule.md
    const placed = (steps: number) => strategiesOf(scheduleFor(bundle, { steps }));
    expect(placed(30)).toEqual(column('crcrrcrrcrrcrrcrrcrrcrrcrrcccr'));
    expect(placed(8)).toEqual(column('crrcrrcr'));
  });

  test.each([
    ['a third choice is there', 'crcrrcrrcrrcrrcrrwcr'],
    ['there is nothing else', 'ccc'],
  ])('is placed by what is nearest where %s', async (_, letters) => {
    const bundle = await compiled(column(letters));
    expect(ruleOf(bundle)).toMatchObject({ kind: 'placed' });
    expect(ruleOf(bundle)).not.toHaveProperty('apart');
  });

  test('is placed by what is nearest where it does not begin in full', async () => {
    const depth = ['zero', 'compute', 'zero', 'zero'];
    const plan = { format: 'stepfold.plan', version: 1, calls: 4, sites: { depth } } as const;
    const pipeline = Pipeline.create({ calls: 4, plan, engine: false });
    const own = pipeline.use(passes['depth-skip'] as never, { branch: 3 } as never);
    const bundle = scheduleOf(await own.compile(loadModel(UNET)));
    expect(ruleOf(bundle, 'depth')).toMatchObject({ kind: 'placed', base: [1, 0, 1, 1] });
    expect(ruleOf(bundle, 'depth')).not.toHaveProperty('apart');
  });

  test('for a loop from a later step on, is for these steps of the whole', async () => {
    const bundle = await compiled(LIST.slice(4), { start: 4 });
    expect(bundle.loop).toMatchObject({ steps: 20, start: 4 });
    expect(strategiesOf(bundle)).toEqual(LIST.slice(4));
    // nothing was found for the steps before it
    expect(strategiesOf(scheduleFor(bundle, { steps: 20 }))).toEqual([
      ...column('cccc'),
      ...LIST.slice(4),
    ]);
    const both = scheduleFor(await compiled(LIST), { steps: 30, start: 8 });
    expect(strategiesOf(scheduleFor(bundle, { steps: 30, start: 8 }))).toEqual(strategiesOf(both));
  });

  test('serves one loop alone where it begins in the middle with less than everything', async () => {
    const list = async (first: string) => {
      const listed = [first, 'compute', 'zero', 'zero'];
      const sites = { depth: listed };
      const plan = { format: 'stepfold.plan', version: 1, calls: 4, sites } as const;
      const pipeline = Pipeline.create({ calls: 4, start: 4, plan, engine: false });
      const own = pipeline.use(passes['depth-skip'] as never, { branch: 3 } as never);
      return scheduleOf(await own.compile(loadModel(UNET)));
    };
    expect((await list('compute')).loop?.fixed).toBeUndefined();
    const { loop, sites } = await list('zero');
    expect(loop?.fixed).toMatch(/call 0/);
    expect(sites!['depth']!.strategies).toEqual(['zero', 'compute', 'zero', 'zero']);
  });
});
