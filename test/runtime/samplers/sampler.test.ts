/** Properties that hold for every sampler, and refusals. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createRandom,
  createSampler,
  LEVELS,
  noisePath,
  PREDICTIONS,
  type Prediction,
  SAMPLER_NAMES,
  type SamplerName,
  solverOf,
  TIMESTEP_SPACINGS,
} from '../../../src/runtime/samplers/index.js';
import { type Denoiser, runSampler } from './run-sampler.js';

const noise = createRandom(2).normals(16);
const clean = createRandom(3).normals(16);
const curve: Denoiser = (latent, timestep) => latent.map((x) => Math.sin(x + timestep / 100));

describe.each(SAMPLER_NAMES)('%s', (name) => {
  const { calls, drawsNoise, ...solver } = solverOf(name);
  const path = noisePath({ path: solver.path });
  const fresh = () => noise;

  it('asks for its calls, at descending timesteps of the training range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.constantFrom(...TIMESTEP_SPACINGS),
        fc.constantFrom(...LEVELS),
        (steps, spacing, levels) => {
          fc.pre(spacing !== 'distilled' || steps <= 50);
          const { timesteps } = createSampler(name, { steps, spacing, levels });
          expect(timesteps).toHaveLength(calls?.count(steps) ?? steps);
          timesteps.forEach((timestep, i) => {
            expect(Number.isInteger(timestep) || path.continuous).toBe(true);
            expect(timestep).toBeGreaterThanOrEqual(path.firstTimestep - 1e-9);
            expect(timestep).toBeLessThanOrEqual(timesteps[i - 1] ?? path.lastTimestep);
          });
        },
      ),
    );
  });

  it('finds the clean latent when the denoiser knows it, whatever the denoiser predicts', () => {
    const knowing: Record<Prediction, Denoiser> = {
      epsilon: (latent, t) => {
        const { alpha, sigma } = path.levelAt(t);
        return latent.map((x, i) => (x - alpha * clean[i]!) / sigma);
      },
      v: (latent, t) => {
        const { alpha, sigma } = path.levelAt(t);
        return latent.map((x, i) => (alpha * (x - alpha * clean[i]!)) / sigma - sigma * clean[i]!);
      },
      sample: () => clean,
      flow: (latent, t) => {
        const { alpha, sigma } = path.levelAt(t);
        return latent.map((x, i) => (x - alpha * clean[i]!) / sigma - clean[i]!);
      },
      'reverse-flow': (latent, t) => {
        const { alpha, sigma } = path.levelAt(t);
        return latent.map((x, i) => clean[i]! - (x - alpha * clean[i]!) / sigma);
      },
    };
    for (const prediction of PREDICTIONS) {
      // where nothing is left of the signal, its noise says nothing of it
      if (prediction === 'epsilon' && path.levelAt(path.lastTimestep).alpha === 0) continue;
      const sampler = createSampler(name, { steps: 20, prediction });
      const found = runSampler(sampler, knowing[prediction]!, noise, fresh);
      found.forEach((value, i) => {
        // PLMS extrapolates what is said as it is, and of these two that changes along the loop
        const known = name !== 'plms' || prediction === 'epsilon' || prediction === 'sample';
        expect(value).toBeCloseTo(clean[i]!, known ? 3 : 1);
      });
    }
  });

  it('is pure: a trajectory can be continued twice, and inputs stay as they were', () => {
    const sampler = createSampler(name, { steps: 4 });
    const before = noise.slice();
    const output = curve(noise, 0);
    let trajectory = sampler.start(noise);
    trajectory = sampler.step(output, 0, trajectory, fresh);
    const snapshot = trajectory.latent.slice();
    const once = sampler.step(output, 1, trajectory, fresh);
    sampler.step(curve(noise, 50), 1, trajectory, fresh);
    const again = sampler.step(output, 1, trajectory, fresh);
    expect(again).toEqual(once);
    expect(trajectory.latent).toEqual(snapshot);
    expect(noise).toEqual(before);
    expect(output).toEqual(curve(noise, 0));
  });

  // those that ask twice have timesteps of their own between, and LCM forgets the noise it had
  it.skipIf(calls || name.startsWith('lcm'))('stands still between equal timesteps', () => {
    const sampler = createSampler(name, { timesteps: [600, 300, 300, 300, 100] });
    let trajectory = sampler.start(noise);
    trajectory = sampler.step(curve(noise, 600), 0, trajectory, fresh);
    const still = sampler.step(curve(noise, 300), 1, trajectory, fresh);
    // what is asked at the end of the step before corrects that once, but for that nothing moves
    if (name !== 'unipc')
      still.latent.forEach((value, i) => {
        expect(value).toBeCloseTo(trajectory.latent[i]!, 5);
      });
    const on = sampler.step(curve(noise, 300), 2, still, fresh);
    on.latent.forEach((value, i) => {
      expect(value).toBeCloseTo(still.latent[i]!, 5);
    });
    const further = sampler.step(curve(noise, 300), 3, on, fresh);
    expect(further.latent.every(Number.isFinite)).toBe(true);
  });

  it('clips the clean latent', () => {
    const sampler = createSampler(name, { steps: 10, clip: 0.25, prediction: 'sample' });
    const sign: Denoiser = (latent) => latent.map((x) => 9 * Math.sign(x));
    const found = runSampler(sampler, sign, noise, fresh);
    for (const value of found) expect(Math.abs(value)).toBeCloseTo(0.25, 4);
  });

  it.each([
    [{ steps: 0 }, 'SAMPLER_OPTION_RANGE'],
    [{ steps: 0, levels: 'karras' as const }, 'SAMPLER_OPTION_RANGE'],
    [{ clip: 0 }, 'SAMPLER_OPTION_RANGE'],
    [{ timesteps: [] }, 'SAMPLER_OPTION_RANGE'],
    [{ timesteps: [1001] }, 'SAMPLER_OPTION_RANGE'],
    [{ timesteps: [5, 6] }, 'SAMPLER_TIMESTEPS_ORDER'],
    [{ timesteps: [6, 5], levels: 'karras' as const }, 'SAMPLER_LEVELS_TIMESTEPS'],
    [{ steps: 1001, levels: 'beta' as const }, 'SAMPLER_OPTION_RANGE'],
    [{ steps: 60, spacing: 'distilled' as const }, 'SAMPLER_OPTION_RANGE'],
    [{ spacing: 'cubic' as 'quad' }, 'SAMPLER_UNKNOWN_CHOICE'],
    [{ prediction: 'score' as 'v' }, 'SAMPLER_UNKNOWN_CHOICE'],
    [{ final: 'last' as 'first' }, 'SAMPLER_UNKNOWN_CHOICE'],
  ])('refuses %o', (options, code) => {
    expect(() => createSampler(name, options)).toThrow(expect.objectContaining({ code }));
  });

  it.runIf(drawsNoise)('says that it draws noise, and refuses to go without', () => {
    const sampler = createSampler(name, { steps: 3 });
    expect(sampler.needsNoise).toBe(true);
    expect(() => sampler.step(noise, 0, sampler.start(noise))).toThrow(
      expect.objectContaining({ code: 'SAMPLER_NOISE_MISSING' }),
    );
  });

  it.runIf(calls)('takes the call that ends a step for nothing without what began it', () => {
    const sampler = createSampler(name, { steps: 3 });
    expect(() => sampler.step(noise, 1, { latent: noise })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_TRIAL_MISSING' }),
    );
  });

  it('refuses steps it does not have and outputs of another length', () => {
    const sampler = createSampler(name, { steps: 3 });
    const trajectory = sampler.start(noise);
    const after = sampler.timesteps.length;
    expect(() => sampler.step(noise, after, trajectory, fresh)).toThrow(
      expect.objectContaining({ code: 'SAMPLER_STEP_RANGE' }),
    );
    expect(() => sampler.step(new Float32Array(32), 0, trajectory)).toThrow(
      expect.objectContaining({ code: 'SAMPLER_LATENT_LENGTH' }),
    );
  });
});

describe('where no signal is left', () => {
  const schedule = { zeroSnr: true };

  it('DDIM has nothing to go by when the noise is predicted', () => {
    const ends = { timesteps: [999, 500], schedule };
    expect(() => createSampler('ddim', ends)).toThrow(
      expect.objectContaining({
        code: 'SAMPLER_NO_SIGNAL',
        message: expect.stringContaining('timestep 999'),
      }),
    );
    expect(() => createSampler('ddim', { ...ends, prediction: 'v' })).not.toThrow();
    expect(() => createSampler('ddim', { timesteps: [998, 500], schedule })).not.toThrow();
  });

  const betas = SAMPLER_NAMES.filter((name) => solverOf(name).path === 'variance-preserving');
  it.each(betas)('%s stays finite', (name) => {
    for (const levels of LEVELS)
      for (const prediction of ['v', 'sample'] as const) {
        const options = { steps: 8, spacing: 'trailing', prediction, levels, schedule } as const;
        const found = runSampler(createSampler(name, options), curve, noise, () => noise);
        expect(found.every(Number.isFinite)).toBe(true);
      }
  });
});

describe('samplers agree where theory says so', () => {
  const options = { steps: 20, spacing: 'trailing' } as const;

  it('Euler in sigma space is DDIM in other coordinates', () => {
    const eulerSampler = createSampler('euler', options);
    // The unit-variance start in Euler's coordinates, where `start` multiplies by sigma alone.
    const factor = Math.sqrt(eulerSampler.initialScale ** 2 + 1) / eulerSampler.initialScale;
    const byEuler = runSampler(
      eulerSampler,
      curve,
      noise.map((x) => x * factor),
    );
    const byDdim = runSampler(createSampler('ddim', options), curve, noise);
    byEuler.forEach((value, i) => {
      expect(Math.abs(value - byDdim[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(byDdim[i]!)));
    });
  });

  it('the first step of DPM-Solver++ is DDIM’s', () => {
    const [byDpm, byDdim] = (['dpm++2m', 'ddim'] as const).map((name) => {
      const sampler = createSampler(name, options);
      return sampler.step(curve(noise, 999), 0, sampler.start(noise)).latent;
    });
    byDpm!.forEach((value, i) => {
      expect(value).toBeCloseTo(byDdim![i]!, 5);
    });
  });
});

describe('createSampler', () => {
  it('names the samplers there are', () => {
    expect(() => createSampler('pndm' as SamplerName, {})).toThrow(
      expect.objectContaining({
        code: 'SAMPLER_UNKNOWN_CHOICE',
        details: expect.objectContaining({ data: { known: SAMPLER_NAMES } }),
      }),
    );
  });

  it('refuses DDIM with eta and no noise, and options it does not have', () => {
    const sampler = createSampler('ddim', { steps: 3, eta: 0.5 });
    expect(sampler.needsNoise).toBe(true);
    expect(() => sampler.step(noise, 0, sampler.start(noise))).toThrow(
      expect.objectContaining({ code: 'SAMPLER_NOISE_MISSING' }),
    );
    expect(() => createSampler('euler', { eta: 0 } as object)).toThrow(
      expect.objectContaining({
        code: 'SAMPLER_OPTION_UNKNOWN',
        message: 'The sampler "euler" has no option "eta".',
      }),
    );
    expect(() => createSampler('ddim', { schedule: { beta: 1 } as object })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_OPTION_UNKNOWN' }),
    );
    expect(() => createSampler('ddim', { eta: 1.5 })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_OPTION_RANGE' }),
    );
    expect(() => createSampler('ddim', { noiseAfterClip: 'none' as 'derived' })).toThrow(
      expect.objectContaining({ code: 'SAMPLER_UNKNOWN_CHOICE' }),
    );
  });
});
