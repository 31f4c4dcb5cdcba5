/**
 * Facts that the tests of Hugging Face's diffusers assert about its schedulers (commit 58eb52c0,
 * tests/schedulers): sums and means of absolute values after a loop with a stand-in denoiser.
 */
import { describe, expect, it } from 'vitest';
import {
  createSampler,
  noiseSchedule,
  type Sampler,
  type Trajectory,
} from '../../../src/runtime/samplers/index.js';

const SHAPE = { batch: 4, channels: 3, height: 8, width: 8 };
const COUNT = SHAPE.batch * SHAPE.channels * SHAPE.height * SHAPE.width;

// There, counted up with the batch as the last dimension, and then the batch moved to the front.
const sample = Float32Array.from({ length: COUNT }, (_, index) => {
  const perImage = COUNT / SHAPE.batch;
  const image = Math.floor(index / perImage);
  return ((index % perImage) * SHAPE.batch + image) / COUNT;
});
/** The same numbers counted down. */
const noise = sample.map((value) => (COUNT - 1) / COUNT - value);

const denoiser = (latent: Float32Array, timestep: number) =>
  latent.map((value) => (value * timestep) / (timestep + 1));

/** There, Euler's loop goes on from the latent as scaled for the denoiser; for others it is the same. */
function loop(sampler: Sampler, latent: Float32Array, from = 0): Float32Array {
  let trajectory: Trajectory = { latent };
  for (let step = from; step < sampler.timesteps.length; step++) {
    const scaled = sampler.scaleInput(trajectory.latent, step);
    const output = denoiser(scaled, sampler.timesteps[step]!);
    trajectory = sampler.step(output, step, { ...trajectory, latent: scaled });
  }
  return trajectory.latent;
}

function expectAbsolute(latent: Float32Array, expected: { sum?: number; mean: number }) {
  const sum = latent.reduce((total, value) => total + Math.abs(value), 0);
  if (expected.sum !== undefined) expect(Math.abs(sum - expected.sum)).toBeLessThan(1e-2);
  expect(Math.abs(sum / latent.length - expected.mean)).toBeLessThan(1e-3);
}

const mix = (signal: number, spread: number) =>
  sample.map((value, i) => signal * value + spread * noise[i]!);

describe('DDIM', () => {
  const options = { steps: 10, clip: 1, noiseAfterClip: 'predicted' } as const;

  it('without noise', () => {
    expectAbsolute(loop(createSampler('ddim', options), sample), { sum: 172.0067, mean: 0.223967 });
  });

  it('predicting v', () => {
    const sampler = createSampler('ddim', { ...options, prediction: 'v' });
    expectAbsolute(loop(sampler, sample), { sum: 52.5302, mean: 0.0684 });
  });

  it.each([
    ['zero', 149.8295, 0.1951],
    ['first', 149.0784, 0.1941],
  ] as const)('arriving at noise level %s', (final, sum, mean) => {
    const sampler = createSampler('ddim', { ...options, final, schedule: { betaStart: 0.01 } });
    expectAbsolute(loop(sampler, sample), { sum, mean });
  });

  it('from the ninth step on', () => {
    const sampler = createSampler('ddim', { ...options, start: 8 });
    const { latent } = sampler.start(noise, sample);
    expectAbsolute(loop(sampler, latent), { sum: 354.5418, mean: 0.4616 });
  });

  it.each([
    [420, 400, 0.14771],
    [980, 960, 0.3246],
    [487, 486, 0.00979],
    [999, 998, 0.02],
  ])('variance of the fresh noise from timestep %i to %i', (from, to, variance) => {
    const sampler = createSampler('ddim', { timesteps: [from, to], eta: 1 });
    const zero = new Float32Array(1);
    const { latent } = sampler.step(zero, 0, { latent: zero }, () => Float32Array.of(1));
    expect(Math.abs(latent[0]! ** 2 - variance)).toBeLessThan(1e-5);
  });
});

describe('Euler', () => {
  const options = {
    steps: 10,
    spacing: 'linear',
    fractionalTimesteps: true,
    schedule: { trainTimesteps: 1100 },
  } as const;
  const start = (sampler: Sampler) => sampler.start(sample).latent;

  it('without noise', () => {
    const sampler = createSampler('euler', options);
    expectAbsolute(loop(sampler, start(sampler)), { sum: 10.0807, mean: 0.0131 });
  });

  it('predicting v', () => {
    const sampler = createSampler('euler', { ...options, prediction: 'v' });
    expectAbsolute(loop(sampler, start(sampler)), { sum: 0.0002, mean: 2.2676e-6 });
  });

  it('on Karras levels', () => {
    const sampler = createSampler('euler', { ...options, levels: 'karras' });
    expectAbsolute(loop(sampler, start(sampler)), { sum: 124.522995, mean: 0.162139 });
  });

  it('from the ninth step on', () => {
    const sampler = createSampler('euler', options);
    const level = noiseSchedule(options.schedule).sigmaAt(sampler.timesteps[8]!);
    const noisy = mix(sampler.initialScale, level);
    const latent = loop(sampler, noisy, 8);
    const sum = latent.reduce((total, value) => total + Math.abs(value), 0);
    // A float32 sum of this size is not worth the 1e-2 that is asserted there.
    expect(sum / 57062.9297).toBeCloseTo(1, 5);
    expect(sum / COUNT).toBeCloseTo(74.3007, 3);
  });
});

describe('DPM-Solver++(2M)', () => {
  const options = { steps: 10, spacing: 'linear', final: 'first', lowerOrderFinal: false } as const;

  it('without noise', () => {
    expectAbsolute(loop(createSampler('dpm++2m', options), sample), { mean: 0.3301 });
  });

  it('predicting v', () => {
    const sampler = createSampler('dpm++2m', { ...options, prediction: 'v' });
    expectAbsolute(loop(sampler, sample), { mean: 0.2251 });
  });

  it('predicting v on Karras levels', () => {
    const sampler = createSampler('dpm++2m', { ...options, prediction: 'v', levels: 'karras' });
    expectAbsolute(loop(sampler, sample), { mean: 0.2096 });
  });

  it('from the sixth step on', () => {
    const sampler = createSampler('dpm++2m', { ...options, start: 5 });
    const { latent } = sampler.start(noise, sample);
    expectAbsolute(loop(sampler, latent), { sum: 318.4111, mean: 0.4146 });
  });
});
