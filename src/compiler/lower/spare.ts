/** Ifs around partially dead code, and the input by which they are told what a variant needs. */
import { tensor, withContents } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import type { Model } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { tensorBytes } from '../../model/ir/tensor.js';
import type { Value } from '../../model/ir/value.js';
import { inferShapes, type ShapeTable } from '../../model/shape/index.js';
import type { NamedVariant } from '../plan/index.js';
import { BranchesTaken } from './branches-taken.js';
import { buildIf } from './if-node.js';
import type { Instrumented } from './instrumented.js';
import type { Kept } from './kept.js';
import { Needs, type VariantSet, variantAt } from './needs.js';
import { type PartiallyDead, PartiallyDeadCode } from './partially-dead.js';
import { type Choosing, StrategyInputs } from './strategy-inputs.js';

/** The input says nothing of a site. */
const LIVE = 'live';

const NOBODY: VariantSet = 0n;

/** What inputs a variant is given, by which it chooses. */
export type Choices = (variant: NamedVariant) => (readonly [name: string, choice: number])[];

/**
 * Lets no variant run what it does not need.
 * @param given what variants are told of sites
 * @param input the input that carries a state
 * @returns what they are told beside
 */
export function spareDeadCode(
  model: Model,
  source: Instrumented,
  kept: Kept,
  given: Choices,
  input: (state: string) => Value,
): Choices {
  const { graph } = model;
  const { variants } = source;
  const needs = new Needs(
    variants.map((variant) => ({
      wanted: [...graph.outputs, ...variant.writes.map((state) => kept.get(state)!)],
      taken: new BranchesTaken(new Map(given(variant))),
    })),
  );
  const inputs = new Set([...source.states.keys()].map(input));
  const { groups } = new PartiallyDeadCode(graph, needs, inputs);
  if (groups.length === 0) return () => [];
  const states = statesLeaving(source, kept, needs);
  const leaving = groups.map((group) => leavingValues(group, kept));
  const shapes = inferShapes(model);
  // what has no type that is known cannot be stood in for
  if (leaving.flat().some((value) => !canStandIn(value, shapes))) return () => [];
  const owner = freeId(source);
  const choosing = new Map(
    [...new Set(groups.map(({ needing }) => needing))]
      .filter((needing) => needing !== NOBODY)
      .map((needing, i) => [needing, choosingBy(`${owner}.${i}`, owner, needing, variants)]),
  );
  const strategies = new StrategyInputs(graph, variants, source.names, [...choosing.values()]);
  const choices = new Map(
    [...choosing].map(([needing, own]) => [needing, strategies.choiceOf(own)]),
  );
  // inner graphs first: what holds them is copied
  for (const [i, group] of [...groups.entries()].reverse()) {
    const values = leaving[i]!;
    const instead = values.map((value) => {
      const state = states.get(value);
      return state === undefined ? standIn(group.graph, value, shapes) : input(state);
    });
    const choice = choices.get(group.needing);
    const ends = { values, instead };
    const results = choice ? putIntoIf(group, `${owner}.${i}`, choice, ends) : takeOut(group, ends);
    values.forEach((value, k) => {
      for (const state of [...kept.statesOf(value)]) kept.set(state, results[k]!);
    });
  }
  return (variant) => strategies.of(variant);
}

/** Alternatives: what is needed, and nothing. */
const choosingBy = (
  id: string,
  owner: string,
  needing: VariantSet,
  variants: readonly NamedVariant[],
): Choosing => ({
  id,
  owner,
  alternatives: { length: 2 },
  choice: (variant) => (needing & variantAt(variants.indexOf(variant)) ? 0 : 1),
});

function freeId({ sites }: Instrumented): string {
  const taken = new Set(sites.flatMap(({ site }) => [site.id, site.parent]));
  let id = LIVE;
  for (let n = 1; taken.has(id); n++) id = `${LIVE}-${n}`;
  return id;
}

/** By value, the state that it leaves as, from branches as well. */
function statesLeaving({ states }: Instrumented, kept: Kept, needs: Needs): Map<Value, string> {
  const found = new Map<Value, string>();
  const follow = (value: Value, state: string) => {
    found.set(value, state);
    if (value.producer)
      for (const branch of needs.branches(value.producer).keys())
        follow(branch.outputs[value.outputIndex]!, state);
  };
  for (const state of states.keys()) {
    const value = kept.get(state);
    if (value) follow(value, state);
  }
  return found;
}

/** What a group makes for others. */
function leavingValues({ nodes }: PartiallyDead, kept: Kept): Value[] {
  const inside = withContents(nodes);
  return [...nodes].flatMap(({ outputs }) =>
    outputs.filter(
      (value): value is Value =>
        value !== null &&
        (kept.statesOf(value).size > 0 || [...value.uses].some(({ user }) => !inside.has(user))),
    ),
  );
}

const canStandIn = (value: Value, shapes: ShapeTable): boolean =>
  ![undefined, 'undefined', 'string'].includes(shapes.dtype(value));

/** Of size 1 on each axis: nobody looks at it. */
function standIn(graph: Graph, value: Value, shapes: ShapeTable): Value {
  const dtype = shapes.dtype(value)!;
  const dims = (shapes.shape(value) ?? []).map(() => 1);
  const bytes = new Uint8Array(tensorBytes({ dtype, dims, data: { kind: 'none' } }));
  return graph.addNode({
    opType: 'Constant',
    inputs: [],
    outputs: [`stepfold.spared.${value.name}`],
    attributes: { value: tensor({ dtype, dims, data: { kind: 'bytes', bytes } }) },
  }).output;
}

/** The values that leave a group, and what stands in for each. */
interface Ends {
  readonly values: readonly Value[];
  readonly instead: readonly Value[];
}

/** Of a strategy that makes several values, one may be wanted by no variant. */
function takeOut({ graph, nodes }: PartiallyDead, { values, instead }: Ends): Value[] {
  const results = instead.map((value) =>
    // an input cannot leave a branch by itself
    value.producer ? value : graph.addNode({ opType: 'Identity', inputs: [value] }).output,
  );
  replaceOutside(graph, withContents(nodes), values, results);
  graph.removeNodes(nodes);
  return results;
}

function putIntoIf(
  { graph, nodes }: PartiallyDead,
  id: string,
  choice: Value,
  { values, instead }: Ends,
): Value[] {
  const constants = new Set(
    instead.flatMap(({ producer }): Node[] => (producer ? [producer] : [])),
  );
  const results = buildIf(
    graph,
    id,
    choice,
    [
      { values, region: nodes, instead: new Map() },
      { values: instead, region: constants, instead: new Map() },
    ],
    0,
  );
  const inside = withContents([...nodes, results[0]!.producer!]);
  replaceOutside(graph, inside, values, results);
  graph.removeNodes(new Set([...nodes, ...constants]));
  return results;
}

function replaceOutside(
  graph: Graph,
  inside: ReadonlySet<Node | Graph>,
  values: readonly Value[],
  others: readonly Value[],
): void {
  values.forEach((value, k) => {
    graph.replaceUses(value, others[k]!, ({ user }) => !inside.has(user));
  });
}
