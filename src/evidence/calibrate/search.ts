/**
 * The search over a whole loop, in the shape of a denoiser: each call of it runs one call of the model,
 * decides its row of the plan, and gives the outputs under that row, so that later calls see what
 * earlier decisions do to the latents. The first call is never compressed.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { PassCalibration } from '../../compiler/pass/index.js';
import { COMPUTE } from '../../compiler/plan/index.js';
import { notFinite } from '../../errors/index.js';
import { candidateGroups } from './candidates.js';
import type { CallEvaluator } from './evaluator.js';
import type { Flows } from './flows.js';
import { searchCall } from './greedy.js';
import { allFinite } from './loss.js';
import { type Mode, modeOf } from './modes.js';
import type { SearchSpace } from './space.js';

/** One call of the loop, decided. */
export interface DecidedCall {
  /** The strategy of each site, in topological order. */
  readonly row: readonly string[];
  /** Of the strategies that were taken; null where a site is computed. */
  readonly losses: readonly (number | null)[];
  /** Candidates that were tried. */
  readonly attempts: number;
  /** Work that it took, in evaluations of the whole model. */
  readonly evaluations: number;
}

export interface PlanSearchOptions<O> {
  readonly space: SearchSpace;
  readonly flows: Flows;
  readonly evaluator: CallEvaluator;
  readonly calibration: PassCalibration<O>;
  readonly options: O;
  /** The output that is compared. */
  readonly prediction: string;
  /** Calls decided by an earlier search, which are run and not searched again. */
  readonly decided: readonly DecidedCall[];
  /** Two for guidance by two calls a step; said in errors. */
  readonly callsPerStep: number;
  /** Calls of the whole loop before the first that is searched; default 0. */
  readonly firstCall?: number;
  readonly onSite?: (call: number, site: number) => void;
  readonly onCall?: (decided: readonly DecidedCall[]) => void;
}

export class PlanSearch<O> {
  readonly #decided: DecidedCall[] = [];
  /** How many calls have written each state. */
  readonly #written = new Map<string, number>();
  readonly #threshold: number;

  constructor(private readonly search: PlanSearchOptions<O>) {
    this.#threshold = search.calibration.threshold(search.options);
  }

  get decided(): readonly DecidedCall[] {
    return this.#decided;
  }

  /** The next call of the loop. @throws CALIBRATE_NOT_FINITE */
  async call(feeds: InferenceSession.FeedsType): Promise<InferenceSession.ReturnType> {
    const { space, flows, evaluator, decided, onCall, firstCall = 0 } = this.search;
    const index = this.#decided.length;
    const call = index + firstCall;
    const known = decided[index];
    const computed = space.sites.map((site) => modeOf(site, COMPUTE, call));
    const before = evaluator.evaluations;
    let modes: readonly Mode[];
    let outputs: InferenceSession.ReturnType;
    if (known || index === 0) {
      modes = known ? space.sites.map((site, s) => modeOf(site, known.row[s]!, call)) : computed;
      outputs = await evaluator.replay(feeds, modes);
      this.#requireFinite(outputs[this.search.prediction] as Tensor, call);
      this.#decided.push(
        known ?? {
          row: modes.map((mode) => mode.strategy),
          losses: modes.map(() => null),
          attempts: 0,
          evaluations: evaluator.evaluations - before,
        },
      );
      this.search.onSite?.(call, modes.length - 1);
    } else {
      const result = await searchCall(evaluator, feeds, {
        computed,
        candidates: (site) => this.#candidates(site, call, computed[site]!),
        threshold: this.#threshold,
        check: (reference) => this.#requireFinite(reference, call),
        onSite: (site) => this.search.onSite?.(call, site),
      });
      outputs = result.outputs;
      modes = result.choices.map((choice) => choice.mode);
      this.#decided.push({
        row: modes.map((mode) => mode.strategy),
        losses: result.choices.map((choice) => choice.loss),
        attempts: result.attempts,
        evaluations: evaluator.evaluations - before,
      });
    }
    for (const [s, mode] of modes.entries())
      for (const state of flows(s, mode).keeps.keys())
        this.#written.set(state, (this.#written.get(state) ?? 0) + 1);
    if (!known) onCall?.(this.#decided);
    return outputs;
  }

  #requireFinite(prediction: Tensor, call: number): void {
    const { prediction: output, callsPerStep } = this.search;
    if (!allFinite(prediction)) throw notFinite(output, call, callsPerStep);
  }

  /**
   * What the pass wants to try, without what reads states that nobody has written yet. A forecast takes at least two
   * values: through one it is that value.
   */
  #candidates(site: number, call: number, computed: Mode): Mode[][] {
    const { space, flows, calibration, options } = this.search;
    const whole = space.sites[site]!;
    const isWritten = (state: string) => {
      const { root, back } = space.histories.placeOf(state);
      return (this.#written.get(root) ?? 0) > Math.min(back, 1);
    };
    return candidateGroups(whole, call, calibration, options)
      .map((group) =>
        group
          .map((strategy) => modeOf(whole, strategy, call))
          .filter((mode) => mode.key !== computed.key)
          .filter((mode) => [...flows(site, mode).reads].every(isWritten)),
      )
      .filter((group) => group.length > 0);
  }
}
