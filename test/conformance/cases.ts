/** The cases of conformance/, and a session that is watched from the engine's side as it goes through one. */
import fs from 'node:fs';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { type NumericArray, readNpy } from '../../src/io/npy.js';
import { openBundle } from '../../src/runtime/node/index.js';
import { type LoopRequest, placeOf, type Schedule } from '../../src/runtime/schedule/index.js';
import { EXACT } from '../helpers/compile.js';

export const CASES = path.resolve(import.meta.dirname, '../../conformance/cases');

export interface Loop extends LoopRequest {
  readonly name: string;
  readonly steps: number;
  readonly start: number;
  readonly outputs?: boolean;
}

/** What a call does, as conformance/README.md has it. */
export interface TracedCall {
  readonly program: string;
  readonly parameters: Readonly<Record<string, readonly number[]>>;
  readonly reads: Readonly<Record<string, number>>;
  readonly writes: readonly string[];
}

export type Expected =
  | { readonly calls: readonly TracedCall[] }
  | { readonly refused: 'fixed' | 'axis' | 'version' };

const json = (...at: readonly string[]) =>
  JSON.parse(fs.readFileSync(path.join(CASES, ...at), 'utf8'));

export const names = fs.readdirSync(CASES).sort();
export const scheduleOf = (name: string): Schedule => json(name, 'schedule.json');
export const loopsOf = (name: string): Loop[] => json(name, 'case.json').loops;
export const expectedOf = (name: string, loop: Loop): Expected =>
  json(name, 'expected', `${loop.name}.json`);

export const npy = (...at: readonly string[]): NumericArray =>
  readNpy(fs.readFileSync(path.join(CASES, ...at)), at.join('/'));

type Floats = Float32Array;

/** Runs and what they were given and gave, from the outside. */
class Watched {
  readonly trace: TracedCall[] = [];
  /** Numbers that models gave, with the call; a state is told by them, since a session may copy it. */
  private readonly made: { readonly call: number; readonly data: string }[] = [];

  constructor(private readonly schedule: Schedule) {}

  begin(program: string): void {
    this.trace.push({ program, parameters: {}, reads: {}, writes: [] });
  }

  engine(): typeof ort {
    const create = async (file: string, options: ort.InferenceSession.SessionOptions) => {
      const session = await ort.InferenceSession.create(file, options);
      const run = session.run.bind(session);
      session.run = async (feeds: never, ...rest: readonly unknown[]) => {
        const results = await (run as (...all: unknown[]) => Promise<object>)(feeds, ...rest);
        this.record(path.basename(file), feeds, results as Record<string, ort.Tensor>);
        return results as never;
      };
      return session;
    };
    return { ...ort, InferenceSession: { create } } as never;
  }

  private record(
    file: string,
    feeds: Readonly<Record<string, ort.Tensor>>,
    results: Readonly<Record<string, ort.Tensor>>,
  ): void {
    const call = this.trace.length - 1;
    const { program, parameters, reads, writes } = this.trace[call]!;
    const run = this.schedule.programs[program]!.runs.find(
      ({ model }) => this.schedule.models[model]!.file === file,
    )!;
    for (const [input, id] of Object.entries(run.parameters ?? {}))
      Object.assign(parameters, { [id]: [...(feeds[input]!.data as Floats)] });
    for (const [input, id] of Object.entries(run.reads ?? {})) {
      const data = (feeds[input]!.data as Floats).join();
      const from = this.made.findLast((own) => own.data === data);
      Object.assign(reads, { [id]: from?.call ?? -1 });
    }
    for (const [state, output] of Object.entries(run.writes ?? {})) {
      (writes as string[]).push(placeOf(this.schedule.states, state).item);
      this.made.push({ call, data: (results[output]!.data as Floats).join() });
    }
    (writes as string[]).sort();
  }
}

/** What a session does in a loop of a case, and gives at each call, by output. */
export async function traced(name: string, { outputs: _, name: __, ...request }: Loop) {
  const watched = new Watched(scheduleOf(name));
  const session = await openBundle(path.join(CASES, name), {
    ...request,
    ort: watched.engine() as never,
    sessionOptions: EXACT,
    newImage: 'reset',
  });
  const feeds = session.inputNames.map(
    (input) => [input, npy(name, 'feeds', `${input}.npy`)] as const,
  );
  const outputs: Record<string, number[]> = {};
  try {
    for (const [call, program] of session.calls.entries()) {
      watched.begin(program);
      const given = feeds.map(([input, { data, dims }]) => {
        const [calls = 1, ...shape] = dims;
        const size = data.length / calls;
        const own = (data as Floats).slice((call % calls) * size, ((call % calls) + 1) * size);
        return [input, new ort.Tensor('float32', own, shape)] as const;
      });
      const results = await session.run(Object.fromEntries(given) as never);
      for (const [output, tensor] of Object.entries(results)) {
        outputs[output] ??= [];
        outputs[output].push(...(tensor.data as Floats));
      }
    }
  } finally {
    await session.release();
  }
  return { calls: watched.trace, outputs };
}
