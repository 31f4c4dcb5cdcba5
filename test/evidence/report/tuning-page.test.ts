/** The page of a search: everything that was tried, as it was, whatever names hold. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { tuningPage } from '../../../src/evidence/report/tuning-page.js';
import type { Tuned } from '../../../src/evidence/tune/index.js';
import { TUNED, tried } from './tuned.js';

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
    [...row.children].map((cell) => cell.textContent),
  );
  expect(rows.map((cells) => cells.slice(1, 5))).toEqual([
    ['9.0', '44.0', '39.0', '2'],
    ['10.0', '38.0', '33.0', '2'],
    ['10.0', '30.0', '25.0', '2'],
  ]);
  expect(rows[0]![0]).toBe('own:part=<b>"x" in 9 steps of ddim');
  expect(rows[1]![5]).toContain('stepfold run unet.onnx --steps 10');
  const chosen = document.querySelector('#figures tbody tr')!.textContent!;
  for (const figure of ['0.50 s', '2.00x', '44.0', '43.0 to 45.0'])
    expect(chosen).toContain(figure);
  const cards = [...document.querySelectorAll('#chosen .figure')].map((card) => card.textContent);
  expect(cards).toEqual(['2.00x', '44.0 dB', '40.0 dB', '38.0 dB']);
});

test('says who won: the chosen, or fewer steps in the same time', () => {
  const verdict = (rival: number) => {
    const judged = { ...TUNED.rival!, converged: { ...TUNED.rival!.converged, mean: rival } };
    return page({ ...TUNED, rival: judged }).querySelector('.verdict')!.textContent;
  };
  expect(verdict(43.9)).toMatch(/^Better than fewer steps/);
  expect(verdict(44)).toMatch(/^No better than fewer steps/);
  const fewer = page({ ...TUNED, chosen: TUNED.rival! });
  expect(fewer.querySelector('.verdict')!.textContent).toMatch(/^Fewer steps it is/);
  // and does not stand beside itself
  expect(fewer.querySelectorAll('#chosen .figure').length).toBe(3);
});

test('neighbours: what is as fast, and on the front what is faster and slower', () => {
  const document = page({
    ...TUNED,
    tried: [
      ...TUNED.tried,
      tried('fewer steps', 4, 20, []),
      // nearer and cheaper than the next one, which is on no front
      tried('fewer steps', 6, 31, []),
      tried('fewer steps', 7, 30, []),
      tried('fewer steps', 19, 50, []),
    ],
  });
  const rows = [...document.querySelectorAll('#neighbours tbody tr')].map((row) =>
    [0, 2, 3].map((at) => row.children[at]!.textContent),
  );
  expect(rows).toEqual([
    ['slower', '19.0', '50.0'],
    ['chosen', '9.0', '44.0'],
    ['faster', '6.0', '31.0'],
    ['faster', '4.0', '20.0'],
  ]);
});

test('draws no front of one point, and says so', () => {
  const front = page({ ...TUNED, tried: TUNED.tried.slice(0, 1) }).querySelector('#front')!;
  expect(front.querySelector('svg')).toBeNull();
  expect(front.textContent).toContain('Only one setting was tried');
});

test('draws a point for each, and the pictures of one noise', () => {
  const document = page(TUNED);
  expect(document.querySelectorAll('#front circle')).toHaveLength(TUNED.tried.length + 1);
  // converged, chosen, the loop as it is, and what differs from the first, which is nothing
  expect(document.querySelectorAll('#pictures img')).toHaveLength(3);
  expect(document.querySelector('#pictures')!.textContent).toContain('equal, pixel for pixel');
  const latents = { ...TUNED, ends: { ...TUNED.ends, dims: [1, 4, 2, 2] } };
  expect(page(latents).querySelector('#pictures')).toBeNull();
});

test('says what failed and what was not tried, in words and not as markup', () => {
  const document = page(TUNED);
  expect(document.body.textContent).toContain('Both say <how>.');
  expect(document.body.textContent).toContain('no U-Net & no branches');
  expect(document.querySelector('how')).toBeNull();
  expect([...document.querySelectorAll('b')].map((b) => b.textContent)).toEqual([
    'Better than fewer steps.',
    'chosen',
  ]);
});
