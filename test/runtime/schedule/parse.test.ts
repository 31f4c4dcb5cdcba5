/** What a reader refuses, and that the message names the place. */

import { describe, expect, it } from 'vitest';
import { StepfoldError } from '../../../src/errors/index.js';
import {
  checkSchedule,
  formatSchedule,
  parsePipelineConfig,
  parsePlanFile,
  parseSchedule,
  type Schedule,
} from '../../../src/runtime/schedule/index.js';
import { chain, merged, split } from '../session/tiny-bundles.js';

const thrown = (act: () => unknown): StepfoldError => {
  try {
    act();
  } catch (error) {
    if (error instanceof StepfoldError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

// biome-ignore lint/suspicious/noExplicitAny: the point is to break what the types promise
type Loose = any;

/** A copy of a valid schedule with one thing changed. */
const broken = (change: (schedule: Loose) => void, base = split): unknown => {
  const schedule = structuredClone(base().schedule);
  change(schedule);
  return schedule;
};

describe('parseSchedule', () => {
  it.each([
    ['split', split],
    ['merged', merged],
    ['chain', chain],
  ])('takes a valid schedule: %s', (_name, make) => {
    const { schedule } = make();
    expect(parseSchedule(JSON.stringify(schedule))).toEqual(schedule);
    expect(checkSchedule(schedule)).toEqual({ errors: [], warnings: [] });
  });

  const cases: [name: string, path: string, message: RegExp, document: unknown][] = [
    ['not an object', '', /must be object, found an array of 0/, []],
    ['empty', '', /must have "format"/, {}],
    [
      'a missing property',
      '/models/full',
      /must have "sha256"/,
      broken((s) => delete s.models.full.sha256),
    ],
    [
      'an unknown property',
      '/programs/full/runs/0/read',
      /is not a property/,
      broken((s) => (s.programs.full.runs[0].read = {})),
    ],
    [
      'a wrong type',
      '/states/deep/shape/0',
      /must be integer or string or null, found 1.5/,
      broken((s) => (s.states.deep.shape[0] = 1.5)),
    ],
    [
      'a wrong word',
      '/emit',
      /must be one of "split", "merged", "chain", "stateful", "loop"; found "folded"/,
      broken((s) => (s.emit = 'folded')),
    ],
    [
      'a hash in upper case',
      '/models/full/sha256',
      /64 lower-case hexadecimal digits/,
      broken((s) => (s.models.full.sha256 = 'A'.repeat(64))),
    ],
    ...[
      '../full.onnx',
      '/full.onnx',
      'a\\b',
      'C:x',
      '//host/x',
      'http://x',
      '..',
      '.',
      '.. ',
      '',
      'x\0',
      'con',
      'Nul.onnx',
      'x.',
    ].map((file): [string, string, RegExp, unknown] => [
      `a file that is not in the folder: ${file}`,
      '/models/full/file',
      /plain file name/,
      broken((s) => (s.models.full.file = file)),
    ]),
    ['no calls', '/calls', /found an array of 0/, broken((s) => (s.calls = []))],
    [
      'a call of no program',
      '/calls/2',
      /names no program: "none"/,
      broken((s) => (s.calls[2] = 'none')),
    ],
    [
      'a run of no model',
      '/programs/full/runs/0/model',
      /names no model: "none"/,
      broken((s) => (s.programs.full.runs[0].model = 'none')),
    ],
    [
      'a read of no state',
      '/programs/shallow/runs/0/reads/deep_in',
      /names no state: "none"/,
      broken((s) => (s.programs.shallow.runs[0].reads.deep_in = 'none')),
    ],
    [
      'a write of no state',
      '/programs/full/runs/0/writes/none',
      /names no state/,
      broken((s) => (s.programs.full.runs[0].writes = { none: 'deep' })),
    ],
    [
      'a property of every object taken for a state',
      '/programs/shallow/runs/0/reads/deep_in',
      /names no state: "constructor"/,
      broken((s) => (s.programs.shallow.runs[0].reads.deep_in = 'constructor')),
    ],
    [
      'a wire that a later run gives',
      '/programs/full/runs/0/takes/deep_in',
      /takes the wire "middle", which no earlier run/,
      broken((s) => s.programs.full.runs.reverse(), chain),
    ],
    [
      'a wire given twice',
      '/programs/full/runs/1/gives/middle',
      /given by run 0 already/,
      broken((s) => (s.programs.full.runs[1].gives = { middle: 'y' }), chain),
    ],
    [
      'a state written twice in a call',
      '/programs/full/runs/1/writes/deep',
      /written by run 0 already/,
      broken((s) => (s.programs.full.runs[1].writes = { deep: 'y' }), chain),
    ],
    [
      'an input with two sources',
      '/programs/shallow/runs/0/unused/deep_in',
      /is listed under reads too/,
      broken((s) => (s.programs.shallow.runs[0].unused = { deep_in: 'deep' })),
    ],
    [
      "a source input that isn't the caller's",
      '/programs/shallow/runs/0/reads/t',
      /an input that the caller feeds too/,
      broken((s) => (s.programs.shallow.runs[0].reads.t = 'deep')),
    ],
    [
      'a constant of too few elements',
      '/programs/full/runs/0/constants/compute/data',
      /must have 2 elements by its shape, found 1/,
      broken((s) => (s.programs.full.runs[0].constants.compute.shape = [2]), merged),
    ],
    [
      'a constant of too many elements',
      '/programs/full/runs/0/constants/compute/data',
      /must have 1 elements by its shape, found 2/,
      broken((s) => (s.programs.full.runs[0].constants.compute.data = [1, 0]), merged),
    ],
    [
      'pairs where no guidance is',
      '/programs/full/pairs',
      /must stand only where source.guidance/,
      broken((s) => (s.programs.full.pairs = true)),
    ],
    [
      'a constant that its type does not hold',
      '/programs/full/runs/0/constants/compute/data/0',
      /integer that bool holds, found 2/,
      broken((s) => (s.programs.full.runs[0].constants.compute.data = [2]), merged),
    ],
    [
      'a plan row of another length',
      '/sites/mid~1block',
      /each of the 4 calls, found 1/,
      broken((s) => (s.sites = { 'mid/block': { strategies: ['compute'] } })),
    ],
    [
      'a cost of no program',
      '/cost/macs/convention/all/programs/none',
      /not the id of a program/,
      broken((s) => {
        const counts = { source: 1, programs: {}, perCall: 1 };
        s.cost = {
          macs: {
            convention: { all: { ...counts, programs: { none: 1 } }, layers: counts },
            bindings: {},
          },
        };
      }),
    ],
    [
      'the same weights file twice',
      '/weights/1/file',
      /listed already/,
      broken(
        (s) =>
          (s.weights = [
            { file: 'w', bytes: 1 },
            { file: 'w', bytes: 1 },
          ]),
      ),
    ],
  ];
  it.each(cases)('refuses %s', (_name, path, message, document) => {
    const error = thrown(() => parseSchedule(document, 'here.json'));
    expect(error.code).toBe('SCHEDULE_INVALID');
    expect(error.message).toMatch(message);
    expect(error.message).toContain('"here.json"');
    const { problems } = error.details.data as { problems: { path: string }[] };
    const paths = problems.map((problem) => problem.path);
    expect(paths.some((found) => found === path || found.startsWith(`${path}/`))).toBe(true);
  });

  it('refuses a read before the first write, naming call, program and state', () => {
    const error = thrown(() =>
      parseSchedule(broken((s) => (s.calls = ['shallow', 'shallow', 'full']))),
    );
    expect(error.details.path).toBe('/programs/shallow/runs/0/reads/deep_in');
    expect(error.message).toMatch(/state "deep" at call 0 \(program "shallow"\).*no earlier call/);
    expect((error.details.data as { problems: unknown[] }).problems).toHaveLength(1);
  });

  it('does not count what a call writes itself as written before', () => {
    const document = broken((s) => {
      s.programs.shallow.runs[0].writes = { deep: 'y' };
      s.calls = ['shallow'];
    });
    expect(thrown(() => parseSchedule(document)).code).toBe('SCHEDULE_INVALID');
  });

  it('shows the first problems and counts the others', () => {
    const document = broken((s) => {
      s.calls = ['a', 'b', 'c', 'd', 'e'];
    });
    expect(thrown(() => parseSchedule(document)).message).toMatch(
      /\/calls\/0 .*\/calls\/1 .*\/calls\/2 .*; and 2 more/,
    );
  });

  it('tells a newer version from a damaged file', () => {
    const newer = { format: 'stepfold.schedule', version: 3, anything: 'else' };
    expect(thrown(() => parseSchedule(newer))).toMatchObject({
      code: 'SCHEDULE_VERSION',
      details: { path: '/version' },
    });
    expect(thrown(() => parseSchedule('{ "format": "stepf')).code).toBe('SCHEDULE_NOT_JSON');
  });

  it('warns of what is carried for nothing', () => {
    const schedule = broken((s) => {
      s.calls = ['full'];
      s.models.spare = { ...s.models.full, file: 'spare.onnx' };
      s.states.spare = s.states.deep;
    }) as Schedule;
    const { errors, warnings } = checkSchedule(schedule);
    expect(errors).toEqual([]);
    expect(warnings.map(({ path }) => path)).toEqual([
      '/programs/shallow',
      '/models/spare',
      '/states/spare',
    ]);
  });
});

describe('formatSchedule', () => {
  it('writes what is read back, in the order of the schema whatever the order before', () => {
    const { schedule } = merged();
    const reversed = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(reversed)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, entry]) => [key, reversed(entry)]),
            )
          : value;
    const text = formatSchedule(reversed(schedule) as Schedule);
    expect(JSON.parse(text)).toEqual(schedule);
    expect(Object.keys(JSON.parse(text)).slice(0, 3)).toEqual(['format', 'version', 'producer']);
    // Ids have no order of their own, so the one they came in stays.
    expect(Object.keys(JSON.parse(text).programs)).toEqual(['shallow', 'full']);
    expect(formatSchedule(JSON.parse(text))).toBe(text);
  });

  it('keeps lines short with many calls', () => {
    const { schedule } = split();
    const calls = Array.from({ length: 200 }, (_, i) => (i % 3 ? 'shallow' : 'full'));
    const text = formatSchedule({ ...schedule, calls });
    expect(JSON.parse(text).calls).toEqual(calls);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(102);
    expect(text.split('\n').length).toBeLessThan(100);
  });

  it('refuses to write what a reader would refuse', () => {
    const document = broken((s) => s.calls.unshift('shallow')) as Schedule;
    expect(thrown(() => formatSchedule(document)).code).toBe('SCHEDULE_INVALID');
  });
});

describe('parsePlanFile', () => {
  const plan = (sites: object) => ({ format: 'stepfold.plan', version: 1, calls: 3, sites });
  it('takes rows of one strategy a call', () => {
    expect(parsePlanFile(plan({ deep: ['compute', 'reuse', 'reuse'] }), 'p.json').calls).toBe(3);
  });
  it('refuses a row of another length', () => {
    expect(thrown(() => parsePlanFile(plan({ deep: ['compute'] }), 'p.json'))).toMatchObject({
      code: 'PLAN_INVALID',
      details: { path: '/sites/deep', file: 'p.json' },
    });
  });
});

describe('parsePipelineConfig', () => {
  it('takes a whole configuration', () => {
    const config = {
      passes: [{ pass: 'deepcache', options: { branch: 2, interval: 3 } }],
      calls: 50,
      emit: 'merged',
      shapes: { sample: [2, 4, 64, 64] },
      freeze: { batch: 2 },
      weights: 'copy',
    };
    expect(parsePipelineConfig(JSON.stringify(config), 'c.json')).toEqual(config);
  });
  it.each([
    ['/passes/0', { passes: [{ options: {} }], calls: 1 }],
    ['/calls', { passes: [{ pass: 'deepcache' }], calls: 0 }],
    ['/freeze/batch', { passes: [{ pass: 'deepcache' }], calls: 1, freeze: { batch: 'two' } }],
    ['/weights', { passes: [{ pass: 'a' }], calls: 1, weights: 'move' }],
  ])('refuses at %s', (path, config) => {
    expect(thrown(() => parsePipelineConfig(config, 'c.json'))).toMatchObject({
      code: 'PIPELINE_INVALID',
      details: { path },
    });
  });
});
