/**
 * Δ-DiT's options: what happens at which step, what is said of what does not fit, and what the emitted
 * models then hold. MACs of the digits transformer follow from its widths (samples/python/dit.py).
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { deltaCache } from '../../passes/index.js';
import { checkOptions, parsePassRequest } from '../../src/compiler/pass/index.js';
import {
  type Compilation,
  Pipeline,
  type PipelineOptions,
} from '../../src/compiler/pipeline/index.js';
import { subgraphs } from '../../src/model/ir/attribute.js';
import type { Graph } from '../../src/model/ir/graph.js';
import type { Node } from '../../src/model/ir/node.js';
import { loadModel } from '../../src/model/onnx/files.js';
import type { PlanFile } from '../../src/runtime/schedule/index.js';
import { blockModel, blocks } from '../helpers/block-text.js';
import { EMITS, scheduleOf } from '../helpers/compile.js';
import { modelOf, namesOf } from '../helpers/text.js';
import { tinyTransformer } from '../helpers/transformers.js';
import { TINY_UNET } from '../helpers/unets.js';

const DIGITS = 'samples/dit-digits/dit-digits.onnx';
const TWO_CALLS = { order: 'cond-first', mode: 'two-calls' } as const;

const six = () => blockModel(blocks(6, 'b', 'x', 'y'));
/** A stage of three blocks and one of one, a layer between them. */
const threeAndOne = () =>
  blockModel(`${blocks(3, 'a', 'x', 'h')}
    [between] g = MatMul (h, w)
    ${blocks(1, 'b', 'g', 'y')}`);

const compile = (model: ReturnType<typeof six>, options: object, loop: PipelineOptions) =>
  Pipeline.create(loop).use(deltaCache, options).compile(model);
const planOf = async (options: object, loop: PipelineOptions = { calls: 6 }) =>
  (await compile(six(), options, loop)).plan;

const C = 'compute';
const F = 'delta-front';
const R = 'delta-rear';
const D = 'delta';

describe('what each step does', () => {
  test.each<[object, string[]]>([
    // the boundary is half of the steps unless it is given
    [{ interval: 2, blocks: 2 }, [C, R, C, F, C, F]],
    [{ interval: 3, blocks: 2 }, [C, R, R, C, F, F]],
    [{ interval: 1, blocks: 2 }, [C, C, C, C, C, C]],
    [{ interval: 99, blocks: 2 }, [C, R, R, F, F, F]],
    [{ interval: 2, blocks: 2, boundary: 0 }, [C, F, C, F, C, F]],
    [{ interval: 2, blocks: 2, boundary: 1 }, [C, F, C, F, C, F]],
    [{ interval: 2, blocks: 2, boundary: 2 }, [C, R, C, F, C, F]],
    [{ interval: 3, blocks: 2, boundary: 2 }, [C, R, F, C, F, F]],
    [{ interval: 2, blocks: 2, boundary: 5 }, [C, R, C, R, C, F]],
    [{ interval: 2, blocks: 2, boundary: 6 }, [C, R, C, R, C, R]],
    // all blocks have neither front nor rear, and so no boundary
    [{ interval: 2, blocks: 6 }, [C, D, C, D, C, D]],
    [{ interval: 3, blocks: 6, boundary: 1 }, [C, D, D, C, D, D]],
    [{ interval: 2, range: '1-4' }, [C, D, C, D, C, D]],
    [{ interval: 4, range: '5' }, [C, D, D, D, C, D]],
    [
      { interval: 2, blocks: 2, strategy: 'reuse' },
      [C, 'reuse-rear', C, 'reuse-front', C, 'reuse-front'],
    ],
    [{ interval: 2, range: '0-5', strategy: 'reuse' }, [C, 'reuse', C, 'reuse', C, 'reuse']],
  ])('%j', async (options, expected) => {
    const { rows } = await planOf(options);
    expect(rows).toEqual(expected.map((strategy) => [strategy]));
  });

  test('half of an odd number of steps is rounded down', async () => {
    const { rows } = await planOf({ interval: 7, blocks: 2 }, { calls: 7 });
    expect(rows.flat()).toEqual([C, R, R, F, F, F, F]);
  });

  test('interval and boundary count steps, not calls', async () => {
    const { rows } = await planOf(
      { interval: 2, blocks: 2, boundary: 2 },
      { calls: 10, guidance: TWO_CALLS },
    );
    expect(rows.flat()).toEqual([C, C, R, R, C, C, F, F, C, C]);
    const half = await planOf({ interval: 3, blocks: 2 }, { calls: 12, guidance: TWO_CALLS });
    expect(half.rows.flat()).toEqual([C, C, R, R, R, R, C, C, F, F, F, F]);
  });

  test('both halves in one batch are one call', async () => {
    const guidance = { order: 'uncond-first', mode: 'batch' } as const;
    const model = modelOf(tinyTransformer({ layers: 6 }));
    const { plan } = await compile(model, { interval: 2, blocks: 2 }, { calls: 6, guidance });
    expect(plan.rows.flat()).toEqual([C, R, C, F, C, F]);
  });
});

describe('which blocks', () => {
  /** Where each run begins and ends, of the states that there are. */
  const runs = async (options: object, model = six()) => {
    const { plan } = await compile(model, { interval: 2, ...options }, { calls: 6 });
    return plan.sites.map(({ id, ranges }) => [
      id,
      ...Object.entries(ranges!).flatMap(([name, streams]) =>
        streams.map(({ from, to, keeps }) => [name, from, to, keeps]),
      ),
    ]);
  };

  test.each<[object, [string, string, string][]]>([
    [
      { blocks: 1 },
      [
        [F, 'x', 'b1_in'],
        [R, 'b5_in', 'y'],
      ],
    ],
    [
      { blocks: 2 },
      [
        [F, 'x', 'b2_in'],
        [R, 'b4_in', 'y'],
      ],
    ],
    // front and rear meet, then overlap
    [
      { blocks: 3 },
      [
        [F, 'x', 'b3_in'],
        [R, 'b3_in', 'y'],
      ],
    ],
    [
      { blocks: 5 },
      [
        [F, 'x', 'b5_in'],
        [R, 'b1_in', 'y'],
      ],
    ],
    [{ blocks: 6 }, [[D, 'x', 'y']]],
    [{ range: '0' }, [[D, 'x', 'b1_in']]],
    [{ range: '2-4' }, [[D, 'b2_in', 'b5_in']]],
  ])('%j', async (options, expected) => {
    expect(await runs(options)).toEqual([['blocks', ...expected.map((e) => [...e, 'deviation'])]]);
  });

  test('the ablation keeps outputs', async () => {
    expect(await runs({ blocks: 5, strategy: 'reuse' })).toEqual([
      ['blocks', ['reuse-front', 'x', 'b5_in', 'output'], ['reuse-rear', 'b1_in', 'y', 'output']],
    ]);
  });

  test('every stage that has so many, each a site of its own', async () => {
    expect(await runs({ blocks: 1 }, threeAndOne())).toEqual([
      ['blocks.0', [F, 'x', 'a1_in', 'deviation'], [R, 'a2_in', 'h', 'deviation']],
      ['blocks.1', [D, 'g', 'y', 'deviation']],
    ]);
    expect(await runs({ blocks: 2 }, threeAndOne())).toEqual([
      ['blocks.0', [F, 'x', 'a2_in', 'deviation'], [R, 'a1_in', 'h', 'deviation']],
    ]);
    expect(await runs({ blocks: 3 }, threeAndOne())).toEqual([
      ['blocks.0', [D, 'x', 'h', 'deviation']],
    ]);
  });

  test('one stage, or blocks by the numbers of the whole model', async () => {
    const second = [['blocks.1', [D, 'g', 'y', 'deviation']]];
    expect(await runs({ blocks: 1, stage: 1 }, threeAndOne())).toEqual(second);
    expect(await runs({ range: '3' }, threeAndOne())).toEqual(second);
    expect(await runs({ range: '1-2' }, threeAndOne())).toEqual([
      ['blocks.0', [D, 'a1_in', 'h', 'deviation']],
    ]);
  });

  test('a site per transformer of a U-Net', async () => {
    const model = loadModel('samples/digits/digits-unet.onnx');
    const { plan } = await compile(model, { interval: 2, blocks: 1 }, { calls: 4 });
    expect(plan.sites.map((site) => site.id)).toEqual(
      [0, 1, 2, 3, 4].map((stage) => `blocks.${stage}`),
    );
    expect(plan.rows).toEqual([C, D, C, D].map((strategy) => Array(5).fill(strategy)));
  });

  test('said in descriptions', async () => {
    const site = async (options: object, model = six()) =>
      (await compile(model, { interval: 2, ...options }, { calls: 6 })).plan.sites[0]!;
    expect((await site({ blocks: 2 })).description).toBe(
      'blocks 0 to 1, up to "b2_in"; blocks 4 to 5, up to "y"',
    );
    const one = await site({ blocks: 1, stage: 1 }, threeAndOne());
    expect(one.description).toBe('block 3, up to "y"');
    expect(one.strategies.delta!.description).toMatch(/enters block 3 and what they added/);
    const naive = await site({ blocks: 2, strategy: 'reuse' });
    expect(naive.strategies['reuse-rear']!.description).toMatch(/left blocks 4 to 5 .*ablation/);
  });
});

describe('options that do not fit', () => {
  test.each<[string, object, string, RegExp, (() => ReturnType<typeof six>)?]>([
    ['neither blocks nor a range', {}, '/blocks', /must be given, or a range of blocks/],
    [
      'more blocks than there are',
      { blocks: 7 },
      '/blocks',
      /no 7 blocks in a row: the stage has 6/,
    ],
    [
      'more than any stage has',
      { blocks: 4 },
      '/blocks',
      /no 4 blocks in a row: the longest of 2 stages has 3/,
      threeAndOne,
    ],
    [
      'more than the chosen stage has',
      { blocks: 2, stage: 1 },
      '/blocks',
      /no 2 blocks in a row: the stage has 1/,
      threeAndOne,
    ],
    [
      'a stage beyond the last',
      { blocks: 1, stage: 2 },
      '/stage',
      /the model has 2 \(0 to 1\)/,
      threeAndOne,
    ],
    [
      'a boundary beyond the loop',
      { blocks: 2, boundary: 7 },
      '/boundary',
      /step 7 does not exist in a loop of 6 steps/,
    ],
    ['a range and blocks', { range: '1-2', blocks: 2 }, '/range', /leave out blocks/],
    ['a range and a boundary', { range: '1-2', boundary: 2 }, '/range', /leave out boundary/],
    ['a range and a stage', { range: '1-2', stage: 0 }, '/range', /leave out stage/],
    ['a range that is none', { range: 'front' }, '/range', /write it as 4-9, not "front"/],
    ['an open range', { range: '3-' }, '/range', /write it as 4-9, not "3-"/],
    ['a negative block', { range: '-1' }, '/range', /write it as 4-9, not "-1"/],
    ['an empty range', { range: '' }, '/range', /write it as 4-9, not ""/],
    ['a range backwards', { range: '4-2' }, '/range', /4 comes after 2/],
    ['a range beyond the last', { range: '4-6' }, '/range', /the model has 6 blocks \(0 to 5\)/],
    [
      'a range over two stages',
      { range: '1-3' },
      '/range',
      /block 3 belongs to another stage than block 1/,
      threeAndOne,
    ],
  ])('%s', async (_, options, path, message, model = six) => {
    await expect(compile(model(), { interval: 2, ...options }, { calls: 6 })).rejects.toMatchObject(
      {
        code: 'PASS_OPTION',
        message: expect.stringMatching(message),
        details: { path, hint: expect.stringContaining('stepfold passes delta-cache') },
      },
    );
  });

  test.each<[string, object, string, RegExp]>([
    ['no interval and no list', {}, '/full-calls', /it must be given, or interval, or a list/],
    ['an interval and a list', { interval: 2, full: [0] }, '/full-calls', /give one/],
    [
      'a full step beyond the loop',
      { full: [0, 6] },
      '/full',
      /step 6 does not exist in a loop of 6/,
    ],
    ['a list without the first step', { full: [1] }, '/full', /step 0 must be full/],
  ])('%s', async (_, options, path, message) => {
    await expect(compile(six(), { blocks: 2, ...options }, { calls: 6 })).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(message),
      details: { path },
    });
  });

  test('a list of full steps is the interval that it spells', async () => {
    const listed = await planOf({ full: [0, 2, 4], blocks: 2 });
    const every = await planOf({ interval: 2, blocks: 2 });
    expect(listed.rows).toEqual(every.rows);
  });

  test('a boundary counts the steps of two calls each', async () => {
    const loop = { calls: 12, guidance: TWO_CALLS };
    await expect(planOf({ interval: 2, blocks: 2, boundary: 7 }, loop)).rejects.toMatchObject({
      code: 'PASS_OPTION',
      message: expect.stringMatching(/step 7 does not exist in a loop of 6 steps/),
    });
    await expect(planOf({ interval: 2, blocks: 2, boundary: 6 }, loop)).resolves.toBeDefined();
  });

  test.each<[string, object, RegExp]>([
    ['interval 0', { interval: 0, blocks: 2 }, /option "interval"/],
    ['no blocks at all', { interval: 2, blocks: 0 }, /option "blocks"/],
    ['a boundary below 0', { interval: 2, blocks: 2, boundary: -1 }, /option "boundary"/],
    ['half a block', { interval: 2, blocks: 1.5 }, /option "blocks": it must be integer/],
    ['a strategy that is none', { interval: 2, blocks: 2, strategy: 'zero' }, /option "strategy"/],
    ['an option that is none', { interval: 2, block: 2 }, /has no option "block"/],
  ])('%s', (_, options, message) => {
    expect(() => checkOptions(deltaCache, options as Record<string, unknown>)).toThrow(message);
  });

  test('a model without transformer blocks', async () => {
    await expect(
      compile(modelOf(TINY_UNET), { interval: 2, blocks: 1 }, { calls: 4 }),
    ).rejects.toMatchObject({ code: 'BLOCKS_NOT_FOUND' });
  });

  test('a plan file that reuses at the first call', async () => {
    const plan: PlanFile = {
      format: 'stepfold.plan',
      version: 1,
      calls: 2,
      sites: { blocks: [R, C] },
    };
    const compiling = compile(six(), { interval: 2, blocks: 2 }, { calls: 2, plan });
    await expect(compiling).rejects.toMatchObject({
      code: 'PLAN_UNASSIGNED',
      message: expect.stringMatching(/Call 0 .*"blocks".*"blocks\.rear"/),
    });
  });
});

test('the command line writes the same options', () => {
  const { pass, options } = parsePassRequest('delta-cache:blocks=14,interval=2,boundary=10');
  expect(pass).toBe('delta-cache');
  expect(checkOptions(deltaCache, options)).toEqual({
    blocks: 14,
    interval: 2,
    boundary: 10,
    strategy: 'delta',
  });
  const range = parsePassRequest('delta-cache:range=4-9,interval=3,strategy=reuse').options;
  expect(checkOptions(deltaCache, range)).toEqual({ range: '4-9', interval: 3, strategy: 'reuse' });
  const one = parsePassRequest('delta-cache:range=4,interval=3').options;
  expect(checkOptions(deltaCache, one)).toMatchObject({ range: '4' });
});

const PRODUCTS = ['MatMul', 'Gemm', 'Conv', 'Einsum'];

/** Nodes that multiply, those inside of Ifs included. */
const products = (graph: Graph): Node[] =>
  [...graph.nodes].flatMap((node) => [
    ...(PRODUCTS.includes(node.opType) ? [node] : []),
    ...subgraphs(node).flatMap(products),
  ]);

describe('the digits transformer', () => {
  const TOKENS = 144;
  const WIDTH = 128;
  const BATCH = 3;
  /** One block: four projections, two layers of four times the width, six modulations an image. */
  const block = {
    layers: BATCH * (12 * TOKENS * WIDTH ** 2 + 6 * WIDTH ** 2),
    products: BATCH * 2 * TOKENS ** 2 * WIDTH,
  };
  const multiplications = () => products(loadModel(DIGITS).graph).length;
  /** qkv, q k, a v, output, two of the feed-forward, modulation. */
  const PER_BLOCK = 7;

  const digits = (options: object, loop: Partial<PipelineOptions> = {}) =>
    compile(
      loadModel(DIGITS),
      { interval: 2, ...options },
      { calls: 8, sizes: { batch: BATCH }, ...loop },
    );

  /** Models in which a weight stands: one by one, however many nodes read it. */
  const readersOfWeights = ({ lowered }: Compilation) => {
    const readers = new Map<string, number>();
    for (const model of lowered.models.values())
      for (const node of products(model.graph))
        for (const input of node.inputs)
          if (input?.initializer) readers.set(input.name, (readers.get(input.name) ?? 0) + 1);
    return readers;
  };

  describe.each([1, 2, 3, 4, 5, 6])('%i of its six blocks', (count) => {
    test.each(EMITS)('are gone where they are replaced: %s', async (emit) => {
      const compilation = await digits({ blocks: count }, { emit });
      const { all, layers } = scheduleOf(compilation).cost!.macs!.convention as Record<
        'all' | 'layers',
        { source: number; programs: Record<string, number>; perCall: number }
      >;
      const { calls } = compilation.instrumented;
      expect(calls).toHaveLength(8);
      const saved = { layers: count * block.layers, all: count * (block.layers + block.products) };
      for (const [call, program] of calls.entries()) {
        const full = call % 2 === 0;
        expect(program).toMatch(
          full ? /^full/ : count === 6 ? /^delta$/ : call < 4 ? /^delta-rear$/ : /^delta-front$/,
        );
        expect(layers.programs[program]).toBe(layers.source - (full ? 0 : saved.layers));
        expect(all.programs[program]).toBe(all.source - (full ? 0 : saved.all));
      }
      expect(all.perCall).toBe(all.source - saved.all / 2);
    });

    test('merged and chain hold each product, and so each weight, once', async () => {
      for (const emit of ['merged', 'chain'] as const) {
        const compilation = await digits({ blocks: count }, { emit });
        const held = [...compilation.lowered.models.values()].flatMap((m) => products(m.graph));
        expect(held).toHaveLength(multiplications());
        for (const [name, readers] of readersOfWeights(compilation)) expect(readers, name).toBe(1);
      }
    });

    test.each([undefined, TWO_CALLS])('split has one full model, guidance %j', async (guidance) => {
      const { lowered, instrumented } = await digits(
        { blocks: count },
        { emit: 'split', ...(guidance && { guidance, calls: 16 }) },
      );
      const counts = Object.fromEntries(
        [...lowered.models].map(([id, { graph }]) => [id, products(graph).length]),
      );
      const whole = multiplications();
      const shallow = whole - count * PER_BLOCK;
      expect(counts).toEqual(
        count === 6
          ? { full: whole, delta: shallow }
          : { full: whole, 'delta-front': shallow, 'delta-rear': shallow },
      );
      // calls of each half keep states of their own
      const states = new Set(
        instrumented.calls.flatMap((name) =>
          lowered.programs.get(name)!.flatMap(({ writes = {} }) => Object.keys(writes)),
        ),
      );
      expect(states.size).toBe((count === 6 ? 1 : 2) * (guidance ? 2 : 1));
    });
  });

  describe('its full calls', () => {
    let compilation: Compilation;
    beforeAll(async () => {
      compilation = await digits({ blocks: 4 }, { calls: 9, emit: 'split' });
    });
    const writes = (call: number) => {
      const [run] = compilation.lowered.programs.get(compilation.instrumented.calls[call]!)!;
      return Object.keys(run!.writes ?? {});
    };

    test('keep what the next steps read: the rear, then the front, and nothing in the end', () => {
      // the boundary is step 4: full call 4 is followed by a late one
      expect([0, 2, 4, 6, 8].map(writes)).toEqual([
        ['blocks.rear'],
        ['blocks.rear'],
        ['blocks.front'],
        ['blocks.front'],
        [],
      ]);
      expect([1, 3, 5, 7].map(writes)).toEqual([[], [], [], []]);
    });

    test('share one model, of which each takes the outputs that it keeps', () => {
      for (const call of [0, 2, 4, 6, 8]) {
        const [run] = compilation.lowered.programs.get(compilation.instrumented.calls[call]!)!;
        expect(run!.model).toBe('full');
      }
      expect(namesOf(compilation.lowered.models.get('full')!.graph.outputs).sort()).toEqual([
        'out_sample',
        'stepfold.out.blocks.front',
        'stepfold.out.blocks.rear',
      ]);
    });

    test('a step without its blocks has one more input, and keeps nothing', () => {
      const { graph } = compilation.lowered.models.get('delta-front')!;
      expect(namesOf(graph.inputs)).toContain('stepfold.in.blocks.front');
      expect(namesOf(graph.outputs)).toEqual(['out_sample']);
    });
  });

  test('programs of the ablation have names of their own', async () => {
    const { instrumented } = await digits({ blocks: 2, strategy: 'reuse' });
    expect(new Set(instrumented.calls.filter((_, call) => call % 2 === 1))).toEqual(
      new Set(['reuse-front', 'reuse-rear']),
    );
  });
});
