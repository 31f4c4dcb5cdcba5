/** Models small enough to compute by hand, encoded by onnx-proto rather than by our own codec, and bundles of them. */
import { createHash } from 'node:crypto';
import onnxProto from 'onnx-proto';
import type { Run, Schedule } from '../../../src/runtime/schedule/index.js';

export const { onnx } = onnxProto;
export const { FLOAT, BOOL } = onnx.TensorProto.DataType;

export type Info = [name: string, type: number, shape: (string | number)[]];

export const X: Info = ['x', FLOAT, ['batch', 2]];
export const T: Info = ['t', FLOAT, [1]];
export const Y: Info = ['y', FLOAT, ['batch', 2]];
export const DEEP: Info = ['deep', FLOAT, ['batch', 2]];
export const DEEP_IN: Info = ['deep_in', FLOAT, ['batch', 2]];

export const node = (
  opType: string,
  input: string[],
  output: string[],
  attribute: onnxProto.onnx.IAttributeProto[] = [],
) => ({ opType, input, output, attribute });

export const valueInfo = ([name, elemType, shape]: Info) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: {
        dim: shape.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d })),
      },
    },
  },
});

export const two = () => ({ name: 'two', dataType: FLOAT, dims: [1], floatData: [2] });

export function encode(
  input: Info[],
  output: Info[],
  nodes: onnxProto.onnx.INodeProto[],
  initializer: onnxProto.onnx.ITensorProto[] = [],
): Uint8Array {
  const model = onnx.ModelProto.create({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 13 }],
    graph: {
      name: 'tiny',
      input: input.map(valueInfo),
      output: output.map(valueInfo),
      node: nodes,
      initializer,
    },
  });
  return onnx.ModelProto.encode(model).finish();
}

export const doubled = node('Mul', ['x', 'two'], ['deep']);
export const join_ = node('Add', ['deep_in', 't'], ['y']);

export interface TinyBundle {
  readonly schedule: Schedule;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

interface Parts {
  emit: Schedule['emit'];
  models: Record<string, Uint8Array>;
  full: Run[];
  shallow: Run[];
  weights?: Record<string, Uint8Array>;
}

export function bundle({ emit, models, full, shallow, weights = {} }: Parts): TinyBundle {
  const files: Record<string, Uint8Array> = { ...weights };
  const entries: Schedule['models'] = {};
  for (const [id, bytes] of Object.entries(models)) {
    files[`${id}.onnx`] = bytes;
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    entries[id] = { file: `${id}.onnx`, sha256 };
  }
  const schedule: Schedule = {
    format: 'stepfold.schedule',
    version: 1,
    producer: 'test',
    source: {
      file: 'tiny.onnx',
      sha256: '0'.repeat(64),
      inputs: [
        { name: 'x', type: 'float32', shape: ['batch', 2] },
        { name: 't', type: 'float32', shape: [1] },
      ],
      outputs: [{ name: 'y', type: 'float32', shape: ['batch', 2] }],
    },
    emit,
    models: entries,
    weights: Object.entries(weights).map(([file, bytes]) => ({ file, bytes: bytes.length })),
    states: { deep: { type: 'float32', shape: ['batch', 2] } },
    programs: { full: { runs: full }, shallow: { runs: shallow } },
    calls: ['full', 'shallow', 'shallow', 'full'],
  };
  return { schedule, files };
}
