/**
 * Weights that are no longer what the bundle was written with: noticed wherever a bundle is opened, and said
 * which of the two happened. Hashes are made anew here, by what the schema says of them.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/index.js';
import { type BundleOptions, writeBundle } from '../../../src/compiler/emit/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { sampledStretches } from '../../../src/model/files/samples.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { benchBundle, openLoopBundle, verifyBundle } from '../../../src/node.js';
import { openBundle } from '../../../src/runtime/node/index.js';

const DIGITS = path.resolve('samples/digits/digits-unet.onnx');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-changed-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

let count = 0;
let source = '';
let bundle = '';
const weights = () => path.join(bundle, 'weights.bin');

/** A bundle of a source of its own. */
async function write(options: Partial<BundleOptions> = {}): Promise<void> {
  fs.copyFileSync(DIGITS, source);
  const compilation = await Pipeline.create({ calls: 2 })
    .use(deepcache, { branch: 3, interval: 2 })
    .compile(loadModel(source));
  writeBundle(compilation, bundle, { sourceFile: source, ...options });
}

beforeEach(() => {
  count += 1;
  source = path.join(folder, `source-${count}.onnx`);
  bundle = path.join(folder, `bundle-${count}`);
});

/** Other bytes at a place, in the file as it is. */
function overwrite(file: string, offset: number, length = 4): void {
  const fd = fs.openSync(file, 'r+');
  const bytes = new Uint8Array(length);
  fs.readSync(fd, bytes, 0, length, offset);
  fs.writeSync(
    fd,
    bytes.map((byte) => byte ^ 0xff),
    0,
    length,
    offset,
  );
  fs.closeSync(fd);
}
const MIDDLE = 2_000_000;
const open = async (verifyHashes = true) => (await openBundle(bundle, { verifyHashes })).release();
const changed = (cause: string, differs = 'samples') => ({
  code: differs === 'bytes' ? 'SCHEDULE_WEIGHTS_SIZE' : 'SCHEDULE_WEIGHTS_CHANGED',
  details: { file: weights(), data: { cause, differs } },
});

describe('the source overwritten in place, behind the link', () => {
  test('is noticed wherever the bundle is opened', async () => {
    await write();
    await open();
    overwrite(source, MIDDLE, 100_000);
    const expected = changed('overwritten');
    await expect(open()).rejects.toMatchObject(expected);
    await expect(openBundle(bundle, { worker: true })).rejects.toMatchObject(expected);
    await expect(openLoopBundle(bundle)).rejects.toMatchObject(expected);
    const both = { folder: bundle, model: DIGITS };
    await expect(benchBundle(both)).rejects.toMatchObject(expected);
    await expect(verifyBundle(both)).rejects.toMatchObject(expected);
    await open(false);
  });

  test('also where it became shorter, and where the link is all that is left of it', async () => {
    await write();
    fs.truncateSync(source, MIDDLE);
    await expect(open()).rejects.toMatchObject(changed('overwritten', 'bytes'));
    fs.rmSync(source);
    await expect(open()).rejects.toMatchObject(changed('overwritten', 'bytes'));
  });

  test('of which the report is gone, is known by its other name only', async () => {
    await write();
    fs.rmSync(path.join(bundle, 'report.json'));
    overwrite(source, MIDDLE, 100_000);
    await expect(open()).rejects.toMatchObject(changed('either'));
    fs.writeFileSync(path.join(bundle, 'report.json'), 'no JSON');
    await expect(open()).rejects.toMatchObject(changed('either'));
    fs.rmSync(source);
    await expect(open()).rejects.toMatchObject(changed('damaged'));
  });
});

test('another file in place of the link is told from that', async () => {
  await write();
  const other = `${source}.other`;
  fs.copyFileSync(weights(), other);
  overwrite(other, MIDDLE, 100_000);
  fs.renameSync(other, weights());
  await expect(open()).rejects.toMatchObject(changed('replaced'));
});

test("a file of the bundle's own that was damaged", async () => {
  await write({ weights: 'copy' });
  overwrite(source, MIDDLE, 100_000);
  await open();
  overwrite(weights(), fs.statSync(weights()).size - 4);
  await expect(open()).rejects.toMatchObject(changed('damaged'));
});

describe('is not noticed where nothing was changed', () => {
  test('the source is replaced by another of its name', async () => {
    await write();
    const other = `${source}.other`;
    fs.writeFileSync(other, 'another model');
    fs.renameSync(other, source);
    await open();
  });

  test('a touched file, a moved bundle, one that was copied, and the copy of that', async () => {
    await write();
    fs.utimesSync(weights(), 1, 1);
    await open();
    const moved = `${bundle}-moved`;
    fs.renameSync(bundle, moved);
    bundle = `${bundle}-copied`;
    fs.cpSync(moved, bundle, { recursive: true });
    await open();
    overwrite(weights(), 0);
    await expect(open()).rejects.toMatchObject(changed('replaced'));
  });

  test('a schedule that was written before samples were', async () => {
    await write();
    const file = path.join(bundle, 'schedule.json');
    const { weights: entries, ...rest } = JSON.parse(fs.readFileSync(file, 'utf8'));
    const old = entries.map(({ file, bytes }: { file: string; bytes: number }) => ({
      file,
      bytes,
    }));
    fs.writeFileSync(file, JSON.stringify({ ...rest, weights: old }));
    overwrite(weights(), MIDDLE, 100_000);
    await open();
  });
});

describe('verify', () => {
  test('reads every byte, where the whole was recorded', async () => {
    await write();
    const options = { folder: bundle, model: DIGITS, levels: ['disabled'] as const };
    const { passed, weights: compared } = await verifyBundle(options);
    expect({ passed, compared }).toMatchObject({ passed: true, compared: [{ compared: 'whole' }] });
    // between two samples, so that nobody else sees it
    const { bytes } = compared[0]!;
    const [, second] = sampledStretches(bytes);
    overwrite(weights(), second!.offset - 8);
    await open();
    await expect(verifyBundle(options)).rejects.toMatchObject(changed('overwritten', 'SHA-256'));
  });
});

describe('samples', () => {
  test('are those that the schema describes', async () => {
    await write({ weights: 'prune' });
    const schedule = JSON.parse(fs.readFileSync(path.join(bundle, 'schedule.json'), 'utf8'));
    const bytes = fs.readFileSync(weights());
    const hash = createHash('sha256');
    for (let i = 0; i < 128; i++) {
      const offset = Math.floor(((bytes.length - 16384) * i) / 127);
      hash.update(bytes.subarray(offset, offset + 16384));
    }
    expect(bytes.length).toBeGreaterThan(2097152);
    expect(schedule.weights).toEqual([
      {
        file: 'weights.bin',
        bytes: bytes.length,
        used: expect.any(Number),
        samples: hash.digest('hex'),
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    ]);
  });

  test.each([0, 1, 2097152, 2097153, 1e7, 10e9, 2 ** 42 + 1])('of %i bytes', (size) => {
    const stretches = sampledStretches(size);
    const total = stretches.reduce((sum, { length }) => sum + length, 0);
    expect(total).toBe(Math.min(size, 2097152));
    expect(stretches[0]!.offset).toBe(0);
    const last = stretches.at(-1)!;
    expect(last.offset + last.length).toBe(size);
    for (const [i, { offset, length }] of stretches.entries()) {
      expect(Number.isSafeInteger(offset) && length > 0).toBe(size > 0);
      if (i > 0) expect(offset).toBeGreaterThan(stretches[i - 1]!.offset);
    }
  });
});
