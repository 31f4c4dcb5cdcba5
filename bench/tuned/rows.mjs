// What a search chooses for a sample at each speed, and beside it the settings that others ship.
import { recipesFor } from '../../dist/passes/index.js';
import { startingPoints } from '../../dist/src/cli/actions/tune/search-space.js';
import {
  describeSearch,
  FEWER,
  FolderShare,
  samplerIn,
  TuningFolder,
  tune,
  writeSearch,
} from '../../dist/src/evidence/tune/index.js';

/** An answer that does not depend on the clock; what loops take is measured beside it. */
const COSTS = 'macs';

/**
 * What is chosen at a speed, and the best of fewer steps and of all methods beside it.
 * @param {ReturnType<import('./subjects.mjs').subjectOf>} given
 * @param {number} times as fast
 * @param {{ samples: number, work: string, progress: (text: string) => void }} how
 */
export async function tunedRows({ subject, model }, times, { samples, work, progress }) {
  const folder = new TuningFolder(work);
  const search = describeSearch(subject, model);
  writeSearch(work, search);
  const start = performance.now();
  const { chosen, rival, finalists, evaluations, trials, resumed } = await tune({
    subject,
    model,
    goal: { kind: 'speedup', times },
    errorTo: 'converged',
    costs: COSTS,
    startingPoints,
    samples,
    folder,
    share: new FolderShare(folder),
    search: search.id,
    onProgress: (_, what) => progress(`${times}x: ${what}`),
  });
  const seconds = (performance.now() - start) / 1000;
  const method = finalists.find(({ setting }) => setting.family !== FEWER);
  const found = [
    ['chosen', chosen],
    ['fewer steps', rival],
    ['best method', method],
  ];
  return {
    rows: found.flatMap(([what, one]) => (one ? [{ what, setting: one.setting }] : [])),
    search: { times, evaluations, trials, resumed, seconds },
  };
}

/** Settings that papers give and programs ship, in the loop as it is. */
export async function shippedRows({ subject, model }) {
  const { own, guidance } = subject;
  const loop = samplerIn(own);
  const { settings, family } = await recipesFor(model, {
    calls: loop.timesteps.length,
    places: loop,
    guidance: { order: guidance.order, mode: guidance.mode },
  });
  const rows = settings
    .filter(({ passes, source }) => passes && ['paper', 'shipped'].includes(source.kind))
    .map(({ name, passes }) => ({
      what: 'shipped',
      recipe: name,
      setting: { family: name, passes, sampler: own },
    }));
  return { family: family?.name, rows };
}
