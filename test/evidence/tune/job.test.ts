/** A job that somebody else has written is a trial and nothing beside, or is refused. */
import { describe, expect, test } from 'vitest';
import { idOf, jobOf, parseJob } from '../../../src/evidence/tune/job.js';

const SAMPLER = { name: 'ddim', steps: 4 } as const;
const PASSES = [{ pass: 'deepcache', options: { branch: 1, full: [0, 3] } }];
const job = jobOf('x', { passes: PASSES, sampler: SAMPLER }, 2);
const sent = (change: object = {}): unknown => JSON.parse(JSON.stringify({ ...job, ...change }));

test('comes through as it was, under the same name', () => {
  const read = parseJob(sent(), 'here');
  expect(read).toEqual(job);
  expect(idOf(read)).toBe(idOf(job));
});

describe('is refused where it', () => {
  test.each([
    ['is no object', 'rm -rf /'],
    ['is nothing', null],
    ['is of another format', sent({ format: 'stepfold.search' })],
    ['asks for something beside', sent({ run: 'rm' })],
    ['has no passes', sent({ passes: undefined })],
    ['has a pass without options', sent({ passes: [{ pass: 'deepcache' }] })],
    ['has options that are a list', sent({ passes: [{ pass: 'deepcache', options: [] }] })],
    ['has no sampler', sent({ sampler: 'ddim' })],
    ['has a loop without end', sent({ sampler: { ...SAMPLER, steps: 1e9 } })],
    ['has half a batch', sent({ batch: 0.5 })],
    ['has a batch before the first', sent({ batch: -1 })],
    ['is of another form', sent({ version: 2 })],
    [
      'names a file in an option',
      sent({ passes: [{ pass: 'p', options: { from: '/etc/passwd' } }] }),
    ],
    [
      'names a file deep in one',
      sent({ passes: [{ pass: 'p', options: { a: [{ b: '..\\secret' }] } }] }),
    ],
    ['names one in its sampler', sent({ sampler: { ...SAMPLER, timesteps: 'a/b.json' } })],
  ])('%s', (_, given) => {
    expect(() => parseJob(given, 'here')).toThrow(
      expect.objectContaining({
        code: 'TUNE_JOB',
        message: expect.stringMatching(/^"here" is not run/),
      }),
    );
  });

  test('is of another version, whatever else that has', () => {
    expect(() => parseJob(sent({ stepfold: '9.0.0', fields: 'new' }), 'here')).toThrow(
      expect.objectContaining({ code: 'TUNE_VERSION', message: expect.stringContaining('9.0.0') }),
    );
  });
});
