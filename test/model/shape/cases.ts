/** Small models in text form, what inference says of them, and what onnxruntime makes of them. */
import { expect } from 'vitest';
import type { Model } from '../../../src/model/ir/model.js';
import { parseModel } from '../../../src/model/onnx/text/index.js';
import { inferShapes } from '../../../src/model/shape/infer.js';
import { parseDim } from '../../../src/model/sizes/parse.js';
import { evaluate } from '../../../src/model/sizes/substitute.js';
import { checkTable } from './check.js';
import { randomFeeds, runModel } from './engine.js';

export interface Case {
  readonly name: string;
  /** Default 17. */
  readonly opset?: number;
  readonly inputs: string;
  /** Initializers: `int64[2] axes = {0, 1}`. */
  readonly constants?: string;
  readonly body: string;
  /** Names of graph outputs; every node output is compared anyway. */
  readonly outputs: string;
  /** What inference must say about the first output. */
  readonly shape?: string;
  readonly sizes: readonly Readonly<Record<string, number>>[];
  /** Sizes that inference may leave open. */
  readonly open?: boolean;
  /** Integers or booleans that depend on data, so that their elements cannot be known. */
  readonly data?: boolean;
}

type Text = Pick<Case, 'opset' | 'inputs' | 'constants' | 'body' | 'outputs'>;

export const parse = ({ opset = 17, inputs, constants = '', outputs, body }: Text): Model =>
  parseModel(`<ir_version: 8, opset_import: ["" : ${opset}, "com.microsoft" : 1]>
    test (${inputs}) => (${outputs}) <${constants}> { ${body} }`);

function shapesOfInputs(model: Model, bindings: ReadonlyMap<string, number>) {
  const shapes: Record<string, number[]> = {};
  for (const { name, type } of model.graph.inputs)
    if (type?.kind === 'tensor')
      shapes[name] = (type.shape ?? []).map((d) => evaluate(parseDim(String(d)), bindings)!);
  return shapes;
}

/** Every intermediate type, shape and small integer tensor against onnxruntime at each of the sizes. */
export async function checkCase(test: Case): Promise<void> {
  const model = parse(test);
  const table = inferShapes(model);
  if (test.shape) expect(String(table.shape(model.graph.outputs[0]!))).toBe(test.shape);
  for (const size of test.sizes) {
    const bindings = new Map(Object.entries(size));
    const checked = await checkTable(model, table, shapesOfInputs(model, bindings), bindings);
    if (test.open) continue;
    expect(checked.unknown).toEqual([]);
    expect(checked.madeUp).toEqual([]);
    if (test.data) continue;
    expect(checked.integersKnown).toBe(checked.integers);
  }
}

/** What no engine runs: inference says of the first output why it has no shape. */
export interface Refusal extends Omit<Text, 'outputs'> {
  readonly name: string;
  /** Part of the reason. */
  readonly why: string;
  /** Default `y`. */
  readonly outputs?: string;
  readonly size?: Readonly<Record<string, number>>;
}

export async function checkRefusal({ outputs = 'y', why, size, ...test }: Refusal): Promise<void> {
  const model = parse({ ...test, outputs });
  expect(inferShapes(model).whyUnknown(model.graph.outputs[0]!)).toContain(why);
  const shapes = shapesOfInputs(model, new Map(Object.entries(size ?? {})));
  await expect(runModel(model, randomFeeds(model, shapes))).rejects.toThrow();
}

/** A body of one node per line behind those that come `first`; their results are y0, y1 and so on. */
export const nodes = (lines: readonly string[], first = ''): Pick<Case, 'body' | 'outputs'> => ({
  body: [first, ...lines.map((line, i) => `y${i} = ${line}`)].join('\n'),
  outputs: lines.map((_, i) => `y${i}`).join(),
});

/** Cases and refusals on the same inputs and constants. */
export const casesOn = (
  inputs: string,
  constants: string,
  sizes: readonly [Readonly<Record<string, number>>, ...Readonly<Record<string, number>>[]],
) => ({
  /** One node per line, behind those that come `first`. */
  listed: (name: string, lines: readonly string[], more: Partial<Case> = {}, first = ''): Case => ({
    name,
    inputs,
    constants,
    ...nodes(lines, first),
    sizes,
    ...more,
  }),
  /** @param why part of the reason */
  refusal: (name: string, body: string, why: string, more: Partial<Refusal> = {}): Refusal => ({
    name,
    inputs,
    constants,
    body,
    why,
    size: sizes[0],
    ...more,
  }),
});
