/** Plan files with all that they may record: read, refused by place, written. */
import { describe, expect, test } from 'vitest';
import { formatPlan, type PlanFile, parsePlanFile } from '../../../src/runtime/schedule/index.js';

const plan = (): PlanFile => ({
  format: 'stepfold.plan',
  version: 1,
  model: { file: 'dit.onnx', sha256: 'ab'.repeat(32) },
  passes: [{ pass: 'ditfastattn', options: { threshold: 0.05, window: '1/8' } }],
  guidance: { order: 'cond-first', mode: 'batch' },
  calls: 3,
  sites: {
    'attention.0': ['compute', 'reuse', 'compute'],
    'attention.1': ['compute', 'window+guidance-share', 'window'],
  },
  calibration: {
    pass: 'ditfastattn',
    threshold: 0.05,
    seed: 3,
    samples: 8,
    sampler: { name: 'ddim', steps: 3 },
    search: 'segments',
    evaluations: 10.5,
    seconds: 12.25,
    loss: { 'attention.0': [null, 0.01, null], 'attention.1': [null, 0.02, 0] },
  },
});

// biome-ignore lint/suspicious/noExplicitAny: the point is to break what the types promise
type Loose = any;

const broken = (change: (plan: Loose) => void): unknown => {
  const copy = plan();
  change(copy);
  return copy;
};

describe('parsePlanFile', () => {
  test('takes all of it, and a plan with nothing but calls and sites', () => {
    expect(parsePlanFile(JSON.stringify(plan()), 'p.json')).toEqual(plan());
    const { format, version, calls, sites } = plan();
    expect(parsePlanFile({ format, version, calls, sites }, 'p.json').calls).toBe(3);
  });

  test.each<[path: string, message: RegExp, change: (plan: Loose) => void]>([
    ['/model', /must have "sha256"/, (p) => delete p.model.sha256],
    [
      '/model/sha256',
      /64 lower-case hexadecimal digits, found "AB/,
      (p) => (p.model.sha256 = 'AB'),
    ],
    ['/passes', /found an array of 0/, (p) => (p.passes = [])],
    ['/passes/0', /must have "pass"/, (p) => delete p.passes[0].pass],
    ['/passes/0/option', /is not a property/, (p) => (p.passes[0].option = {})],
    [
      '/guidance/order',
      /must be one of "cond-first", "uncond-first", "none"; found "first"/,
      (p) => (p.guidance.order = 'first'),
    ],
    ['/guidance', /must have "mode"/, (p) => delete p.guidance.mode],
    ['/calls', /found 0/, (p) => (p.calls = 0)],
    ['/sites/attention.1/1', /must be string, found 2/, (p) => (p.sites['attention.1'][1] = 2)],
    [
      '/sites/attention.0',
      /a strategy for each of the 3 calls, found 2/,
      (p) => p.sites['attention.0'].pop(),
    ],
    ['/calibration/samples', /must be integer, found 1.5/, (p) => (p.calibration.samples = 1.5)],
    ['/calibration/search', /"plain", "segments"/, (p) => (p.calibration.search = 'fast')],
    ['/calibration/thresold', /is not a property/, (p) => (p.calibration.thresold = 1)],
    [
      '/calibration/loss/attention.1/0',
      /must be number or null, found "none"/,
      (p) => (p.calibration.loss['attention.1'][0] = 'none'),
    ],
    [
      '/calibration/loss/attention.1',
      /a loss for each of the 3 calls, found 4/,
      (p) => p.calibration.loss['attention.1'].push(null),
    ],
    [
      '/calibration/loss/attention.2',
      /names no site/,
      (p) => (p.calibration.loss['attention.2'] = [null, null, null]),
    ],
  ])('refuses at %s', (path, message, change) => {
    expect(() => parsePlanFile(broken(change), 'p.json')).toThrow(
      expect.objectContaining({
        code: 'PLAN_INVALID',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ file: 'p.json', path }),
      }),
    );
  });
});

describe('formatPlan', () => {
  test('writes what is read back, in the order of the schema', () => {
    const { calibration, ...rest } = plan();
    const text = formatPlan({ calibration: calibration!, ...rest });
    expect(parsePlanFile(text, 'p.json')).toEqual(plan());
    expect(Object.keys(JSON.parse(text))).toEqual([
      'format',
      'version',
      'model',
      'passes',
      'guidance',
      'calls',
      'sites',
      'calibration',
    ]);
    expect(formatPlan(JSON.parse(text))).toBe(text);
  });

  test('fills lines of 100 characters', () => {
    const all = ['compute', 'window', 'window+guidance-share', 'reuse'];
    const cases = [all, ['compute'], ['reuse']].flatMap((names) =>
      Array.from({ length: 60 }, (_, n) =>
        Array.from({ length: n + 1 }, (_, call) => names[call % names.length]!),
      ),
    );
    for (const row of cases) {
      const text = formatPlan({
        format: 'stepfold.plan',
        version: 1,
        calls: row.length,
        sites: { 'attention.0': row, 'attention.11': row },
      });
      expect(JSON.parse(text).sites['attention.11']).toEqual(row);
      const lines = text.split('\n');
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
      // a line of a list is not broken before it has to be
      const listed = (line?: string) => line?.startsWith('      "');
      for (const [i, line] of lines.entries())
        if (listed(line) && listed(lines[i + 1]))
          expect(`${line} ${lines[i + 1]!.trim().split(' ')[0]}`.length).toBeGreaterThan(100);
    }
  });

  test('refuses to write what a reader would refuse', () => {
    expect(() => formatPlan(broken((p) => (p.calls = 4)) as PlanFile, 'here.json')).toThrow(
      expect.objectContaining({
        code: 'PLAN_INVALID',
        message: expect.stringContaining('here.json'),
      }),
    );
  });
});
