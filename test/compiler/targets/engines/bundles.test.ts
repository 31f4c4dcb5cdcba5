/** Bundles for engines with limits: proved, of fixed sizes as onnxruntime reads them, of operators that are listed. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onnx } from 'onnx-proto';
import { afterAll, expect, test } from 'vitest';
import { deepcache } from '../../../../passes/deepcache/index.js';
import { ditfastattn } from '../../../../passes/ditfastattn/index.js';
import { writeBundle } from '../../../../src/compiler/emit/index.js';
import { Pipeline, type PipelineOptions } from '../../../../src/compiler/pipeline/index.js';
import {
  cudaGraph,
  directml,
  qnn,
  type Target,
  targets,
  webnn,
} from '../../../../src/compiler/targets/index.js';
import { fillWeights } from '../../../../src/evidence/fill/fill.js';
import { loadModel } from '../../../../src/model/onnx/files.js';
import { verifyBundle } from '../../../../src/node.js';
import { ort } from '../../../helpers/compile.js';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-engines-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

const UNET = fillWeights({
  model: 'samples/corpus/unet-dynamo-23.onnx',
  folder: path.join(root, 'filled'),
}).model;
const FROZEN = { s53: 2, s30: 16, s91: 16, s31: 5 };

const compile = (target: Target, options: Partial<PipelineOptions> = {}) =>
  Pipeline.create({ calls: 4, fixedLoop: true, target, freeze: FROZEN, ...options })
    .use(deepcache, { branch: 2, interval: 2 })
    .compile(loadModel(UNET));

const modelsOf = (folder: string) =>
  fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.onnx'))
    .map((name) => path.join(folder, name));

/** Every operator of a file, those inside others too, as somebody else's decoder reads it. */
function operators(file: string): Set<string> {
  const { graph, opsetImport } = onnx.ModelProto.decode(fs.readFileSync(file));
  const found = new Set<string>();
  const visit = ({ node }: onnx.IGraphProto) => {
    for (const { domain, opType, attribute } of node ?? []) {
      found.add(`${domain || 'ai.onnx'}:${opType}`);
      for (const { g } of attribute ?? []) if (g) visit(g);
    }
  };
  visit(graph!);
  const standard = opsetImport.find(({ domain }) => !domain);
  found.add(`operator set ${standard?.version}`);
  return found;
}

test.each([webnn, qnn, directml, cudaGraph])('$name, split', async (target) => {
  const compilation = await compile(target);
  expect(compilation.lowered.emit).toBe('split');
  const folder = path.join(root, target.name);
  writeBundle(compilation, folder, { sourceFile: UNET });
  const { passed, unproved } = await verifyBundle({ folder, model: UNET });
  expect({ passed, unproved }).toEqual({ passed: true, unproved: [] });
  for (const [, { findings }] of compilation.target!.models) expect(findings).toEqual([]);
  const files = modelsOf(folder);
  expect(files).toHaveLength(2);
  for (const file of files) {
    const session = await ort.InferenceSession.create(file);
    const ports = [...session.inputMetadata, ...session.outputMetadata];
    expect(ports.length).toBeGreaterThan(3);
    for (const port of ports)
      expect(port.isTensor && port.shape.every((size) => typeof size === 'number')).toBe(true);
    await session.release();
    const found = operators(file);
    for (const never of ['If', 'Loop', 'Scan', 'Attention', 'RMSNormalization'])
      expect([...found]).not.toContain(`ai.onnx:${never}`);
    expect(found.has('ai.onnx:GroupNormalization')).toBe(target === qnn);
    const set = target === webnn || target === qnn ? 23 : 21;
    expect(found.has(`operator set ${set}`)).toBe(true);
  }
});

test('inputs and outputs of the source come first, in its order', async () => {
  const { source, lowered } = await compile(directml);
  const names = (ports: readonly { readonly name: string }[]) => ports.map(({ name }) => name);
  const { inputs, outputs } = lowered.models.get('full')!.graph;
  expect(names(inputs).slice(0, 3)).toEqual(
    names(source.graph.inputs.filter((v) => !v.initializer)),
  );
  expect(names(outputs)[0]).toBe(source.graph.outputs[0]!.name);
});

test('where a model with branches would be the default, it is a chain', async () => {
  const lowered = async (options: Partial<PipelineOptions>) => {
    const { lowered: made } = await Pipeline.create({
      calls: 8,
      fixedLoop: true,
      freeze: { batch: 2 },
      ...options,
    })
      .use(ditfastattn, { strategy: 'reuse', interval: 2 })
      .compile(loadModel('samples/dit-digits/dit-digits.onnx'));
    return made.emit;
  };
  expect([await lowered({}), await lowered({ target: webnn })]).toEqual(['merged', 'chain']);
});

test.each([
  ['webnn', 'merged'],
  ['webnn', 'stateful'],
  ['qnn', 'loop'],
  ['cuda-graph', 'merged'],
  ['directml', 'loop'],
] as const)('$0.name takes no form $1', (name, emit) => {
  expect(() => Pipeline.create({ calls: 4, target: targets[name], emit })).toThrow(
    expect.objectContaining({
      code: 'TARGET_FORM',
      details: expect.objectContaining({ hint: expect.stringMatching(/split, or chain/) }),
    }),
  );
});

test('open sizes are refused by engines without them, before anything is written', async () => {
  await expect(compile(webnn, { freeze: { s53: 2 } })).rejects.toMatchObject({
    code: 'TARGET_OPEN_SIZE',
    details: { hint: expect.stringMatching(/--freeze s30=N --freeze s91=N --freeze s31=N/) },
  });
  const { target } = await compile(directml, { freeze: {} });
  expect(
    target!.models.get('full')!.findings!.map(({ severity, code }) => [severity, code]),
  ).toEqual([['warning', 'TARGET_OPEN_SIZE']]);
});
