/**
 * MACs of programs of models whose sizes are open, where sizes cross the borders between models of a chain as
 * numbers in a wire, and where a window's chunks hang on the number of tokens: held against the same plan of the
 * same model with its sizes fixed before anything else is done.
 */
import path from 'node:path';
import { expect, test } from 'vitest';
import { ditfastattn } from '../../../passes/index.js';
import { makeSchedule } from '../../../src/compiler/emit/schedule.js';
import type { EmitForm } from '../../../src/compiler/lower/index.js';
import { Pipeline } from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';

const CALLS = 5;
const guidance = { order: 'uncond-first', mode: 'batch' } as const;
const WINDOW = { window: '1/4' };

interface Sizes {
  readonly shapes?: Record<string, number[]>;
  readonly sizes?: Record<string, number>;
}

async function macsByCall(file: string, emit: EmitForm, sizes: Sizes) {
  const model = loadModel(path.resolve('samples/corpus', file));
  const asked = { calls: CALLS, guidance, ...sizes };
  const { plan } = await Pipeline.create(asked).use(ditfastattn, WINDOW).compile(model);
  const columns = plan.sites.map((site, s) => {
    const names = Object.keys(site.strategies);
    const at = (call: number) => (call === 0 ? 'compute' : names[(s + call) % names.length]!);
    return [site.id, Array.from({ length: CALLS }, (_, call) => at(call))];
  });
  const compilation = await Pipeline.create({
    ...asked,
    emit,
    plan: { format: 'stepfold.plan', version: 1, calls: CALLS, sites: Object.fromEntries(columns) },
  })
    .use(ditfastattn, WINDOW)
    .compile(model);
  const files = { sourceFile: '', sourceHash: '', models: {}, weights: [] };
  const { calls, cost } = makeSchedule(compilation, files);
  const { source, programs } = cost!.macs!.convention.all;
  return [source, ...calls.map((name) => programs[name])];
}

test.each<[file: string, sizes: Record<string, number>, shapes: Record<string, number[]>]>([
  [
    'flux-apart-script2-17.onnx',
    { batch: 4, packed_height_width: 64, sequence: 13 },
    {
      hidden_states: [4, 64, 16],
      encoder_hidden_states: [4, 13, 24],
      pooled_projections: [4, 16],
      timestep: [4],
      img_ids: [64, 3],
      txt_ids: [13, 3],
    },
  ],
  [
    'unet-script1-13.onnx',
    { batch: 4, height: 16, width: 16, sequence: 7 },
    { sample: [4, 4, 16, 16], timestep: [4], encoder_hidden_states: [4, 7, 24] },
  ],
])(
  '%s: every form counts what it counts with fixed sizes',
  async (file, sizes, shapes) => {
    const fixed = await macsByCall(file, 'split', { shapes });
    expect(new Set(fixed).size).toBeGreaterThan(3);
    for (const emit of ['split', 'merged', 'chain'] as const)
      expect({ emit, macs: await macsByCall(file, emit, { sizes }) }).toEqual({
        emit,
        macs: fixed,
      });
  },
  60_000,
);
