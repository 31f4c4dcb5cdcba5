/** A model as blocks: every node in one, in the order of the computation, and what programs do with each. */
import { describe, expect, test } from 'vitest';
import { parsePassRequest, passes } from '../../../passes/index.js';
import { analyzeUnet, branchTable } from '../../../src/compiler/analysis/index.js';
import { makeSchedule } from '../../../src/compiler/emit/schedule.js';
import { blockModel } from '../../../src/evidence/report/blocks/block-model.js';
import {
  bundleDifferences,
  programBlocks,
} from '../../../src/evidence/report/blocks/program-blocks.js';
import { type Compilation, Pipeline } from '../../../src/index.js';
import { nodeDependencies } from '../../../src/model/ir/order.js';
import { loadModel } from '../../../src/node.js';

const UNET = 'samples/digits/digits-unet.onnx';
const DIT = 'samples/dit-digits/dit-digits.onnx';

const compile = (file: string, request: string, emit: 'split' | 'merged' | 'chain' = 'split') => {
  const { pass, options } = parsePassRequest(request);
  const pipeline = Pipeline.create({ calls: 6, emit }).use(passes[pass]!, options as never);
  return pipeline.compile(loadModel(file));
};

/** What each program does with each block, and how much of it runs. */
function uses(compilation: Compilation) {
  const { canonical, lowered, bindings } = compilation;
  const schedule = makeSchedule(compilation, {
    sourceFile: 'source.onnx',
    sourceHash: '0'.repeat(64),
    models: Object.fromEntries(
      [...lowered.models.keys()].map((id) => [id, { file: `${id}.onnx`, sha256: '0'.repeat(64) }]),
    ),
    weights: [],
  });
  const model = blockModel(canonical, bindings);
  const differences = bundleDifferences({ source: canonical, models: lowered.models });
  const programs = programBlocks(schedule, model, lowered.models, differences);
  return {
    model,
    schedule,
    does: Object.fromEntries(
      programs.map(({ program, uses: all }) => [
        program,
        Object.fromEntries(all.map(({ block, does }) => [block.name, does])),
      ]),
    ),
    programs,
  };
}

describe.each([
  UNET,
  DIT,
  'samples/corpus/unet-xl-optimum-17.onnx',
  'samples/corpus/mmdit-dynamo-18.onnx',
])('%s', (file) => {
  test('every node is in one block, behind those that it reads from', async () => {
    const { canonical, bindings } = await Pipeline.create({ calls: 1 }).compile(loadModel(file));
    const { blocks, blockOf, kind } = blockModel(canonical, bindings);
    expect(kind).toBe(file.includes('unet') ? 'unet' : 'transformer');
    expect(blocks.reduce((sum, { nodes }) => sum + nodes.size, 0)).toBe(canonical.graph.nodes.size);
    const place = (node: Parameters<typeof blockOf.get>[0]) => blocks.indexOf(blockOf.get(node)!);
    for (const node of canonical.graph.nodes)
      for (const { producer } of nodeDependencies(node))
        if (producer) expect(place(producer)).toBeLessThanOrEqual(place(node));
  });
});

test('the arms of a U-Net cost what its branches do', async () => {
  const { canonical, shapes, bindings } = await Pipeline.create({ calls: 1 }).compile(
    loadModel(UNET),
  );
  const unet = analyzeUnet(canonical.graph, shapes);
  if (!unet.isUnet) throw new Error('no U-Net');
  const table = branchTable(canonical.graph, shapes, unet.joins, bindings);
  const { blocks } = blockModel(canonical, bindings);
  const macs = (of: (level: number, arm: string) => boolean) =>
    blocks.filter(({ level, arm }) => of(level, arm)).reduce((sum, block) => sum + block.macs, 0);
  expect(macs(() => true)).toBe(table.fullMacs.all);
  // a shallow call at branch m runs both arms down to level m, and of the conditions what those need
  const conditions = macs((_, arm) => arm === 'beside');
  for (const { branch, shallowMacs } of table.branches) {
    const arms = macs((level, arm) => arm !== 'beside' && level <= branch);
    expect(shallowMacs.all).toBeGreaterThanOrEqual(arms);
    expect(shallowMacs.all).toBeLessThanOrEqual(arms + conditions);
  }
});

describe('programs', () => {
  test.each(['split', 'merged', 'chain'] as const)(
    'DeepCache at branch 3, %s: what is deeper is reused',
    async (emit) => {
      const { does, model } = uses(await compile(UNET, 'deepcache:branch=3,interval=3', emit));
      const deeper = (name: string) => {
        const { level, arm } = model.blocks.find((block) => block.name === name)!;
        return arm !== 'beside' && level > 3;
      };
      for (const [name, what] of Object.entries(does.full!))
        expect([name, what]).toEqual([name, 'compute']);
      for (const [name, what] of Object.entries(does.shallow!))
        expect([name, what]).toEqual([name, deeper(name) ? 'reuse' : 'compute']);
    },
  );

  test.each(['split', 'merged'] as const)(
    'windows in every block of a transformer, %s',
    async (emit) => {
      const { does } = uses(
        await compile(DIT, 'ditfastattn:strategy=window,window=2,interval=2', emit),
      );
      for (const [name, what] of Object.entries(does.mixed!))
        expect([name, what]).toEqual([name, name.startsWith('block') ? 'window' : 'compute']);
    },
  );

  test.each(['split', 'merged'] as const)(
    'Δ-DiT takes the rear blocks, then the front ones, %s',
    async (emit) => {
      const { does, schedule } = uses(await compile(DIT, 'delta-cache:blocks=2,interval=2', emit));
      const skipped = (program: string) =>
        Object.entries(does[program]!).flatMap(([name, what]) =>
          what === 'compute' ? [] : [name],
        );
      const strategies = schedule.sites!.blocks!.strategies;
      for (const [call, program] of schedule.calls.entries())
        expect(skipped(program)).toEqual(
          { 'delta-rear': ['block 4', 'block 5'], 'delta-front': ['block 0', 'block 1'] }[
            strategies[call]!
          ] ?? [],
        );
    },
  );

  test('depth-skip removes what is deeper for good', async () => {
    const { does, model } = uses(await compile(UNET, 'depth-skip:branch=5'));
    const [program] = Object.keys(does);
    for (const { name, level, arm } of model.blocks)
      expect([name, does[program!]![name]]).toEqual([
        name,
        arm !== 'beside' && level > 5 ? 'removed' : 'compute',
      ]);
  });
});
