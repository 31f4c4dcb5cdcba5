/** What is no regular file is refused without waiting for it, and what the system refuses is put into words. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StepfoldError } from '../../src/errors/index.js';
import {
  openRegular,
  openRegularLater,
  readRegular,
  readRegularText,
  regularFile,
} from '../../src/io/regular-file.js';
import { nodeFile } from '../../src/model/files/node-file.js';
import { loadModel } from '../../src/model/onnx/files.js';

// short, since the name of a socket has room for about a hundred bytes
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sf-'));
const at = (name: string) => path.join(folder, name);
const server = net.createServer();

beforeAll(async () => {
  execFileSync('mkfifo', ['pipe'], { cwd: folder });
  fs.symlinkSync('pipe', at('link-to-pipe'));
  fs.symlinkSync('circle', at('circle'));
  fs.writeFileSync(at('file'), 'some text');
  fs.symlinkSync('file', at('link'));
  fs.mkdirSync(at('folder'));
  const here = process.cwd();
  process.chdir(folder);
  await new Promise<void>((resolve) => server.listen('socket', resolve));
  process.chdir(here);
});
afterAll(() => {
  server.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

const READERS: Readonly<Record<string, (file: string) => unknown>> = {
  openRegular,
  openRegularLater,
  readRegular,
  readRegularText,
  regularFile,
  loadModel,
  nodeFile,
};

async function refusal(act: () => unknown): Promise<StepfoldError> {
  try {
    await act();
  } catch (error) {
    if (error instanceof StepfoldError) return error;
    throw error;
  }
  throw new Error('was read');
}

describe.each(Object.entries(READERS))('%s', (name, read) => {
  test.each([
    ['pipe', 'a pipe'],
    ['link-to-pipe', 'a pipe'],
    ['socket', 'a socket'],
    ['/dev/null', 'a device'],
    ['/dev/zero', 'a device'],
  ])('refuses %s', async (given, kind) => {
    const file = path.resolve(folder, given);
    const { code, message, details } = await refusal(() => read(file));
    expect({ code, message }).toEqual({
      code: 'FILE_UNREADABLE',
      message: `"${file}" cannot be read: it is ${kind}.`,
    });
    expect(details.file).toBe(file);
  });

  test('refuses a folder', async () => {
    const { code } = await refusal(() => read(at('folder')));
    const isModel = name === 'loadModel' || name === 'nodeFile';
    expect(code).toBe(isModel ? 'FILE_IS_A_FOLDER' : 'FILE_UNREADABLE');
  });

  test('says what is not there, and what leads round in a circle', async () => {
    for (const missing of [at('absent'), at('file/inside')])
      expect(await refusal(() => read(missing))).toMatchObject({
        code: 'FILE_NOT_FOUND',
        details: { file: missing },
      });
    const { code, message } = await refusal(() => read(at('circle')));
    expect(code).toBe('FILE_UNREADABLE');
    expect(message).toContain('round in a circle');
  });
});

test('reads files, through links, and those whose size the system does not say', () => {
  expect(readRegularText(at('file'))).toBe('some text');
  expect(readRegularText(at('link'))).toBe('some text');
  expect(readRegularText('/proc/self/cmdline')).toBe(fs.readFileSync('/proc/self/cmdline', 'utf8'));
  expect(regularFile(at('link')).size).toBe(9);
  fs.writeFileSync(at('empty'), '');
  expect(readRegular(at('empty'))).toEqual(new Uint8Array());
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
  fs.writeFileSync(at('long'), bytes);
  expect(Buffer.from(readRegular(at('long'))).equals(bytes)).toBe(true);
});

test('a text that is too long is refused before it is read', () => {
  const fd = fs.openSync(at('sparse'), 'w');
  fs.ftruncateSync(fd, 2 ** 40);
  fs.closeSync(fd);
  expect(() => readRegularText(at('sparse'))).toThrow('1099511627776 bytes');
});

test('leaves no file open', async () => {
  const open = () => fs.readdirSync('/proc/self/fd').length;
  const before = open();
  for (const read of Object.values(READERS))
    for (const given of ['pipe', 'folder', 'absent']) await refusal(() => read(at(given)));
  readRegular(at('file'));
  expect(open()).toBe(before);
});
