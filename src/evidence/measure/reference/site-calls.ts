/**
 * What each site does at each call by the plan, what it takes from earlier calls and what it keeps for
 * later ones. Written from the meanings of the strategies alone; the tensors are with `run.ts`.
 */
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Model } from '../../../model/ir/model.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import { pushAll } from '../../../model/ir/push-all.js';
import type { Value } from '../../../model/ir/value.js';
import type { Schedule } from '../../../runtime/schedule/index.js';
import type { CallAccess, Taken } from '../combinations.js';
import { halfOfCall, type Meaning, meaningAt } from './meanings.js';
import type { Probe, ProbedRun, ProbedSite, ProbedValue } from './probe.js';

type Guidance = Schedule['source']['guidance'];

/** A site at one call. */
export interface SiteCall {
  readonly site: ProbedSite;
  readonly strategy: string;
  readonly meaning: Meaning;
  /** Whose kept tensors it uses. */
  readonly half: number;
}

export class SiteCalls {
  private readonly sourceValues: ReadonlyMap<string, Value>;

  constructor(
    private readonly probe: Probe,
    private readonly source: Model,
    private readonly schedule: Schedule,
    private readonly known: KnownStrategies,
  ) {
    this.sourceValues = new Map([...source.graph.values()].map((v) => [v.name, v]));
  }

  at(call: number): SiteCall[] {
    const { guidance } = this.schedule.source;
    return this.probe.sites.map((site) => ({
      site,
      meaning: meaningAt(site.strategies[call]!, call, guidance, this.known)!,
      strategy: site.strategies[call]!,
      half: halfOfCall(call, guidance),
    }));
  }

  /** Those whose values the outputs depend on: one inside a region that is replaced does not run. */
  running(sites: readonly SiteCall[]): SiteCall[] {
    const source = (name: string) => this.sourceValues.get(name)!;
    const valuesOf = (site: ProbedSite) =>
      [...site.values, ...site.pairs, ...site.runs.map((run) => run.to)].map(({ name }) =>
        source(name),
      );
    /** For values that are replaced: the one that is needed instead, if any. */
    const instead = new Map<Value, Value | undefined>();
    for (const { site, strategy, meaning } of sites) {
      if (meaning.values !== 'network')
        for (const { name } of [...site.values, ...site.pairs])
          instead.set(source(name), undefined);
      for (const run of site.runs)
        if (run.strategies.includes(strategy))
          instead.set(source(run.to.name), run.keeps === 'output' ? undefined : source(run.from));
    }
    const met = new Set<Value>();
    const stack = [...this.source.graph.outputs];
    for (let value = stack.pop(); value; value = stack.pop()) {
      if (met.has(value)) continue;
      met.add(value);
      if (!instead.has(value))
        pushAll(stack, value.producer ? nodeDependencies(value.producer) : []);
      else if (instead.get(value)) stack.push(instead.get(value)!);
    }
    // what is taken as it was kept leaves in the place of the pair, of which nothing is then had
    const taken = new Set(
      sites.flatMap(({ site, meaning }) =>
        meaning.values === 'network' ? [] : site.values.map(({ name }) => name),
      ),
    );
    const isHad = ({ pairs }: ProbedSite) =>
      pairs.length === 0 || pairs.some(({ name }) => !taken.has(name));
    return sites.flatMap((siteCall) => {
      const { site } = siteCall;
      if (!isHad(site) || !valuesOf(site).some((v) => met.has(v))) return [];
      if (!this.schedule.sites?.[site.id]?.invariant) return [siteCall];
      // its values lie all over the model, and each is kept where it is had
      const values = site.values.filter(({ name }) => met.has(source(name)));
      return [{ ...siteCall, site: { ...site, values } }];
    });
  }

  /** What the call takes and leaves, by the names of what is kept. */
  access(call: number): CallAccess {
    const running = this.running(this.at(call));
    const { guidance } = this.schedule.source;
    return {
      takes: running.flatMap((site) => [...taken(site), ...takenOfPairs(site, guidance)]),
      leaves: running.flatMap((site) => [...left(site), ...leftOfPairs(site, guidance)]),
    };
  }
}

/** Name of what is kept for one half of a guidance pair, whose other half keeps its own. */
export const key = ({ name }: ProbedValue, half: number) => `${half} ${name}`;

/** Runs of which a call keeps something: only where all blocks are computed. */
export const keptRuns = ({ site, strategy }: SiteCall): readonly ProbedRun[] =>
  strategy === 'compute' ? site.runs : [];

export const keepsValues = (site: ProbedSite, meaning: Meaning): boolean =>
  site.takes && meaning.keepsValues;

/** What a call has to do with the difference of the halves of a guidance pair. */
export interface PairCall {
  /** It is the first of two calls: what it gives is kept for the second. */
  readonly keepsFirst: boolean;
  /** It takes what the first gave. */
  readonly takesFirst: boolean;
  readonly keepsDelta: boolean;
  readonly takesDelta: boolean;
}

export function pairCallOf({ meaning, half }: SiteCall, guidance: Guidance): PairCall {
  const isFirst = guidance?.mode === 'two-calls' && half === 0;
  return {
    keepsFirst: isFirst,
    takesFirst: guidance?.mode === 'two-calls' && !isFirst,
    keepsDelta: !isFirst && !meaning.derives,
    takesDelta: !isFirst && meaning.derives,
  };
}

export const pairKeys = ({ name }: ProbedValue) => ({
  first: `pair first ${name}`,
  delta: `pair delta ${name}`,
});

/** Values, what bands lack and what runs of blocks add are kept apart, though one value may be all three. */
const named = (kind: 'value' | 'residual' | 'run', value: ProbedValue, half: number) =>
  `${kind} ${key(value, half)}`;

function taken({ site, strategy, meaning, half }: SiteCall): (string | Taken)[] {
  const { mixed } = site;
  const whose = meaning.values === 'partner' ? 0 : half;
  const takesValues = meaning.values === 'kept' || meaning.values === 'partner';
  const handsResidual = meaning.values === 'partner' && meaning.keepsResidual;
  const runs = site.runs.filter((run) => run.strategies.includes(strategy));
  const items = [
    ...runs.map(({ to }) => named('run', to, half)),
    ...(takesValues ? site.values.map((value) => named('value', value, whose)) : []),
    ...(mixed && (meaning.residual || handsResidual) ? [named('residual', mixed, whose)] : []),
  ];
  return meaning.forecast ? items.flatMap((item) => history(item, site)) : items;
}

/** The last values of something that a forecast takes. */
const history = (item: string, { forecast }: ProbedSite): Taken[] =>
  Array.from({ length: (forecast?.order ?? 0) + 1 }, (_, back) => ({ item, back }));

function takenOfPairs(call: SiteCall, guidance: Guidance): (string | Taken)[] {
  const { site, meaning } = call;
  const { takesFirst, takesDelta } = pairCallOf(call, guidance);
  return site.pairs.flatMap((value) => {
    const { first, delta } = pairKeys(value);
    return [
      ...(takesFirst ? [first] : []),
      ...(takesDelta ? (meaning.forecast ? history(delta, site) : [delta]) : []),
    ];
  });
}

function leftOfPairs(call: SiteCall, guidance: Guidance): string[] {
  const { keepsFirst, keepsDelta } = pairCallOf(call, guidance);
  return call.site.pairs.flatMap((value) => {
    const { first, delta } = pairKeys(value);
    return [...(keepsFirst ? [first] : []), ...(keepsDelta ? [delta] : [])];
  });
}

function left(call: SiteCall): string[] {
  const { site, meaning, half } = call;
  return [
    ...keptRuns(call).map(({ to }) => named('run', to, half)),
    ...(keepsValues(site, meaning) ? site.values.map((value) => named('value', value, half)) : []),
    ...(site.mixed && meaning.keepsResidual ? [named('residual', site.mixed, half)] : []),
  ];
}
