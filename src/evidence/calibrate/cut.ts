/** All the models of a segment search: the graph cut at its sites, and each site's modes by themselves. */

import type { Instrumented } from '../../compiler/lower/index.js';
import { partsOf } from '../../compiler/plan/index.js';
import { sitesNested } from '../../errors/index.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Value } from '../../model/ir/value.js';
import type { ShapeTable } from '../../model/shape/index.js';
import { type Flows, modeFlows } from './flows.js';
import { instrumentMarked } from './marked.js';
import type { Mode } from './modes.js';
import { type Partition, partition } from './partition.js';
import { actual, inputsOf, modePiece, type Piece, segmentPiece } from './pieces.js';
import type { SearchSpace } from './space.js';

/** How a site is run in one mode. */
export interface ModeRun {
  /** Makes what is not at the borders of segments already. */
  readonly piece: Piece | undefined;
  /** The site's values, and those to keep by state: the piece makes them, or they are at a border. */
  readonly values: readonly Value[];
  readonly keeps: ReadonlyMap<string, Value>;
}

/** Values are those of the instrumented graph. */
export interface CutModel {
  readonly graph: Graph;
  readonly model: Model;
  /** The graph input that carries each state. */
  readonly states: ReadonlyMap<string, Value>;
  /** With every site computed; of those of a level, the site of that number must be settled before. */
  readonly segments: readonly (Piece & { readonly level: number })[];
  /** What leaves each site. */
  readonly sites: readonly (readonly Value[])[];
  mode(site: number, mode: Mode): ModeRun;
  readonly flows: Flows;
}

/** What pieces are cut from. */
interface Ground {
  readonly space: SearchSpace;
  readonly instrumented: Instrumented;
  readonly flows: Flows;
  readonly parts: Partition;
  readonly sites: readonly (readonly Value[])[];
}

/** @throws what lowering throws, and CALIBRATE_NESTED */
export function cutModel(model: Model, shapes: ShapeTable, space: SearchSpace): CutModel {
  const { instrumented, values: sites } = instrumentMarked(model, shapes, space);
  const { graph } = instrumented.model;
  const flows = modeFlows(space, instrumented);
  const ids = space.sites.map((site) => site.id);
  const parts = partition(graph, sites, ids);
  const ground: Ground = { space, instrumented, flows, parts, sites };
  const modes = space.modes.map(
    (list, s) => new Map(list.map((mode) => [mode.key, modeRun(ground, s, mode)])),
  );
  const wanted = new Set([
    ...graph.outputs,
    ...sites.flat(),
    ...parts.segments.flatMap(({ nodes }) => [...inputsOf(nodes)]),
    ...modes.flatMap((runs) => [...runs.values()].flatMap(neededBy)),
  ]);
  return {
    graph,
    model: instrumented.model,
    states: new Map([...instrumented.states].map(([id, { input }]) => [id, input])),
    segments: parts.segments.map(({ level, nodes }, s) => ({
      level,
      ...segmentPiece(instrumented, `segment-${s}`, nodes, wanted),
    })),
    sites,
    mode: (site, mode) => modes[site]!.get(mode.key)!,
    flows,
  };
}

const neededBy = ({ piece, values, keeps }: ModeRun): Value[] => [
  ...(piece?.inputs ?? []),
  ...values,
  ...keeps.values(),
];

function modeRun(
  { space, instrumented, flows, parts, sites }: Ground,
  s: number,
  mode: Mode,
): ModeRun {
  const own = sites[s]!;
  const { id } = space.sites[s]!;
  const { keeps } = flows(s, mode);
  const instead = replacements(space, instrumented, s, mode);
  // a mode that only keeps something else has the site's own value from the segment
  const hidden = new Set(instead.size > 0 ? own : []);
  const borders = [...instrumented.model.graph.inputs, ...parts.borders];
  const piece = modePiece(
    instrumented,
    `${id}-${mode.strategy}`.replaceAll(/[^\w.-]+/g, '_'),
    borders.filter((value) => !hidden.has(value)),
    instead,
    [...own, ...keeps.values()],
  );
  const late = piece?.inputs.find((value) => parts.level(value) >= s && !own.includes(value));
  if (late)
    throw sitesNested(
      id,
      space.sites.slice(s + 1, parts.level(late) + 1).map((other) => other.id),
    );
  return {
    piece,
    values: own.map((value) => actual(value, instead)),
    keeps: new Map([...keeps].map(([state, value]) => [state, actual(value, instead)])),
  };
}

/** Values of the site's parts that a mode makes in another way than the graph does. */
function replacements(
  space: SearchSpace,
  instrumented: Instrumented,
  s: number,
  mode: Mode,
): Map<Value, Value> {
  const instead = new Map<Value, Value>();
  for (const p of partsOf(space.sites[s]!).keys()) {
    const { outputs, produced } = instrumented.sites[space.covering.firstPart[s]! + p]!;
    for (const [k, value] of (produced.get(mode.choices[p]!.name) ?? []).entries())
      instead.set(outputs[k]!, value);
  }
  return instead;
}
