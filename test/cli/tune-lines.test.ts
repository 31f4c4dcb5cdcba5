/** The command lines beside each setting of a search make its pictures: as a trial makes them, to the last bit but one. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { passesWith } from '../../passes/table.js';
import { commandsOf } from '../../src/cli/actions/tune/commands.js';
import { planToJson } from '../../src/compiler/plan/index.js';
import { Bundles, pipelineOf } from '../../src/evidence/tune/bundles.js';
import { imageDecibels } from '../../src/evidence/tune/distance.js';
import type { Setting } from '../../src/evidence/tune/setting.js';
import { hasFailed, runTrial } from '../../src/evidence/tune/trial.js';
import { readNpy } from '../../src/io/npy.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { gammaTimesteps } from '../../src/runtime/samplers/index.js';
import { DIGITS, MAIN, requireBuild, scratchFolder } from './stepfold.js';

const folder = scratchFolder('tune-commands');
beforeAll(requireBuild);
const DIT = path.join(path.dirname(DIGITS), '../dit-digits/dit-digits.onnx');
const feed = { class_labels: [3] };
const bundles = new Map<string, Bundles>();
const bundlesOf = (file: string) => {
  const subject = { file, table: passesWith(), feeds: feed, seed: 0 };
  const found = bundles.get(file) ?? new Bundles(subject, loadModel(file));
  bundles.set(file, found);
  return found;
};
afterAll(async () => {
  for (const one of bundles.values()) await one.release();
});

const timesteps = gammaTimesteps({ steps: 5, gamma: 1.4 });
const listed = { name: 'dpm++2m', prediction: 'epsilon', steps: 5, timesteps } as const;
const spaced = { name: 'ddim', prediction: 'epsilon', spacing: 'trailing', steps: 6 } as const;

/** Half of the attentions of every second call are those of the call before. */
async function planned(): Promise<Setting> {
  const passes = [{ pass: 'ditfastattn', options: { strategy: 'reuse', interval: 2 } }];
  const { subject, model } = bundlesOf(DIT);
  const { plan } = await pipelineOf(subject, { passes, sampler: spaced }).compile(model);
  const file = planToJson(plan);
  const sites = Object.entries(file.sites).map(([id, row], i) => [
    id,
    i % 2 === 0 ? row : row.map(() => 'compute'),
  ]);
  return {
    ...{ family: 'ditfastattn', sampler: spaced },
    passes: [{ pass: 'ditfastattn', options: { threshold: 'D3' } }],
    plan: { ...file, sites: Object.fromEntries(sites) },
  };
}

const full = [0, 1, 3];
test.each<[string, string, () => Setting | Promise<Setting>]>([
  ['timesteps of its own', DIGITS, () => ({ family: '', passes: [], sampler: listed })],
  [
    'these with a pass',
    DIGITS,
    () => ({
      ...{ family: '', sampler: listed },
      passes: [{ pass: 'forecast', options: { full, order: 1 } }],
    }),
  ],
  ['a plan', DIT, planned],
])(
  'with %s',
  async (_, model, make) => {
    const setting = await make();
    const trial = await runTrial(bundlesOf(model), setting, 0);
    if (hasFailed(trial)) throw new Error(trial.failed.message);
    const lines = commandsOf({ model, feed: ['class_labels=3'] }, setting);
    const stepfold = `stepfold() { "${process.execPath}" "${MAIN}" "$@"; }`;
    fs.rmSync(folder, { recursive: true, force: true });
    fs.mkdirSync(folder, { recursive: true });
    const last = `${lines.at(-1)} --samples ${trial.images} --seed 0`;
    execFileSync('bash', ['-ec', [stepfold, ...lines.slice(0, -1), last].join('\n')], {
      cwd: folder,
    });
    const out = path.join(folder, 'out/samples.npy');
    const { data } = readNpy(fs.readFileSync(out), out);
    const near = imageDecibels(data as Float32Array, trial.latent, trial.images);
    expect(Math.min(...near)).toBeGreaterThan(100);
  },
  120_000,
);
