/** What a proof of a tiny bundle needs: its folder and its source as files, inputs, and what the proof finds. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { passesWith } from '../../../passes/table.js';
import type { ProofContext } from '../../../src/evidence/measure/context.js';
import type { Ort } from '../../../src/evidence/measure/engine.js';
import type { Feeds } from '../../../src/evidence/measure/feeds.js';
import { loadModel, saveModel } from '../../../src/model/onnx/files.js';
import type { Run, Schedule } from '../../../src/runtime/schedule/index.js';
import { EXACT, encodeSorted } from '../../helpers/compile.js';
import { modelOf } from '../../helpers/text.js';
import { type TinyBundle, writeTiny } from '../../runtime/session/tiny-bundles.js';
import type { Writable } from '../../tamper/tampered.js';

/** What all tiny bundles compute. */
export const TINY_SOURCE = `tiny (float[batch,2] x, float[1] t) => (float[batch,2] y) <float[1] two = {2}>
  { deep = Mul (x, two) y = Add (deep, t) }`;

export type Change = (schedule: Writable<Schedule>) => void;

export interface Proof {
  readonly context: ProofContext;
  readonly wrong: string[];
  readonly unproved: string[];
  readonly notes: string[];
  readonly progress: string[];
}

export async function proofOf(
  tiny: TinyBundle,
  change: Change = () => {},
  source = TINY_SOURCE,
): Promise<Proof> {
  const folder = await writeTiny(tiny);
  const model = path.join(folder, 'source.onnx');
  saveModel(modelOf(source), model);
  const schedule = structuredClone(tiny.schedule) as Writable<Schedule>;
  change(schedule);
  const [wrong, unproved, notes, progress]: string[][] = [[], [], [], []];
  const context: ProofContext = {
    ort: ort as never,
    folder,
    model,
    source: loadModel(model),
    isSplit: false,
    schedule: schedule as Schedule,
    known: passesWith().strategies,
    session: EXACT,
    bindings: new Map([['batch', 2]]),
    report: {
      wrong: ({ path, message }) => void wrong!.push(`${path} ${message}`),
      unproved: (what) => void unproved!.push(what),
      note: (sentence) => void notes!.push(sentence),
    },
    onProgress: (what) => void progress!.push(what),
  };
  return { context, wrong: wrong!, unproved: unproved!, notes: notes!, progress: progress! };
}

/** Inputs of a call, of two rows; none but t is alike in two calls. */
export const feedsOf = (call: number, x = [1, 2, 3, 4], t = 0.5 * call): Feeds => ({
  x: new ort.Tensor(
    'float32',
    Float32Array.from(x, (n) => n + 10 * call),
    [2, 2],
  ) as never,
  t: new ort.Tensor('float32', Float32Array.of(t), [1]) as never,
});

/** Programs by what they do: a full call and a shallow one, under names of one's own. */
export const programsOf = (
  { schedule: { programs } }: TinyBundle,
  kinds: Readonly<Record<string, 'full' | 'shallow'>>,
): Record<string, { runs: [Run, ...Run[]] }> =>
  Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, programs[kind]!])) as never;

/** The bundle with another model, of text, in the place of one. */
export function withModel({ schedule, files }: TinyBundle, id: string, text: string): TinyBundle {
  const bytes = encodeSorted(modelOf(text));
  const entry = { file: schedule.models[id]!.file, sha256: hashOf(bytes) };
  return {
    schedule: { ...schedule, models: { ...schedule.models, [id]: entry } },
    files: { ...files, [entry.file]: bytes },
  };
}

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The engine, and how many of its sessions were let go. */
export function countingReleases(): { readonly ort: Ort; released(): number } {
  let released = 0;
  const create = async (...args: Parameters<typeof ort.InferenceSession.create>) => {
    const session = await ort.InferenceSession.create(...args);
    const release = session.release.bind(session);
    session.release = async () => {
      released++;
      await release();
    };
    return session;
  };
  return { ort: { ...ort, InferenceSession: { create } } as never, released: () => released };
}
