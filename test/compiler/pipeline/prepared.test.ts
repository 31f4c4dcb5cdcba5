/** A model that was read once compiles to what it compiles to when it is read for every setting. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { passesWith } from '../../../passes/table.js';
import { type PassContext, parsePassRequest } from '../../../src/compiler/pass/index.js';
import {
  type Compilation,
  Pipeline,
  type PipelineOptions,
  prepare,
  usePasses,
} from '../../../src/compiler/pipeline/index.js';
import { loadModel } from '../../../src/model/onnx/files.js';
import { encodeModel } from '../../../src/model/onnx/index.js';

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** All that is written of a compilation but the schedule's own words. */
const written = ({ lowered, bindings, roles, notes, plan }: Compilation) => ({
  models: [...lowered.models].map(([id, model]) => [id, digest(encodeModel(model))]),
  bindings: [...bindings],
  ...{ roles, notes, rows: plan.rows },
});

const pipelineOf = (text: string, options: Partial<PipelineOptions> = {}) =>
  usePasses(Pipeline.create({ calls: 8, ...options }), passesWith(), [parsePassRequest(text)]);

describe.each([
  [
    'samples/digits/digits-unet.onnx',
    [
      'deepcache:branch=2,interval=2',
      'forecast:interval=2',
      'depth-skip:branch=3',
      'deepcache:branch=1,interval=3,order=1',
    ],
  ],
  [
    'samples/dit-digits/dit-digits.onnx',
    // the second and the third edit the graph before they propose
    [
      'module-cache:interval=2',
      'delta-cache:blocks=2,interval=2',
      'ditfastattn:strategy=window',
      'module-cache:interval=2',
    ],
  ],
])('%s', (file, settings) => {
  test('whatever was compiled of it before', async () => {
    const model = loadModel(file);
    const prepared = await prepare(model);
    const before = digest(encodeModel(prepared.canonical));
    for (const text of settings) {
      const pipeline = pipelineOf(text);
      expect(written(await pipeline.compile(prepared)), text).toEqual(
        written(await pipeline.compile(model)),
      );
    }
    expect(digest(encodeModel(prepared.canonical))).toBe(before);
  });

  test('a pass that edits the graph edits one of its own', async () => {
    const prepared = await prepare(loadModel(file));
    const before = digest(encodeModel(prepared.canonical));
    const edits = {
      ...passesWith().passes.get('forecast')!,
      prepare({ model }: PassContext) {
        for (const node of model.graph.nodes) node.name = `edited.${node.name}`;
      },
    };
    const made = await Pipeline.create({ calls: 8 })
      .use(edits, { interval: 2 } as never)
      .compile(prepared);
    expect([...made.canonical.graph.nodes][0]!.name).toMatch(/^edited/);
    expect(digest(encodeModel(prepared.canonical))).toBe(before);
  });

  test('read by other sizes, it is read anew', async () => {
    const model = loadModel(file);
    const prepared = await prepare(model);
    const options = {
      freeze: { batch: 2 },
      guidance: { order: 'cond-first', mode: 'batch' },
    } as const;
    const pipeline = pipelineOf('forecast:interval=2', options);
    const made = await pipeline.compile(prepared);
    expect(written(made)).toEqual(written(await pipeline.compile(model)));
    expect(made.canonical.graph.inputs[0]!.type).not.toEqual(
      prepared.canonical.graph.inputs[0]!.type,
    );
    const unknown = pipelineOf('forecast:interval=2', { roles: { latent: 'none' } });
    await expect(unknown.compile(prepared)).rejects.toMatchObject({ code: 'FEED_UNKNOWN' });
  });
});
