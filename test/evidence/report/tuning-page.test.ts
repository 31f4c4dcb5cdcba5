/** The page of a search: everything that was tried, as it was, whatever names hold. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { tuningPage } from '../../../src/evidence/report/tuning-page.js';
import type { Judged, Setting, Tried, Tuned } from '../../../src/evidence/tune/index.js';

const spread = (mean: number) => ({ mean, least: mean - 1, most: mean + 1, images: 2 });
const tried = (family: string, cost: number, error: number, passes: Setting['passes']): Tried => ({
  setting: { family, passes, sampler: { name: 'ddim', steps: cost } },
  cost,
  own: spread(error - 5),
  converged: spread(error),
});
const judged = (one: Tried, milliseconds: number): Judged => ({
  ...one,
  time: { milliseconds, least: milliseconds, most: milliseconds, rounds: 3 },
});

const FEWER = tried('fewer steps', 10, 38, []);
const CHOSEN = tried('own pass', 9, 44, [{ pass: 'own', options: { part: '<b>"x"' } }]);
const LATENT = Float32Array.from({ length: 16 }, (_, i) => i / 8 - 1);
const TUNED: Tuned = {
  chosen: judged(CHOSEN, 500),
  rival: judged(FEWER, 510),
  loop: judged(tried('the loop as it is', 20, 40, []), 1000),
  finalists: [CHOSEN],
  tried: [FEWER, CHOSEN, tried('fewer steps', 10, 30, [])],
  failed: [{ setting: CHOSEN.setting, code: 'PLAN_CONFLICT', message: 'Both say <how>.' }],
  notTried: [{ pass: 'deepcache', reason: 'no U-Net & no branches' }],
  reference: { name: 'deis', steps: 128 },
  imagesAtOnce: 1,
  costsOf: undefined,
  evaluations: 1234,
  trials: 12,
  resumed: 0,
  outOfTime: false,
  madeUp: [],
  ends: {
    ...{ dims: [1, 1, 4, 4], chosen: LATENT, rival: undefined, loop: LATENT, converged: LATENT },
  },
};

const page = (tuned: Tuned) =>
  parseHTML(
    tuningPage(tuned, {
      model: 'unet.onnx',
      errorTo: 'converged',
      commands: ({ sampler }) => [`stepfold run unet.onnx --steps ${sampler.steps}`],
    }),
  ).document;

test('has each setting with its figures and the commands that make it', () => {
  const document = page(TUNED);
  const rows = [...document.querySelectorAll('#tried tbody tr')].map((row) =>
    [...row.querySelectorAll('td')].map((cell) => cell.textContent),
  );
  expect(rows.map((cells) => cells.slice(1, 5))).toEqual([
    ['9.0', '44.0', '39.0', '2'],
    ['10.0', '38.0', '33.0', '2'],
    ['10.0', '30.0', '25.0', '2'],
  ]);
  expect(rows[0]![0]).toBe('own:part=<b>"x" in 9 steps of ddim');
  expect(rows[1]![5]).toContain('stepfold run unet.onnx --steps 10');
  const chosen = document.querySelector('#chosen tbody tr')!.textContent!;
  for (const figure of ['0.50 s', '2.00x', '44.0', '43.0 to 45.0'])
    expect(chosen).toContain(figure);
});

test('draws a point for each, and the pictures of one noise', () => {
  const document = page(TUNED);
  expect(document.querySelectorAll('#front circle')).toHaveLength(TUNED.tried.length + 1);
  expect(document.querySelectorAll('#pictures img')).toHaveLength(3);
  const latents = { ...TUNED, ends: { ...TUNED.ends, dims: [1, 4, 2, 2] } };
  expect(page(latents).querySelector('#pictures')).toBeNull();
});

test('says what failed and what was not tried, in words and not as markup', () => {
  const document = page(TUNED);
  expect(document.body.textContent).toContain('Both say <how>.');
  expect(document.body.textContent).toContain('no U-Net & no branches');
  expect(document.querySelector('how, #tried b, #chosen b')).toBeNull();
});
