/** Graph inputs that carry the states of a plan from call to call. */
import { planStateShape } from '../../errors/index.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import { tensorType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import {
  floorDivide,
  inferShapes,
  inputSymbols,
  type ShapeTable,
} from '../../model/shape/index.js';
import type { FlatPlan } from '../plan/index.js';
import type { StateInfo } from './instrumented.js';
import type { InterfaceNames } from './names.js';

/** Adds an input for every state of every site, in the order of the plan. */
export function addStates(
  graph: Graph,
  shapes: ShapeTable,
  plan: FlatPlan,
  names: InterfaceNames,
): Map<string, StateInfo> {
  const states = new Map<string, StateInfo>();
  const add = (info: Omit<StateInfo, 'input'>) => {
    const input = graph.addInput(names.stateInput(info.id), tensorType(info.type, info.shape));
    states.set(info.id, { ...info, input });
  };
  for (const site of plan.sites) {
    for (const { id, like, type: own, follows, initial, halved } of site.states) {
      const sizes = shapes.shape(like)?.map((d, axis) => (axis === halved ? floorDivide(d, 2) : d));
      const shape = sizes?.map((size) => size.stated) ?? [];
      add({ id, type: own ?? shapes.dtype(like) ?? 'undefined', shape, follows, initial });
    }
    for (const parameter of site.parameters ?? [])
      add({ id: parameter.id, type: 'float32', shape: parameter.shape, parameter });
  }
  return states;
}

/**
 * Takes away the states that nothing reads, but for those from which one that is read takes what it holds.
 * @param needed values that leave the graph without being read in it
 * @throws PLAN_STATE_SHAPE when the type or the rank of a state that stays is not known
 */
export function dropUnusedStates(
  graph: Graph,
  source: Model,
  shapes: ShapeTable,
  plan: FlatPlan,
  states: Map<string, StateInfo>,
  needed: ReadonlySet<unknown>,
): void {
  const read = [...states.values()].filter(({ input }) => input.uses.size > 0 || needed.has(input));
  const held = withFollowed(
    read.map(({ id }) => id),
    states,
  );
  const dropped = (id: string) => {
    if (held.has(id)) return false;
    graph.removeInput(states.get(id)!.input);
    states.delete(id);
    return true;
  };
  for (const site of plan.sites) {
    for (const { id } of site.parameters ?? []) dropped(id);
    for (const { id, like } of site.states)
      if (!dropped(id) && (!shapes.shape(like) || !shapes.dtype(like)))
        throw planStateShape(site.id, id, like.name, {
          unknown: shapes.shape(like) ? 'type' : 'shape',
          why: shapes.whyUnknown(like),
          followsFromInputs: followsFromInputs(source, like),
        });
  }
}

/** States, and those that they follow, from which they take what they hold. */
export function withFollowed(
  ids: Iterable<string>,
  states: ReadonlyMap<string, StateInfo>,
): Set<string> {
  const all = new Set(ids);
  // takes up what it adds
  for (const id of all) {
    const follows = states.get(id)?.follows;
    if (follows !== undefined) all.add(follows);
  }
  return all;
}

/** Any size but 1 shows whether sizes as numbers settle a shape that symbols do not. */
const SOME_SIZE = 8;

/** Would a value have a shape if those of the inputs were fixed? */
function followsFromInputs(source: Model, value: Value): boolean {
  const { inputs } = source.graph;
  // where not even the rank is declared, fixing it is worth a try
  if (inputs.some(({ type }) => type?.kind === 'tensor' && !type.shape)) return true;
  const bindings = new Map(inputSymbols(source).map((symbol) => [symbol, SOME_SIZE]));
  return inferShapes(source, { bindings }).shape(value) !== undefined;
}
