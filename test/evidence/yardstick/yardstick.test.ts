/** Fewer steps at the same cost: who they are, and how near they come, on a loop that is written out. */
import { describe, expect, test } from 'vitest';
import {
  decibels,
  measureYardstick,
  rivals,
  yardstickWork,
} from '../../../src/evidence/yardstick/index.js';
import { convergedSampler } from '../../../src/evidence/yardstick/rivals.js';
import { type Sampler, SOLVERS, samplerFrom } from '../../../src/runtime/samplers/index.js';

const NOISE = Float32Array.from([0.3, -1.2, 0.8, 1.9]);

/** A denoiser that is a formula: the noise of data that all lie at 0.5. */
async function run(sampler: Sampler): Promise<Float32Array> {
  let at = sampler.start(NOISE);
  for (const [step, timestep] of sampler.timesteps.entries()) {
    const made = sampler
      .scaleInput(at.latent, step)
      .map((v) => Math.tanh(v - 0.5) * (0.4 + timestep / 1000));
    at = sampler.step(made, step, at);
  }
  return at.latent;
}

test('decibels are the range of what is come near to over the root mean square of the difference', () => {
  const wanted = Float32Array.from([-1, 1, 0, 0]);
  const found = Float32Array.from([-1, 1, 0.2, 0]);
  expect(decibels(found, wanted)).toBeCloseTo(20 * Math.log10(2 / 0.1), 5);
  expect(decibels(wanted, wanted)).toBe(Number.POSITIVE_INFINITY);
});

describe('rivals', () => {
  const RENEWING = ['euler-ancestral', 'dpm++2m-sde', 'lcm', 'euler-ancestral-flow', 'lcm-flow'];

  test('every sampler of the path that draws no noise, at every spacing, the own one with its options', () => {
    const all = rivals({ name: 'dpm++2m', spacing: 'linear', clip: 1 }, 12);
    const names = new Set(all.map(({ name }) => name.split(',')[0]));
    const path = SOLVERS.filter((solver) => solver.path === 'variance-preserving');
    const still = path.map(({ name }) => name).filter((name) => !RENEWING.includes(name));
    expect(names).toEqual(new Set(still));
    expect(new Set(all.map(({ spacing }) => spacing))).toEqual(
      new Set(['trailing', 'linear', 'leading', 'quad', 'karras']),
    );
    // with two calls a step but for the last, 7 steps are 13 calls
    for (const { name, sampler } of all)
      expect(sampler.timesteps).toHaveLength(name === 'heun' ? 13 : 12);
    expect(new Set(all.filter(({ own }) => own).map(({ name }) => name))).toEqual(
      new Set(['dpm++2m']),
    );
    expect(all.filter(({ name }) => name.startsWith('unipc')).map(({ name }) => name)).toEqual([
      ...Array(5).fill('unipc, order 2'),
      ...Array(5).fill('unipc, order 3'),
    ]);
  });

  test('a sampler of an order stands beside itself in the other', () => {
    const all = rivals({ name: 'unipc' }, 8);
    const own = all.filter(({ own }) => own).map(({ name }) => name);
    expect(new Set(own)).toEqual(new Set(['unipc']));
    expect(all.filter(({ name }) => name === 'unipc, order 3')).toHaveLength(5);
    expect(all.filter(({ name }) => name === 'unipc, order 2')).toHaveLength(0);
  });

  test('along the path of flow matching go all that draw no noise, with its prediction and shift', () => {
    const schedule = { shift: 3 };
    const all = rivals({ name: 'euler-flow', schedule }, 8);
    const names = new Set(all.map(({ name }) => name.split(',')[0]));
    const still = SOLVERS.map(({ name }) => name).filter((name) => !RENEWING.includes(name));
    expect(names).toEqual(new Set(still));
    const found = all.find(({ name, spacing }) => name === 'dpm++2m' && spacing === 'trailing')!;
    const wanted = samplerFrom('dpm++2m', {
      steps: 8,
      spacing: 'trailing',
      prediction: 'flow',
      schedule: { path: 'flow', shift: 3 },
    });
    const answer = (latent: Float32Array) => latent.map((v) => 0.7 * v - 0.2);
    for (const step of [0, 1]) {
      const { latent } = wanted.step(answer(NOISE), step, { latent: NOISE });
      expect(found.sampler.step(answer(NOISE), step, { latent: NOISE }).latent).toEqual(latent);
    }
    expect(found.sampler.timesteps).toEqual(wanted.timesteps);
    expect(
      convergedSampler({ name: 'dpm++2m', prediction: 'flow', schedule: { path: 'flow' } })
        .timesteps,
    ).toEqual(samplerFrom('euler-flow', { steps: 1000 }).timesteps);
  });

  test('along it they may be shifted less than training was, where it was, and not by the size of pictures', () => {
    const spacingsOf = (schedule: object) =>
      new Set(
        rivals({ name: 'euler-flow', schedule }, 8)
          .filter(({ name }) => name === 'dpm++2m')
          .map(({ spacing }) => spacing),
      );
    expect(spacingsOf({ shift: 3 })).toContain('trailing, shift 1.7');
    const even = rivals({ name: 'euler-flow', schedule: { shift: 3 } }, 8).find(
      ({ name, spacing }) => name === 'dpm++2m' && spacing === 'trailing, shift 1',
    )!;
    // even levels from 1 down: sigma = 1, 7/8, ...
    expect(even.sampler.timesteps[2]).toBeCloseTo(750, 6);
    for (const schedule of [{}, { shift: 1 }, { dynamicShift: true, tokens: 256 }])
      for (const spacing of spacingsOf(schedule)) expect(spacing).not.toMatch(/shift/);
  });

  test('what steps along the straight path alone goes along no other', () => {
    const names = new Set(rivals({ name: 'euler' }, 8).map(({ name }) => name));
    expect(names).not.toContain('euler-flow');
    const exploding = { name: 'ddim', schedule: { path: 'variance-exploding' } } as const;
    expect(convergedSampler(exploding).timesteps.length).toBeGreaterThan(900);
  });

  const scales = [
    ['unit', { name: 'euler-flow' }, (timestep: number) => timestep / 1000],
    ['reverse', { name: 'euler-flow' }, (timestep: number) => 1 - timestep / 1000],
    ['whole', { name: 'euler-flow', schedule: { shift: 3 } }, Math.floor],
    ['unit', { name: 'ddim' }, (timestep: number) => timestep / 1000],
  ] as const;
  test.each(scales)(
    'all of them tell the model in its own numbers where it is: %s, beside %o',
    (timestepScale, own, wanted) => {
      const samplers = rivals({ ...own, timestepScale }, 8).map(({ sampler }) => sampler);
      for (const { timesteps, told } of [...samplers, convergedSampler({ ...own, timestepScale })])
        told.forEach((value, step) => {
          expect(value).toBeCloseTo(wanted(timesteps[step]!), 9);
        });
    },
  );

  test('no more steps than there are', () => {
    const own = { name: 'ddim', schedule: { trainTimesteps: 20 } } as const;
    expect(rivals(own, 50).every(({ sampler }) => sampler.timesteps.length <= 20)).toBe(true);
    expect(convergedSampler(own).timesteps).toHaveLength(20);
    expect(convergedSampler({ name: 'dpm++2m' }).timesteps).toHaveLength(1000);
  });
});

describe('the yardstick', () => {
  const choice = { name: 'ddim', spacing: 'trailing' } as const;
  const own = samplerFrom('ddim', { spacing: 'trailing', steps: 50 });

  test('each rival at its best spacing, against the loop and the converged one', async () => {
    let steps = 0;
    const options = {
      sampler: choice,
      cost: 7.2,
      callsPerStep: 1,
      own: await run(own),
      run: async (sampler: Sampler) => {
        steps += sampler.timesteps.length;
        return run(sampler);
      },
    };
    const { rows, loop, convergedSteps, converged } = await measureYardstick(options);
    expect(steps).toBe(yardstickWork(options));
    expect(convergedSteps).toBe(1000);
    expect(loop).toBe(decibels(options.own, converged));
    const ends = await Promise.all(
      (['trailing', 'linear', 'leading', 'quad', 'karras'] as const).map((spacing) =>
        run(
          samplerFrom('ddim', {
            ...(spacing === 'karras' ? { levels: 'karras' } : { spacing }),
            steps: 8,
          }),
        ),
      ),
    );
    const ddim = rows.find(({ isOwn }) => isOwn)!;
    expect(ddim.steps).toBe(8);
    expect(ddim.converged).toBe(Math.max(...ends.map((end) => decibels(end, converged))));
    const best = ends.find((end) => decibels(end, converged) === ddim.converged)!;
    expect(ddim.own).toBe(decibels(best, options.own));
    expect(loop).toBeGreaterThan(ddim.converged);
  });

  test('what is remembered is not run again', async () => {
    const known = new Map<string, readonly number[]>();
    let runs = 0;
    const measure = async () =>
      measureYardstick({
        sampler: choice,
        cost: 8,
        callsPerStep: 1,
        own: await run(own),
        run: (sampler) => {
          runs++;
          return run(sampler);
        },
        async remember(name, find) {
          const found = known.get(name) ?? (await find());
          known.set(name, found);
          return found;
        },
      });
    const first = await measure();
    const before = runs;
    expect(await measure()).toEqual(first);
    expect(runs).toBe(before);
    expect(known.size).toBe(before);
  });

  test('two calls a step make half as many steps', () => {
    const alone = { sampler: choice, cost: 8, callsPerStep: 1 };
    const pairs = { sampler: choice, cost: 16, callsPerStep: 2 };
    expect(yardstickWork(pairs)).toBe(2 * yardstickWork(alone));
  });
});
