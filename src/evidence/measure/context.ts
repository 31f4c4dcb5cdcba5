/** What the parts of a proof share: the bundle, its source, and where findings go. */
import type { InferenceSession } from 'onnxruntime-common';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import type { Problem } from '../../errors/index.js';
import type { Model } from '../../model/ir/model.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import type { Ort } from './engine.js';
import type { Keep } from './scratch.js';

/** Takes what a proof finds beside the differences of numbers. */
export interface Findings {
  /** Something that the schedule says and that is not so. */
  wrong(problem: Problem): void;
  /** What could not be compared, and why: the end of "Not proved: ". */
  unproved(what: string): void;
  /** What a reader should know, and that makes nothing less proved. */
  note(sentence: string): void;
}

export interface ProofContext {
  readonly ort: Ort;
  readonly folder: string;
  /** Path of the source model. */
  readonly model: string;
  /** The graph of it, with functions and fused norms written out. */
  readonly source: Model;
  /** Fused norms were written out, so that the file itself adds up in another order. */
  readonly isSplit: boolean;
  readonly schedule: Schedule;
  /** What its strategies mean. */
  readonly known: KnownStrategies;
  readonly session: InferenceSession.SessionOptions;
  /** Sizes of the symbols of the inputs. */
  readonly bindings: ReadonlyMap<string, number>;
  readonly report: Findings;
  /** Keeps models open that are made for one loop, for the next. */
  readonly keep?: Keep | undefined;
  /** @param share that is done of this, from 0 to 1 */
  readonly onProgress?: ((what: string, share?: number) => void) | undefined;
}
