/**
 * A reference for calls whose inputs differ from those their states were made from: the source
 * model, in which each site's values can be overridden from outside. It is made from the source as
 * it was given, by two nodes a value, and shares nothing with canonicalization or lowering.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { placeWeights, shareWeights } from '../emit/weights.js';
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { tensorType } from '../ir/types.js';
import { saveModel } from '../onnx/files.js';
import type { Schedule } from '../schedule/index.js';
import { inferShapes } from '../shape/index.js';
import { type Ort, openModel, runModel } from './engine.js';
import type { Feeds } from './feeds.js';

interface ProbedValue {
  readonly site: string;
  readonly name: string;
  readonly type: 'float32' | 'float16';
  readonly rank: number;
}

const useInput = (name: string) => `stepfold.probe.use.${name}`;
const valueInput = (name: string) => `stepfold.probe.value.${name}`;
const valueOutput = (name: string) => `stepfold.probe.seen.${name}`;

/** Builds the probe, or undefined when a site's value is not in the source under its name. */
function buildProbe(
  source: Model,
  schedule: Schedule,
): { model: Model; values: ProbedValue[] } | undefined {
  const { model } = cloneModel(source);
  const shapes = inferShapes(model);
  const values: ProbedValue[] = [];
  for (const [site, { values: names = [] }] of Object.entries(schedule.sites ?? {})) {
    for (const name of names) {
      const value = model.graph.find(name);
      const dtype = value && shapes.dtype(value);
      const rank = value && shapes.shape(value)?.length;
      if (!value || rank === undefined || (dtype !== 'float32' && dtype !== 'float16'))
        return undefined;
      values.push({ site, name, type: dtype, rank });
      const use = model.graph.addInput(useInput(name), tensorType('bool', []));
      const given = model.graph.addInput(
        valueInput(name),
        tensorType(dtype, Array(rank).fill(null)),
      );
      const chosen = model.graph.addNode({
        opType: 'Where',
        inputs: [use, given, value],
        outputs: [`stepfold.probe.${name}`],
      });
      model.graph.replaceUses(value, chosen.output, (u) => u.user !== chosen);
      const seen = model.graph.addNode({
        opType: 'Identity',
        inputs: [value],
        outputs: [valueOutput(name)],
      }).output;
      seen.type = tensorType(dtype, Array(rank).fill(null));
      model.graph.addOutput(seen);
    }
  }
  return values.length > 0 ? { model, values } : undefined;
}

/**
 * What calls of a schedule must give, by the definition of its strategies.
 * @param feeds the inputs of each call, by its index, in order
 * @param scratch a folder for the probe's files, on the file system of the weights if it can be
 * @returns outputs per call, or a sentence that says why there is no reference
 */
export async function referenceCalls(
  ort: Ort,
  source: Model,
  schedule: Schedule,
  feeds: ReadonlyMap<number, Feeds>,
  scratch: string,
  sessionOptions: InferenceSession.SessionOptions,
): Promise<Map<number, InferenceSession.ReturnType> | string> {
  const known = new Set(['compute', 'reuse', 'zero']);
  const strange = Object.values(schedule.sites ?? {})
    .flatMap((s) => s.strategies)
    .find((s) => !known.has(s));
  if (strange) return `the strategy "${strange}" has no reference of its own yet`;
  const probe = buildProbe(source, schedule);
  if (!probe) return 'the source model has no value of the name that a site records';
  const file = path.join(scratch, 'probe.onnx');
  const weights = shareWeights([probe.model]);
  fs.mkdirSync(scratch, { recursive: true });
  placeWeights(weights, scratch, 'link');
  saveModel(probe.model, file);
  const session = await openModel(ort, file, sessionOptions);
  discard(scratch);
  const computed = new Map<string, Tensor>();
  const results = new Map<number, InferenceSession.ReturnType>();
  try {
    for (const [call, inputs] of feeds) {
      const overrides: Feeds = {};
      for (const value of probe.values) {
        const strategy = schedule.sites![value.site]!.strategies[call];
        const kept = strategy === 'reuse' ? computed.get(value.name) : undefined;
        overrides[useInput(value.name)] = new ort.Tensor(
          'bool',
          [strategy !== 'compute'],
          [],
        ) as unknown as Tensor;
        overrides[valueInput(value.name)] = kept ?? nothing(ort, value);
      }
      const outputs = await runModel(session, { ...inputs, ...overrides }, 'the reference model');
      for (const value of probe.values)
        if (schedule.sites![value.site]!.strategies[call] === 'compute')
          computed.set(value.name, outputs[valueOutput(value.name)]!);
      results.set(
        call,
        Object.fromEntries(schedule.source.outputs.map(({ name }) => [name, outputs[name]!])),
      );
    }
  } finally {
    await session.release();
  }
  return results;
}

/** The engine has read the files, so an interruption from here on need not leave them lying about. */
function discard(folder: string): void {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // Windows keeps files that are mapped; the caller removes them when the engine is done
  }
}

/** One zero, which takes the shape of whatever it stands in for. */
function nothing(ort: Ort, { type, rank }: ProbedValue): Tensor {
  const data = type === 'float16' ? new Uint16Array(1) : new Float32Array(1);
  return new ort.Tensor(type as never, data as never, Array(rank).fill(1)) as unknown as Tensor;
}
