/**
 * What the calls of a schedule must give when each has inputs of its own, by the definition of its
 * strategies: the probe acts the plan out, and what calls keep for one another is kept here.
 */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Model } from '../../ir/model.js';
import { nodeDependencies } from '../../ir/order.js';
import type { Value } from '../../ir/value.js';
import type { Schedule } from '../../schedule/index.js';
import { type Ort, runModel } from '../engine.js';
import type { Feeds } from '../feeds.js';
import { conditionalHalf, rowsOfHalf, withHalfTwice } from '../pairs.js';
import { openModels } from '../scratch.js';
import { bandOf } from './band.js';
import { halfOfCall, type Meaning, meaningAt } from './meanings.js';
import { bandNames, runNames, valueNames } from './names.js';
import { NoReference } from './no-reference.js';
import {
  buildProbe,
  type Probe,
  type ProbedRun,
  type ProbedSite,
  type ProbedValue,
} from './probe.js';

/**
 * @param feeds the inputs of each call, by its index, in order
 * @param scratch a folder for the probe's files, on the file system of the weights if it can be
 * @returns outputs per call, or half a sentence that says why there is no reference
 */
export async function referenceCalls(
  ort: Ort,
  source: Model,
  schedule: Schedule,
  feeds: ReadonlyMap<number, Feeds>,
  scratch: string,
  sessionOptions: InferenceSession.SessionOptions,
): Promise<Map<number, InferenceSession.ReturnType> | string> {
  const [inputs = {}] = feeds.values();
  const dims = Object.fromEntries(Object.entries(inputs).map(([name, t]) => [name, t.dims]));
  let probe: Probe;
  try {
    probe = buildProbe(source, schedule, dims);
  } catch (error) {
    if (error instanceof NoReference) return error.message;
    throw error;
  }
  const [session] = (await openModels(
    ort,
    [{ name: 'probe', model: probe.model, options: sessionOptions }],
    scratch,
  )) as [InferenceSession];
  const loop = new ReferenceLoop(ort, session, probe, source, schedule);
  const results = new Map<number, InferenceSession.ReturnType>();
  try {
    for (const [call, given] of feeds) results.set(call, await loop.run(call, given));
  } finally {
    await session.release();
  }
  return results;
}

class ReferenceLoop {
  /** By value, and by half of the guidance pair where each has a call of its own. */
  private readonly keptValues = new Map<string, Tensor>();
  private readonly keptResiduals = new Map<string, Tensor>();
  private readonly keptRuns = new Map<string, Tensor>();
  private readonly masks: Feeds;
  private readonly sourceValues: ReadonlyMap<string, Value>;

  constructor(
    private readonly ort: Ort,
    private readonly session: InferenceSession,
    private readonly probe: Probe,
    private readonly source: Model,
    private readonly schedule: Schedule,
  ) {
    this.sourceValues = new Map([...source.graph.values()].map((v) => [v.name, v]));
    this.masks = Object.fromEntries(
      probe.masks.map(({ name, dims, tokens, width }) => [
        name,
        this.tensor('bool', bandOf(tokens, width), dims),
      ]),
    );
  }

  async run(call: number, feeds: Feeds): Promise<InferenceSession.ReturnType> {
    const { guidance, outputs } = this.schedule.source;
    const sites = this.probe.sites.map((site) => ({
      site,
      meaning: meaningAt(site.strategies[call]!, call, guidance)!,
      strategy: site.strategies[call]!,
      half: halfOfCall(call, guidance),
    }));
    const overrides = Object.assign({}, ...sites.map((s) => this.overrides(s)));
    const running = this.sitesThatRun(sites);
    const nameInProbe = (name: string) => this.probe.outputs.get(name)!;
    const results = await runModel(
      this.session,
      { ...feeds, ...this.masks, ...overrides },
      'the reference model',
      [...outputs.map(({ name }) => nameInProbe(name)), ...running.flatMap(shown)],
    );
    for (const s of running) this.keep(s, results);
    return Object.fromEntries(outputs.map(({ name }) => [name, results[nameInProbe(name)]!]));
  }

  private overrides({ site, strategy, meaning, half }: SiteCall): Feeds {
    const feeds: Feeds = {};
    for (const run of site.runs) {
      const names = runNames(run.to.name);
      feeds[names.use] = this.flag(run.strategy === strategy);
      feeds[names.given] = this.keptRuns.get(key(run.to, half)) ?? this.nothing(run.to);
    }
    for (const value of site.values) {
      const names = valueNames(value.name);
      feeds[names.use] = this.flag(meaning.values !== 'network');
      feeds[names.given] = this.givenFor(value, meaning, half) ?? this.nothing(value);
      if (site.rows) feeds[names.rows] = this.rows(value.dims[0]!, meaning.shared);
    }
    if (site.mixed) {
      const names = bandNames(site.mixed.name);
      const residual = meaning.residual ? this.keptResiduals.get(key(site.mixed, half)) : undefined;
      feeds[names.use] = this.flag(meaning.banded);
      feeds[names.residual] = residual ?? this.nothing(site.mixed);
    }
    return feeds;
  }

  private givenFor(value: ProbedValue, { values }: Meaning, half: number): Tensor | undefined {
    if (values === 'kept') return this.keptValues.get(key(value, half));
    if (values === 'partner') return this.keptValues.get(key(value, 0));
    return undefined;
  }

  private keep(call: SiteCall, results: InferenceSession.ReturnType): void {
    const { site, meaning, half } = call;
    const { mixed } = site;
    for (const { to } of keptRuns(call))
      this.keptRuns.set(key(to, half), results[runNames(to.name).kept]!);
    if (meaning.values === 'partner') {
      for (const value of site.values) handOn(this.keptValues, value);
      if (mixed && meaning.keepsResidual) handOn(this.keptResiduals, mixed);
      return;
    }
    if (keepsValues(site, meaning))
      for (const value of site.values)
        this.keptValues.set(key(value, half), results[valueNames(value.name).seen]!);
    if (mixed && meaning.keepsResidual)
      this.keptResiduals.set(
        key(mixed, half),
        this.residual(results[bandNames(mixed.name).lacks]!, meaning.shared),
      );
  }

  private residual(lacks: Tensor, shared: boolean): Tensor {
    return shared ? withHalfTwice(this.ort.Tensor as never, lacks, this.conditional()) : lacks;
  }

  /** Those whose values the outputs depend on: one inside a region that is replaced does not run. */
  private sitesThatRun(sites: readonly SiteCall[]): SiteCall[] {
    const source = (name: string) => this.sourceValues.get(name)!;
    const valuesOf = (site: ProbedSite) =>
      [...site.values, ...site.runs.map((run) => run.to)].map(({ name }) => source(name));
    /** For values that are replaced: the one that is needed instead, if any. */
    const instead = new Map<Value, Value | undefined>();
    for (const { site, strategy, meaning } of sites) {
      if (meaning.values !== 'network')
        for (const value of site.values) instead.set(source(value.name), undefined);
      for (const run of site.runs)
        if (run.strategy === strategy)
          instead.set(source(run.to.name), run.keeps === 'output' ? undefined : source(run.from));
    }
    const met = new Set<Value>();
    const stack = [...this.source.graph.outputs];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (met.has(value)) continue;
      met.add(value);
      if (!instead.has(value))
        stack.push(...(value.producer ? nodeDependencies(value.producer) : []));
      else if (instead.get(value)) stack.push(instead.get(value)!);
    }
    return sites.filter(({ site }) => valuesOf(site).some((v) => met.has(v)));
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

/** A site at one call. */
interface SiteCall {
  readonly site: ProbedSite;
  readonly strategy: string;
  readonly meaning: Meaning;
  /** Whose kept tensors it uses. */
  readonly half: number;
}

/** Runs of which a call keeps something: only where all blocks are computed. */
const keptRuns = ({ site, strategy }: SiteCall): readonly ProbedRun[] =>
  strategy === 'compute' ? site.runs : [];

const keepsValues = (site: ProbedSite, meaning: Meaning): boolean =>
  site.takes && meaning.keepsValues;

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

const key = ({ name }: ProbedValue, half: number) => `${half} ${name}`;

/** What the first half of a pair has becomes the second's. */
function handOn(kept: Map<string, Tensor>, value: ProbedValue): void {
  const tensor = kept.get(key(value, 0));
  if (tensor) kept.set(key(value, 1), tensor);
}
