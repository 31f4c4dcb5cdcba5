/** What a worker takes from a queue that anybody may write to, and what it refuses. */
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { loadOrt } from '../../../src/evidence/measure/engine.js';
import { hashOf, idOf, jobOf } from '../../../src/evidence/tune/job.js';
import { QueueSource } from '../../../src/evidence/tune/queue/queue-source.js';
import { decodeResult } from '../../../src/evidence/tune/result-files.js';
import { describeSearch } from '../../../src/evidence/tune/search-file.js';
import { canonical } from '../../../src/evidence/tune/setting.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { FakeQueue } from './fake-queue.js';

const FILE = path.resolve('samples/digits/digits-unet.onnx');
const own = { file: FILE, model: loadModel(FILE), table: passesWith([]) };
const ort = await loadOrt();
const LABELS = new ort.Tensor('int64', BigInt64Array.of(3n), [1]);
const search = describeSearch({ ...own, feeds: { class_labels: LABELS }, seed: 5 }, own.model);
const [[inputHash, input]] = [...search.inputs] as [[string, Uint8Array]];
const utf8 = (text: string) => new TextEncoder().encode(text);

let queue: FakeQueue;
let notices: string[];
let source: QueueSource;
const stopped = new AbortController();
beforeEach(() => {
  queue = new FakeQueue();
  notices = [];
  source = new QueueSource({
    ...{ at: { queue, place: 'redis://here' }, ort, own, signal: stopped.signal },
    onNotice: (text) => notices.push(text),
  });
});
afterEach(() => source.close());

const SAMPLER = { name: 'ddim', steps: 4 } as const;
const job = jobOf(search.id, { passes: [], sampler: SAMPLER }, 0);
/** Puts a search and a trial there, each whole or changed. */
async function put({
  text = search.text,
  name = hashOf(text),
  bytes = input,
  isWhole = true,
  trial = job as object,
  id = hashOf(canonical(trial)),
} = {}): Promise<void> {
  const files = new Map<string, Uint8Array>([[name, utf8(text)]]);
  if (isWhole) files.set(inputHash, bytes);
  await queue.announce(name, files);
  await queue.ask(name, [{ id, trial }]);
}
const changed = (change: object) => canonical({ ...JSON.parse(search.text), ...change });

test('a trial of a search for the same model is run on its own inputs', async () => {
  await put();
  const { taken, bundles } = (await source.next())!;
  expect(taken.job).toEqual(job);
  const { class_labels: labels } = bundles.subject.feeds;
  expect((labels as typeof LABELS).data).toEqual(LABELS.data);
  const failed = { failed: { code: 'A', message: 'b' } };
  await taken.done(failed);
  const sent = queue.sent.get(idOf(job))!;
  expect(decodeResult(sent, { record: '', latents: '' })).toEqual(failed);
  expect([source.failure(0), notices]).toEqual([undefined, []]);
});

describe('a search is refused, here and to whoever searches', () => {
  test.each([
    ['of another version', { text: changed({ stepfold: '9.0.0' }) }, 'TUNE_VERSION', '9.0.0'],
    ['of another model', { text: changed({ model: { sha256: 'a', weights: [] } }) }, 'TUNE_MODEL'],
    ['for other plugins', { text: changed({ plugins: ['a'] }) }, 'TUNE_FOLDER', '--plugin'],
    ['that was changed', { name: 'a'.repeat(64) }, 'TUNE_FOLDER', 'content'],
    ['that is none', { text: '{"format":"rm"}' }, 'TUNE_FOLDER', 'no description'],
    ['that is no JSON', { text: 'rm -rf /' }, 'TUNE_FOLDER', 'cannot be read'],
    [
      'with an input of no kind',
      { text: changed({ feeds: { class_labels: null } }) },
      'TUNE_FOLDER',
      'form',
    ],
    ['with plugins of no kind', { text: changed({ plugins: {} }) }, 'TUNE_FOLDER', 'form'],
    ['with guidance of no kind', { text: changed({ guidance: [] }) }, 'TUNE_FOLDER', 'form'],
    ['whose input was changed', { bytes: utf8('other') }, 'TUNE_FOLDER', 'content'],
    [
      'that names a file for an input',
      { text: changed({ feeds: { class_labels: { sha256: '../../etc/passwd' } } }) },
      'TUNE_FOLDER',
      'no hash',
    ],
  ])('%s', async (_, what, code, mention = '') => {
    await put(what);
    expect(await source.next()).toBeUndefined();
    expect(notices).toEqual([expect.stringContaining(`${code}: `)]);
    expect(notices[0]).toContain(mention);
    expect(queue.said).toEqual([expect.stringMatching(/^Process \d+ of .* does not do it: /)]);
    expect(queue.said[0]).toContain(notices[0]);
    // and its trials stay for others
    expect([...queue.trials.values()][0]!.state).toBe('waiting');
    expect(source.failure(0)?.code).toBe(code);
  });
});

test('a search whose inputs are not there yet is looked at again', async () => {
  await put({ isWhole: false });
  expect((await source.next()) === undefined).toBe(true);
  expect([notices, source.failure(0)]).toEqual([[], undefined]);
});

describe('a trial is refused, and another one run', () => {
  test.each([
    ['that asks for something else', { format: 'stepfold.trial', version: 1, run: 'rm' }],
    ['of another search', jobOf('b'.repeat(64), { passes: [], sampler: SAMPLER }, 0)],
    ['that names a file', { ...job, sampler: { ...SAMPLER, timesteps: '/etc/passwd' } }],
    ['of another version', { ...job, stepfold: '9.0.0' }],
  ])('%s', async (_, trial) => {
    await put({ trial });
    await put();
    expect(await source.next()).toBeUndefined();
    expect(queue.refused).toHaveLength(1);
    expect(queue.said).toHaveLength(1);
    expect(notices[0]).toMatch(/^TUNE_(JOB|VERSION): "trial [0-9a-f]{12} of redis:\/\/here" is/);
    expect((await source.next())!.taken.job).toEqual(job);
  });

  test('whose name is not its hash', async () => {
    await put({ id: 'c'.repeat(64) });
    expect(await source.next()).toBeUndefined();
    expect(queue.refused[0]).toMatch(/its name is not the hash/);
  });
});

test('searches have their turns', async () => {
  const second = { ...search, text: changed({ seed: 6 }) };
  await put();
  await put({ text: second.text });
  const other = jobOf(hashOf(second.text), { passes: [], sampler: SAMPLER }, 0);
  queue.take = async (name) => {
    const trial = name === search.id ? job : other;
    const nothing = async () => {};
    return { id: idOf(trial), trial, done: nothing, giveBack: nothing, refuse: nothing };
  };
  const found = [];
  for (let i = 0; i < 4; i++) found.push((await source.next())!.taken.job.search === search.id);
  expect(found).toEqual([true, false, true, false]);
});

test('a search that has ended is let go, and a queue that is away is waited for', async () => {
  await put();
  const { taken } = (await source.next())!;
  queue.isConnected = false;
  const delivered = taken.done({ failed: { code: 'A', message: 'b' } });
  expect(await source.next()).toBeUndefined();
  expect(source.failure(1)?.code).toBe('QUEUE_DOWN');
  queue.isConnected = true;
  await delivered;
  expect(queue.sent.has(idOf(job))).toBe(true);
  expect(source.failure(1)).toBeUndefined();
});

test('what was begun is given back, as it was or as tried in vain', async () => {
  await put();
  await (await source.next())!.taken.giveBack();
  expect(queue.trials.get(idOf(job))!.state).toBe('waiting');
  await (await source.next())!.taken.giveBack(new Error('no memory'));
  expect(queue.trials.get(idOf(job))!.state).toEqual({ failed: 'no memory' });
});

test('a queue that refuses ends it', async () => {
  queue.searches = () => Promise.reject(new Error('NOPERM'));
  await expect(source.next()).rejects.toMatchObject({ code: 'QUEUE_REFUSED' });
});
