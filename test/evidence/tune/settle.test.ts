/** Trials are known, run here, or run by others, and are counted as such. No model runs: every trial breaks at once. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nothingRan } from '../../../src/errors/index.js';
import type { Bundles } from '../../../src/evidence/tune/bundles.js';
import { TuningFolder } from '../../../src/evidence/tune/folder.js';
import { FolderShare } from '../../../src/evidence/tune/folder-share.js';
import { idOf, jobOf, type TrialJob } from '../../../src/evidence/tune/job.js';
import { type Settled, settledText, settleTrials } from '../../../src/evidence/tune/settle.js';
import type { TrialShare } from '../../../src/evidence/tune/share.js';
import { Table } from '../../../src/evidence/tune/table.js';
import { folderSource, work } from '../../../src/evidence/tune/work.js';

let place: string;
let folder: TuningFolder;
beforeEach(() => {
  place = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-'));
  folder = new TuningFolder(place);
});
afterEach(() => fs.rmSync(place, { recursive: true }));

/** Of a model that cannot be opened, so that a trial is over as soon as it begins. */
const BROKEN = {
  source: () => Promise.reject(nothingRan()),
  release: async () => {},
} as unknown as Bundles;
const HERE = { failed: { code: 'TUNE_NOTHING', message: nothingRan().message } };
const ELSEWHERE = { failed: { code: 'ELSEWHERE', message: 'there' } };
const settingOf = (steps: number) => ({ passes: [], sampler: { name: 'ddim', steps } }) as const;
const job = (steps: number): TrialJob => jobOf('x', settingOf(steps), 0);
const ended = (steps: number) => ({
  latent: Float32Array.of(steps, 1, 2, 3),
  dims: [2, 2],
  images: 2,
  work: steps,
  madeUp: [],
});
const byOf = (settled: ReadonlyMap<string, Settled>) =>
  Object.fromEntries([...settled].map(([id, { by }]) => [id, by]));

test('what is known is not asked for, and the rest is run by whoever can', async () => {
  const [known, mine, theirs] = [job(1), job(2), job(3)];
  folder.keep(idOf(known), ended(1));
  const own = new FolderShare(folder);
  const asked: string[] = [];
  const share: TrialShare = {
    ...{ close: () => own.close(), collect: (ids) => own.collect(ids) },
    ask: async (jobs) => void asked.push(...jobs.map(idOf)),
    take: async (jobs) => {
      // somebody is at it, until there is nothing else to do
      if (jobs.length === 1) folder.keep(idOf(theirs), ELSEWHERE);
      return own.take(jobs.filter((one) => idOf(one) !== idOf(theirs)));
    },
  };
  const progress: string[] = [];
  const settled = await settleTrials({ bundles: BROKEN, folder, share }, [known, theirs, mine], {
    onSettled: (some, all) => progress.push(settledText(some, all)),
  });
  expect(asked).toEqual([idOf(theirs), idOf(mine)]);
  expect(byOf(settled)).toEqual({
    [idOf(known)]: 'before',
    [idOf(mine)]: 'here',
    [idOf(theirs)]: 'others',
  });
  expect(settled.get(idOf(mine))!.result).toEqual(HERE);
  expect(settled.get(idOf(theirs))!.result).toEqual(ELSEWHERE);
  expect(progress.at(-1)).toBe('3 of 3 trials, 1 of them by others');
});

test('nothing is begun when it is late', async () => {
  const share = new FolderShare(folder);
  const settled = await settleTrials({ bundles: BROKEN, folder, share }, [job(1), job(2)], {
    isLate: () => folder.has(idOf(job(1))),
  });
  expect(byOf(settled)).toEqual({ [idOf(job(1))]: 'here' });
});

test('a fault that is none of the trial gives it back', async () => {
  const share = new FolderShare(folder);
  const bundles = { source: () => Promise.reject(new Error('no memory')) } as unknown as Bundles;
  await expect(settleTrials({ bundles, folder, share }, [job(1)])).rejects.toThrow('no memory');
  expect(fs.readdirSync(folder.claims)).toEqual([]);
});

describe('a table', () => {
  const tableOf = (bundles = BROKEN) =>
    new Table({
      ...{ bundles, folder, share: new FolderShare(folder), search: 'x' },
      ...{ own: { name: 'ddim', steps: 8 }, converged: { name: 'ddim', steps: 9 } },
    });

  test('has its results from those that were settled, and does not look for them again', async () => {
    for (const steps of [1, 8, 9]) folder.keep(idOf(job(steps)), ended(steps));
    const table = tableOf();
    await table.prepare([{ family: '', ...settingOf(1) }], [0], {});
    fs.rmSync(path.join(place, 'results'), { recursive: true });
    expect((await table.end({ family: '', ...settingOf(1) }, 0))?.work).toBe(1);
    expect(table.trials).toBe(1);
  });

  test('counts as resumed what an earlier search had made, and nothing of its own', async () => {
    folder.keep(idOf(job(1)), ended(1));
    const table = tableOf();
    const settings = [1, 2].map((steps) => ({ family: '', ...settingOf(steps) }));
    await table.prepare(settings, [0], {});
    for (const setting of settings) await table.end(setting, 0);
    for (const setting of settings) await table.end(setting, 0);
    expect([table.trials, table.resumed]).toEqual([2, 1]);
  });
});

describe('a worker', () => {
  const sourceOf = (bundles = BROKEN) =>
    folderSource(new FolderShare(folder), 'x', bundles, () => false);

  test('runs what is asked for, from the last on, and no other search', async () => {
    const share = new FolderShare(folder);
    await share.ask([job(1), job(2), jobOf('y', settingOf(3), 0)]);
    const { signal } = new AbortController();
    expect(await work({ source: sourceOf(), idle: 0, signal })).toBe(2);
    expect(folder.result(idOf(job(2)))).toEqual(HERE);
    expect(folder.has(idOf(jobOf('y', settingOf(3), 0)))).toBe(false);
  });

  test('gives back what it is at when it is stopped', async () => {
    await new FolderShare(folder).ask([job(1), job(2)]);
    const stopped = new AbortController();
    const bundles = {
      ...BROKEN,
      source: async () => {
        stopped.abort();
        stopped.signal.throwIfAborted();
      },
    } as unknown as Bundles;
    expect(await work({ source: sourceOf(bundles), idle: 60, signal: stopped.signal })).toBe(0);
    expect(fs.readdirSync(folder.claims)).toEqual([]);
    expect(fs.readdirSync(path.join(place, 'results'))).toEqual([]);
  });
});
