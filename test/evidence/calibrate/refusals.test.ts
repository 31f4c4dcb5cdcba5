/** What a search refuses, before it runs anything where that can be known. */
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { deepcache } from '../../../passes/deepcache/index.js';
import type { Pass } from '../../../src/compiler/pass/index.js';
import type { PlainSite } from '../../../src/compiler/plan/index.js';
import { type CalibrateOptions, calibrate } from '../../../src/evidence/calibrate/index.js';
import type { Model } from '../../../src/model/ir/model.js';
import { modelOf, named } from '../../helpers/text.js';
import { toyModel, toyPass } from './toy.js';

type Given = Partial<CalibrateOptions<Record<string, unknown>>>;

const search = (given: Given = {}, model = toyModel()) =>
  calibrate(model, {
    pass: toyPass as never,
    calls: 4,
    samples: 2,
    roles: { latent: 'x', timestep: 't' },
    ...given,
  });

const expectCode = (promise: Promise<unknown>, code: string, ...mentions: string[]) =>
  expect(promise).rejects.toSatisfy(({ code: found, fullMessage }) => {
    expect(found).toBe(code);
    for (const mention of mentions) expect(fullMessage).toContain(mention);
    return true;
  });

const int64 = (...values: number[]) =>
  new ort.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]) as never;
const float32 = (...dims: number[]) =>
  new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b)), dims) as never;

describe('options', () => {
  const pair = { order: 'cond-first', mode: 'batch', scale: 2 } as const;

  test.each<[string, Given, string, string]>([
    ['a pass without a search', { pass: deepcache as never }, 'CALIBRATE_PASS', 'deepcache'],
    ['no calls', { calls: 0 }, 'PLAN_BAD_CALLS', '0'],
    ['no samples', { samples: 0 }, 'CALIBRATE_SAMPLES', '0'],
    ['a part of a sample', { samples: 1.5 }, 'CALIBRATE_SAMPLES', '1.5'],
    [
      'half a step',
      { calls: 3, guidance: { ...pair, mode: 'two-calls' } },
      'GUIDANCE_ODD_CALLS',
      '3',
    ],
    [
      'guidance without its scale',
      { guidance: { order: 'cond-first', mode: 'batch' } },
      'CALIBRATE_GUIDANCE',
      'scale',
    ],
    ['an option of the pass', { options: { sharing: 3 } }, 'PASS_OPTION', 'sharing'],
    ['more steps than the sampler has', { calls: 2000 }, 'SAMPLER_OPTION_RANGE', 'steps'],
    ['an unknown input', { feeds: { labels: int64(0, 1) } }, 'FEED_UNKNOWN', 'labels'],
    ['an input of another type', { feeds: { label: float32(2) } }, 'FEED_TYPE', 'label'],
    ['an input of another batch', { feeds: { label: int64(0, 1, 2) } }, 'FEED_SHAPE', 'label'],
    ['an unknown role', { roles: { latent: 'z' } }, 'FEED_UNKNOWN', 'z'],
  ])('%s', async (_, given, code, mention) => {
    await expectCode(search(given), code, mention);
  });

  test('a fixed batch that holds no pairs', async () => {
    const paired = { samples: 4, guidance: pair };
    await expectCode(search(paired, toyModel(3)), 'GUIDANCE_BATCH', '3', 'two-calls');
  });

  test('roles that are not found', async () => {
    await expectCode(search({ roles: {} }), 'ROLE_UNKNOWN', 'timestep');
  });
});

describe('sites', () => {
  const passOf = (sites: (model: Model) => PlainSite[], candidates = ['reuse']): Pass => ({
    name: 'sites',
    description: '',
    example: '',
    options: { type: 'object', properties: {} },
    calibration: { candidates: () => candidates, threshold: () => 0.1 },
    propose: ({ model }) => ({ sites: sites(model), entries: {} }),
  });
  const siteOf = (model: Model, id: string, value: string, writes = true): PlainSite => ({
    id,
    description: '',
    outputs: [named(model, value)],
    states: [{ id: `${id}.0`, like: named(model, value) }],
    strategies: {
      compute: {
        name: 'compute',
        description: '',
        reads: [],
        writes: writes ? { [`${id}.0`]: (b) => b.value(named(model, value)) } : {},
      },
      reuse: {
        name: 'reuse',
        description: '',
        reads: [`${id}.0`],
        produce: (b) => [b.state(`${id}.0`)],
        writes: {},
      },
    },
  });

  test('none at all', async () => {
    await expectCode(search({ pass: passOf(() => []) }), 'CALIBRATE_NO_SITES', 'sites');
  });

  test.each(['segments', 'plain'] as const)('one inside another, %s search', async (kind) => {
    const pass = passOf((model) => [siteOf(model, 'outer', 'h1'), siteOf(model, 'inner', 'a0')]);
    await expectCode(search({ pass, search: kind }), 'CALIBRATE_NESTED', 'inner', 'outer');
  });

  test('a state that nobody writes', async () => {
    const pass = passOf((model) => [siteOf(model, 'site', 'a0', false)]);
    await expectCode(search({ pass }), 'CALIBRATE_STATE', 'site', 'reuse', 'site.0');
  });

  test('a candidate that the site does not have', async () => {
    const pass = passOf((model) => [siteOf(model, 'site', 'a0')], ['zero']);
    await expectCode(search({ pass }), 'CALIBRATE_CANDIDATE', 'zero', 'reuse');
  });
});

test('a model whose output is not finite', async () => {
  const model = modelOf(`g (float[batch,2,2] x, float[batch] t) => (float[batch,2,2] eps) {
    a = Tanh (x)
    b = Sub (x, x)
    c = Div (a, b)
    eps = Add (c, a)
  }`);
  const site = (id: string, value: string): Pass => ({
    ...toyPass,
    propose: ({ model: canonical }) => ({
      sites: [
        {
          id,
          description: '',
          outputs: [named(canonical, value)],
          states: [],
          strategies: {
            compute: { name: 'compute', description: '', reads: [], writes: {} },
            window: {
              name: 'window',
              description: '',
              reads: [],
              produce: (b) => [b.add({ opType: 'Neg', inputs: [b.value(named(canonical, 'x'))] })],
              writes: {},
            },
          },
        },
      ],
      entries: {},
    }),
  });
  await expectCode(
    search({ pass: site('site', 'a') }, model),
    'CALIBRATE_NOT_FINITE',
    'eps',
    'call 0',
  );
});
