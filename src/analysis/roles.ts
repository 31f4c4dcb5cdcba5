/**
 * What a denoiser's inputs are for, found by structure: the latent is shaped like the output, the
 * timestep is what reaches a Sin and a Cos that share an input, everything else is a condition.
 */
import type { Graph } from '../ir/graph.js';
import { isOp, type Node } from '../ir/node.js';
import { nodeDependencies } from '../ir/order.js';
import type { Value } from '../ir/value.js';
import type { ShapeTable } from '../shape/index.js';

export type InputRole = 'latent' | 'timestep' | 'condition';

export interface InputRoles {
  readonly latent: string | undefined;
  readonly timestep: string | undefined;
  readonly conditions: readonly string[];
  /** The output that predicts the noise (or the sample, or the velocity). */
  readonly prediction: string | undefined;
  /** Why a role could not be given, one sentence each. */
  readonly problems: readonly string[];
}

/** @param overrides roles said by the user; they win over what is found */
export function findInputRoles(
  graph: Graph,
  shapes: ShapeTable,
  overrides: { readonly latent?: string; readonly timestep?: string } = {},
): InputRoles {
  const inputs = graph.inputs.filter((v) => !v.initializer);
  const problems: string[] = [];
  const timestep = overrides.timestep ?? findTimestep(graph, inputs, problems)?.name;
  const others = inputs.filter((v) => v.name !== timestep);
  const match = findLatent(graph, others, shapes);
  if (!match && !overrides.latent)
    problems.push('no input has the rank and the spatial size of an output, so none is the latent');
  const latent = overrides.latent ?? match?.latent.name;
  return {
    latent,
    timestep,
    conditions: inputs.map((v) => v.name).filter((name) => name !== latent && name !== timestep),
    prediction: match?.output.name ?? graph.outputs[0]?.name,
    problems,
  };
}

/** The one input behind the sinusoidal embedding (Vaswani et al. 2017, as DDPM uses it). */
function findTimestep(
  graph: Graph,
  inputs: readonly Value[],
  problems: string[],
): Value | undefined {
  const reached = new Set<Value>();
  for (const node of graph.nodes) {
    if (!isOp(node, 'Sin')) continue;
    const angle = node.inputs[0];
    if (!angle || ![...angle.users].some((u) => isOp(u, 'Cos'))) continue;
    for (const input of inputs) if (dataReaches(input, angle)) reached.add(input);
  }
  // a float image may reach Sin and Cos by way of a size; the timestep is the smallest of them
  const candidates = [...reached].filter((v) => (rankOf(v) ?? 0) <= 1);
  if (candidates.length === 1) return candidates[0];
  problems.push(
    candidates.length === 0
      ? 'no input of rank 0 or 1 reaches a Sin and a Cos that share an input, so none is the timestep'
      : `several inputs reach a Sin and a Cos (${candidates.map((v) => v.name).join(', ')})`,
  );
  return undefined;
}

function rankOf(value: Value): number | undefined {
  return value.type?.kind === 'tensor' ? value.type.shape?.length : undefined;
}

/** Does the content of `from`, not merely its shape, flow into `to`? */
function dataReaches(from: Value, to: Value): boolean {
  const seen = new Set<Node>();
  const stack = [to];
  for (let value = stack.pop(); value; value = stack.pop()) {
    if (value === from) return true;
    const node = value.producer;
    if (!node || seen.has(node) || isOp(node, 'Shape', 'Size')) continue;
    seen.add(node);
    stack.push(...nodeDependencies(node));
  }
  return false;
}

/** Shaped like an output: equal shapes first, else equal but for channels (a predicted variance). */
function findLatent(
  graph: Graph,
  inputs: readonly Value[],
  shapes: ShapeTable,
): { latent: Value; output: Value } | undefined {
  const pairs = graph.outputs.flatMap((output) => inputs.map((latent) => ({ latent, output })));
  const dims = (v: Value) => shapes.shape(v)?.map((d) => d.toString());
  const alike = (skipChannels: boolean) =>
    pairs.find(({ latent, output }) => {
      const [a, b] = [dims(latent), dims(output)];
      if (!a || !b || a.length !== b.length || a.length < 3) return false;
      return a.every((d, i) => d === b[i] || (skipChannels && i === 1));
    });
  const sameRank = () =>
    pairs.find(({ latent, output }) => {
      const [a, b] = [dims(latent), dims(output)];
      return a !== undefined && b !== undefined && a.length >= 4 && a.length === b.length;
    });
  return alike(false) ?? alike(true) ?? sameRank();
}
