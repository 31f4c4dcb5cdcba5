/**
 * The models of a bundle, opened once for all parts of a proof that run them under the same options: the identities, the
 * loop, and the loops that rules lead to. Opening is most of what a proof of a small bundle costs. A large one is closed in
 * between, as before its reference runs, so that memory peaks once.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Ort } from './engine.js';

const MOST_KEPT_BYTES = 128 * 2 ** 20;

type Given = Parameters<Ort['InferenceSession']['create']>;

export class OpenOnce {
  /** The engine, as those take it who open models: what they close of the bundle's stays open. */
  readonly ort: Ort;
  private readonly opened = new Map<string, InferenceSession>();

  constructor(ort: Ort, folder: string, schedule: Schedule) {
    const files = filesOf(folder, schedule);
    this.ort = totalBytes(files) > MOST_KEPT_BYTES ? ort : this.keeping(ort, new Set(files));
  }

  async release(): Promise<void> {
    for (const session of this.opened.values()) await session.release();
    this.opened.clear();
  }

  private keeping(ort: Ort, files: ReadonlySet<string>): Ort {
    const create = async (...given: Given) => {
      const [file] = given as unknown[];
      if (typeof file !== 'string' || !files.has(file))
        return ort.InferenceSession.create(...given);
      let session = this.opened.get(file);
      if (!session) {
        session = (await ort.InferenceSession.create(...given)) as unknown as InferenceSession;
        this.opened.set(file, session);
      }
      return withoutRelease(session);
    };
    return { ...ort, InferenceSession: { create } } as unknown as Ort;
  }
}

const withoutRelease = (session: InferenceSession): InferenceSession =>
  Object.create(session, { release: { value: async () => {} } });

const filesOf = (folder: string, { models, weights }: Schedule): string[] =>
  [...Object.values(models), ...weights].map(({ file }) => path.join(folder, file));

const totalBytes = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
