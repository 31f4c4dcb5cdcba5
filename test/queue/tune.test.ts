/**
 * A search whose trials are shared through a real Redis by real processes: whatever becomes of workers and of Redis, what
 * it finds is what it finds alone, byte for byte.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DIGITS, done, requireBuild, scratchFolder } from '../cli/stepfold.js';
import { type Running, start, until } from './processes.js';
import { type RunningRedis, startRedis, whyNoRedis } from './redis.js';

const folder = scratchFolder('queue');
const at = (...names: string[]) => path.join(folder, ...names);
/** Few enough steps in training that the loop of very many is short. */
const SEARCH = [
  ...['tune', DIGITS, '--train-timesteps', '16', '--spacing', 'trailing', '--steps', '4'],
  ...['--feed', 'class_labels=3', '--seed', '5', '--samples', '2', '--speedup', '2'],
  ...['--cost', 'macs', '--try', 'forecast', '--json', '-o', 'bundle'],
];

const HELPERS = ['killed', 'slow', 'third'];

/** All that lies in a folder, and in those within it. */
const filesIn = (name: string) =>
  fs
    .readdirSync(at(name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => [path.relative(at(name), file), fs.readFileSync(file, 'base64')]);

/** But for what the clock says. */
const withoutTimes = (text: string): unknown =>
  JSON.parse(text, (name, value) => (name === 'time' || name === 'seconds' ? undefined : value));

describe.skipIf(whyNoRedis())('a search through a queue', () => {
  let redis: RunningRedis;
  let alone: string;
  beforeAll(async () => {
    requireBuild();
    redis = await startRedis();
    for (const name of ['alone', 'shared', 'stopped', ...HELPERS]) fs.mkdirSync(at(name));
    alone = await done([...SEARCH, '--work', 'trials'], { cwd: at('alone') });
  }, 300_000);
  afterAll(() => redis?.kill());

  const searchIn = (name: string, ...more: string[]): Running =>
    start([...SEARCH, '--work', 'trials', '--queue', redis.url, ...more], {
      cwd: at(name),
    });
  const work = (name: string): Running =>
    start(['work', '--queue', redis.url, '--model', DIGITS, '--idle', '30', '--json'], {
      cwd: at(name),
      env: { TMPDIR: at(name) },
    });
  const resultsIn = (name: string) => {
    const place = at(name, 'trials/results');
    return fs.existsSync(place) ? fs.readdirSync(place).filter((one) => /json$/.test(one)) : [];
  };
  const looking = async () =>
    (await redis.ask('CLIENT', 'LIST')).join().match(/cmd=zrange/g)?.length ?? 0;
  /** Trials that workers are at. */
  const running = async (): Promise<string[]> => {
    const [key] = (await redis.ask('KEYS', 'stepfold:*:active')) as [string?];
    return key ? redis.ask('LRANGE', key, '0', '-1') : [];
  };
  const expectAsAlone = (name: string, text: string) => {
    expect(withoutTimes(text)).toEqual(withoutTimes(alone));
    expect(filesIn(`${name}/bundle`)).toEqual(filesIn('alone/bundle'));
    expect(filesIn(`${name}/trials/results`)).toEqual(filesIn('alone/trials/results'));
  };

  test('finds the same while a worker dies, one stands still, and Redis loses all', async () => {
    const workers = HELPERS.map(work);
    const [killed, slow] = workers as [Running, Running];
    // all of them look for searches before there is one
    await until(async () => (await looking()) === 3);
    const search = searchIn('shared');
    // each of them is at a trial, which others have to do then
    await until(async () => (await running()).length === 3, search);
    killed.child.kill('SIGKILL');
    slow.child.kill('SIGSTOP');
    const before = resultsIn('shared').length;
    await until(() => resultsIn('shared').length >= before + 5, search);
    await redis.kill();
    await redis.start();
    const { status, stdout, stderr } = await search.outcome;
    slow.child.kill('SIGCONT');
    for (const { child } of workers) child.kill('SIGTERM');
    expect({
      status,
      stderr: stderr.replaceAll(/"?redis:\S+ is (away|there again)\.\n/g, ''),
    }).toEqual({ status: 0, stderr: '' });
    expectAsAlone('shared', stdout);
    const told = await Promise.all(workers.map(({ outcome }) => outcome));
    expect(told.map((one) => one.status)).toEqual([null, 0, 0]);
    expect(told.slice(1).some((one) => JSON.parse(one.stdout).trials > 0)).toBe(true);
    // of what they wrote nothing is left, but where there was no time for it (onnxruntime has logs of its own)
    const left = HELPERS.slice(1).flatMap((name) => fs.readdirSync(at(name)));
    expect(left.filter((name) => !/^\.ses$|\.log$/.test(name))).toEqual([]);
  }, 300_000);

  test('takes all back on Ctrl-C, goes on when it is asked again, and needs no worker', async () => {
    const search = searchIn('stopped');
    await until(() => resultsIn('stopped').length >= 5, search);
    search.child.kill('SIGINT');
    const { status, stderr } = await search.outcome;
    expect([status, stderr]).toEqual([130, expect.stringMatching(/^Interrupted\. Give the same/)]);
    expect(await redis.ask('KEYS', 'stepfold:*')).toEqual([]);
    const again = await searchIn('stopped').outcome;
    expect([again.status, again.stderr]).toEqual([0, '']);
    const { resumed, ...found } = JSON.parse(again.stdout);
    expect(resumed).toBeGreaterThanOrEqual(5);
    expectAsAlone('stopped', JSON.stringify({ ...found, resumed: 0 }));
    expect(await redis.ask('KEYS', 'stepfold:*')).toEqual([]);
  }, 300_000);
});
