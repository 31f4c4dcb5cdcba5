// What the search of `stepfold tune` leaves out: every setting that it could come to at one cost, each on one batch of images, the
// best on more, beside what the search chose; and how often either ran the model.
//
//   node bench/grid.mjs [--model flow-digits] [--speedup 2] [--samples 32] [--work DIR]
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startingPoints } from '../dist/src/cli/actions/tune/search-space.js';
import { Bundles } from '../dist/src/evidence/tune/bundles.js';
import {
  ORDERS,
  PLACEMENTS,
  SHARES,
  STRETCHES,
  single,
} from '../dist/src/evidence/tune/candidate.js';
import { costsHere } from '../dist/src/evidence/tune/costs.js';
import { distinct, rivalsAt } from '../dist/src/evidence/tune/fewer.js';
import { halve } from '../dist/src/evidence/tune/halving.js';
import {
  describeSearch,
  FolderShare,
  MOST_STEPS,
  settingTitle,
  stepsIn,
  TuningFolder,
  tune,
} from '../dist/src/evidence/tune/index.js';
import { findMethods } from '../dist/src/evidence/tune/methods.js';
import { both, pairsOf } from '../dist/src/evidence/tune/pairs.js';
import { referenceLoop } from '../dist/src/evidence/tune/reference.js';
import { started } from '../dist/src/evidence/tune/starts.js';
import { Table } from '../dist/src/evidence/tune/table.js';
import { writeResults } from './quality/rows.mjs';
import { judgeOf } from './tuned/judged.mjs';
import { subjectOf } from './tuned/subjects.mjs';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: 'flow-digits' },
    speedup: { type: 'string', default: '2' },
    samples: { type: 'string', default: '32' },
    work: { type: 'string', default: path.join(os.tmpdir(), 'stepfold-grid') },
  },
});
const LOOPS = 3;
/** As the search ends. */
const RUNGS = [
  { batches: 1, keep: 8 },
  { batches: 2, keep: 8 },
  { batches: 4, keep: 1 },
];

const times = Number(values.speedup);
const { subject, model } = subjectOf(values.model);
const { own } = subject;
const budget = stepsIn(own) / times;
const folderOf = (kind) => new TuningFolder(path.join(values.work, values.model, kind));
const search = describeSearch(subject, model);
const say = (text) => process.stderr.write(`\r\x1b[K${text}`);

const bundles = new Bundles(subject, model);
const folder = folderOf('grid');
const table = new Table({
  ...{ bundles, folder, share: new FolderShare(folder), search: search.id, own },
  converged: referenceLoop(own),
});
const batchesOf = (count) => Array.from({ length: count }, (_, i) => i);
const score = async ({ setting, cost }, batches) =>
  (await table.of({ setting, cost }, batchesOf(batches)))?.converged.mean;

const costs = costsHere(bundles, own, 'macs', (name, measure) =>
  folder.measured(`${search.id} ${name}`, measure),
);
const methods = await findMethods(bundles, {
  ...{ subject, costs, startingPoints, mostSteps: MOST_STEPS },
});
const space = { ...methods, own, mostSteps: MOST_STEPS };

const samples = Number(values.samples);
const judge = judgeOf(bundles, subject, samples);
await judge.prepare();
const judged = async (setting) => ({
  chosen: settingTitle(setting),
  setting,
  converged: (await judge.distances(setting)).converged,
});

const start = performance.now();
const rivals = rivalsAt(space, budget);
const rank = (candidates, rungs) =>
  halve(
    candidates,
    rungs,
    async () => {},
    (one, batches) => score(one, batches),
  );
const ranked = await rank(rivals, [{ batches: 3, keep: LOOPS }]);
const settings = gridOver(ranked.map(({ loop }) => loop));
console.log(
  `${rivals.length} loops of fewer steps, and ${settings.length} settings in ${LOOPS} of them`,
);
let done = 0;
const [best] = await halve(
  distinct([...rivals, ...settings]),
  RUNGS,
  async () => {},
  async (one, batches) => {
    say(`${++done}: ${settingTitle(one.setting)}`);
    return score(one, batches);
  },
);
const grid = {
  settings: rivals.length + settings.length,
  // each on one batch, the best on more
  evaluations: table.evaluations,
  // in all loops, on as many images as the search ends with
  plain: plainEvaluations(rivals),
  seconds: (performance.now() - start) / 1000,
  ...(await judged(best.setting)),
};

const begun = performance.now();
const mine = folderOf('search');
const { finalists, evaluations } = await tune({
  ...{ subject, model, goal: { kind: 'speedup', times }, errorTo: 'converged', costs: 'macs' },
  ...{ startingPoints, samples, search: search.id },
  ...{ folder: mine, share: new FolderShare(mine), onProgress: (_, what) => say(what) },
});
say('');
const found = {
  evaluations,
  seconds: (performance.now() - begun) / 1000,
  ...(await judged(finalists[0].setting)),
};
await bundles.release();
for (const [name, one] of Object.entries({ grid, search: found }))
  console.log(
    `${name}: ${one.evaluations.toFixed(0)} evaluations, ${one.seconds.toFixed(0)} s, ${one.converged.mean.toFixed(1)} dB: ${one.chosen}`,
  );
console.log(`in all loops, each on four batches: ${grid.plain.toFixed(0)} evaluations`);
writeResults(`grid-${values.model}`, {
  times,
  samples,
  grid,
  search: found,
});

/** Every setting of every family. */
function gridOver(loops) {
  const at = loops.flatMap((loop) =>
    STRETCHES.flatMap((stretch) =>
      ORDERS.flatMap((order) =>
        PLACEMENTS.flatMap((placement) =>
          SHARES.map((share) => ({ loop, stretch, order, placement, share })),
        ),
      ),
    ),
  );
  const singles = space.methods.map((method) => ({
    make: (place) => single(space, budget, method, place),
  }));
  const starts = space.starts.flatMap((one) => started(space, budget, one));
  // of a pass by its choice in the search; here with each
  const pairs = pairsOf(space.methods.map((method) => ({ method, score: 0 })))
    .filter(({ outer, inner }) => outer.pass !== inner.pass)
    .map((pair) => ({ make: (place) => both(space, budget, pair, place) }));
  const made = [...singles, ...starts, ...pairs].flatMap(({ make }) =>
    at.flatMap((place) => make(place) ?? []),
  );
  return distinct(made);
}

/** Each setting in each loop, on the images that the search ends with. */
function plainEvaluations(all) {
  const inThree = [...all, ...settings].reduce((sum, { cost }) => sum + cost, 0);
  const ofSettings = settings.reduce((sum, { cost }) => sum + cost, 0);
  const batches = RUNGS.at(-1).batches;
  return 10 * batches * (inThree + ofSettings * (all.length / LOOPS - 1));
}
