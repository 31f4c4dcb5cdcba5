/**
 * Where an attention module begins and ends. It begins at what its projections read, so that a norm
 * and its modulation stay outside, and ends behind the output projection and its bias, or behind that of
 * each stream where several were joined, before a gate or the residual connection.
 */
import { multipliesWeight } from '../../../model/cost/index.js';
import { constantTensor } from '../../../model/ir/constants.js';
import type { Dominance } from '../../../model/ir/dominance.js';
import { between } from '../../../model/ir/extract.js';
import { isOp, type Node } from '../../../model/ir/node.js';
import { nodeDependencies } from '../../../model/ir/order.js';
import type { Value } from '../../../model/ir/value.js';
import { keepsNumbers, movesAlone, readsNoElements } from '../../../model/operators/index.js';
import { equal, type ShapeTable } from '../../../model/shape/index.js';
import { beforeLayout, downOf } from './adapters.js';
import type { AttentionBorders, AttentionCore, StreamEnd } from './attention.js';
import { reachBack } from './reach.js';

/** What is known about the graph as a whole. */
export interface Surroundings {
  /** Place of a node in topological order. */
  readonly place: (node: Node) => number;
  readonly dominance: Dominance;
}

/** @param mixed where the way to the output projection begins */
export function borders(
  core: AttentionCore,
  surroundings: Surroundings,
  shapes: ShapeTable,
  mixed = core.mix.output,
): AttentionBorders {
  const sources = [core.q, core.k, core.v].flatMap((operand) => operand.sources);
  // streams that are joined are made of nothing in common, and to look for it would take long
  const input =
    core.q.sources.length > 1
      ? undefined
      : sources.find((source) => sources.every((other) => isMadeOf(other, source)));
  const end = endOf(mixed, core.q.sources[0]!, shapes);
  const streams = end.outputProjection ? [] : streamsBehind(end.output, core.q.sources, shapes);
  const leaving = [end.output, ...streams.map(({ output }) => output)];
  return {
    input,
    mixed,
    ...end,
    streams,
    module: nodesBetween(new Set(input ? [input] : sources), leaving, surroundings),
  };
}

/** Does a value follow from another and constants alone, as keys do that are pooled or shifted? */
function isMadeOf(value: Value, source: Value): boolean {
  if (value === source) return true;
  const { leaves } = between([value], new Set([source]));
  return leaves.has(source) && [...leaves].every((leaf) => leaf === source || leaf.initializer);
}

/** From the product with v over changes of layout to the output projection, its bias, its adapters, and on. */
function endOf(mixed: Value, source: Value, shapes: ShapeTable) {
  let value = mixed;
  for (let next = onlyUser(value); next && keepsNumbers(next); next = onlyUser(value))
    value = next.output;
  for (const layer of elementUsers(value)) {
    if (!isOp(layer, 'MatMul', 'Gemm', 'Conv') || !multipliesWeight(layer)) continue;
    const { output, adapters } = adapted(biased(layer.output), value);
    const projected = adapters.length > 0 ? output : layer.output;
    // whatever else reads what is projected begins an adapter
    const others = elementUsers(value).filter((node) => node !== layer && !adapters.includes(node));
    if (others.length > 0 || value.isGraphOutput) continue;
    return {
      outputProjection: layer,
      outputAdapters: adapters,
      projected,
      output: inLayoutOf(source, output, shapes),
    };
  }
  return { outputProjection: undefined, outputAdapters: [], projected: value, output: value };
}

function biased(projected: Value): Value {
  const bias = onlyUser(projected);
  return isOp(bias, 'Add') && bias.inputs.some((v) => v !== projected && constantTensor(v))
    ? bias.output
    : projected;
}

/** A projection's result with those of adapters added to it, which read what it read. */
function adapted(projected: Value, read: Value): { output: Value; adapters: Node[] } {
  let output = projected;
  const adapters: Node[] = [];
  for (let sum = onlyUser(output); isOp(sum, 'Add'); sum = onlyUser(output)) {
    const added = sum.inputs.find((v) => v && v !== output);
    const [up, other] = added ? reachBack(added).heavy : [];
    const down = up && !other && multipliesWeight(up) ? downOf(up, beforeLayout(read)) : undefined;
    if (!down) break;
    adapters.push(down, up!);
    output = biased(sum.output);
  }
  return { output, adapters };
}

/** Where all that reads a value cuts its tokens into streams, and some stream has a projection: the end of each. */
function streamsBehind(value: Value, sources: readonly Value[], shapes: ShapeTable): StreamEnd[] {
  const users = elementUsers(value);
  const width = shapes.shape(value)?.at(-1);
  const cuts = (node: Node) =>
    isOp(node, 'Slice', 'Split') &&
    width !== undefined &&
    node.outputs.every((part) => {
      const own = part && shapes.shape(part)?.at(-1);
      return own && equal(own, width);
    });
  if (users.length === 0 || value.isGraphOutput || !users.every(cuts)) return [];
  const parts = users.flatMap((user) => user.outputs).filter((part) => part && part.uses.size > 0);
  const ends = parts.map((part, i) => endOf(part!, sources[i] ?? sources[0]!, shapes));
  if (!ends.some(({ outputProjection }) => outputProjection)) return [];
  return ends.map(({ projected: _, ...end }) => end);
}

/** The value, or what changes of layout make of it, whichever is shaped like the source. */
function inLayoutOf(source: Value, value: Value, shapes: ShapeTable): Value {
  const wanted = shapes.shape(source);
  const fits = (v: Value) => {
    const shape = shapes.shape(v);
    return shape?.length === wanted?.length && shape?.every((d, i) => equal(d, wanted![i]!));
  };
  let candidate: Value | undefined = value;
  while (candidate && !fits(candidate)) {
    const next = onlyUser(candidate);
    candidate = next && movesAlone(next) ? next.output : undefined;
  }
  return candidate ?? value;
}

const elementUsers = (value: Value): Node[] =>
  [...value.users].filter((user) => !readsNoElements(user));

function onlyUser(value: Value): Node | undefined {
  const users = elementUsers(value);
  return users.length === 1 && !value.isGraphOutput ? users[0] : undefined;
}

/**
 * What outputs are made of from the sources on, and beside it what is made for the sake of one of them alone. Costs
 * a walk over the module.
 */
function nodesBetween(
  sources: ReadonlySet<Value>,
  outputs: readonly Value[],
  { place, dominance }: Surroundings,
): Set<Node> {
  const needed = [...between(outputs, sources).nodes].sort((a, b) => place(a) - place(b));
  const onWay = new Set<Node>();
  for (const node of needed)
    if (nodeDependencies(node).some((v) => sources.has(v) || (v.producer && onWay.has(v.producer))))
      onWay.add(node);
  return new Set(
    needed.filter(
      (node) => onWay.has(node) || outputs.some((output) => dominance.isOnlyFor(node, output)),
    ),
  );
}
