/**
 * The graph of all strategies at once: a copy of the source to which every strategy that the plan
 * uses has added its nodes, beside the computed ones. Programs of every emit form are views of it:
 * they choose, for each site, whose values to use, and drop the rest.
 *
 * What the emit forms may rely on: a site's value is never itself a graph output, nor what another
 * strategy or state is made of directly (an Identity stands in between), so that choosing for one
 * site never changes what another has chosen.
 */
import { cloneModel } from '../../model/ir/clone.js';
import type { Model } from '../../model/ir/model.js';
import { removeUnneeded } from '../../model/ir/prune.js';
import { findViolations } from '../../model/ir/validate.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import {
  analyzeFlow,
  expandParts,
  type FlatPlan,
  type HalfCalls,
  halfCalls,
  nameVariants,
  type PlainSite,
  type Plan,
  refuseHalfKept,
  unionWrites,
  variantKey,
} from '../plan/index.js';
import { Watch } from '../stages/index.js';
import { AnyLoop, type RuledLoop } from './any-loop.js';
import { Building } from './building.js';
import { HalfRows } from './half-rows.js';
import type { Instrumented, InstrumentedSite } from './instrumented.js';
import { livenessUnder } from './liveness.js';
import { InterfaceNames } from './names.js';
import { addStates, dropUnusedStates } from './states.js';
import { typeLookup } from './value-types.js';

export interface InstrumentOptions {
  /** So many programs at most, where calls may keep what nobody reads to come to that. */
  readonly maxPrograms?: number | undefined;
  readonly watch?: Watch;
  /** Where the plan's rules shall serve any loop: the one that it is for. */
  readonly loop?: RuledLoop | undefined;
}

/**
 * @throws PLAN_UNASSIGNED when a call reads what was never written; PLAN_STATE_SHAPE when the rank
 *   of a state is not known; GRAPH_BROKEN, PASS_BROKE_GRAPH
 */
export function instrument(
  source: Model,
  shapes: ShapeTable,
  given: Plan,
  { maxPrograms, watch = new Watch(), loop }: InstrumentOptions = {},
): Instrumented {
  const flat = expandParts(given);
  const halves = halfCalls(given);
  const loops = loop && given.rules ? new AnyLoop(given, loop) : undefined;
  const built = build(source, shapes, flat, halves, loops?.rows);
  const { model, names, states, rows, building, sites } = built;
  watch.check(
    {
      name: 'strategies',
      before: source,
      brokenSite: () => brokenSite(source, shapes, flat, halves, loops?.rows),
    },
    model,
  );
  // a site's value may have moved to an Identity while strategies were built
  const placed = sites.map((site) => ({ ...site, outputs: building.outputs(site.site) }));
  const resolved = rows?.added(placed) ?? placed;
  const withPlaces = (own: FlatPlan, half: HalfCalls | undefined) =>
    rows && half ? rows.withPlaces(own, half, resolved) : own;
  const plan = withPlaces(flat, halves);

  const reached = new Set<Value>();
  const live = livenessUnder(model.graph, resolved, states, reached);
  const least = analyzeFlow(plan, live);
  const flow = maxPrograms === undefined ? least : unionWrites(plan, least, live, maxPrograms);
  if (halves) refuseHalfKept(halves, plan, flow);
  const { loopRows, others, fixed } = loops?.variants(flow, live, withPlaces, maxPrograms) ?? {};
  const named = nameVariants(plan, flow, others);
  const columns = [...flow, ...(others ?? [])].map(({ row, writes }) => ({
    row,
    writes: new Set(writes),
  }));
  const used = resolved.map((site, s) => usedParts(site, s, columns, reached));
  const added = used.flatMap((u) => [
    ...[...u.produced.values()].flat(),
    ...[...u.writes.values()].flatMap((kept) => [...kept.values()]),
  ]);
  removeUnneeded(model.graph, [...model.graph.outputs, ...added]);
  dropUnusedStates(model.graph, source, shapes, plan, states, new Set(added));
  const types = typeLookup(model, building.originals, shapes, used, states);
  const standIns = new Set([...building.standIns, ...(rows?.standIns ?? [])]);
  watch.check({ name: 'instrument', before: source }, model);
  watch.tell('instrumented', model);
  const { variants, calls } = named;
  const nameOf = new Map(variants.map((variant) => [variantKey(variant), variant.name]));
  return {
    model,
    sites: used,
    states,
    names,
    standIns,
    ...types,
    variants,
    calls,
    rows: loopRows?.map(({ choices, variants: own }) => ({
      choices,
      variants: own.map((alike) => alike.map((own) => nameOf.get(variantKey(own))!)),
    })),
    fixed,
  };
}

/** @param after told of each site whose strategies have been built */
function build(
  source: Model,
  shapes: ShapeTable,
  plan: FlatPlan,
  halves: HalfCalls | undefined,
  others: FlatPlan | undefined,
  after: (site: PlainSite, model: Model) => void = () => {},
) {
  const { model, map } = cloneModel(source);
  const names = InterfaceNames.freeIn(model.graph.scope);
  const states = addStates(model.graph, shapes, plan, names);
  const rows = halves && new HalfRows(model.graph, halves, plan, shapes, states);
  const building = new Building(model.graph, map, states, rows);
  building.claim(plan.sites);
  const sites = plan.sites.map((site, s) => {
    const used = [...plan.rows, ...(others?.rows ?? [])].map((row) => row[s] as string);
    const built = building.site(site, [...new Set(used)]);
    after(site, model);
    return built;
  });
  return { model, names, states, rows, building, sites };
}

/** The first site after whose strategies the graph is not whole: all are built once more to find it. */
function brokenSite(
  source: Model,
  shapes: ShapeTable,
  plan: FlatPlan,
  halves: HalfCalls | undefined,
  others: FlatPlan | undefined,
): string | undefined {
  let first: PlainSite | undefined;
  build(source, shapes, plan, halves, others, (site, { graph }) => {
    if (!first && findViolations(graph).length > 0) first = site;
  });
  return first && (first.parent ?? first.id);
}

/** Of what was built for a site, that which some call needs; nothing of a site that none needs. */
function usedParts(
  built: InstrumentedSite,
  index: number,
  flow: readonly { row: readonly (string | undefined)[]; writes: ReadonlySet<string> }[],
  reached: ReadonlySet<Value>,
): InstrumentedSite {
  /** By strategy, what each call that takes it writes. */
  const written = new Map<string | undefined, ReadonlySet<string>[]>();
  for (const { row, writes } of flow)
    written.set(row[index], [...(written.get(row[index]) ?? []), writes]);
  const live = (_: Value, k: number) => reached.has(built.outputs[k]!);
  return {
    ...built,
    outputs: built.outputs.filter(live),
    produced: new Map(
      [...built.produced]
        .filter(([name]) => written.has(name))
        .map(([name, values]) => [name, values.filter(live)]),
    ),
    writes: new Map(
      [...built.writes].map(([name, states]) => [
        name,
        new Map([...states].filter(([id]) => written.get(name)?.some((w) => w.has(id)))),
      ]),
    ),
  };
}
