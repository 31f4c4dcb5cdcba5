// Which calls are full, chosen by where the loop ends: against even distances and published rules, and how good the
// weights are that the choice rests on.
//
//   node bench/full-calls.mjs [--model digits|dit-digits] [--samples 8]          to the converged picture
//   node bench/full-calls.mjs --fewer                                            fewer steps alone, at the same costs
//   node bench/full-calls.mjs --weights [--samples 4] [--full 12]                weights against exact ones
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { forecast } from '../dist/passes/index.js';
import { endError, weighedEdges } from '../dist/src/evidence/calibrate/full-calls/candidates.js';
import {
  distance,
  positionWith,
  runFullLoop,
  stepsBefore,
} from '../dist/src/evidence/calibrate/full-calls/full-loop.js';
import { Memo } from '../dist/src/evidence/calibrate/full-calls/memo.js';
import { openSearch } from '../dist/src/evidence/calibrate/full-calls/search.js';
import { loadModel, placeFullCalls } from '../dist/src/node.js';
import { ROOT } from '../scripts/demo/common.mjs';

const { values: asked } = parseArgs({
  options: {
    model: { type: 'string', default: 'digits' },
    samples: { type: 'string', default: '8' },
    weights: { type: 'boolean', default: false },
    fewer: { type: 'boolean', default: false },
    full: { type: 'string', default: '12' },
    seed: { type: 'string', default: '100' },
    steps: { type: 'string', default: '50' },
  },
});
const SUBJECTS = {
  digits: { file: 'digits/digits-unet.onnx', order: 'uncond-first' },
  'dit-digits': { file: 'dit-digits/dit-digits.onnx', order: 'cond-first' },
};
const { file, order } = SUBJECTS[asked.model];
const model = () => loadModel(path.join(ROOT, 'samples', file));
const steps = Number(asked.steps);
const SAMPLERS = [
  { name: 'ddim', spacing: 'leading' },
  { name: 'dpm++2m', spacing: 'trailing' },
];
const common = {
  pass: forecast,
  calls: steps,
  samples: Number(asked.samples),
  seed: Number(asked.seed),
  guidance: { order, mode: 'batch', scale: 2 },
};

const FULL = [8, 12, 17];
const resultsFile = path.join(ROOT, 'bench/results', `full-calls-${asked.model}.json`);

if (asked.weights) await weights();
else if (asked.fewer) await fewerSteps();
else await rules();

async function rules() {
  const rows = [];
  for (const sampler of SAMPLERS)
    for (const full of FULL)
      for (const rule of ['end-error', 'magcache', 'smoothcache']) {
        const { chosen, candidates, worth } = await placeFullCalls(model(), {
          ...common,
          sampler,
          rule,
          asked: { full },
          yardstick: rule === 'end-error',
        });
        const of = (placement) =>
          candidates
            .filter((one) => one.placement === placement)
            .map(({ label, error }) => ({ label, ...error }));
        const best = (placement) => Math.min(...of(placement).map(({ judged }) => judged));
        const placements = rule === 'end-error' ? ['even', 'minimax', 'sum'] : [rule];
        for (const placement of placements)
          console.log(
            `${sampler.name} ${full} full ${placement}: ${best(placement).toPrecision(3)} (${of(
              placement,
            )
              .map(({ label, judged }) => `${label} ${judged.toPrecision(3)}`)
              .join('; ')})`,
          );
        if (worth) {
          const rivals = [...worth.rows].sort((a, b) => b.converged - a.converged);
          const own = worth.rows.find(({ isOwn }) => isOwn);
          const dB = (one) => one.converged.toFixed(1);
          console.log(
            `  chosen ${chosen.placement}, ${chosen.label}: ${dB(worth.chosen)} dB to converged; even ${dB(worth.even)}; own sampler ${dB(own)}; best ${rivals[0].name} ${rivals[0].spacing} ${dB(rivals[0])}; loop ${worth.loop.toFixed(1)}`,
          );
        }
        rows.push({ sampler: sampler.name, full, rule, chosen, candidates, worth });
      }
  fs.writeFileSync(resultsFile, `${JSON.stringify({ ...asked, rows }, null, 1)}\n`);
}

/** With each sampler at its best spacing, beside the plans that were measured before. */
async function fewerSteps() {
  const rows = [];
  let measured = {};
  for (const sampler of SAMPLERS)
    for (const full of FULL) {
      const { worth } = await placeFullCalls(model(), {
        ...common,
        sampler,
        // the search that takes least, of one way to forecast
        rule: 'magcache',
        options: { order: 1, basis: 'lagrange' },
        asked: { full },
        measured,
        onMeasured(known) {
          // the same for every loop from the same noise
          measured = Object.fromEntries(
            Object.entries(known()).filter(([name]) => name.startsWith('converged')),
          );
        },
      });
      const ranked = [...worth.rows].sort((a, b) => b.converged - a.converged);
      const [best] = ranked;
      const own = ranked.find(({ isOwn }) => isOwn);
      const dB = ({ name, spacing, converged }) =>
        `${converged.toFixed(1)} dB (${name} ${spacing})`;
      console.log(`${sampler.name} ${full} full: own sampler ${dB(own)}, best ${dB(best)}`);
      rows.push({ sampler: sampler.name, full, rows: ranked });
    }
  const before = fs.existsSync(resultsFile) ? JSON.parse(fs.readFileSync(resultsFile, 'utf8')) : {};
  fs.writeFileSync(resultsFile, `${JSON.stringify({ ...before, fewer: rows }, null, 1)}\n`);
}

/** Weights against loops run to the end, and what paths are said to cost against what they do. */
async function weights() {
  const full = Number(asked.full);
  for (const sampler of SAMPLERS)
    for (const degree of [0, 1, 2]) {
      const search = await openSearch(model(), {
        ...common,
        sampler,
        asked: { full },
        options: { order: degree, basis: 'lagrange' },
      });
      const [open] = search.opened;
      const loop = await search.loopOn(search.halves[0]);
      const whole = await runFullLoop(loop, open);
      const subject = { loop, whole, open };
      const problem = await weighedEdges(new Memo({}, () => {}), '', subject, full);
      const random = generator(1);
      const pick = (low, high) => low + Math.floor(random() * (high - low + 1));
      const ratios = [];
      for (let i = 0; i < 60; i++) {
        const from = pick(0, steps - 4);
        const to = Math.min(steps, from + pick(2, problem.mostGap));
        const gap = pick(1, problem.mostGap);
        let at = positionWith(whole, stepsBefore(from, gap, open.variant.depth));
        while (at.step < loop.length) at = await loop.next(at, open, at.step >= to);
        const end = whole.positions.at(-1).trajectory.latent;
        const exact = distance(at.trajectory.latent, end) / whole.size;
        ratios.push(
          Math.abs(Math.log(problem.weight(problem.history ? gap : 1, from, to) / exact)),
        );
      }
      ratios.sort((a, b) => a - b);
      const at = (share) => Math.exp(ratios[Math.floor(share * ratios.length)]).toFixed(2);
      const usual = Math.round(steps / full);
      const models = {
        'gap before': (gap, from, to) => problem.weight(gap, from, to),
        'usual gap': (_, from, to) => problem.weight(problem.history ? usual : 1, from, to),
        'no gap': (_, from, to) => problem.weight(1, from, to),
      };
      const paths = [];
      for (let i = 0; i < 30; i++) {
        const chosen = randomPath(full, problem.mostGap, pick);
        const found = await endError(loop, whole, open, chosen);
        const said = Object.fromEntries(
          Object.entries(models).map(([name, weight]) => {
            const edges = chosen.map((step, k) =>
              weight(
                k === 0 || !problem.history ? 1 : step - chosen[k - 1],
                step,
                chosen[k + 1] ?? steps,
              ),
            );
            return [name, { sum: edges.reduce((a, b) => a + b, 0), minimax: Math.max(...edges) }];
          }),
        );
        paths.push({ found, said });
      }
      const ranks = Object.keys(models).map((name) => {
        const by = (how) =>
          spearman(
            paths.map(({ found }) => found),
            paths.map(({ said }) => said[name][how]),
          ).toFixed(2);
        return `${name}: sum ${by('sum')}, largest ${by('minimax')}`;
      });
      console.log(
        `${sampler.name} order ${degree}: weights within a factor of ${at(0.5)} (median), ${at(0.9)} (nine of ten); rank correlation with the error of 30 random paths: ${ranks.join('; ')}`,
      );
      await search.release();
    }
}

function randomPath(full, mostGap, pick) {
  for (;;) {
    const chosen = new Set([0]);
    while (chosen.size < full) chosen.add(pick(1, steps - 1));
    const path = [...chosen].sort((a, b) => a - b);
    if (path.every((step, i) => (path[i + 1] ?? steps) - step <= mostGap)) return path;
  }
}

function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function spearman(a, b) {
  const ranks = (values) => {
    const order = values.map((value, i) => [value, i]).sort((x, y) => x[0] - y[0]);
    const found = [];
    for (const [rank, [, i]] of order.entries()) found[i] = rank;
    return found;
  };
  const [x, y] = [ranks(a), ranks(b)];
  const n = a.length;
  const d = x.reduce((sum, rank, i) => sum + (rank - y[i]) ** 2, 0);
  return 1 - (6 * d) / (n * (n * n - 1));
}
