/**
 * Bundles small enough to compute by hand, encoded by onnx-proto rather than by our own codec:
 * the source is deep = 2 x, y = deep + t; `deep` is the state. Calls: full, shallow, shallow, full.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import onnxProto from 'onnx-proto';
import { onTestFinished } from 'vitest';
import type { Run, Schedule } from '../../../src/runtime/schedule/index.js';

const { onnx } = onnxProto;
const { FLOAT, BOOL } = onnx.TensorProto.DataType;

type Info = [name: string, type: number, shape: (string | number)[]];

const X: Info = ['x', FLOAT, ['batch', 2]];
const T: Info = ['t', FLOAT, [1]];
const Y: Info = ['y', FLOAT, ['batch', 2]];
const DEEP: Info = ['deep', FLOAT, ['batch', 2]];
const DEEP_IN: Info = ['deep_in', FLOAT, ['batch', 2]];

const node = (
  opType: string,
  input: string[],
  output: string[],
  attribute: onnxProto.onnx.IAttributeProto[] = [],
) => ({ opType, input, output, attribute });

const valueInfo = ([name, elemType, shape]: Info) => ({
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

const two = () => ({ name: 'two', dataType: FLOAT, dims: [1], floatData: [2] });

/** The weight in `weights.bin` beside the model. */
const externalTwo = (location: string) => ({
  name: 'two',
  dataType: FLOAT,
  dims: [1],
  dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
  externalData: [
    { key: 'location', value: location },
    { key: 'offset', value: '4' },
    { key: 'length', value: '4' },
  ],
});

function encode(
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

const doubled = node('Mul', ['x', 'two'], ['deep']);
const join_ = node('Add', ['deep_in', 't'], ['y']);

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

function bundle({ emit, models, full, shallow, weights = {} }: Parts): TinyBundle {
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

export function split(): TinyBundle {
  return bundle({
    emit: 'split',
    models: {
      full: encode([X, T], [Y, DEEP], [doubled, node('Add', ['deep', 't'], ['y'])], [two()]),
      shallow: encode([T, DEEP_IN], [Y], [join_]),
    },
    full: [{ model: 'full', writes: { deep: 'deep' } }],
    shallow: [{ model: 'shallow', reads: { deep_in: 'deep' } }],
  });
}

/** As `split`, with the weight in an external file behind four other bytes. */
export function splitExternal(location = 'weights.bin'): TinyBundle {
  return bundle({
    emit: 'split',
    models: {
      full: encode(
        [X, T],
        [Y, DEEP],
        [doubled, node('Add', ['deep', 't'], ['y'])],
        [externalTwo(location)],
      ),
      shallow: encode([T, DEEP_IN], [Y], [join_]),
    },
    full: [{ model: 'full', writes: { deep: 'deep' } }],
    shallow: [{ model: 'shallow', reads: { deep_in: 'deep' } }],
    weights: { 'weights.bin': new Uint8Array(new Float32Array([9, 2]).buffer) },
  });
}

/** One model for both programs; a strategy input of some shape chooses what `deep` is. */
function gated(shape: number[], choosing: onnxProto.onnx.INodeProto[]): TinyBundle {
  const strategy = (compute: 0 | 1) => ({
    compute: { type: 'bool' as const, shape, data: [compute] },
  });
  return bundle({
    emit: 'merged',
    models: {
      all: encode(
        [X, T, DEEP_IN, ['compute', BOOL, shape]],
        [Y, DEEP],
        [...choosing, node('Add', ['deep', 't'], ['y'])],
        [two()],
      ),
    },
    full: [
      {
        model: 'all',
        writes: { deep: 'deep' },
        constants: strategy(1),
        unused: { deep_in: 'deep' },
      },
    ],
    shallow: [{ model: 'all', reads: { deep_in: 'deep' }, constants: strategy(0) }],
  });
}

export function merged(): TinyBundle {
  const branch = (name: string, nodes: onnxProto.onnx.INodeProto[]) => ({
    name,
    type: onnx.AttributeProto.AttributeType.GRAPH,
    g: { name, node: nodes, output: [valueInfo(['branch_deep', FLOAT, ['batch', 2]])] },
  });
  const choose = node(
    'If',
    ['compute'],
    ['deep'],
    [
      branch('then_branch', [node('Mul', ['x', 'two'], ['branch_deep'])]),
      branch('else_branch', [node('Identity', ['deep_in'], ['branch_deep'])]),
    ],
  );
  return gated([], [choose]);
}

/** As `merged`, where both values are there and a Where takes one: the one not taken must still broadcast. */
export function chosen(): TinyBundle {
  const choose = node('Where', ['compute', 'doubled', 'deep_in'], ['deep']);
  return gated([1], [node('Mul', ['x', 'two'], ['doubled']), choose]);
}

export function chain(): TinyBundle {
  return bundle({
    emit: 'chain',
    models: {
      deep: encode([X], [DEEP], [doubled], [two()]),
      join: encode([T, DEEP_IN], [Y], [join_]),
    },
    full: [
      { model: 'deep', gives: { middle: 'deep' }, writes: { deep: 'deep' } },
      { model: 'join', takes: { deep_in: 'middle' } },
    ],
    shallow: [{ model: 'join', reads: { deep_in: 'deep' } }],
  });
}

/** A bundle whose state is the source's output itself: y = 2 x + t, then y again, t unused. */
export function outputIsState(): TinyBundle {
  const tiny = bundle({
    emit: 'split',
    models: {
      full: encode(
        [X, T],
        [Y],
        [node('Mul', ['x', 'two'], ['d']), node('Add', ['d', 't'], ['y'])],
        [two()],
      ),
      shallow: encode([DEEP_IN], [Y], [node('Identity', ['deep_in'], ['y'])]),
    },
    full: [{ model: 'full', writes: { deep: 'y' } }],
    shallow: [{ model: 'shallow', reads: { deep_in: 'deep' } }],
  });
  return tiny;
}

/**
 * The last two values of y = 2 x + t, weighed anew at each call: full computes, shallow is last * w0 + before * w1 + t. Both
 * begin at (1, 1), and are of one row.
 */
export function remembering(
  calls: readonly string[] = ['shallow', 'full', 'full', 'shallow', 'full', 'shallow'],
): TinyBundle {
  const row: Info[] = [
    ['last', FLOAT, [1, 2]],
    ['before', FLOAT, [1, 2]],
  ];
  const weights: Info[] = [
    ['w0', FLOAT, [1]],
    ['w1', FLOAT, [1]],
  ];
  const weighed = [
    node('Mul', ['last', 'w0'], ['a']),
    node('Mul', ['before', 'w1'], ['b']),
    node('Add', ['a', 'b'], ['c']),
    node('Add', ['c', 't'], ['y']),
  ];
  const { schedule, files } = bundle({
    emit: 'split',
    models: {
      full: encode([X, T], [Y, DEEP], [doubled, node('Add', ['deep', 't'], ['y'])], [two()]),
      shallow: encode([T, ...row, ...weights], [Y], weighed),
    },
    full: [{ model: 'full', writes: { last: 'deep' } }],
    shallow: [
      {
        model: 'shallow',
        reads: { last: 'last', before: 'before' },
        parameters: { w0: 'w0', w1: 'w1' },
      },
    ],
  });
  const state = { type: 'float32' as const, shape: [1, 2], initial: [1, 1] };
  const weigh = (weight: (call: number) => number) => ({
    shape: [1],
    calls: calls.map((program, call) => (program === 'full' ? null : [weight(call)])),
  });
  return {
    files,
    schedule: {
      ...schedule,
      states: { last: state, before: { ...state, follows: 'last' } },
      parameters: { w0: weigh((call) => call + 2), w1: weigh((call) => -call) },
      calls: [...calls],
    },
  };
}

/** What the calls of `remembering` give. */
export function remembered(
  calls: readonly { x: number[]; t: number }[],
  programs: readonly string[],
): number[][] {
  let [last, before] = [
    [1, 1],
    [1, 1],
  ];
  return calls.map(({ x, t }, call) => {
    if (programs[call] === 'shallow')
      return last.map((value, i) => value * (call + 2) - before[i]! * call + t);
    [before, last] = [last, x.map((value) => 2 * value)];
    return last.map((value) => value + t);
  });
}

/**
 * Guidance in one batch, of the same source: full computes every row, shared the first half for both, and shallow reads
 * what either has left.
 */
export function guided(calls: readonly string[] = ['full', 'shared', 'full', 'full']): TinyBundle {
  const half = node('Split', ['deep'], ['first', 'second']);
  const both = node(
    'Concat',
    ['first', 'first'],
    ['pair'],
    [{ name: 'axis', type: onnx.AttributeProto.AttributeType.INT, i: 0 }],
  );
  const { schedule, files } = bundle({
    emit: 'split',
    models: {
      full: encode([X, T], [Y, DEEP], [doubled, node('Add', ['deep', 't'], ['y'])], [two()]),
      shared: encode(
        [X, T],
        [Y],
        [doubled, half, both, node('Add', ['pair', 't'], ['y'])],
        [two()],
      ),
      shallow: encode([T, DEEP_IN], [Y], [join_]),
    },
    full: [{ model: 'full', writes: { deep: 'deep' } }],
    shallow: [{ model: 'shallow', reads: { deep_in: 'deep' } }],
  });
  const { full, shallow } = schedule.programs;
  return withRoles({
    files,
    schedule: {
      ...schedule,
      source: { ...schedule.source, guidance: { order: 'cond-first', mode: 'batch' } },
      programs: {
        full: { ...full!, pairs: false },
        shared: { pairs: true, runs: [{ model: 'shared' }] },
        shallow: { ...shallow!, pairs: false },
      },
      calls: [...calls],
    },
  });
}

/** A model that takes long enough for the event loop to turn meanwhile: a loop of many steps. */
export function slow(steps = 300_000): TinyBundle {
  const { INT64 } = onnx.TensorProto.DataType;
  const body = {
    name: 'body',
    type: onnx.AttributeProto.AttributeType.GRAPH,
    g: {
      name: 'body',
      input: [
        valueInfo(['i', INT64, []]),
        valueInfo(['go', BOOL, []]),
        valueInfo(['before', FLOAT, ['batch', 2]]),
      ],
      node: [node('Identity', ['go'], ['go_on']), node('Add', ['before', 't'], ['after'])],
      output: [valueInfo(['go_on', BOOL, []]), valueInfo(['after', FLOAT, ['batch', 2]])],
    },
  };
  const count = { name: 'count', dataType: INT64, dims: [], int64Data: [steps] };
  const loop = node('Loop', ['count', '', 'x'], ['y'], [body]);
  const full = encode([X, T], [Y], [loop], [count]);
  const tiny = bundle({
    emit: 'split',
    models: { full },
    full: [{ model: 'full' }],
    shallow: [{ model: 'full' }],
  });
  return { ...tiny, schedule: { ...tiny.schedule, states: {} } };
}

/** The same with latent and timestep known. */
export const withRoles = ({ schedule, files }: TinyBundle): TinyBundle => ({
  files,
  schedule: {
    ...schedule,
    source: { ...schedule.source, roles: { latent: 'x', timestep: 't' } },
  },
});

/** Writes the bundle into a new folder, which goes when the test ends. */
export async function writeTiny({ schedule, files }: TinyBundle): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stepfold-tiny-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'schedule.json'), JSON.stringify(schedule));
  for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, file), bytes);
  return folder;
}

/** What the calls give: `deep` is computed by full ones, 0 and 3 of the four, and reused by others. */
export function expected(
  calls: readonly { x: number[]; t: number }[],
  programs: readonly string[] = ['full', 'shallow', 'shallow', 'full'],
): number[][] {
  let deep: number[] = [];
  return calls.map(({ x, t }, call) => {
    if (programs[call] === 'full') deep = x.map((value) => 2 * value);
    return deep.map((value) => value + t);
  });
}
