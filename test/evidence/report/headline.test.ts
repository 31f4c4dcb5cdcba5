/** The figures that come first are those that were measured, and the sentence under them says what they say. */
import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { headlineOf } from '../../../src/evidence/report/facts/headline.js';
import type { KnownSubject } from '../../../src/evidence/report/facts/subject.js';
import { headlineSection } from '../../../src/evidence/report/sections/headline.js';

const row = (name: string, own: number, converged: number) => ({
  ...{ name, spacing: 'karras', steps: 12, isOwn: false, own, converged },
});

const SUBJECT = {
  schedule: {
    calls: ['full', 'shallow'],
    states: {},
    programs: {},
    source: { file: 'unet.onnx' },
    cost: { macs: { convention: { all: { source: 10, perCall: 4 } } } },
  },
  measured: {
    rounds: 5,
    loop: { source: 900, bundle: 300, quartiles: [2.8, 3.1], worth: 'clear' },
    doubts: [],
  },
  trace: { decibels: 36.06, steps: [{ step: 0, prediction: 0, latent: 0.037 }] },
  fewerSteps: {
    ...{ cost: 11.9, convergedSteps: 1000, loop: 44, bundle: { own: 36.06, converged: 34.2 } },
    // the one that ends nearest to the loop is not the one that ends nearest to many steps
    rows: [row('unipc', 33, 30), row('deis', 35, 29)],
  },
} as unknown as KnownSubject;

const shown = (subject: KnownSubject) =>
  parseHTML(`<html><body>${headlineSection(subject).body.text}</body></html>`).document;
const rivals = (own: number, converged: number): KnownSubject => ({
  ...SUBJECT,
  fewerSteps: { ...SUBJECT.fewerSteps!, rows: [row('unipc', own, converged)] },
});

test('figures are those that were measured', () => {
  expect(headlineOf(SUBJECT)).toEqual({
    macRatio: 2.5,
    speed: {
      ...{ ratio: 3, milliseconds: { source: 900, bundle: 300 }, rounds: 5 },
      ...{ quartiles: [2.8, 3.1], worth: 'clear', doubts: [] },
    },
    distance: { decibels: 36.06, relative: 0.037 },
    fewerSteps: {
      toOwn: { what: '12 steps, deis karras', steps: 12, decibels: 35 },
      toConverged: { what: '12 steps, unipc karras', steps: 12, decibels: 30 },
      ...{ convergedSteps: 1000, bundleToConverged: 34.2 },
    },
  });
  const figures = [...shown(SUBJECT).querySelectorAll('.figure')].map((card) => card.textContent);
  expect(figures).toEqual(['3.00x', '36.1 dB', '35.0 dB']);
});

test('a speed that its rounds do not bear is none, and what speaks against it is said', () => {
  const { measured } = SUBJECT;
  const loop = { ...measured!.loop, quartiles: [1.2, 4.4], worth: 'unclear' } as const;
  const page = shown({
    ...SUBJECT,
    measured: { ...measured!, loop, doubts: ['The machine is busy'] },
  });
  expect(page.querySelector('.figure')!.textContent).toBe('unclear');
  expect(page.body.textContent).toContain('A loop takes');
  expect(page.body.textContent).not.toContain('as fast');
  expect(page.body.textContent).toMatch(/half of them between 1\.20x and 4\.40x/);
  expect(page.body.textContent).toContain('Doubtful: The machine is busy.');
});

describe('the sentence', () => {
  test.each([
    ['fewer steps do better', 40, 38, /^Fewer steps do better here/],
    ['they do worse', 35, 30, /^Better than fewer steps/],
    [
      'nearer to the loop alone',
      40,
      30,
      /^It depends.*nearer to the source's.*no nearer to that of/,
    ],
    ['nearer to many steps alone', 35, 38, /^It depends.*no fewer steps.*to that of 1000.*they do/],
    // of two that are as near neither is nearer
    ['as near', 36.06, 34.2, /^Better than fewer steps/],
    ['the rival is bit for bit', Number.POSITIVE_INFINITY, 30, /\(equal against 36\.1 dB/],
  ])('%s', (_, own, converged, words) => {
    expect(shown(rivals(own, converged)).querySelector('.verdict')!.textContent).toMatch(words);
  });

  test('a bundle that is exact is no worse than anything', () => {
    const { trace } = SUBJECT;
    const exact = {
      ...rivals(60, 30),
      trace: { ...trace!, decibels: Number.POSITIVE_INFINITY },
    };
    expect(headlineOf(exact).distance!.decibels).toBeNull();
    const document = shown(exact);
    expect(document.querySelectorAll('.figure')[1]!.textContent).toBe('equal');
    expect(document.querySelector('.verdict')!.textContent).toMatch(/^Better than/);
  });
});

test('says what was not measured, and how it would be', () => {
  const { schedule } = SUBJECT;
  const none = shown({ schedule } as KnownSubject);
  expect([...none.querySelectorAll('.figure')].map((card) => card.textContent)).toEqual(['2.50x']);
  expect(none.body.textContent).toContain('--against');
  const alone = shown({ ...SUBJECT, fewerSteps: undefined });
  expect(alone.querySelector('.verdict')).toBeNull();
  expect(alone.body.textContent).toContain('--yardstick');
});
