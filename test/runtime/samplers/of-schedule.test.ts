/** The sampler that a schedule was made for, held against samplers made by hand; and what a schedule may say, against the samplers. */
import { describe, expect, test } from 'vitest';
import { StepfoldError } from '../../../src/errors/index.js';
import { scheduleSchema } from '../../../src/generated/schemas.js';
import {
  createSampler,
  type LoopSampler,
  type OptionSchema,
  PATHS,
  type Sampler,
  SOLVERS,
} from '../../../src/runtime/samplers/index.js';
import { loopSampler, samplerOf } from '../../../src/runtime/samplers/of-schedule.js';
import { parseSchedule, type Schedule } from '../../../src/runtime/schedule/index.js';
import { split } from '../session/tiny-bundles.js';

const DEIS: LoopSampler = {
  name: 'deis',
  order: 3,
  levels: 'karras',
  schedule: { betas: 'cosine' },
};

/** A schedule of so many calls that says so of its loop. */
function saying(sampler: unknown, calls: number, more: Partial<Schedule> = {}): Schedule {
  const { sites: _, cost: __, ...schedule } = split().schedule;
  const [first, ...rest] = Array.from({ length: calls }, (_, call) =>
    call === 0 ? 'full' : 'shallow',
  );
  const loop = { steps: calls, start: 0 };
  return { ...schedule, version: 2, loop, calls: [first!, ...rest], sampler, ...more } as Schedule;
}

/** Where it goes, and by what its steps multiply. */
function walkOf(sampler: Sampler | undefined) {
  const noise = Float32Array.of(0.5, -1, 0.25, 2);
  let trajectory = sampler!.start(noise, noise);
  for (const [step] of sampler!.timesteps.entries())
    trajectory = sampler!.step(
      sampler!.scaleInput(trajectory.latent, step).map((value) => Math.sin(3 * value)),
      step,
      trajectory,
      () => noise,
    );
  const { timesteps, logSnr, told, firstCall } = sampler!;
  return { timesteps, logSnr, told, firstCall, end: trajectory.latent };
}

const thrown = (act: () => unknown): StepfoldError => {
  try {
    act();
  } catch (error) {
    if (error instanceof StepfoldError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

describe('the sampler of a schedule', () => {
  const own = { order: 3, levels: 'karras', schedule: { betas: 'cosine' } } as const;

  test('takes as many steps as the schedule has', () => {
    expect(walkOf(samplerOf(saying(DEIS, 7)))).toEqual(
      walkOf(createSampler('deis', { ...own, steps: 7 })),
    );
  });

  test('counts calls where it makes two for a step', () => {
    expect(walkOf(samplerOf(saying({ name: 'heun', spacing: 'trailing' }, 9)))).toEqual(
      walkOf(createSampler('heun', { steps: 5, spacing: 'trailing' })),
    );
  });

  test('goes to the timesteps that are listed', () => {
    const timesteps = [900, 500, 20];
    expect(walkOf(samplerOf(saying({ name: 'ddim', clip: 1 }, 3, { timesteps })))).toEqual(
      walkOf(createSampler('ddim', { timesteps, clip: 1 })),
    );
  });

  test('begins where the schedule does', () => {
    const later = saying(DEIS, 3, { loop: { steps: 8, start: 5 } });
    expect(walkOf(samplerOf(later))).toEqual(
      walkOf(createSampler('deis', { ...own, steps: 8, start: 5 })),
    );
  });

  test('is asked for in other loops', () => {
    const schedule = saying(DEIS, 7);
    const made = (more: object) => walkOf(createSampler('deis', { ...own, ...more }));
    expect(walkOf(samplerOf(schedule, { steps: 12 }))).toEqual(made({ steps: 12 }));
    expect(walkOf(samplerOf(schedule, { start: 3 }))).toEqual(made({ steps: 7, start: 3 }));
    const timesteps = [900, 300];
    expect(walkOf(samplerOf(schedule, { timesteps }))).toEqual(
      made({ timesteps, levels: undefined }),
    );
    // listed ones are of the schedule's own loop
    const listed = saying({ name: 'ddim' }, 3, { timesteps: [900, 500, 20] });
    expect(walkOf(samplerOf(listed, { steps: 4 }))).toEqual(
      walkOf(createSampler('ddim', { steps: 4 })),
    );
    expect(walkOf(samplerOf(listed, { start: 1 }))).toEqual(
      walkOf(createSampler('ddim', { timesteps: [900, 500, 20], start: 1 })),
    );
  });

  test('is not made up', () => {
    expect(samplerOf(saying(undefined, 3))).toBeUndefined();
  });

  test.each([
    ['an option of another sampler', { name: 'deis', eta: 0.5 }, 4, 'SAMPLER_OPTION_UNKNOWN'],
    ['calls that its steps do not make', { name: 'heun' }, 4, 'SAMPLER_CALLS'],
    [
      'options of another path',
      { name: 'ddim', schedule: { shift: 3 } },
      4,
      'SAMPLER_OPTION_UNKNOWN',
    ],
  ])('that cannot be made is refused by its place: %s', (_, sampler, calls, code) => {
    const error = thrown(() => samplerOf(saying(sampler, calls)));
    expect({ code: error.code, path: error.details.path }).toEqual({ code, path: '/sampler' });
    // a request is at fault by itself
    const asked = thrown(() => samplerOf(saying(DEIS, 4), { start: 9 }));
    expect(asked).toMatchObject({ code: 'SAMPLER_OPTION_RANGE' });
    expect(asked.details.path).toBeUndefined();
  });

  test('is kept without what its loop says, and without what nobody said', () => {
    const options = { order: 3, steps: 9, start: 2, clip: undefined, schedule: {} };
    expect(loopSampler('deis', options)).toEqual({ name: 'deis', order: 3 });
    expect(loopSampler('ddim', { timesteps: [5, 2], schedule: { betas: 'linear' } })).toEqual({
      name: 'ddim',
      schedule: { betas: 'linear' },
    });
    expect(thrown(() => loopSampler('dimm', {})).code).toBe('SAMPLER_UNKNOWN_CHOICE');
    expect(thrown(() => loopSampler('deis', { order: 4 })).code).toBe('SAMPLER_OPTION_RANGE');
  });
});

describe('a schedule says of its sampler', () => {
  type Part = Readonly<Record<string, unknown>>;
  const { loopSampler: sampler, trainingNoise } = scheduleSchema.$defs!;

  /** What the schema asks of a value. */
  const ofSchema = (part: object) => {
    const { $ref: _, ...asks } = part as Part;
    return asks;
  };
  const asks = (schema: OptionSchema): Part => {
    const {
      default: _,
      title: __,
      description: ___,
      flag: ____,
      ...rest
    } = {
      ...{ default: 0, title: '', flag: true },
      ...schema,
    };
    return rest;
  };
  const named = (properties: object | undefined) =>
    Object.fromEntries(Object.entries(properties ?? {}).map(([n, part]) => [n, ofSchema(part)]));

  test('the name of any, and all options but those of one loop', () => {
    const options: Record<string, Part> = {};
    for (const solver of SOLVERS)
      for (const [name, schema] of Object.entries(solver.options)) options[name] = asks(schema);
    const { steps: _, start: __, timesteps: ___, ...kept } = options;
    const { name, schedule, ...properties } = named(sampler!.properties);
    expect(name).toEqual({ enum: SOLVERS.map((solver) => solver.name) });
    expect(schedule).toEqual({});
    expect(properties).toEqual(kept);
  });

  test('any noise path, and all options of those', () => {
    const options: Record<string, Part[]> = {};
    for (const schemas of Object.values(PATHS))
      for (const [name, schema] of Object.entries(schemas))
        options[name] = [...(options[name] ?? []), asks(schema)];
    const { path, ...properties } = named(trainingNoise!.properties);
    expect(path).toEqual({ enum: Object.keys(PATHS) });
    expect(Object.keys(properties).sort()).toEqual(Object.keys(options).sort());
    for (const [name, found] of Object.entries(properties)) {
      // one that paths bound differently is bound as the widest has it
      const minimum = options[name]!.map((one) => one['minimum'] as number);
      const least = minimum[0] === undefined ? {} : { minimum: Math.min(...minimum) };
      expect({ [name]: found }).toEqual({ [name]: { ...options[name]![0], ...least } });
    }
  });

  test.each([
    ['an unknown sampler', { name: 'dimm' }, '/sampler/name', /must be one of "ddim", .*"dimm"/],
    ['no name', { order: 3 }, '/sampler', /must have "name"/],
    ['an unknown option', { name: 'ddim', ordre: 3 }, '/sampler/ordre', /is not a property/],
    [
      'steps, which the loop has',
      { name: 'ddim', steps: 3 },
      '/sampler/steps',
      /is not a property/,
    ],
    ['an order that there is not', { name: 'deis', order: 4 }, '/sampler/order', /must be <= 3/],
    ['an order in words', { name: 'deis', order: 'two' }, '/sampler/order', /must be integer/],
    [
      'betas that take everything',
      { name: 'ddim', schedule: { betaEnd: 1 } },
      '/sampler/schedule/betaEnd',
      /must be < 1/,
    ],
    [
      'an unknown path',
      { name: 'ddim', schedule: { path: 'straight' } },
      '/sampler/schedule/path',
      /must be one of "variance-preserving"/,
    ],
    ['anything in version 1', { name: 'ddim' }, '/sampler', /has no place in version 1/, 1],
  ])('and %s is refused', (_, made, path, message, version = 2) => {
    const { loop, ...rest } = saying(made, 3);
    const schedule = { ...rest, version, ...(version === 2 && { loop }) };
    const error = thrown(() => parseSchedule(schedule));
    expect(error.code).toBe('SCHEDULE_INVALID');
    expect(error.details.path).toBe(path);
    expect(error.message).toMatch(message);
  });
});
