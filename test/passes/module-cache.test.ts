/**
 * Which steps are full for which modules, what is said of options that do not fit, and what the emitted models then hold: MACs
 * of the digits transformer follow from its widths (samples/python/dit.py).
 */
import { describe, expect, test } from 'vitest';
import { moduleCache, passes } from '../../passes/index.js';
import { parsePassRequest } from '../../src/compiler/pass/index.js';
import { Pipeline, type PipelineOptions } from '../../src/compiler/pipeline/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { loadModel } from '../../src/model/onnx/files.js';
import { attention, blockModel, feedForward } from '../helpers/block-text.js';
import { type EMITS, scheduleOf } from '../helpers/compile.js';
import { compilePasses, DIT, expectFormsAgree, expectProved, UNET } from '../helpers/composed.js';

/** Self-attention, attention to `c` and a feed-forward. */
const crossed = (p: string, x: string, y: string) => `
  ${attention(`${p}_a`, x, `${p}_attended`)}
  ${p}_x1 = Add (${x}, ${p}_attended)
  ${attention(`${p}_c`, `${p}_x1`, `${p}_told`).replaceAll(
    new RegExp(`(${p}_c_[kv]) = MatMul \\(${p}_x1`, 'g'),
    '$1 = MatMul (c',
  )}
  ${p}_x2 = Add (${p}_x1, ${p}_told)
  ${feedForward(`${p}_f`, `${p}_x2`, `${p}_fed`)}
  ${y} = Add (${p}_x2, ${p}_fed)`;

const two = () => blockModel(crossed('a', 'x', 'h') + crossed('b', 'h', 'y'));

const compile = async (model: Model, options: object, loop: Partial<PipelineOptions> = {}) =>
  Pipeline.create({ calls: 8, ...loop })
    .use(moduleCache, options)
    .compile(model);

/** By kind, at which calls its modules are computed, where all of them agree. */
async function fullSteps(options: object, loop: Partial<PipelineOptions> = {}) {
  const { plan } = await compile(two(), options, loop);
  const byKind = new Map<string, Set<string>>();
  for (const [s, { id }] of plan.sites.entries()) {
    const full = plan.rows.flatMap((row, call) => (row[s] === 'compute' ? [call] : []));
    const kind = id.replace(/\.\d+$/, '');
    byKind.set(kind, (byKind.get(kind) ?? new Set()).add(full.join(' ')));
  }
  return Object.fromEntries([...byKind].map(([kind, rows]) => [kind, [...rows].join(' or ')]));
}

const alike = (full: string) => ({ self: full, cross: full, 'feed-forward': full });

describe('which steps are full', () => {
  test.each<[string, ReturnType<typeof alike> | Record<string, string>]>([
    // FORA: all kinds by one interval
    ['interval=3', alike('0 3 6')],
    ['interval=3,warmup=2,cooldown=1', alike('0 1 4 7')],
    ['full-calls=3', alike('0 4 7')],
    ['full=0+1+5', alike('0 1 5')],
    ['kinds=cross,interval=4', { cross: '0 4' }],
    ['kinds=self+feed-forward,interval=4', { self: '0 4', 'feed-forward': '0 4' }],
    // PAB: attention by kind, between the ends of the loop
    ['self=2,cross=5,warmup=2,cooldown=1', { self: '0 1 3 5 7', cross: '0 1 6 7' }],
    ['self=2,interval=4', { self: '0 2 4 6', cross: '0 4', 'feed-forward': '0 4' }],
    ['kinds=self+cross,self=2,interval=4', { self: '0 2 4 6', cross: '0 4' }],
    // T-GATE: computed before the gate, then never again
    ['kinds=cross,gate=3', { cross: '0 1 2' }],
    ['gate=1', alike('0')],
    ['kinds=cross,interval=3,gate=5', { cross: '0 3 4' }],
    ['cross=3,gate=5', { cross: '0 3 4' }],
  ])('%s', async (text, expected) => {
    const { options } = parsePassRequest(`module-cache:${text}`);
    expect(await fullSteps(options)).toEqual(expected);
  });

  test('steps are counted, not calls, where guidance takes two', async () => {
    const guidance = { order: 'cond-first', mode: 'two-calls' } as const;
    expect(await fullSteps({ interval: 2 }, { guidance })).toEqual(alike('0 1 4 5'));
  });

  test.each<[object, string[]]>([
    [{ range: '1' }, ['self.1', 'cross.1', 'feed-forward.1']],
    [{ range: '0-1', kinds: ['cross'] }, ['cross.0', 'cross.1']],
    [{ range: '0', self: 3, cross: 2 }, ['self.0', 'cross.0', 'feed-forward.0']],
  ])('of blocks that a range says: %j', async (options, expected) => {
    const { plan } = await compile(two(), { interval: 2, ...options });
    expect(plan.sites.map(({ id }) => id)).toEqual(expected);
  });

  test('ranges take turns, each at an interval of its own', async () => {
    const { plan } = await Pipeline.create({ calls: 8 })
      .use(moduleCache, { range: '0', interval: 4 })
      .use(moduleCache, { range: '1', interval: 2 })
      .compile(two());
    const full = plan.sites.map(({ id }, s) => [
      id,
      plan.rows.flatMap((row, call) => (row[s] === 'compute' ? [call] : [])).join(' '),
    ]);
    expect(Object.fromEntries(full)).toEqual({
      'self.0': '0 4',
      'cross.0': '0 4',
      'feed-forward.0': '0 4',
      'self.1': '0 2 4 6',
      'cross.1': '0 2 4 6',
      'feed-forward.1': '0 2 4 6',
    });
  });

  test('kinds of one rule are one choice, so that other loops need no model of their own', async () => {
    const count = async (options: object) =>
      (await compile(two(), options, { emit: 'split' })).lowered.models.size;
    expect(await count({ interval: 3 })).toBe(2);
    expect(await count({ self: 3, cross: 3, 'feed-forward': 3 })).toBe(2);
  });
});

describe('what does not fit', () => {
  test.each<[string, RegExp]>([
    ['kinds=self,cross=2', /"cross": it is not among the kinds that are asked for/],
    ['kinds=parallel,interval=2', /no module of the kind parallel that can be followed/],
    ['kinds=self+parallel,interval=2', /"kinds": the model has no parallel module/],
    ['kinds=elbow,interval=2', /"kinds"/],
    ['gate=9', /"gate": there are only 8 steps/],
    ['gate=0', /"gate"/],
    ['self=0', /"self"/],
    ['kinds=self', /"full-calls": it must be given, or interval, or a list of full steps/],
    ['full=1+2', /step 0 must be full/],
    ['range=first,interval=2', /"range": write it as 4-9, not "first"/],
    ['range=0-2,interval=2', /"range": the model has 2 blocks \(0 to 1\)/],
  ])('%s', async (text, why) => {
    const { options } = parsePassRequest(`module-cache:${text}`);
    await expect(compile(two(), options)).rejects.toThrow(why);
  });

  const beside = () =>
    blockModel(`${crossed('a', 'x', 'h')}
      ${attention('b', 'h', 'b_attended')}
      h1 = Add (h, b_attended)
      ${feedForward('b_f', 'h1', 'b_fed')}
      y = Add (h1, b_fed)`);

  test.each<[object, RegExp]>([
    [{ range: '1', kinds: ['self', 'cross'] }, /"range": no cross module lies in it/],
    [{ range: '1', cross: 2 }, /"range": no cross module lies in it/],
    [{ range: '1', kinds: ['cross', 'parallel'] }, /"range": no cross module lies in it/],
  ])('blocks without what is asked for: %j', async (options, why) => {
    const given = { ...(!('cross' in options) && { interval: 2 }), ...options };
    await expect(compile(beside(), given)).rejects.toThrow(why);
  });

  test('a range of a model without blocks', async () => {
    const alone = blockModel(attention('a', 'x', 'y'));
    await expect(compile(alone, { interval: 2, range: '0' })).rejects.toMatchObject({
      code: 'BLOCKS_NOT_FOUND',
    });
  });

  test('a model without modules is told where the nearest was left', async () => {
    const body = `q = MatMul (x, w)
      kt = Transpose <perm = [0, 2, 1]> (x)
      s = MatMul (q, kt)
      [soft] p = Softmax <axis = -1> (s)
      m = MatMul (p, q)
      y = Tanh (m)`;
    await expect(compile(blockModel(body), { interval: 2 })).rejects.toMatchObject({
      code: 'MODULES_NOT_FOUND',
      message: expect.stringMatching(/no layer projects what it gives.*at node "soft"/),
    });
  });
});

describe('full steps that a search asks for', () => {
  const { fullSteps: rule } = passes['module-cache']!;

  test.each<[object, object]>([
    [{ interval: 3 }, { full: [0, 2] }],
    [
      { self: 2, cross: 5 },
      { kinds: ['self', 'cross'], full: [0, 2] },
    ],
    [
      { kinds: ['cross'], gate: 4 },
      { kinds: ['cross'], full: [0, 2] },
    ],
    [
      { self: 2, interval: 3, order: 1 },
      { order: 1, full: [0, 2] },
    ],
  ])('%j', (options, expected) => {
    expect(rule!.at(options as never, [0, 2])).toEqual(expected);
  });

  test('are read back, where they are those of all kinds', () => {
    expect(rule!.of!({ interval: 3 }, 8)).toEqual([0, 3, 6]);
    expect(rule!.of!({ kinds: ['cross'], gate: 2 }, 8)).toEqual([0, 1]);
    expect(() => rule!.of!({ self: 2, cross: 3 }, 8)).toThrow(
      /its full steps are not those of all/,
    );
  });
});

describe('the digits transformer', () => {
  // n tokens of d channels, six layers: four projections and two products, and what is four times as wide
  const [n, d] = [144, 128];
  const self = 6 * (4 * n * d ** 2 + 2 * n ** 2 * d);
  const feed = 6 * 8 * n * d ** 2;

  test.each<[object, number]>([
    [{ interval: 2 }, self + feed],
    [{ kinds: ['self'], interval: 2 }, self],
    [{ kinds: ['feed-forward'], interval: 2 }, feed],
  ])('%j leaves out MACs that follow from its widths', async (options, saved) => {
    const compilation = await compile(loadModel(DIT), options, { calls: 2, emit: 'split' });
    const { macs } = scheduleOf(compilation).cost!;
    const [full, between] = Object.values(macs!.convention.all.programs) as [number, number];
    expect(full - between).toBe(saved);
  });
});

describe('proved, in every form', () => {
  test.each<[string, string, object, Partial<PipelineOptions>]>([
    ['two intervals in any loop', DIT, { self: 2, 'feed-forward': 3 }, { fixedLoop: false }],
    [
      'a forecast in two calls a step',
      DIT,
      { interval: 2, order: 1 },
      { guidance: { order: 'cond-first', mode: 'two-calls' } },
    ],
    ['attention of a U-Net', UNET, { gate: 3 }, {}],
  ])('%s', async (_, file, options, loop) => {
    const made = await compilePasses(file, [['module-cache', options]], loop);
    await expectProved(file, made);
    await expectFormsAgree(file, made, (emit: (typeof EMITS)[number]) =>
      compilePasses(file, [['module-cache', options]], { ...loop, emit }),
    );
  });
});
