/**
 * Bundles small enough to compute by hand: the source is deep = 2 x, y = deep + t; `deep` is the state. Calls: full,
 * shallow, shallow, full.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type onnxProto from 'onnx-proto';
import { onTestFinished } from 'vitest';
import {
  BOOL,
  bundle,
  DEEP,
  DEEP_IN,
  doubled,
  encode,
  FLOAT,
  join_,
  node,
  onnx,
  T,
  type TinyBundle,
  two,
  valueInfo,
  X,
  Y,
} from './tiny-models.js';

export type { TinyBundle };

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
