/** What a search does with a queue: what comes back is kept as its own, and whatever does not come back it runs itself. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TuningFolder } from '../../../src/evidence/tune/folder.js';
import { idOf, jobOf } from '../../../src/evidence/tune/job.js';
import { QueueShare } from '../../../src/evidence/tune/queue/queue-share.js';
import { encodeResult } from '../../../src/evidence/tune/result-files.js';
import { FakeQueue } from './fake-queue.js';

const SEARCH = { id: 'x', text: '{}', inputs: new Map([['h', Uint8Array.of(1, 2)]]) };
const ENDED = {
  latent: Float32Array.of(0.1, -2.5, 3, 1e-30),
  dims: [2, 2],
  images: 2,
  work: 12.5,
  madeUp: ['label'],
};
const [one, two] = [4, 5].map((steps) =>
  jobOf('x', { passes: [], sampler: { name: 'ddim', steps } }, 0),
);
const [id, otherId] = [idOf(one!), idOf(two!)];

let place: string;
let folder: TuningFolder;
let queue: FakeQueue;
let share: QueueShare;
let notices: string[];
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] });
  place = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-'));
  folder = new TuningFolder(place);
  queue = new FakeQueue();
  notices = [];
  const at = { queue, place: 'redis://here' };
  share = await QueueShare.open({
    ...{ at, folder, search: SEARCH },
    onNotice: (text) => notices.push(text),
  });
});
afterEach(async () => {
  await share.close();
  vi.useRealTimers();
  fs.rmSync(place, { recursive: true });
});

/** Longer than between two looks at the states of trials. */
const later = (milliseconds = 1500) => vi.advanceTimersByTime(milliseconds);
const collect = async () => [...(await share.collect([id]))];

test('a search is known with all that its trials take', () => {
  expect([...queue.known.get('x')!.keys()].sort()).toEqual(['h', 'x']);
});

test('what others found is kept as if it had been found here, and leaves the queue', async () => {
  await share.ask([one!]);
  queue.trials.delete(id);
  queue.sent.set(id, encodeResult(ENDED));
  expect(await collect()).toEqual([[id, ENDED]]);
  expect(folder.result(id)).toEqual(ENDED);
  const own = new TuningFolder(path.join(place, 'own'));
  own.keep(id, ENDED);
  for (const name of [`${id}.json`, `${id}.npy`])
    expect(fs.readFileSync(path.join(place, 'results', name))).toEqual(
      fs.readFileSync(path.join(own.path, 'results', name)),
    );
  expect(queue.sent.size).toBe(0);
});

test('what nobody is at is taken out of the queue and run here', async () => {
  await share.ask([one!, two!]);
  queue.trials.get(id)!.state = 'running';
  const taken = await share.take([one!, two!]);
  expect(taken!.job).toBe(two);
  expect(queue.trials.has(otherId)).toBe(false);
  await taken!.done(ENDED);
  expect(folder.result(otherId)).toEqual(ENDED);
  expect(await share.take([one!])).toBeUndefined();
});

test('what is lost is asked for again, and run here when that does not help', async () => {
  await share.ask([one!]);
  for (let i = 0; i < 4; i++) {
    queue.loseAll();
    later();
    await collect();
    expect(queue.trials.has(id), `${i}`).toBe(true);
  }
  expect(notices).toEqual([]);
  queue.loseAll();
  later();
  await collect();
  expect(queue.trials.has(id)).toBe(false);
  expect(notices.join()).toMatch(/is run here: it is not there/);
  expect((await share.take([one!]))!.job).toBe(one);
});

test('what failed with others is run here, and people are told', async () => {
  await share.ask([one!]);
  queue.trials.get(id)!.state = { failed: 'out of memory' };
  later();
  await collect();
  expect(notices).toEqual([expect.stringMatching(/is run here: out of memory/)]);
  expect((await share.take([one!]))!.job).toBe(one);
});

test.each([
  ['no JSON', { record: '{' }],
  ['no result', { record: '{"images":"two"}' }],
  ['without its latents', { record: encodeResult(ENDED).record }],
  ['with others', { ...encodeResult(ENDED), latents: Uint8Array.of(1, 2, 3) }],
])('a result that is none is dropped, and the trial run here: %s', async (_, sent) => {
  await share.ask([one!]);
  queue.trials.get(id)!.state = 'running';
  queue.sent.set(id, sent);
  expect(await collect()).toEqual([]);
  expect(notices).toHaveLength(1);
  expect(queue.sent.size).toBe(0);
  expect((await share.take([one!]))!.job).toBe(one);
  expect(folder.has(id)).toBe(false);
});

test('what takes others far longer than here is run here too', async () => {
  await share.ask([one!, two!]);
  queue.trials.get(id)!.state = 'running';
  const quick = await share.take([one!, two!]);
  later(5000);
  await quick!.done(ENDED);
  await collect();
  later(9000);
  expect(await share.take([one!])).toBeUndefined();
  later(2000);
  expect((await share.take([one!]))!.job).toBe(one);
});

test('while the queue is away all is run here, and when it is back all is asked for again', async () => {
  await share.ask([one!]);
  queue.isConnected = false;
  queue.loseAll();
  await share.ask([two!]);
  later();
  expect(await collect()).toEqual([]);
  const taken = await share.take([one!]);
  await taken!.done(ENDED);
  queue.isConnected = true;
  later();
  await share.collect([otherId]);
  expect([...queue.trials.keys()]).toEqual([otherId]);
  expect(queue.known.has('x')).toBe(true);
  expect(notices).toEqual(['redis://here is away.', 'redis://here is there again.']);
});

test('what workers say is told, and nothing is left at the end', async () => {
  await share.ask([one!]);
  queue.said.push('Process 7 of there does not do it: TUNE_VERSION: old');
  later();
  await collect();
  expect(notices).toEqual(['Process 7 of there does not do it: TUNE_VERSION: old']);
  await share.close();
  // whoever was in the middle of a search that is interrupted
  await share.ask([two!]);
  expect([queue.known.size, queue.trials.size]).toEqual([0, 0]);
});

test('a queue that refuses is told of once', async () => {
  queue.ask = () => Promise.reject(new Error('OOM command not allowed'));
  await share.ask([one!]);
  await share.ask([two!]);
  expect(notices).toEqual(['"redis://here" refuses: OOM command not allowed.']);
  expect((await share.take([one!]))!.job).toBe(one);
});
