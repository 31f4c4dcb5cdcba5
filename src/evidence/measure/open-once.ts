/**
 * Models opened once for all parts of a proof that run them under the same options: the identities, the loop, and the loops
 * that rules lead to. Opening is most of what a proof of a small bundle costs. What is large is closed in between, so that
 * memory peaks once.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Ort } from './engine.js';
import type { Keep } from './scratch.js';

const MOST_KEPT_BYTES = 128 * 2 ** 20;

type Given = Parameters<Ort['InferenceSession']['create']>;

export class OpenOnce {
  /** The engine, for the bundle's own models: what is closed of them stays open. */
  readonly ort: Ort;
  /** The same for models that are made of others; undefined where they are closed as ever. */
  readonly keep: Keep | undefined;
  private readonly opened = new Map<string, InferenceSession>();

  constructor(ort: Ort, folder: string, schedule: Schedule) {
    const files = filesOf(folder, schedule);
    const isSmall = totalBytes(files) <= MOST_KEPT_BYTES;
    this.ort = isSmall ? this.keeping(ort, new Set(files)) : ort;
    this.keep = isSmall ? (key, open) => this.once(key, open) : undefined;
  }

  async release(): Promise<void> {
    for (const session of this.opened.values()) await session.release();
    this.opened.clear();
  }

  private async once(
    key: string,
    open: () => Promise<InferenceSession>,
  ): Promise<InferenceSession> {
    const session = this.opened.get(key) ?? (await open());
    this.opened.set(key, session);
    return Object.create(session, { release: { value: async () => {} } });
  }

  private keeping(ort: Ort, files: ReadonlySet<string>): Ort {
    const create = (...given: Given) => {
      const open = () =>
        ort.InferenceSession.create(...given) as unknown as Promise<InferenceSession>;
      const [file] = given as unknown[];
      return typeof file === 'string' && files.has(file) ? this.once(file, open) : open();
    };
    return { ...ort, InferenceSession: { create } } as unknown as Ort;
  }
}

const filesOf = (folder: string, { models, weights }: Schedule): string[] =>
  [...Object.values(models), ...weights].map(({ file }) => path.join(folder, file));

const totalBytes = (files: readonly string[]): number =>
  files.reduce((sum, file) => sum + fs.statSync(file).size, 0);
