/** What a transform did, for people and programs: report.json. */

import { concreteShapes, graphCost } from '../../model/cost/index.js';
import { tensorBytes } from '../../model/ir/tensor.js';
import { callsOf, type Schedule } from '../../runtime/schedule/index.js';
import type { Compilation } from '../pipeline/index.js';
import { siteCosts } from '../plan/index.js';
import type { TargetResult } from '../targets/target.js';
import type { WeightsPlaced } from './modes.js';
import type { WeightsRecord } from './weights-record.js';

export interface BundleReport {
  readonly stepfold: string;
  readonly source: {
    readonly file: string;
    readonly nodes: number;
    readonly canonicalNodes: number;
  };
  readonly roles: Compilation['roles'];
  /** The passes with the options that were given, in order. */
  readonly passes: Compilation['passes'];
  /** What was left undone or out, and why. */
  readonly notes: readonly string[];
  readonly emit: string;
  readonly sites: readonly {
    readonly id: string;
    readonly description: string;
    /** How many calls use each strategy. */
    readonly calls: Readonly<Record<string, number>>;
    /** MACs of the site, products of attention included, under each strategy that is used. */
    readonly macs: Readonly<Record<string, number>>;
  }[];
  readonly models: Readonly<
    Record<string, { readonly nodes: number; readonly weightBytes: number }>
  >;
  /**
   * How each weights file came into the folder; of a hard link also when it was last written to, and its number
   * in the file system, by which a link that was written to is told from a file that was put in its place.
   */
  readonly weights: Readonly<
    Record<
      string,
      {
        readonly bytes: number;
        readonly by: WeightsPlaced;
        readonly modified?: string;
        readonly inode?: string;
      }
    >
  >;
  readonly programs: Readonly<Record<string, { readonly calls: number }>>;
  /** What was done for the target, by model. */
  readonly target?:
    | { readonly name: string; readonly models: Readonly<Record<string, TargetReport>> }
    | undefined;
  readonly cost: Schedule['cost'];
  /** Nodes of the source whose MACs are not known, since a shape is not; no figure counts them. */
  readonly unknownMacs: readonly string[];
}

/** What a target's rules made of one model. */
export interface TargetReport {
  /** How often each rule was applied. */
  readonly rewrites: Readonly<Record<string, number>>;
  /** Where one looked likely to apply and was not. */
  readonly left: TargetResult['misses'];
  /** Of an engine with limits: what of the model it would run elsewhere. */
  readonly findings?: TargetResult['findings'];
}

export function makeReport(
  compilation: Compilation,
  schedule: Schedule,
  weights: ReadonlyMap<string, WeightsRecord>,
): BundleReport {
  const { source, canonical, shapes, bindings, lowered, plan } = compilation;
  const shapeOf = concreteShapes(shapes, bindings);
  const cost = siteCosts(canonical.graph, shapeOf);
  const calls = callsOf(schedule);
  return {
    stepfold: schedule.producer,
    source: {
      file: schedule.source.file,
      nodes: source.graph.nodes.size,
      canonicalNodes: canonical.graph.nodes.size,
    },
    roles: compilation.roles,
    passes: compilation.passes,
    notes: compilation.notes,
    emit: lowered.emit,
    sites: plan.sites.map((site, s) => {
      const chosen = count(plan.rows.map((row) => row[s] as string));
      const macs = Object.keys(chosen).map((strategy) => [strategy, cost(site, strategy)]);
      return {
        id: site.id,
        description: site.description,
        calls: chosen,
        macs: Object.fromEntries(macs),
      };
    }),
    models: Object.fromEntries(
      [...lowered.models].map(([id, model]) => [
        id,
        {
          nodes: model.graph.nodes.size,
          weightBytes: [...model.graph.initializers].reduce(
            (sum, v) => sum + (v.initializer ? tensorBytes(v.initializer) : 0),
            0,
          ),
        },
      ]),
    ),
    weights: Object.fromEntries(
      schedule.weights.map(({ file, bytes }) => {
        const { by, link } = weights.get(file)!;
        return [file, { bytes, by, ...link }];
      }),
    ),
    programs: Object.fromEntries(
      calls.programs.map((name) => [name, { calls: calls.of(name).length }]),
    ),
    target: targetReport(compilation),
    cost: schedule.cost,
    unknownMacs: graphCost(canonical.graph, shapeOf).unknown.map((node) => node.label),
  };
}

/** What was done for the target, if there is one. */
function targetReport({ target }: Pick<Compilation, 'target'>): BundleReport['target'] {
  if (!target) return undefined;
  const models = [...target.models].map(([id, { trace, misses, findings }]) => [
    id,
    {
      rewrites: count(trace.map(({ rule }) => rule)),
      left: misses,
      ...(findings && { findings }),
    },
  ]);
  return { name: target.name, models: Object.fromEntries(models) };
}

function count(names: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Object.fromEntries(counts);
}
