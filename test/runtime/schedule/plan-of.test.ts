/** The plan behind a schedule. */
import { expect, test } from 'vitest';
import {
  parsePlanFile,
  planOfSchedule,
  type Schedule,
} from '../../../src/runtime/schedule/index.js';
import { split } from '../session/tiny-bundles.js';

test('is a plan file for the source, or nothing where the schedule does not say', () => {
  const { schedule } = split();
  expect(planOfSchedule({ ...schedule, sites: undefined } as unknown as Schedule)).toBeUndefined();
  const strategies = schedule.calls.map((program) => (program === 'full' ? 'compute' : 'reuse'));
  const guidance = { order: 'uncond-first', mode: 'batch' } as const;
  const plan = planOfSchedule({
    ...schedule,
    source: { ...schedule.source, guidance },
    sites: { deep: { description: '', values: [], strategies } },
  });
  expect(parsePlanFile(plan, 'p.json')).toEqual({
    format: 'stepfold.plan',
    version: 1,
    model: { file: schedule.source.file, sha256: schedule.source.sha256 },
    guidance,
    calls: schedule.calls.length,
    sites: { deep: strategies },
  });
});
