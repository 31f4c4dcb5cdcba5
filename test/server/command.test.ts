/** The command: mistakes in its options, and SIGTERM. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { beforeAll, describe, expect, test } from 'vitest';
import { writeDigits } from '../../samples/server/src/load/digits.js';
import { readOptions } from '../../samples/server/src/options.js';
import { serve } from '../../samples/server/src/serve.js';
import { LONG, OPTIONS, post, useServers } from './fixture.js';

const { digits, scratch } = useServers();

const MAIN = 'samples/server/dist/main.js';

beforeAll(() => {
  const { status, stdout } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'samples/server'],
    { encoding: 'utf8' },
  );
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
});

describe('what is wrong with the options is said before it listens', () => {
  const refusal = (...args: string[]) => expect((async () => serve(readOptions(args)))()).rejects;

  test('a bundle that does not say its sampler', async () => {
    const folder = await writeDigits(`${scratch}/mute`, { sampler: undefined } as never);
    await refusal(folder).toThrow('--sampler NAME');
  });

  test('numbers, names, and bounds that leave room for nothing', async () => {
    const folder = await digits();
    for (const [args, mention] of [
      [['--images', '0'], '--images takes a whole number from 1'],
      [['--keep', ''], '--keep takes a number from 0'],
      [['--classes', 'class_labels'], '--classes takes NAME=NUMBER'],
      [['--classes', 'labels=3'], 'Conditions: class_labels'],
      [['--guidance-scale', '2'], '--unconditional'],
      [['--state-mib', '0.01'], '--state-mib of 1'],
      [['--result-mib', '0.001'], '--result-mib of 1'],
      [['--nothing'], '--nothing'],
    ] as const)
      await refusal(folder, '--port', '0', ...args).toThrow(mention);
  });

  test.each([
    { args: ['--port', '0'], said: 'Name one bundle.' },
    { args: [scratch], said: 'error FILE_NOT_FOUND' },
  ])('in words, with status 2: $said', ({ args, said }) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
      encoding: 'utf8',
    });
    expect(stderr).toContain(said);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

test('SIGTERM ends what is under way, and then the process, with status 0', async () => {
  const child = spawn(process.execPath, [MAIN, await digits(), ...OPTIONS]);
  const exit = once(child, 'exit');
  let url = '';
  for await (const line of createInterface(child.stdout)) {
    url = /Listening at (\S+)/.exec(line)?.[1] ?? url;
    if (line === 'Ready') break;
  }
  const asked = fetch(`${url}/images?wait=latent.npy`, {
    ...{ method: 'POST', body: JSON.stringify(LONG) },
  });
  for (;;) {
    const health = (await (await fetch(`${url}/health`)).json()) as {
      inFlight: { images: number };
    };
    if (health.inFlight.images === 1) break;
  }
  child.kill('SIGTERM');
  await expect
    .poll(async () => (await post(url)).body.error?.code, { interval: 20 })
    .toBe('STOPPING');
  expect(await (await asked).arrayBuffer()).toHaveProperty('byteLength', 128 + 1024);
  expect(await exit).toEqual([0, null]);
});
