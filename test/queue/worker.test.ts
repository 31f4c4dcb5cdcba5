/** `work --queue` as a process: what it does with searches and trials that a test has put into a real Redis. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../packages/queue/src/index.js';
import { passesWith } from '../../passes/table.js';
import { hashOf, idOf, jobOf } from '../../src/evidence/tune/job.js';
import type { TrialQueue } from '../../src/evidence/tune/queue/trial-queue.js';
import { describeSearch } from '../../src/evidence/tune/search-file.js';
import { canonical } from '../../src/evidence/tune/setting.js';
import { loadModel } from '../../src/model/onnx/files.js';
import {
  DIGITS,
  expectRefusal,
  ROOT,
  requireBuild,
  scratchFolder,
  stepfold,
} from '../cli/stepfold.js';
import { start, until } from './processes.js';
import { pause, type RunningRedis, startRedis, whyNoRedis, writeCertificate } from './redis.js';

const folder = scratchFolder('worker');
const model = loadModel(DIGITS);
const search = describeSearch(
  { file: DIGITS, table: passesWith([]), feeds: { class_labels: [3] }, seed: 5 },
  model,
);
const jobIn = (id: string, steps: number, pass?: string) =>
  jobOf(id, { passes: pass ? [{ pass, options: {} }] : [], sampler: { name: 'ddim', steps } }, 0);

describe.skipIf(whyNoRedis())('a worker at a queue', () => {
  let redis: RunningRedis;
  let queue: TrialQueue;
  beforeAll(async () => {
    requireBuild();
    redis = await startRedis();
  });
  afterAll(() => redis?.kill());
  beforeEach(async () => {
    queue = await connect(redis.url);
  });
  afterEach(async () => {
    for (const one of await queue.searches()) await queue.withdraw(one, [one], []);
    await queue.close();
  });

  const announce = async (text: string): Promise<string> => {
    const id = hashOf(text);
    await queue.announce(id, new Map([[id, new TextEncoder().encode(text)]]));
    return id;
  };
  const ask = (id: string, ...trials: object[]) =>
    queue.ask(
      id,
      trials.map((trial) => ({ id: hashOf(canonical(trial)), trial })),
    );
  const work = (...more: string[]) => [
    ...['work', '--queue', redis.url, '--model', DIGITS, '--json', ...more],
  ];
  const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

  test('does trials, and nothing that is none; one that breaks is a result', async () => {
    const id = await announce(search.text);
    const [whole, broken] = [jobIn(id, 2), jobIn(id, 2, 'no-such-pass')];
    const other = jobIn('e'.repeat(64), 2);
    await ask(id, { ...whole, run: 'rm -rf /' }, { ...whole, sampler: { name: '../x', steps: 1 } });
    await ask(id, other, broken, whole);
    const { status, stdout, stderr } = await stepfold(work('--idle', '1'));
    expect([status, JSON.parse(stdout).trials]).toEqual([0, 2]);
    expect(stderr.trimEnd().split('\n')).toEqual(
      ['something that is no trial', 'names "../x"', 'of another search'].map((why) =>
        expect.stringMatching(new RegExp(`^TUNE_JOB: "trial [0-9a-f]{12} of redis://.*${why}`)),
      ),
    );
    expect(await queue.remarks(id)).toHaveLength(3);
    const results = await queue.results([idOf(whole), idOf(broken)]);
    expect(JSON.parse(results.get(idOf(whole))!.record)).toMatchObject({ images: 2, work: 2 });
    expect(JSON.parse(results.get(idOf(broken))!.record)).toMatchObject({
      failed: { code: 'PASS_UNKNOWN' },
    });
  });

  test.each([
    ['another version', { stepfold: '9.0.0' }, 'TUNE_VERSION', /9\.0\.0/],
    ['another model', { model: { sha256: 'a', weights: [] } }, 'TUNE_MODEL', /digits-unet\.onnx/],
  ])('is not for a search of %s, and says so to both', async (_, change, code, mention) => {
    const id = await announce(canonical({ ...JSON.parse(search.text), ...change }));
    await ask(id, jobIn(id, 2));
    const { status, stdout, stderr } = await stepfold(work('--idle', '0'));
    expect([status, JSON.parse(stdout).error.code]).toEqual([2, code]);
    expect(lastLine(stderr)).toMatch(new RegExp(`^error ${code}: `));
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(await queue.remarks(id)).toEqual([
      expect.stringMatching(new RegExp(`does not do it: ${code}: .*${mention.source}`)),
    ]);
    expect(await queue.states(id, [idOf(jobIn(id, 2))])).toEqual(['waiting']);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)('gives its trial back on %s', async (signal) => {
    const id = await announce(search.text);
    // a loop of minutes
    const job = jobIn(id, 1000);
    await ask(id, job);
    const place = fs.mkdtempSync(path.join(folder, 'tmp-'));
    const worker = start(work('--idle', '60'), { cwd: place, env: { TMPDIR: place } });
    const state = async () => (await queue.states(id, [idOf(job)]))[0];
    await until(async () => (await state()) === 'running');
    // into the loop
    await pause(500);
    worker.child.kill(signal);
    const { status, stdout, stderr } = await worker.outcome;
    expect([status, stderr, JSON.parse(stdout).trials]).toEqual([0, '', 0]);
    expect(await state()).toBe('waiting');
    expect(fs.readdirSync(place).filter((name) => name.startsWith('stepfold'))).toEqual([]);
  });

  test('waits for a Redis that goes away, and says so where it does not come back', async () => {
    const place = await startRedis();
    const args = ['work', '--queue', place.url, '--model', DIGITS, '--idle', '4'];
    const worker = start(args, { cwd: folder });
    // it has looked for searches
    await until(async () => (await place.ask('CLIENT', 'LIST')).join().includes('cmd=zrange'));
    await place.kill();
    const { status, stderr } = await worker.outcome;
    expect(status).toBe(2);
    expect(stderr).toMatch(/^redis:\S+ is away\.\nerror QUEUE_DOWN: [^\n]*\n$/);
  });
});

describe('refuses', () => {
  const tune = (url: string) =>
    stepfold(['tune', DIGITS, '-o', 'none', '--queue', url], { cwd: folder });
  const work = (...args: string[]) =>
    stepfold(['work', '--model', DIGITS, '--idle', '0', ...args], { cwd: folder });

  test('what is no address of a Redis', async () => {
    expectRefusal(await tune('http://queue.lan'), 'QUEUE_URL', 'http:');
    expectRefusal(await work('--queue', 'queue.lan'), 'QUEUE_URL', 'redis://');
  });

  test('a queue that is down, and leaves nothing behind', async () => {
    const url = 'redis://me:secret@127.0.0.1:1';
    for (const outcome of [await tune(url), await work('--queue', url)]) {
      expectRefusal(outcome, 'QUEUE_DOWN', 'redis://127.0.0.1:1', 'ECONNREFUSED');
      expect(outcome.stderr).not.toContain('secret');
    }
    expect(fs.readdirSync(folder).filter((name) => name.startsWith('none'))).toEqual([]);
  });

  test('a worker without a place, or with two', async () => {
    expectRefusal(await work(), 'QUEUE_OR_FOLDER');
    expectRefusal(await work('trials', '--queue', 'redis://127.0.0.1'), 'QUEUE_OR_FOLDER');
  });

  test('a queue where its package is not installed', async () => {
    const place = path.join(folder, 'installed');
    const modules = path.join(place, 'node_modules');
    fs.cpSync(path.join(ROOT, 'dist'), path.join(place, 'dist'), { recursive: true });
    for (const name of ['package.json', 'schemas'])
      fs.cpSync(path.join(ROOT, name), path.join(place, name), { recursive: true });
    fs.mkdirSync(modules);
    for (const name of fs.readdirSync(path.join(ROOT, 'node_modules')))
      if (name !== 'stepfold-queue')
        fs.symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
    const main = path.join(place, 'dist/src/cli/main.js');
    const args = ['work', '--model', DIGITS, '--queue', 'redis://127.0.0.1:1'];
    const outcome = await start(args, { cwd: folder, main }).outcome;
    expectRefusal(outcome, 'QUEUE_PACKAGE', 'npm install stepfold-queue');
  });
});

describe.skipIf(whyNoRedis())('with a Redis that asks who is there', () => {
  const work = (url: string, env: Record<string, string> = {}) =>
    stepfold(['work', '--model', DIGITS, '--idle', '0', '--queue', url], { cwd: folder, env });

  test('a wrong password is said, and not shown', async () => {
    const redis = await startRedis({ password: 'right' });
    try {
      const address = `127.0.0.1:${redis.port}`;
      const wrong = await work(`redis://:wr0ng@${address}`);
      expectRefusal(wrong, 'QUEUE_REFUSED', `redis://${address}`, 'WRONGPASS');
      expect(wrong.stderr).not.toContain('wr0ng');
      expectRefusal(await work(`redis://${address}`), 'QUEUE_REFUSED', 'NOAUTH');
      expect(await work(redis.url)).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await redis.kill();
    }
  });

  test('TLS is spoken with those whose certificate is trusted', async () => {
    const certificate = writeCertificate(folder);
    const redis = await startRedis({ tls: folder });
    try {
      expectRefusal(await work(redis.url), 'QUEUE_DOWN', 'self-signed certificate');
      const trusted = await work(redis.url, { NODE_EXTRA_CA_CERTS: certificate });
      expect(trusted).toMatchObject({ status: 0, stderr: '' });
    } finally {
      await redis.kill();
    }
  });
});
