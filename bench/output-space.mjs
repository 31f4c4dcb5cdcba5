// In which space the output is best forecast: as the noise that the model predicts, as the clean image, or as v (Salimans and
// Ho, arXiv 2202.00512), and by steps or by their log-SNR. Plain loops around the source, so that no bundle is needed.
//
//   node bench/output-space.mjs [--model digits|dit-digits] [--steps 50]
import { parseArgs } from 'node:util';
import { evenSteps } from '../dist/src/runtime/schedule/index.js';
import { mean } from './equal-cost/decibels.mjs';
import { samplerOf } from './equal-cost/sampler.mjs';
import { openSubject } from './equal-cost/subject.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    steps: { type: 'string', default: '50' },
  },
});
const steps = Number(asked.steps);
const subject = await openSubject(asked.model);
const { latent, prediction } = subject.source.ports.roles;

/** Of x = alpha clean + sigma noise: from the noise, and back. */
const SPACES = {
  noise: { to: (_, noise) => noise, from: (_, noise) => noise },
  clean: {
    to: (x, noise, { alpha, sigma }) => (x - sigma * noise) / alpha,
    from: (x, clean, { alpha, sigma }) => (x - alpha * clean) / sigma,
  },
  v: {
    to: (x, noise, { alpha, sigma }) => (noise - sigma * x) / alpha,
    from: (x, v, { alpha, sigma }) => alpha * v + sigma * x,
  },
};

/** The polynomial through values at some positions, as weights of the values. */
const lagrange = (positions, at) =>
  positions.map((own, j) =>
    positions.reduce((p, other, i) => (i === j ? p : (p * (at - other)) / (own - other)), 1),
  );

const levelOf = (logSnr) => ({
  alpha: Math.sqrt(1 / (1 + Math.exp(-logSnr))),
  sigma: Math.sqrt(1 / (1 + Math.exp(logSnr))),
});

/** The source, which runs at full steps only. */
function forecasting({ to, from }, positions, levels, full, order) {
  let step = 0;
  let kept = [];
  let like;
  return {
    ...subject.source,
    reset() {
      step = 0;
      kept = [];
    },
    async call(feeds, half) {
      const own = step++;
      const x = feeds[latent].data;
      if (full.has(own)) {
        const results = await subject.source.call(feeds, half);
        like = results[prediction];
        const values = Float64Array.from(like.data, (noise, i) => to(x[i], noise, levels[own]));
        kept = [{ step: own, values }, ...kept].slice(0, order + 1);
        return results;
      }
      const weights = lagrange(
        kept.map((one) => positions[one.step]),
        positions[own],
      );
      const data = Float32Array.from(x, (value, i) => {
        const sum = kept.reduce((total, { values }, j) => total + weights[j] * values[i], 0);
        return from(value, sum, levels[own]);
      });
      return { [prediction]: new like.constructor('float32', data, like.dims) };
    },
  };
}

const noises = { images: 20, seed: 7000, scale: 2 };
for (const [sampler, spacing] of [
  ['ddim', 'trailing'],
  ['dpm++2m', 'trailing'],
  ['dpm++2m', 'karras'],
  ['deis:3', 'karras'],
])
  for (const count of [8, 10, 17])
    for (const order of [1, 2]) {
      const loop = { sampler, steps, spacing };
      const { logSnr } = samplerOf(loop);
      const full = new Set(evenSteps(steps, count));
      const found = [];
      for (const [name, space] of Object.entries(SPACES))
        for (const [axis, positions] of [
          ['call', logSnr.map((_, step) => step)],
          ['log-snr', logSnr],
        ]) {
          const denoiser = forecasting(space, positions, logSnr.map(levelOf), full, order);
          const { converged } = await subject.distances(denoiser, loop, noises);
          found.push(`${name} by ${axis} ${mean(converged).toFixed(1)}`);
        }
      console.log(
        `${sampler} ${spacing}, ${count} of ${steps} full, order ${order}: ${found.join(', ')}`,
      );
    }
