/** Calls played by the letter of docs/schedule.md: bundles small enough to compute by hand, in every form. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/compiler/emit/index.js';
import { Player } from '../../../src/evidence/measure/play.js';
import type { Schedule } from '../../../src/runtime/schedule/index.js';
import { EXACT } from '../../helpers/compile.js';
import {
  chain,
  chosen,
  expected,
  merged,
  outputIsState,
  split,
  type TinyBundle,
  writeTiny,
} from '../../runtime/session/tiny-bundles.js';
import type { Writable } from '../../tamper/tampered.js';
import { countingReleases } from './proof.js';

const floats = (data: readonly number[], dims: readonly number[]) =>
  new ort.Tensor('float32', Float32Array.from(data), dims) as never;

type Change = (schedule: Writable<Schedule>) => void;

async function open(tiny: TinyBundle, change: Change = () => {}, batch = 2) {
  const folder = await writeTiny(tiny);
  const schedule = structuredClone(tiny.schedule) as Writable<Schedule>;
  change(schedule);
  const options = {
    ort: ort as never,
    folder,
    schedule: schedule as Schedule,
    session: EXACT,
    bindings: new Map([['batch', batch]]),
  };
  return Player.open(options, Object.keys(schedule.programs));
}

/** Plays the calls of the schedule, each with inputs of its own. */
async function played(tiny: TinyBundle, change?: Change, programs = tiny.schedule.calls) {
  const player = await open(tiny, change);
  const inputs = programs.map((_, call) => ({
    x: [1, 2, 3, 4].map((x) => x + 10 * call),
    t: 0.5 * call,
  }));
  const outputs: number[][] = [];
  try {
    for (const [call, { x, t }] of inputs.entries()) {
      const { y } = await player.play(programs[call]!, {
        x: floats(x, [2, 2]),
        t: floats([t], [1]),
      });
      outputs.push([...(y!.data as Float32Array)]);
    }
  } finally {
    await player.release();
  }
  const problems = [...player.problems.values()].map((p) => `${p.path} ${p.message}`);
  return { outputs, problems, wanted: expected(inputs) };
}

describe.each(Object.entries({ split, merged, chosen, chain }))('%s', (_, make) => {
  test('gives what the plan says, and nothing is wrong with what the schedule says', async () => {
    const { outputs, problems, wanted } = await played(make());
    expect(outputs).toEqual(wanted);
    expect(problems).toEqual([]);
  });
});

test('a state takes its value when the call has ended, and keeps it', async () => {
  const { outputs } = await played(outputIsState(), undefined, ['full', 'shallow', 'shallow']);
  expect(outputs[0]).toEqual([2, 4, 6, 8]);
  expect(outputs[1]).toEqual(outputs[0]);
  expect(outputs[2]).toEqual(outputs[0]);
});

test('a state is read as it was before the call, whatever runs before wrote', async () => {
  const { outputs } = await played(
    chain(),
    ({ programs }) => {
      programs.late = {
        runs: [
          { model: 'deep', gives: { middle: 'deep' }, writes: { deep: 'deep' } },
          { model: 'join', reads: { deep_in: 'deep' } },
        ],
      };
    },
    ['full', 'late', 'shallow'],
  );
  expect(outputs).toEqual([
    [2, 4, 6, 8],
    [2.5, 4.5, 6.5, 8.5],
    // call 1 kept its own, twice 11 to 14
    [23, 25, 27, 29],
  ]);
});

test('the first run that has an output of the source gives it', async () => {
  const { outputs } = await played(
    chain(),
    ({ programs }) => {
      programs.full!.runs[1]!.gives = { first: 'y' };
      programs.full!.runs.push({ model: 'join', takes: { deep_in: 'first' } });
    },
    ['full', 'full'],
  );
  // twice, and not twice again what has t in it
  expect(outputs[1]).toEqual([11, 12, 13, 14].map((x) => 2 * x + 0.5));
});

describe('an input that nothing is said to depend on', () => {
  const lying: Change = ({ programs }) => {
    const [run] = programs.shallow!.runs;
    run!.unused = run!.reads!;
    delete run!.reads;
  };

  test.each([
    ['split', split],
    ['merged', merged],
  ])('is fed noise, which shows where it is not so: %s', async (_, make) => {
    const { outputs, wanted } = await played(make(), lying);
    expect(outputs[0]).toEqual(wanted[0]);
    // no zeros and not what was kept, and another one each time
    const [first, second] = [1, 2].map((call) => outputs[call]!.map((y) => y - 0.5 * call));
    for (const noise of [first!, second!]) {
      expect(noise.every((value) => Math.abs(value) > 1e-6 && Math.abs(value) < 8)).toBe(true);
      expect(new Set(noise).size).toBe(4);
    }
    expect(first).not.toEqual(second);
  });

  test('is of the size that is said, or that the state has, or one', async () => {
    const size = async (shape: (string | number | null)[], batch: number, programs: string[]) => {
      const player = await open(
        split(),
        (schedule) => {
          lying(schedule);
          schedule.states.deep!.shape = shape;
        },
        batch,
      );
      let y: number[] = [];
      for (const program of programs) {
        const feeds = { x: floats(Array(6).fill(1), [3, 2]), t: floats([0], [1]) };
        const given = await player.play(program, feeds);
        y = [...given.y!.dims];
      }
      await player.release();
      return y;
    };
    expect(await size(['batch', 2], 5, ['shallow'])).toEqual([5, 2]);
    expect(await size([null, 2], 5, ['shallow'])).toEqual([1, 2]);
    expect(await size([null, 2], 5, ['full', 'shallow'])).toEqual([3, 2]);
    expect(await size(['rows', 2], 5, ['full', 'shallow'])).toEqual([3, 2]);
  });

  test('may be of whole numbers, which are zeros and ones', async () => {
    const player = await open(merged(), ({ states, programs }) => {
      states.go = { type: 'bool', shape: [] };
      const [run] = programs.full!.runs;
      delete run!.constants;
      run!.unused = { compute: 'go' };
      programs.full!.runs[0]!.reads = { deep_in: 'deep' };
      programs.first = { runs: [{ ...programs.shallow!.runs[0]!, writes: { deep: 'deep' } }] };
      programs.first.runs[0]!.constants = { compute: { type: 'bool', shape: [], data: [1] } };
      delete programs.first.runs[0]!.reads;
      programs.first.runs[0]!.unused = { deep_in: 'deep' };
    });
    const feeds = { x: floats([1, 2, 3, 4], [2, 2]), t: floats([0], [1]) };
    await player.play('first', feeds);
    const others = { x: floats([0, 0, 0, 0], [2, 2]), t: floats([0], [1]) };
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const { y } = await player.play('full', others);
      seen.add((y!.data as Float32Array)[0]!);
      await player.play('first', feeds);
    }
    await player.release();
    // what was kept, or what is computed
    expect(seen).toEqual(new Set([2, 0]));
  });
});

test.each<[what: string, change: Change, problems: string[]]>([
  [
    'the type of a state',
    ({ states }) => Object.assign(states.deep!, { type: 'float16' }),
    [
      '/states/deep/type says float16, where /programs/full/runs/0/writes/deep gives float32 [2, 2]',
    ],
  ],
  [
    'the size of a state',
    ({ states }) => {
      states.deep!.shape = ['batch', 3];
    },
    [
      '/states/deep/shape says [batch, 3], where /programs/full/runs/0/writes/deep gives float32 [2, 2]',
    ],
  ],
  [
    'the axes of a state',
    ({ states }) => {
      states.deep!.shape = ['batch', 2, 1];
    },
    [
      '/states/deep/shape says [batch, 2, 1], where /programs/full/runs/0/writes/deep gives float32 [2, 2]',
    ],
  ],
  [
    'fewer axes of a state',
    ({ states }) => {
      states.deep!.shape = ['batch'];
    },
    [
      '/states/deep/shape says [batch], where /programs/full/runs/0/writes/deep gives float32 [2, 2]',
    ],
  ],
  [
    'the size of a symbol',
    ({ states }) => {
      states.deep!.shape = ['batch*2', null];
    },
    [
      '/states/deep/shape says [batch*2, ?], where /programs/full/runs/0/writes/deep gives float32 [2, 2]',
    ],
  ],
  [
    'the type of an output',
    ({ source }) => {
      source.outputs[0]!.type = 'int64';
    },
    ['/source/outputs/0/type says int64, where program "full" gives float32 [2, 2]'],
  ],
  [
    'the size of an output',
    ({ source }) => {
      source.outputs[0]!.shape = [3, 'batch'];
    },
    ['/source/outputs/0/shape says [3, batch], where program "full" gives float32 [2, 2]'],
  ],
  [
    'sizes that nobody knows',
    ({ source, states }) => {
      source.outputs[0]!.shape = ['rows', null];
      states.deep!.shape = [null, 'columns'];
    },
    [],
  ],
])('%s is held against what the engine gives', async (_, change, problems) => {
  expect((await played(split(), change)).problems).toEqual(problems);
});

test('a program without an output of the source is refused', async () => {
  const player = await open(chain(), ({ programs }) => {
    programs.shallow!.runs = [{ model: 'deep', gives: { middle: 'deep' } }];
  });
  const feeds = { x: floats([1, 2], [1, 2]), t: floats([0], [1]) };
  await expect(player.play('shallow', feeds)).rejects.toMatchObject({
    code: 'SCHEDULE_MODEL_MISMATCH',
  });
  await player.release();
});

test('a model that does not open is named, and those that did are let go', async () => {
  const tiny = split();
  const folder = await writeTiny(tiny);
  const file = path.join(folder, 'shallow.onnx');
  fs.writeFileSync(file, 'no model');
  expect(sha256(file)).not.toBe(tiny.schedule.models.shallow!.sha256);
  const { schedule } = tiny;
  const counting = countingReleases();
  const options = { ort: counting.ort, folder, schedule, session: EXACT, bindings: new Map() };
  await expect(Player.open(options, ['full', 'shallow'])).rejects.toMatchObject({
    code: 'ENGINE_REFUSED',
    message: expect.stringContaining('shallow.onnx'),
  });
  expect(counting.released()).toBe(1);
});
