/** A chart that would hold one dot is a sentence. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { KnownSubject, LoopTrace } from '../../../src/evidence/report/facts/subject.js';
import { choicesSection } from '../../../src/evidence/report/sections/choices.js';
import { errorSection } from '../../../src/evidence/report/sections/error.js';

const shown = (body: { readonly text: string } | undefined) =>
  parseHTML(`<html><body>${body!.text}</body></html>`).document.body;

const point = (label: string, macs: number) => ({
  ...{ label, short: label, chosen: macs === 1e6, macs, error: 0.032 },
});

test('of other options', () => {
  const choices = (...points: ReturnType<typeof point>[]) =>
    shown(
      choicesSection({
        trials: [{ title: 'Branches', figure: 'Error over MACs', note: 'Each in turn.', points }],
      } as unknown as KnownSubject)?.body,
    );
  const one = choices(point('branch 1', 1e6));
  expect(one.querySelector('svg')).toBeNull();
  expect(one.textContent).toContain('branch 1 costs 1.00 M MACs a call and ends 3.2 % off');
  const two = choices(point('branch 1', 1e6), point('branch 2', 2e6));
  expect(two.querySelectorAll('[aria-label="dot"] > *')).toHaveLength(2);
  for (const axis of ['MACs of a call on average (M) →', '↑ relative error of the final latent'])
    expect(two.querySelector('svg')!.textContent).toContain(axis);
});

test('of searched plans', () => {
  const plan = (threshold: number) => ({
    ...{ file: 'p.json', threshold, macs: 1e6, error: 0.1, chosen: false },
  });
  const plans = (...all: ReturnType<typeof plan>[]) =>
    shown(choicesSection({ plans: all } as unknown as KnownSubject)?.body);
  expect(plans(plan(0.1)).querySelector('svg')).toBeNull();
  expect(plans(plan(0.1)).querySelectorAll('tbody tr')).toHaveLength(1);
  expect(plans(plan(0.1), plan(0.2)).querySelectorAll('svg')).toHaveLength(2);
});

test('of steps that differ', () => {
  const error = (...latents: number[]) =>
    shown(
      errorSection({
        schedule: { calls: latents.map(() => 'full'), programs: { full: { runs: [] } } },
        trace: {
          ...{ sampler: 'ddim', seed: 0, images: 1, madeUp: [] },
          steps: latents.map((latent, step) => ({ step, prediction: 0, latent })),
        } as LoopTrace,
      } as unknown as KnownSubject)?.body,
    );
  expect(error(0, 0.02).querySelector('svg')).toBeNull();
  expect(error(0, 0.02).textContent).toContain(
    'Only step 1 differs: the latent after the step by 2.0 %',
  );
  expect(error(0, 0).textContent).toContain('bit for bit');
  const drawn = error(0, 0.02, 0.04);
  expect(drawn.querySelectorAll('[aria-label="dot"] > *')).toHaveLength(2);
  // a logarithm has no place for none
  expect(drawn.textContent).toContain('4 values without any difference');
});
