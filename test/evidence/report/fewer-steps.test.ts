/** Fewer steps beside a bundle, as the page has them. */
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import type { ReportSubject } from '../../../src/evidence/report/facts/subject.js';
import { fewerStepsSection } from '../../../src/evidence/report/sections/fewer-steps.js';

test('what is nearest to the converged picture comes first, the bundle among the rest', () => {
  const fewerSteps = {
    cost: 11.96,
    convergedSteps: 1000,
    loop: 45.21,
    bundle: { own: Number.POSITIVE_INFINITY, converged: 41 },
    rows: [
      { name: 'ddim', spacing: 'trailing', steps: 12, isOwn: true, own: 38, converged: 33.04 },
      { name: 'deis, order 3', steps: 12, isOwn: false, own: 36, converged: 42.5 },
    ],
  };
  const { body } = fewerStepsSection({ fewerSteps } as unknown as ReportSubject)!;
  const { document } = parseHTML(`<html><body>${body.text}</body></html>`);
  const rows = [...document.querySelectorAll('tr')].slice(1);
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ['12 steps, deis, order 3', '36.0 dB', '42.5 dB'],
    ['the bundle', 'equal', '41.0 dB'],
    ["12 steps, ddim trailing (the loop's sampler)", '38.0 dB', '33.0 dB'],
    ["the source's own loop", '', '45.2 dB'],
  ]);
  expect(document.querySelector('p')!.textContent).toContain('costs 12.0 calls');
  expect(fewerStepsSection({} as ReportSubject)).toBeUndefined();
});
