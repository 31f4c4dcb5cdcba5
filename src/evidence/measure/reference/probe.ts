/**
 * The source model made so that a plan can be acted out on it by hand: each site's values can be
 * overridden from outside, or their rows exchanged, and each attention can be narrowed to a band. It
 * is made from the source as it was given, by a few nodes a value, and shares nothing with
 * canonicalization, the passes or lowering.
 */
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import { int } from '../../../model/ir/attribute.js';
import { cloneModel } from '../../../model/ir/clone.js';
import type { Model } from '../../../model/ir/model.js';
import { int64Tensor } from '../../../model/ir/tensor.js';
import { type DataType, dataTypeCode, tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../../model/shape/index.js';
import type { Schedule, Site } from '../../../runtime/schedule/index.js';
import { conditionalHalf, rowsOfHalf } from '../pairs.js';
import { addBanded, type BandMask } from './band.js';
import { addBandedOperator } from './band-operator.js';
import { meaningOf } from './meanings.js';
import { bandNames, innerName, pairNames, runNames, valueNames } from './names.js';
import { NoReference } from './no-reference.js';

/** A value of the source, or something shaped like it. */
export interface ProbedValue {
  readonly name: string;
  readonly type: 'float32' | 'float16';
  readonly dims: readonly number[];
}

/** A run of blocks that strategies of a site replace. */
export interface ProbedRun {
  /** Those that replace it: by what was kept, or by a forecast of it. */
  readonly strategies: readonly string[];
  readonly from: string;
  /** The stream behind the run. */
  readonly to: ProbedValue;
  readonly keeps: 'output' | 'deviation';
  /** What is given in its place. */
  readonly given: ProbedValue;
}

export interface ProbedSite {
  readonly id: string;
  readonly strategies: readonly string[];
  readonly values: readonly ProbedValue[];
  /** Of a site of runs of blocks, in place of `values`. */
  readonly runs: readonly ProbedRun[];
  /** The product with v, where some call sees a band of keys. */
  readonly mixed: ProbedValue | undefined;
  /** Whether some call exchanges rows, so that their order has to be fed. */
  readonly rows: boolean;
  /** Whether some call takes values that another one kept. */
  readonly takes: boolean;
  /** Outputs of which one half of a guidance pair is had from the other at some call, in place of `values`. */
  readonly pairs: readonly ProbedValue[];
  readonly forecast: Site['forecast'];
}

export interface Probe {
  readonly model: Model;
  readonly sites: readonly ProbedSite[];
  readonly masks: readonly BandMask[];
  /** Name of each output of the source in the probe. */
  readonly outputs: ReadonlyMap<string, string>;
}

/**
 * @param known what strategies mean
 * @param inputs sizes of the source's inputs
 * @throws NoReference when something that the schedule records is not in the source
 */
export function buildProbe(
  source: Model,
  schedule: Schedule,
  known: KnownStrategies,
  inputs: Readonly<Record<string, readonly number[]>>,
): Probe {
  if (!schedule.sites) throw new NoReference('the schedule does not say its plan');
  const { model } = cloneModel(source);
  const builder = new ProbeBuilder(model, inferShapes(model, { inputs }), schedule, known);
  const names = model.graph.outputs.map((v) => v.name);
  const derives = ({ strategies }: Site) =>
    strategies.some((name) => meaningOf(name, known)?.derives);
  const sites = Object.entries(schedule.sites)
    .filter(([, site]) => site.strategies.some((name) => name !== 'compute'))
    // whatever is kept of what leaves as a pair is kept of both halves
    .sort(([, a], [, b]) => Number(derives(b)) - Number(derives(a)))
    .map(([id, site]) => builder.addSite(id, site));
  return {
    model,
    sites,
    masks: [...builder.masks.values()],
    outputs: new Map(names.map((name, i) => [name, model.graph.outputs[i]!.name])),
  };
}

/** Strategies by the run that they replace, each run once. */
function sameRanges(ranges: NonNullable<Site['ranges']>) {
  const found = new Map<string, { strategies: string[]; streams: readonly Range[] }>();
  for (const [strategy, streams] of Object.entries(ranges)) {
    const key = JSON.stringify(streams);
    const same = found.get(key) ?? { strategies: [], streams: [streams].flat() };
    same.strategies.push(strategy);
    found.set(key, same);
  }
  return [...found.values()];
}

type Range = Extract<NonNullable<Site['ranges']>[string], { from: string }>;

class ProbeBuilder {
  readonly masks = new Map<string, BandMask>();
  private readonly byName: ReadonlyMap<string, Value>;
  /** What stands for a value where something can be given in its place. */
  private readonly chosen = new Map<Value, Value>();
  /** What leaves the model as an output, where the halves of guidance pairs are had from one another. */
  private readonly leaving = new Map<Value, Value>();

  constructor(
    private readonly model: Model,
    private readonly shapes: ShapeTable,
    private readonly schedule: Schedule,
    private readonly known: KnownStrategies,
  ) {
    this.byName = new Map([...model.graph.values()].map((v) => [v.name, v]));
  }

  addSite(id: string, site: Site): ProbedSite {
    return site.ranges ? this.addRuns(id, site, site.ranges) : this.addValues(id, site);
  }

  private addRuns(
    id: string,
    { strategies, forecast }: Site,
    ranges: NonNullable<Site['ranges']>,
  ): ProbedSite {
    for (const name of strategies)
      if (name !== 'compute' && !ranges[name])
        throw new NoReference(`the schedule does not say what "${name}" replaces at site "${id}"`);
    const runs = sameRanges(ranges).flatMap(({ strategies, streams }) =>
      streams.map((range) => ({
        strategies,
        from: range.from,
        ...this.addRun(id, range),
        keeps: range.keeps,
      })),
    );
    return {
      id,
      strategies,
      values: [],
      runs,
      mixed: undefined,
      rows: false,
      takes: false,
      pairs: [],
      forecast,
    };
  }

  /** Lets the stream behind a run be what is given, or the stream before it and what is given. */
  private addRun(
    site: string,
    { from, to, keeps, keptIn }: Range,
  ): Pick<ProbedRun, 'to' | 'given'> {
    const { graph } = this.model;
    const { value, probed } = this.find(site, to);
    const { value: first } = this.find(site, from);
    const before = this.chosen.get(first) ?? first;
    const users = [...value.uses];
    const names = runNames(to);
    const deviates = keeps === 'deviation';
    const kept = deviates && keptIn ? { ...probed, type: keptIn } : probed;
    const given = this.addGiven(names.given, kept);
    const wide = (v: Value) => this.cast(v, probed.type, kept.type);
    const inner = (opType: 'Add' | 'Sub', a: Value, b: Value) =>
      graph.addNode({ opType, inputs: [a, b], outputs: [innerName(to)] }).output;
    this.show(deviates ? inner('Sub', wide(value), wide(before)) : value, names.kept, kept);
    const instead = deviates
      ? this.cast(inner('Add', wide(before), given), kept.type, probed.type)
      : given;
    const chosen = this.choose(names.use, instead, value, to);
    graph.replaceUses(value, chosen, (use) => users.includes(use));
    this.chosen.set(value, chosen);
    return { to: probed, given: kept };
  }

  private cast(value: Value, from: DataType, to: DataType): Value {
    if (from === to) return value;
    const attributes = { to: int(dataTypeCode(to)) };
    const outputs = [innerName(value.name)];
    return this.model.graph.addNode({ opType: 'Cast', inputs: [value], outputs, attributes })
      .output;
  }

  private addValues(
    id: string,
    { values = [], strategies, attention, forecast }: Site,
  ): ProbedSite {
    const meanings = strategies.map((name) => {
      const meaning = meaningOf(name, this.known);
      if (!meaning || meaning.run)
        throw new NoReference(`the strategy "${name}" has no reference of its own yet`);
      return meaning;
    });
    const { guidance } = this.schedule.source;
    const shared = meanings.some((m) => m.shared);
    if (shared && !guidance)
      throw new NoReference(`the schedule does not say how guidance is shared at site "${id}"`);
    if (values.length === 0) throw new NoReference(`the schedule names no value for site "${id}"`);
    const rows = shared && guidance?.mode === 'batch';
    const site = { id, strategies, runs: [], forecast };
    if (meanings.some((m) => m.derives)) {
      const pairs = values.map((name) => this.addPair(id, name, guidance));
      return { ...site, values: [], mixed: undefined, rows: false, takes: false, pairs };
    }
    return {
      ...site,
      mixed: meanings.some((m) => m.banded) ? this.addBand(id, attention) : undefined,
      values: values.map((name) => this.addValue(id, name, rows)),
      rows,
      takes: meanings.some((m) => m.values === 'kept') || (shared && !rows),
      pairs: [],
    };
  }

  /** Lets a value be exchanged for one that is given, and its rows for others, and shows it. */
  private addValue(site: string, name: string, rows: boolean): ProbedValue {
    const { graph } = this.model;
    const { value, probed } = this.find(site, name);
    const names = valueNames(name);
    const leaving = this.leaving.get(value);
    // where a fused attention is all of the module, its band stands for the value already
    const current = leaving ?? this.chosen.get(value) ?? value;
    const users = [...current.uses];
    let made = current;
    if (rows) {
      if (probed.dims.length === 0)
        throw new NoReference(`"${name}", which site "${site}" records, has no rows to share`);
      const order = graph.addInput(names.rows, tensorType('int64', [probed.dims[0]!]));
      made = graph.addNode({
        opType: 'Gather',
        inputs: [current, order],
        outputs: [innerName(name)],
        attributes: { axis: int(0) },
      }).output;
    }
    this.show(made, names.seen, probed);
    const chosen = this.choose(names.use, this.addGiven(names.given, probed), made, name);
    graph.replaceUses(current, chosen, (use) => users.includes(use));
    (leaving ? this.leaving : this.chosen).set(value, chosen);
    return probed;
  }

  /**
   * Lets what leaves the model as a value be what is given; where both halves are in one batch, the conditional one
   * in the place of both with what is given added to it, in float32.
   */
  private addPair(
    site: string,
    name: string,
    guidance: Schedule['source']['guidance'],
  ): ProbedValue {
    if (!guidance) throw new NoReference('the schedule does not say how the loop does guidance');
    const { graph } = this.model;
    const { value, probed } = this.find(site, name);
    const current = this.chosen.get(value) ?? value;
    const names = pairNames(name);
    const leaving = [...current.uses].filter((use) => use.user === graph);
    this.show(current, names.seen, probed);
    let instead: Value;
    if (guidance.mode === 'batch') {
      const [rows = 0] = probed.dims;
      if (rows % 2 !== 0 || rows === 0)
        throw new NoReference(`"${name}", which site "${site}" records, has no pairs of rows`);
      const order = rowsOfHalf(rows, conditionalHalf(guidance.order));
      const half = graph.addNode({
        opType: 'Gather',
        inputs: [current, graph.addInitializer(innerName('rows'), int64Tensor(order))],
        outputs: [innerName(name)],
        attributes: { axis: int(0) },
      }).output;
      const wide = this.cast(half, probed.type, 'float32');
      const given = this.addGiven(names.given, { ...probed, type: 'float32' });
      const sum = graph.addNode({
        opType: 'Add',
        inputs: [wide, given],
        outputs: [innerName(name)],
      }).output;
      instead = this.cast(sum, 'float32', probed.type);
    } else instead = this.addGiven(names.given, probed);
    const chosen = this.choose(names.use, instead, current, name);
    graph.replaceUses(current, chosen, (use) => leaving.includes(use));
    this.leaving.set(value, chosen);
    return probed;
  }

  /** Lets the product with v be that over a band of keys, and shows what the band lacks. */
  private addBand(site: string, attention: Site['attention']): ProbedValue {
    if (!attention)
      throw new NoReference(
        `the schedule does not say where in the source model the attention of site "${site}" is`,
      );
    const { graph } = this.model;
    const { value: mixed, probed } = this.find(site, attention.mixed);
    const users = [...mixed.uses];
    const { scores, window } = attention;
    const { banded, mask } =
      scores === undefined
        ? addBandedOperator(graph, this.shapes, mixed, window)
        : addBanded(this.model, this.shapes, this.find(site, scores).value, mixed, window);
    this.masks.set(mask.name, mask);
    const names = bandNames(mixed.name);
    const kept = attention.keptIn ? { ...probed, type: attention.keptIn } : probed;
    const wide = (v: Value) => this.cast(v, probed.type, kept.type);
    const lacks = graph.addNode({
      opType: 'Sub',
      inputs: [wide(mixed), wide(banded)],
      outputs: [innerName(mixed.name)],
    }).output;
    this.show(lacks, names.lacks, kept);
    const withResidual = graph.addNode({
      opType: 'Add',
      inputs: [wide(banded), this.addGiven(names.residual, kept)],
      outputs: [innerName(mixed.name)],
    }).output;
    const narrow = this.cast(withResidual, kept.type, probed.type);
    const chosen = this.choose(names.use, narrow, mixed, mixed.name);
    graph.replaceUses(mixed, chosen, (use) => users.includes(use));
    this.chosen.set(mixed, chosen);
    // whoever stands in for the residual does so in the type that it is kept in
    return kept;
  }

  private find(site: string, name: string): { value: Value; probed: ProbedValue } {
    const value = this.byName.get(name);
    if (!value)
      throw new NoReference(
        `the source model has no value "${name}", which site "${site}" records`,
      );
    const type = this.shapes.dtype(value);
    const dims = this.shapes.shape(value)?.map((size) => size.constant);
    if (!dims?.every((size) => size !== undefined) || !isFloat(type))
      throw new NoReference(
        `the size or type of "${name}", which site "${site}" records, is not known in the source model`,
      );
    return { value, probed: { name, type, dims } };
  }

  /** An input for a tensor of the value's size, or for one number in its place. */
  private addGiven(name: string, { type, dims }: ProbedValue): Value {
    return this.model.graph.addInput(
      name,
      tensorType(
        type,
        dims.map(() => null),
      ),
    );
  }

  private choose(use: string, given: Value, made: Value, name: string): Value {
    const { graph } = this.model;
    return graph.addNode({
      opType: 'Where',
      inputs: [graph.addInput(use, tensorType('bool', [])), given, made],
      outputs: [innerName(name)],
    }).output;
  }

  private show(value: Value, name: string, { type, dims }: ProbedValue): void {
    const { graph } = this.model;
    const seen = graph.addNode({ opType: 'Identity', inputs: [value], outputs: [name] }).output;
    seen.type = tensorType(type, [...dims]);
    graph.addOutput(seen);
  }
}

const isFloat = (type: DataType | undefined): type is ProbedValue['type'] =>
  type === 'float32' || type === 'float16';
