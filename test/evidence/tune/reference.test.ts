/** The loop that others are compared with ends where its equation does. */
import { expect, test } from 'vitest';
import { referenceLoop } from '../../../src/evidence/tune/reference.js';
import { samplerIn, stepsIn } from '../../../src/evidence/tune/setting.js';
import { decibels, type LoopChoice } from '../../../src/evidence/yardstick/index.js';

const NOISE = Float32Array.from([0.3, -1.2, 0.8, 1.9]);

function end(choice: LoopChoice, answer: (latent: Float32Array, step: number) => Float32Array) {
  const sampler = samplerIn(choice);
  let at = sampler.start(NOISE);
  for (const step of sampler.timesteps.keys())
    at = sampler.step(answer(sampler.scaleInput(at.latent, step), step), step, at);
  return at.latent;
}

test.each([{ shift: 3 }, { shift: 1 }, { shift: 12 }])(
  'along a straight path, whatever the shift: %o',
  (schedule) => {
    const reference = referenceLoop({ name: 'euler-flow', steps: 28, schedule });
    expect(stepsIn(reference)).toBe(128);
    // dx / dsigma = a x - b from sigma 1 to 0
    const [a, b] = [2.1, 0.6];
    const exact = NOISE.map((x) => (x - b / a) * Math.exp(-a) + b / a);
    const found = end(reference, (latent) => latent.map((x) => a * x - b));
    expect(decibels(found, exact)).toBeGreaterThan(60);
  },
);

test('along the path of DDPM', () => {
  const reference = referenceLoop({ name: 'ddim', steps: 50 });
  // the noise of normal data of mean m and spread s, whose flow is a line in signal and noise
  const [m, s] = [0.4, 0.5];
  const { alphas, sigmas } = levels();
  const found = end(reference, (latent, step) => {
    const t = samplerIn(reference).timesteps[step]!;
    const [alpha, sigma] = [alphas(t), sigmas(t)];
    return latent.map((x) => (sigma * (x - alpha * m)) / (alpha ** 2 * s ** 2 + sigma ** 2));
  });
  const [alpha, sigma] = [alphas(999), sigmas(999)];
  const exact = NOISE.map((x) => m + (s * (x - alpha * m)) / Math.hypot(alpha * s, sigma));
  expect(decibels(found, exact)).toBeGreaterThan(45);
});

/** The linear schedule of DDPM, between whole timesteps by a line of the log-SNR. */
function levels() {
  const logs: number[] = [];
  let product = 1;
  for (let t = 0; t < 1000; t++) {
    product *= 1 - (1e-4 + (t / 999) * (0.02 - 1e-4));
    logs.push(Math.log(product));
  }
  const logAt = (t: number) => {
    const low = Math.min(998, Math.max(0, Math.floor(t)));
    return logs[low]! + (t - low) * (logs[low + 1]! - logs[low]!);
  };
  return {
    alphas: (t: number) => Math.exp(logAt(t) / 2),
    sigmas: (t: number) => Math.sqrt(1 - Math.exp(logAt(t))),
  };
}
