/**
 * What a denoiser's inputs are for, found by structure: the latent is shaped like the output, the
 * timestep is what reaches a Sin and a Cos that share an input, everything else is a condition.
 */

import type { Graph } from '../../model/ir/graph.js';
import { isOp, type Node } from '../../model/ir/node.js';
import { nodeDependencies } from '../../model/ir/order.js';
import { pushAll } from '../../model/ir/push-all.js';
import type { Value } from '../../model/ir/value.js';
import { readsNoElements } from '../../model/operators/index.js';
import type { ShapeTable } from '../../model/shape/index.js';

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
  const sines = argumentsOf(graph, 'Sin');
  const angles = [...argumentsOf(graph, 'Cos')].filter((value) => sines.has(value));
  const behind = dataBehind(angles);
  const reached = inputs.filter((input) => behind.has(input));
  // a float image may reach Sin and Cos by way of a size; the timestep is the smallest of them
  const candidates = reached.filter((v) => (rankOf(v) ?? 0) <= 1);
  if (candidates.length === 1) return candidates[0];
  // what a step's number is only divided by is how many there are
  const counted = dataBehind(angles, dividend);
  const undivided = candidates.filter((input) => counted.has(input));
  if (undivided.length === 1) return undivided[0];
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

function argumentsOf(graph: Graph, opType: string): Set<Value> {
  const found = new Set<Value>();
  for (const node of graph.nodes)
    if (isOp(node, opType) && node.inputs[0]) found.add(node.inputs[0]);
  return found;
}

const dividend = (node: Node): readonly Value[] | undefined =>
  isOp(node, 'Div') && node.inputs[0] ? [node.inputs[0]] : undefined;

/**
 * Values that nobody makes whose content, not merely their shape, flows into some values.
 * @param followed of a node not all that it depends on
 */
function dataBehind(
  values: readonly Value[],
  followed: (node: Node) => readonly Value[] | undefined = () => undefined,
): Set<Value> {
  const found = new Set<Value>();
  const seen = new Set<Node>();
  const stack = [...values];
  for (let value = stack.pop(); value; value = stack.pop()) {
    const node = value.producer;
    if (!node) found.add(value);
    if (!node || seen.has(node) || readsNoElements(node)) continue;
    seen.add(node);
    pushAll(stack, followed(node) ?? nodeDependencies(node));
  }
  return found;
}

/** Shaped like an output: equal shapes first, else equal but for channels (a predicted variance). */
function findLatent(
  graph: Graph,
  inputs: readonly Value[],
  shapes: ShapeTable,
): { latent: Value; output: Value } | undefined {
  // a table for each, since there may be as many of both as a file has room for
  const match = (keyOf: (value: Value) => string | undefined) => {
    const byKey = new Map<string, Value>();
    for (const latent of inputs) {
      const key = keyOf(latent);
      if (key !== undefined && !byKey.has(key)) byKey.set(key, latent);
    }
    for (const output of graph.outputs) {
      const latent = byKey.get(keyOf(output) ?? '');
      if (latent) return { latent, output };
    }
    return undefined;
  };
  const alike = (skipChannels: boolean) => (value: Value) => {
    const dims = shapes.shape(value)?.map((d, i) => (skipChannels && i === 1 ? '' : d.key));
    return dims && dims.length >= 3 ? JSON.stringify(dims) : undefined;
  };
  const rank = (value: Value) => {
    const length = shapes.shape(value)?.length ?? 0;
    return length >= 4 ? String(length) : undefined;
  };
  return match(alike(false)) ?? match(alike(true)) ?? match(rank);
}
