/**
 * What the calls of a schedule must give when each has inputs of its own, by the definition of its
 * strategies: the probe acts the plan out, and what calls keep for one another is kept here.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Model } from '../../../model/ir/model.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { CallAccess } from '../combinations.js';
import { type Ort, runModel } from '../engine.js';
import type { Feeds } from '../feeds.js';
import { conditionalHalf, rowsOfHalf, withHalfTwice } from '../pairs.js';
import { type Keep, openModels } from '../scratch.js';
import { seenKeys } from './band.js';
import { KeptHistory } from './kept-history.js';
import type { Meaning } from './meanings.js';
import { bandNames, pairNames, runNames, valueNames } from './names.js';
import { NoReference } from './no-reference.js';
import { addedInBatch, deltaInBatch, deltaOfCalls, secondOfCalls } from './pair-deltas.js';
import { buildProbe, type Probe, type ProbedValue } from './probe.js';
import {
  keepsValues,
  keptRuns,
  key,
  pairCallOf,
  pairKeys,
  type SiteCall,
  SiteCalls,
} from './site-calls.js';

/** The plan of a schedule, to be acted out on its source. */
export interface Reference {
  /** What a call takes from earlier ones and leaves to later ones, by the plan. */
  access(call: number): CallAccess;
  /** @returns outputs per call */
  run(options: ReferenceOptions): Promise<Map<number, InferenceSession.ReturnType>>;
}

export interface ReferenceOptions {
  readonly ort: Ort;
  /** The inputs of each call, by its index, in order; those that a call takes from are among them. */
  readonly feeds: ReadonlyMap<number, Feeds>;
  /** A folder for the probe's files, on the file system of the weights if it can be. */
  readonly scratch: string;
  readonly session: InferenceSession.SessionOptions;
  /** Changes the probe before it is opened. */
  readonly prepare?: ((model: Model) => void) | undefined;
  readonly keep?: Keep | undefined;
}

/**
 * @param known what strategies mean
 * @param dims sizes of the source's inputs
 * @returns half a sentence that says why there is none, where there is none
 */
export function makeReference(
  source: Model,
  schedule: Schedule,
  known: KnownStrategies,
  dims: Readonly<Record<string, readonly number[]>>,
): Reference | string {
  let probe: Probe;
  try {
    probe = buildProbe(source, schedule, known, dims);
  } catch (error) {
    if (error instanceof NoReference) return error.message;
    throw error;
  }
  const calls = new SiteCalls(probe, source, schedule, known);
  return {
    access: (call) => calls.access(call),
    async run({ ort, feeds, scratch, session: options, prepare, keep }) {
      const { model } = probe;
      prepare?.(model);
      const opened = [{ name: 'probe', model, options }];
      const [session] = (await openModels(ort, opened, scratch, keep)) as [InferenceSession];
      const loop = new ReferenceLoop(ort, session, probe, calls, schedule);
      const results = new Map<number, InferenceSession.ReturnType>();
      try {
        for (const [call, given] of feeds) results.set(call, await loop.run(call, given));
      } finally {
        await session.release();
      }
      return results;
    },
  };
}

class ReferenceLoop {
  /** By value, and by half of the guidance pair where each has a call of its own. */
  private readonly keptValues = new KeptHistory();
  private readonly keptResiduals = new KeptHistory();
  private readonly keptRuns = new KeptHistory();
  private readonly keptPairs = new KeptHistory();
  private readonly masks: Feeds;

  constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    private readonly probe: Probe,
    private readonly calls: SiteCalls,
    private readonly schedule: Schedule,
  ) {
    this.masks = Object.fromEntries(
      probe.masks.map((mask) => [mask.name, this.tensor('bool', seenKeys(mask), mask.dims)]),
    );
  }

  async run(call: number, feeds: Feeds): Promise<InferenceSession.ReturnType> {
    const { outputs } = this.schedule.source;
    const sites = this.calls.at(call);
    const overrides = Object.assign({}, ...sites.map((s) => this.overrides(s, call)));
    const running = this.calls.running(sites);
    const nameInProbe = (name: string) => this.probe.outputs.get(name)!;
    const results = await runModel(
      this.session,
      { ...feeds, ...this.masks, ...overrides },
      'the reference model',
      [
        ...outputs.map(({ name }) => nameInProbe(name)),
        ...running.flatMap(shown),
        ...running.flatMap((s) => s.site.pairs.map(({ name }) => pairNames(name).seen)),
      ],
    );
    for (const s of running) {
      this.keep(s, results, call);
      this.keepPairs(s, results, call);
    }
    return Object.fromEntries(outputs.map(({ name }) => [name, results[nameInProbe(name)]!]));
  }

  private overrides(siteCall: SiteCall, call: number): Feeds {
    const { site, strategy, meaning, half } = siteCall;
    const feeds: Feeds = {};
    /** What was kept of a value, as the strategy takes it. */
    const kept = (history: KeptHistory, name: string) =>
      meaning.forecast && site.forecast
        ? history.forecast(name, site.forecast, call, this.schedule, this.ort)
        : history.last(name);
    for (const run of site.runs) {
      const names = runNames(run.to.name);
      feeds[names.use] = this.flag(run.strategies.includes(strategy));
      feeds[names.given] = kept(this.keptRuns, key(run.to, half)) ?? this.nothing(run.given);
    }
    for (const value of site.values) {
      const names = valueNames(value.name);
      feeds[names.use] = this.flag(meaning.values !== 'network');
      feeds[names.given] = this.givenFor(value, meaning, half, kept) ?? this.nothing(value);
      if (site.rows) feeds[names.rows] = this.rows(value.dims[0]!, meaning.shared);
    }
    for (const value of site.pairs) {
      const names = pairNames(value.name);
      const given = this.givenForPair(siteCall, value, kept);
      feeds[names.use] = this.flag(given !== undefined);
      feeds[names.given] =
        given ?? this.nothing(this.#inBatch ? { ...value, type: 'float32' } : value);
    }
    if (site.mixed) {
      const names = bandNames(site.mixed.name);
      const residual = meaning.residual
        ? kept(this.keptResiduals, key(site.mixed, half))
        : undefined;
      feeds[names.use] = this.flag(meaning.banded);
      feeds[names.residual] = residual ?? this.nothing(site.mixed);
    }
    return feeds;
  }

  private givenFor(
    value: ProbedValue,
    { values }: Meaning,
    half: number,
    kept: (history: KeptHistory, name: string) => Tensor | undefined,
  ): Tensor | undefined {
    if (values === 'kept') return kept(this.keptValues, key(value, half));
    if (values === 'partner') return this.keptValues.last(key(value, 0));
    return undefined;
  }

  /** What leaves as the half of a pair that is had from the other, or is added to that; undefined where each is its own. */
  private givenForPair(
    siteCall: SiteCall,
    value: ProbedValue,
    kept: (history: KeptHistory, name: string) => Tensor | undefined,
  ): Tensor | undefined {
    const guidance = this.schedule.source.guidance!;
    if (!pairCallOf(siteCall, guidance).takesDelta) return undefined;
    const names = pairKeys(value);
    const delta = kept(this.keptPairs, names.delta);
    if (!delta) return undefined;
    return this.#inBatch
      ? addedInBatch(this.ort, guidance, delta)
      : secondOfCalls(this.ort, guidance, this.keptPairs.last(names.first)!, delta);
  }

  private keepPairs(siteCall: SiteCall, results: InferenceSession.ReturnType, call: number): void {
    const { guidance } = this.schedule.source;
    for (const value of siteCall.site.pairs) {
      const { keepsFirst, keepsDelta } = pairCallOf(siteCall, guidance);
      const { first, delta } = pairKeys(value);
      const seen = results[pairNames(value.name).seen]! as Tensor;
      if (keepsFirst) this.keptPairs.keep(first, call, seen);
      if (!keepsDelta) continue;
      const differs = this.#inBatch
        ? deltaInBatch(this.ort, guidance!, seen)
        : deltaOfCalls(this.ort, guidance!, this.keptPairs.last(first)!, seen);
      this.keptPairs.keep(delta, call, differs);
    }
  }

  get #inBatch(): boolean {
    return this.schedule.source.guidance?.mode === 'batch';
  }

  private keep(sites: SiteCall, results: InferenceSession.ReturnType, call: number): void {
    const { site, meaning, half } = sites;
    const { mixed } = site;
    for (const { to } of keptRuns(sites))
      this.keptRuns.keep(key(to, half), call, results[runNames(to.name).kept]!);
    if (meaning.values === 'partner') {
      for (const value of site.values) handOn(this.keptValues, value, call);
      if (mixed && meaning.keepsResidual) handOn(this.keptResiduals, mixed, call);
      return;
    }
    if (keepsValues(site, meaning))
      for (const value of site.values)
        this.keptValues.keep(key(value, half), call, results[valueNames(value.name).seen]!);
    if (mixed && meaning.keepsResidual)
      this.keptResiduals.keep(
        key(mixed, half),
        call,
        this.residual(results[bandNames(mixed.name).lacks]!, meaning.shared),
      );
  }

  private residual(lacks: Tensor, shared: boolean): Tensor {
    return shared ? withHalfTwice(this.ort.Tensor as never, lacks, this.conditional()) : lacks;
  }

  private conditional(): 0 | 1 {
    return conditionalHalf(this.schedule.source.guidance!.order);
  }

  private rows(count: number, shared: boolean): Tensor {
    const order = shared
      ? rowsOfHalf(count, this.conditional())
      : Array.from({ length: count }, (_, row) => row);
    return this.tensor('int64', BigInt64Array.from(order, BigInt), [count]);
  }

  /** One zero, which takes the shape of whatever it stands in for. */
  private nothing({ type, dims }: ProbedValue): Tensor {
    const data = type === 'float16' ? new Uint16Array(1) : new Float32Array(1);
    return this.tensor(type, data, Array(dims.length).fill(1));
  }

  private flag(value: boolean): Tensor {
    return this.tensor('bool', Uint8Array.of(value ? 1 : 0), []);
  }

  private tensor(type: string, data: unknown, dims: readonly number[]): Tensor {
    return new this.ort.Tensor(type as never, data as never, dims) as unknown as Tensor;
  }
}

/** Outputs of the probe that a call keeps. */
const shown = (call: SiteCall): string[] => {
  const { site, meaning } = call;
  return meaning.values === 'partner'
    ? []
    : [
        ...keptRuns(call).map((run) => runNames(run.to.name).kept),
        ...(keepsValues(site, meaning) ? site.values.map((v) => valueNames(v.name).seen) : []),
        ...(site.mixed && meaning.keepsResidual ? [bandNames(site.mixed.name).lacks] : []),
      ];
};

/** What the first half of a pair has becomes the second's. */
function handOn(kept: KeptHistory, value: ProbedValue, call: number): void {
  const tensor = kept.last(key(value, 0));
  if (tensor) kept.keep(key(value, 1), call, tensor);
}
