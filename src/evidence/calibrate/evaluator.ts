/** What a plan search needs of whatever runs the model. Two do: whole.ts and segments.ts. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Model } from '../../model/ir/model.js';
import type { ShapeTable } from '../../model/shape/index.js';
import type { Ort } from '../measure/engine.js';
import type { Flows } from './flows.js';
import type { Mode } from './modes.js';
import type { SearchSpace } from './space.js';

/** What a search runs on. */
export interface SearchSubject {
  readonly ort: Ort;
  readonly model: Model;
  readonly shapes: ShapeTable;
  readonly space: SearchSpace;
  /** The output whose change is the loss. */
  readonly prediction: string;
  readonly sessionOptions: InferenceSession.SessionOptions;
}

export interface OpenedSearch {
  readonly evaluator: CallEvaluator;
  readonly flows: Flows;
}

/** @throws what lowering throws, ENGINE_REFUSED, and CALIBRATE_NESTED where the model is cut */
export type OpenSearch = (subject: SearchSubject) => Promise<OpenedSearch>;

/**
 * Runs the calls of one loop, one after another, with sites numbered in topological order. In a call
 * that is searched, strategies are tried and fixed site by site: `begin`, then for each site any
 * number of `attempt` and one `fix`, then `end`.
 */
export interface CallEvaluator {
  /** Starts a call; gives the prediction with every site computed. */
  begin(feeds: InferenceSession.FeedsType, computed: readonly Mode[]): Promise<Tensor>;
  /** The prediction with sites before as they are fixed, this one in a mode, those behind computed. */
  attempt(site: number, mode: Mode): Promise<Tensor>;
  /** The site stays in a mode for this call: one that was tried, the last at no cost, or computed. */
  fix(site: number, mode: Mode): Promise<void>;
  /** Ends a call: its outputs under the fixed modes, whose states are kept. */
  end(): Promise<InferenceSession.ReturnType>;
  /** A whole call whose modes are known, in place of all of the above. */
  replay(
    feeds: InferenceSession.FeedsType,
    modes: readonly Mode[],
  ): Promise<InferenceSession.ReturnType>;
  /** Runs the calls of another loop beside this one, with states of its own and the same sessions. */
  again(): CallEvaluator;
  /** Work done, in evaluations of the whole model: not whole numbers where parts of it ran. */
  readonly evaluations: number;
  /** Closes the sessions, those of all loops. */
  release(): Promise<void>;
}
