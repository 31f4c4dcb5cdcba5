/**
 * The searches of plans, as a part of a search over settings: on the images that settings are chosen on, in its folder, and
 * counted with it. What cannot be searched is told, and left out.
 */
import type { AnyPass, Pass } from '../../compiler/pass/index.js';
import { planToJson } from '../../compiler/plan/index.js';
import { StepfoldError } from '../../errors/index.js';
import { callsPerStep, type PlanFile } from '../../runtime/schedule/index.js';
import { calibrate, placeFullCalls } from '../calibrate/index.js';
import { loadOrt } from '../measure/engine.js';
import type { LoopChoice } from '../yardstick/index.js';
import type { Bundles } from './bundles.js';
import type { CostTable } from './cost-table.js';
import { type CostBasis, loopCost, threadsIn } from './costs.js';
import type { Method, NotTried, Options } from './method.js';
import { canonical, type Setting, samplerIn } from './setting.js';
import { givenFor, imagesAtOnce, pairOf, readingOf } from './subject.js';

export interface FullStepsAsked {
  readonly method: Method;
  readonly order: number;
  readonly sampler: LoopChoice;
  /** How many of its steps are full. */
  readonly full: number;
}

export interface PlanAsked {
  readonly pass: AnyPass;
  readonly options: Options;
  readonly sampler: LoopChoice;
}

/** Each gives undefined where there is none, of which it has told by then. */
export interface Planner {
  /** Which steps are full, by where the loop ends: ascending, of those that are taken. */
  fullSteps(asked: FullStepsAsked): Promise<readonly number[] | undefined>;
  /** The plan of a pass's own search. */
  plan(asked: PlanAsked): Promise<PlanFile | undefined>;
  /** What the loop of a setting with a plan costs, in steps of the source. */
  cost(setting: Setting): Promise<number | undefined>;
}

export interface PlannerOptions {
  readonly bundles: Bundles;
  readonly costs: CostBasis | CostTable;
  readonly remember: <T>(name: string, find: () => Promise<T>) => Promise<T>;
  /** Whether there is no time for more. */
  readonly isLate: () => boolean;
}

interface Searched<T> {
  readonly found: T;
  /** Of the model, each on one image. */
  readonly evaluations: number;
}

export class PlannerHere implements Planner {
  readonly notTried: NotTried[] = [];
  evaluations = 0;
  readonly #counted = new Set<string>();

  constructor(private readonly options: PlannerOptions) {}

  async fullSteps({ method, order, sampler, full }: FullStepsAsked) {
    const { pass, options } = method;
    const what = `full steps of ${pass.name} by where the loop ends`;
    const given = {
      ...options,
      ...(method.forecasts && { order, basis: options['basis'] ?? BASIS }),
    };
    return this.#search<readonly number[]>(
      what,
      { given, pass: pass.name, sampler, full },
      async () => {
        const { bundles } = this.options;
        // one half chooses, the other one judges
        const { images, loop } = await this.#loop(sampler, 2);
        const found = await placeFullCalls(bundles.model, {
          ...loop,
          pass: pass as Pass,
          options: given,
          asked: { full },
          yardstick: false,
        });
        const { firstCall } = samplerIn(sampler);
        const left = firstCall / callsPerStep(pairOf(bundles.subject));
        return {
          found: found.chosen.full.filter((step) => step >= left).map((step) => step - left),
          evaluations: found.evaluations * images,
        };
      },
    );
  }

  async plan({ pass, options, sampler }: PlanAsked) {
    const what = `searched plan of ${pass.name}`;
    if (typeof this.options.costs === 'object')
      return this.#refuse(what, 'the costs were measured elsewhere, without it');
    return this.#search<PlanFile>(what, { pass: pass.name, options, sampler }, async () => {
      const { images, loop } = await this.#loop(sampler, 1);
      const found = await calibrate(this.options.bundles.model, {
        ...loop,
        pass: pass as Pass,
        options: { ...options },
      });
      return { found: planToJson(found.plan), evaluations: found.evaluations.done * images };
    });
  }

  async cost(setting: Setting) {
    const { bundles, costs, remember } = this.options;
    if (typeof costs === 'object') return undefined;
    const { passes, plan, sampler } = setting;
    const name = canonical([
      ...['cost of a loop', costs, passes, plan ?? null, sampler],
      ...threadsIn(bundles, costs),
    ]);
    return this.#orNone('a searched plan', () =>
      remember(name, () => loopCost(bundles, setting, costs)),
    );
  }

  /** The loop of a sampler on the images of the first batches. */
  async #loop(sampler: LoopChoice, batches: number) {
    const { bundles } = this.options;
    const { subject } = bundles;
    const ort = await loadOrt();
    const { ports } = await bundles.source();
    const images = imagesAtOnce(ports, subject);
    const { feeds, unconditional, parts } = givenFor(ort, ports, subject, 0, batches * images);
    const { firstCall, timesteps } = samplerIn(sampler);
    const each = callsPerStep(pairOf(subject));
    const { guidance, seed } = subject;
    const { steps: _, ...choice } = sampler;
    return {
      images,
      loop: {
        ...{ feeds, parts, seed, sampler: choice, samples: batches * images },
        sessionOptions: bundles.sessionOptions,
        calls: (firstCall + timesteps.length) * each,
        ...(guidance && { guidance: { ...guidance, unconditional } }),
        ...readingOf(subject),
      },
    };
  }

  async #search<T>(
    what: string,
    asked: object,
    find: () => Promise<Searched<T>>,
  ): Promise<T | undefined> {
    const name = canonical([what, asked]);
    const made = await this.#orNone(what, async () => {
      if (this.options.isLate()) return undefined;
      return this.options.remember(name, find);
    });
    if (!made) return undefined;
    if (!this.#counted.has(name)) this.evaluations += made.evaluations;
    this.#counted.add(name);
    return made.found;
  }

  async #orNone<T>(what: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      return await find();
    } catch (error) {
      if (error instanceof StepfoldError) return this.#refuse(what, error.message);
      throw error;
    }
  }

  #refuse(pass: string, reason: string): undefined {
    const isTold = this.notTried.some((one) => one.pass === pass && one.reason === reason);
    if (!isTold) this.notTried.push({ pass, reason });
    return undefined;
  }
}

const BASIS = 'lagrange';
