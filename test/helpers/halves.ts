/** Regions from `x` to `y` of which half of the rows must give half of what all of them give. */
import { followBatch } from '../../src/compiler/analysis/index.js';
import type { Model } from '../../src/model/ir/model.js';
import { tensorType } from '../../src/model/ir/types.js';
import { parseModel } from '../../src/model/onnx/text/index.js';
import { inferShapes } from '../../src/model/shape/index.js';
import { EXACT, encodeSorted, ort } from './compile.js';
import { named } from './text.js';

export const ROWS = 4;

export interface Region {
  /** Dimensions of x; the first is the batch, by default of any size. */
  readonly x?: string;
  readonly constants?: string;
  readonly body: string;
  readonly opset?: number;
  /** Further inputs of the graph. */
  readonly inputs?: string;
}

export function modelFor({
  x = 'batch, 4, 6',
  constants = '',
  body,
  opset = 18,
  inputs,
}: Region): Model {
  const signature = [`float[${x}] x`, ...(inputs ? [inputs] : [])].join(', ');
  const model = parseModel(`<ir_version: 10, opset_import: ["": ${opset}, "com.microsoft": 1]>
    g (${signature}) => (float[] y) <${constants}> { ${body} }`);
  model.graph.outputs[0]!.type = { kind: 'tensor', elem: 'float32' };
  return model;
}

/** How the batch flows from x to y. */
export function flow(model: Model) {
  const shapes = inferShapes(model);
  const region = new Set(model.graph.nodes);
  return { shapes, region, axes: followBatch(region, named(model, 'x'), shapes) };
}

const numbers = (count: number) =>
  Float32Array.from({ length: count }, (_, i) => Math.sin(1.3 * i));

export interface Result {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** The model at so many rows of x, and others as they are; undefined where the engine fails. */
export async function run(model: Model, rows: number): Promise<Result | undefined> {
  const { shape = [] } = model.graph.inputs[0]!.type as { shape?: readonly unknown[] };
  const dims = [rows, ...shape.slice(1)] as number[];
  const x = new ort.Tensor('float32', numbers(dims.reduce((a, b) => a * b)), dims);
  try {
    const session = await ort.InferenceSession.create(encodeSorted(model), EXACT);
    const { y } = await session.run({ x });
    await session.release();
    return { dims: y!.dims, data: y!.data as Float32Array };
  } catch {
    return undefined;
  }
}

/** The first half along an axis. */
function firstHalf({ dims, data }: Result, axis: number): Result {
  const half = dims.map((d, i) => (i === axis ? d / 2 : d));
  const inner = dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const whole = dims[axis]! * inner;
  const part = half[axis]! * inner;
  return { dims: half, data: data.filter((_, i) => i % whole < part) };
}

/** Sizes of the batch that are written down as numbers no longer hold for a half; others may be given. */
export function openBatch({ graph }: Model, others?: readonly number[]): void {
  const [x] = graph.inputs;
  const { shape = [] } = x!.type as { shape?: readonly never[] };
  x!.type = tensorType('float32', ['some', ...(others ?? shape.slice(1))]);
}

/** Does half of so many rows give half of what all of them give? */
export async function isOfHalf(
  model: Model,
  full: Result,
  axis: number,
  rows = ROWS,
): Promise<boolean> {
  const half = await run(model, rows / 2);
  const expected = firstHalf(full, axis);
  return (
    half !== undefined &&
    half.dims.join() === expected.dims.join() &&
    half.data.every((v, i) => Object.is(v, expected.data[i]))
  );
}
