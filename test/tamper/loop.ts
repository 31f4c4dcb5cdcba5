/**
 * The oracle: runs a bundle's whole loop in onnxruntime as docs/schedule.md says, in plain code that shares
 * nothing with Stepfold's runtime, and says how far two bundles are apart. Rows of the batch, labels and
 * timesteps all differ, and over the images every label of the table comes up.
 */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { decodeFloat16, encodeFloat16 } from '../../src/io/float16.js';
import type { Schedule } from '../../src/runtime/schedule/index.js';

type Tensors = Record<string, ort.Tensor>;
type Port = Schedule['source']['inputs'][number];

/** Labels of the sources' tables. */
const CLASSES = 8;
/** Sizes of the symbols that sources have. */
export interface Sizes {
  readonly rows: number;
  readonly words: number;
}

export const readSchedule = (folder: string): Schedule =>
  JSON.parse(fs.readFileSync(path.join(folder, 'schedule.json'), 'utf8'));

/** Outputs of every call of every image. */
export type Loops = readonly (readonly Tensors[])[];

/**
 * @param source what is fed, as the bundle said before it was changed
 */
export async function runLoops(
  folder: string,
  { source }: Schedule,
  { rows, words }: Sizes = { rows: source.guidance?.mode === 'batch' ? 4 : 2, words: 5 },
): Promise<Loops> {
  const schedule = readSchedule(folder);
  const sessions = new Map<string, ort.InferenceSession>();
  try {
    for (const [id, { file }] of Object.entries(schedule.models))
      sessions.set(
        id,
        await ort.InferenceSession.create(path.join(folder, file), {
          graphOptimizationLevel: 'disabled',
          logSeverityLevel: 4,
          intraOpNumThreads: 1,
        }),
      );
    const images = Math.ceil(CLASSES / (source.guidance?.mode === 'two-calls' ? 2 * rows : rows));
    const loops: Tensors[][] = [];
    for (let image = 0; image < images; image++) {
      const states: Tensors = {};
      const loop: Tensors[] = [];
      for (const [call, program] of schedule.calls.entries()) {
        const place = { call, image, rows, words, calls: schedule.calls.length };
        const feeds = Object.fromEntries(
          source.inputs.map((port) => [port.name, feed(port, source, place)]),
        );
        loop.push(await runCall(schedule, program, sessions, feeds, states));
      }
      loops.push(loop);
    }
    return loops;
  } finally {
    for (const session of sessions.values()) await session.release();
  }
}

async function runCall(
  schedule: Schedule,
  program: string,
  sessions: ReadonlyMap<string, ort.InferenceSession>,
  feeds: Tensors,
  states: Tensors,
): Promise<Tensors> {
  const [outputs, wires, written]: [Tensors, Tensors, Tensors] = [{}, {}, {}];
  for (const run of schedule.programs[program]!.runs) {
    const session = sessions.get(run.model)!;
    const given: Tensors = {};
    for (const name of session.inputNames) {
      const { constants = {}, reads = {}, takes = {}, unused = {} } = run;
      const idle = unused[name];
      if (name in reads) given[name] = states[reads[name]!]!;
      else if (name in takes) given[name] = wires[takes[name]!]!;
      else if (name in constants) given[name] = constant(constants[name]!);
      else if (idle !== undefined) given[name] = states[idle] ?? zeros(schedule.states[idle]!);
      else given[name] = feeds[name]!;
    }
    const results = (await session.run(given)) as Tensors;
    for (const { name } of schedule.source.outputs)
      if (name in results && !(name in outputs)) outputs[name] = results[name]!;
    for (const [wire, output] of Object.entries(run.gives ?? {})) wires[wire] = results[output]!;
    for (const [state, output] of Object.entries(run.writes ?? {}))
      written[state] = results[output]!;
  }
  Object.assign(states, written);
  return outputs;
}

function constant({ type, shape, data }: { type: string; shape: number[]; data: number[] }) {
  if (type === 'int64') return new ort.Tensor('int64', BigInt64Array.from(data, BigInt), shape);
  if (type === 'bool') return new ort.Tensor('bool', Uint8Array.from(data), shape);
  return new ort.Tensor('float32', Float32Array.from(data), shape);
}

function zeros({ shape }: Schedule['states'][string]): ort.Tensor {
  const dims = shape.map((size) => (typeof size === 'number' ? size : 1));
  return new ort.Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
}

interface Place {
  readonly call: number;
  readonly calls: number;
  readonly image: number;
  readonly rows: number;
  readonly words: number;
}

/** What goes into an input at a call of an image. */
function feed(port: Port, source: Schedule['source'], { call, calls, image, rows, words }: Place) {
  const pair = source.guidance?.mode === 'two-calls' ? 2 : 1;
  const step = Math.floor(call / pair);
  const dims = port.shape.map((size, axis) =>
    typeof size === 'number' ? size : axis === 0 ? rows : words,
  );
  const count = dims.reduce((a, b) => a * b, 1);
  if (port.type === 'int64') {
    const steps = Math.max(1, calls / pair - 1);
    const timestep = (row: number) =>
      Math.max(0, 999 - Math.round((900 * step) / steps) - 37 * row);
    const label = (row: number) => (rows * (pair * image + (call % pair)) + row) % CLASSES;
    const number = port.name === source.roles?.timestep ? timestep : label;
    return new ort.Tensor(
      'int64',
      BigInt64Array.from({ length: count }, (_, i) => BigInt(number(i))),
      dims,
    );
  }
  // the latent is another one at each step, a condition stays, but for the half of a pair
  const seed = port.name === source.roles?.latent ? 1 + step : 0.5 + 0.1 * (call % pair);
  const data = Float32Array.from(
    { length: count },
    (_, i) => 1.5 * Math.sin(12.9898 * (i + 1) * (seed + image) + i),
  );
  return port.type === 'float16'
    ? new ort.Tensor('float16', encodeFloat16(data), dims)
    : new ort.Tensor('float32', data, dims);
}

const numbers = ({ type, data }: ort.Tensor): Float32Array =>
  type === 'float16' ? decodeFloat16(data as unknown as Uint16Array) : (data as Float32Array);

/** Largest difference of two elements over the largest magnitude; infinite where a loop ends otherwise. */
export function distance(loops: Loops, reference: Loops): number {
  let [difference, magnitude] = [0, 0];
  for (const [image, expected] of reference.entries()) {
    if (loops[image]?.length !== expected.length) return Number.POSITIVE_INFINITY;
    for (const [call, outputs] of expected.entries())
      for (const [name, output] of Object.entries(outputs)) {
        const other = loops[image]![call]![name];
        if (other?.dims.join() !== output.dims.join()) return Number.POSITIVE_INFINITY;
        const actual = numbers(other);
        for (const [i, x] of numbers(output).entries()) {
          const y = actual[i]!;
          if (Number.isNaN(y)) return Number.POSITIVE_INFINITY;
          difference = Math.max(difference, Math.abs(y - x));
          magnitude = Math.max(magnitude, Math.abs(x));
        }
      }
  }
  return difference / magnitude;
}
