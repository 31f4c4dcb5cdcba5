/**
 * The pictures that the web page begins with are what the model draws: its first choice, drawn anew. UPDATE_FIRST=1 writes
 * them.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { decibels } from '../../src/evidence/yardstick/index.js';
import { decodePng, encodePng, toPictures } from '../../src/io/images.js';
import { requireBuild } from '../cli/stepfold.js';
import { WEB } from './browser.js';
import { inFewerSteps, onNode } from './loops.js';

const FIRST = path.join(WEB, 'src/watch/first');
const CHOICE = { model: 'digits-unet', variant: 'n5' };
/** As the page chooses them before anybody else does, and as many steps as take the schedule's MACs. */
const [DIGIT, SEED, STEPS, FEWER] = [3, 7, 50, 21];

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-first-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

test('each is the picture of its loop, and what is said of it is so', async () => {
  requireBuild();
  const loops = await onNode(folder, CHOICE, DIGIT, SEED);
  const ends = {
    source: loops.source.at(-1)!,
    bundle: loops.bundle.at(-1)!,
    fewer: await inFewerSteps(CHOICE, FEWER, DIGIT, SEED),
  };
  const { cost } = JSON.parse(
    fs.readFileSync(path.join(folder, 'digits-unet-n5/schedule.json'), 'utf8'),
  );
  const macs = cost.macs.convention.all;
  expect(Math.ceil((STEPS * macs.perCall) / macs.source)).toBe(FEWER);
  const picture = (latent: Float32Array) =>
    toPictures(latent, [1, 1, ...Array<number>(2).fill(Math.sqrt(latent.length))])[0]!;
  const about = {
    ...CHOICE,
    ...{ digit: DIGIT, seed: SEED, steps: STEPS, fewerSteps: FEWER },
    decibels: {
      bundle: Number(decibels(ends.bundle, ends.source).toFixed(1)),
      fewer: Number(decibels(ends.fewer, ends.source).toFixed(1)),
    },
  };
  if (process.env.UPDATE_FIRST) {
    for (const [name, latent] of Object.entries(ends))
      fs.writeFileSync(path.join(FIRST, `${name}.png`), encodePng(picture(latent)));
    fs.writeFileSync(path.join(FIRST, 'first.json'), `${JSON.stringify(about, null, 2)}\n`);
  }
  for (const [name, latent] of Object.entries(ends)) {
    const file = path.join(FIRST, `${name}.png`);
    const kept = decodePng(fs.readFileSync(file), file);
    const drawn = picture(latent);
    expect([kept.width, kept.height, kept.channels]).toEqual([16, 16, 1]);
    // a level is as near as machines agree
    kept.data.forEach((level, i) => {
      expect(Math.abs(level - drawn.data[i]!)).toBeLessThanOrEqual(1);
    });
  }
  const said = JSON.parse(fs.readFileSync(path.join(FIRST, 'first.json'), 'utf8'));
  expect({ ...said, decibels: undefined }).toEqual({ ...about, decibels: undefined });
  for (const which of ['bundle', 'fewer'] as const)
    expect(said.decibels[which]).toBeCloseTo(about.decibels[which], 0);
});
