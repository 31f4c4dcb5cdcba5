/** Weights and sources that a proof is of: how much of them is compared, and that no other ones are taken. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256 } from '../../../src/compiler/emit/index.js';
import { type VerifyOptions, verifyBundle } from '../../../src/node.js';
import { split, splitExternal, type TinyBundle } from '../../runtime/session/tiny-bundles.js';
import { TINY_SOURCE } from './proof.js';
import { type Given, verified, written } from './verified.js';

describe('weights', () => {
  const weights = (tiny: TinyBundle, more: object): Given => ({
    change: (schedule) => {
      Object.assign(schedule.weights[0]!, more);
    },
    options: { levels: ['disabled'] },
    source: TINY_SOURCE,
    report: { of: tiny.schedule.producer },
  });
  const hash = '0'.repeat(64);

  test('are compared as far as the schedule says', async () => {
    const tiny = splitExternal();
    expect((await verified(tiny, weights(tiny, {}))).weights).toEqual([
      { file: 'weights.bin', bytes: 8, compared: 'size' },
    ]);
    const { folder } = await written(tiny, weights(tiny, {}));
    const whole = sha256(path.join(folder, 'weights.bin'));
    const seen: string[] = [];
    const given = weights(tiny, { sha256: whole });
    const report = await verified(tiny, {
      ...given,
      options: { ...given.options, onProgress: (what) => seen.push(what) },
    });
    expect(report.weights).toEqual([{ file: 'weights.bin', bytes: 8, compared: 'whole' }]);
    expect(seen).toContain('all of weights.bin');
    // small files are samples as a whole
    expect((await verified(tiny, weights(tiny, { samples: whole }))).weights).toEqual([
      { file: 'weights.bin', bytes: 8, compared: 'samples' },
    ]);
  });

  test('of another hash are refused', async () => {
    const tiny = splitExternal();
    await expect(verified(tiny, weights(tiny, { sha256: hash }))).rejects.toMatchObject({
      code: 'SCHEDULE_WEIGHTS_CHANGED',
    });
  });
});

test('a bundle is read only with the source that it was made of', async () => {
  const { folder, model } = await written(split(), {});
  const other = path.join(folder, 'other.onnx');
  fs.writeFileSync(
    other,
    fs.readFileSync((await written(split(), { source: TINY_SOURCE.replace('{2}', '{3}') })).model),
  );
  const code = (options: VerifyOptions) =>
    verifyBundle({ levels: ['disabled'], ...options }).then(
      () => 'read',
      (error) => error.code,
    );
  expect(await code({ folder, model })).toBe('read');
  expect(await code({ folder, model: other })).toBe('SOURCE_DIFFERS');
  expect(await code({ folder: path.join(folder, 'gone'), model })).toBe('FILE_NOT_FOUND');
  fs.rmSync(path.join(folder, 'schedule.json'));
  expect(await code({ folder, model })).toBe('NOT_A_BUNDLE');
});
