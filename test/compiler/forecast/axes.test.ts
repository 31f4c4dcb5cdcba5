/** Forecasts by timestep and log-SNR: positions and weights, against the formulas of the noise schedule written out. */
import { describe, expect, test } from 'vitest';
import { forecast } from '../../../passes/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { createSampler } from '../../../src/runtime/samplers/index.js';
import { positionsOn } from '../../../src/runtime/schedule/index.js';
import { scheduleOf } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';

/** Logarithm of alpha-bar over 1 - alpha-bar for betas from 0.0001 to 0.02 in 1,000 steps (DDPM). */
function logSnrAt(timestep: number): number {
  let signal = 1;
  for (let t = 0; t <= timestep; t++) signal *= 1 - (0.0001 + ((0.02 - 0.0001) * t) / 999);
  return Math.log(signal / (1 - signal));
}

const STEPS = 11;
const FULL = [0, 4, 7, 10];
const sampler = createSampler('dpm++2m', { steps: STEPS, spacing: 'quad' });

test('a sampler says the logarithm of signal over noise at its timesteps', () => {
  const wanted = sampler.timesteps.map(logSnrAt);
  for (const [step, found] of sampler.logSnr.entries()) expect(found).toBeCloseTo(wanted[step]!, 8);
});

async function weights(axis: 'call' | 'timestep' | 'log-snr') {
  const model = modelOf('g (float[n] x) => (float[n] y) { y = Neg (x) }');
  const compilation = await Pipeline.create({ calls: STEPS, places: sampler })
    .use(forecast, { full: FULL, order: 1, axis })
    .compile(model);
  return scheduleOf(compilation);
}

describe.each([
  ['call', (step: number) => step],
  ['timestep', (step: number) => -sampler.timesteps[step]!],
  ['log-snr', (step: number) => logSnrAt(sampler.timesteps[step]!)],
] as const)('by %s', (axis, place) => {
  test('what is linear in it is forecast exactly', async () => {
    const schedule = await weights(axis);
    const fed = schedule.parameters!['output.0.weights']!.calls;
    for (const [call, numbers] of fed.entries()) {
      const before = FULL.filter((t) => t < call).reverse();
      if (FULL.includes(call)) {
        expect(numbers).toBeNull();
        continue;
      }
      const known = before.slice(0, 2);
      const sum = known.reduce((s, t, i) => s + numbers![i]! * place(t), 0);
      // one value alone is taken as it is
      expect(sum).toBeCloseTo(known.length < 2 ? place(known[0]!) : place(call), 6);
    }
  });

  test('the schedule says where steps lie', async () => {
    const { axes, parameters } = await weights(axis);
    expect(parameters!['output.0.weights']!.forecast!.axis).toBe(
      axis === 'call' ? undefined : axis,
    );
    if (axis === 'call') return expect(axes).toBeUndefined();
    const positions = axes![axis]!;
    expect([positions[0], positions.at(-1)]).toEqual([0, STEPS - 1]);
    const [first, last] = [place(0), place(STEPS - 1)];
    for (const [step, position] of positions.entries())
      expect(position).toBeCloseTo(((place(step) - first) / (last - first)) * (STEPS - 1), 6);
  });
});

test.each([
  ['log-snr', {}, 'FORECAST_AXIS_MISSING'],
  ['timestep', { logSnr: [0, 1, 2] }, 'FORECAST_AXIS_MISSING'],
  ['timestep', { timesteps: [9, 4] }, 'FORECAST_AXIS_MISSING'],
  ['timestep', { timesteps: [9, 4, 4] }, 'FORECAST_AXIS_UNEVEN'],
  ['log-snr', { logSnr: [Number.NEGATIVE_INFINITY, 0, 1] }, 'FORECAST_AXIS_UNEVEN'],
  ['log-snr', { logSnr: [0, 2, 1] }, 'FORECAST_AXIS_UNEVEN'],
] as const)('by %s of %o is refused', (axis, places, code) => {
  expect(() => positionsOn(axis, places, 3)).toThrow(expect.objectContaining({ code }));
});
