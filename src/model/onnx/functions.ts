/**
 * Functions that a model carries: operators of its own, each with a body of nodes. Bodies stay messages
 * until a call asks for one, since what attributes they refer to depends on the call.
 *
 * Source: the ONNX IR specification, section "Functions".
 */

import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import type { Node } from '../ir/node.js';
import { pushAll } from '../ir/push-all.js';
import { attributeToMessage, copy } from './from-ir.js';
import {
  type AttributeMessage,
  EXTERNAL,
  type FunctionMessage,
  type GraphMessage,
  type ModelMessage,
  type NodeMessage,
  type TensorMessage,
} from './messages.js';
import type { RawRange } from './skeleton.js';
import { graphFromMessage, type ModelExtra, toNumber } from './to-ir.js';

/** Nodes that one call may come to, the functions inside it included: a bound for hostile files. */
const MOST_NODES = 1_000_000;

export class ModelFunctions {
  private readonly byKey = new Map<string, FunctionMessage>();
  /** Nodes of a call of each function, all functions inside it written out. */
  private readonly sizes = new Map<string, number>();

  constructor(private readonly model: Model) {
    for (const f of messageOf(model)?.functions ?? [])
      this.byKey.set(key(f.domain, f.name, f.overload), f);
  }

  get isEmpty(): boolean {
    return this.byKey.size === 0;
  }

  /**
   * What a node calls, as a graph whose inputs are the node's: undefined where it calls no function,
   * or why its body cannot stand in its place.
   */
  body(node: Node): Graph | { readonly reason: string } | undefined {
    const called = key(node.domain, node.opType, (node.extra as NodeMessage | undefined)?.overload);
    const f = this.byKey.get(called);
    if (!f) return undefined;
    const clash = (f.opsetImport ?? []).find(({ domain = '', version }) => {
      const own = this.model.opsets.get(domain);
      return own !== undefined && own !== toNumber(version);
    });
    if (clash)
      return {
        reason: `it is written in version ${toNumber(clash.version)} of ${clash.domain || 'the standard operators'}, the model in version ${this.model.opsets.get(clash.domain ?? '')}`,
      };
    const given = f.output?.length ?? 0;
    if (node.outputs.some((output, i) => i >= given && output?.uses.size))
      return { reason: `it gives fewer results (${given}) than the call takes` };
    if (this.size(called) > MOST_NODES)
      return { reason: `it calls itself, or comes to more than ${MOST_NODES} nodes` };
    for (const { domain = '', version } of f.opsetImport ?? [])
      if (!this.model.opsets.has(domain)) this.model.opsets.set(domain, toNumber(version));
    const extra = this.model.extra as ModelExtra;
    const ranges: RawRange[] = [...extra.ranges];
    const message = bodyMessage(f, node, ranges);
    return graphFromMessage(message, { label: f.name ?? '', ranges, files: extra.files });
  }

  private size(called: string): number {
    const known = this.sizes.get(called);
    if (known !== undefined) return known;
    // for whoever comes back here, this is a circle
    this.sizes.set(called, Number.POSITIVE_INFINITY);
    let total = 0;
    const stack = [...(this.byKey.get(called)?.node ?? [])];
    for (let node = stack.pop(); node; node = stack.pop()) {
      const inner = key(node.domain, node.opType, node.overload);
      total += this.byKey.has(inner) ? this.size(inner) : 1;
      for (const { g, graphs = [] } of node.attribute ?? [])
        for (const graph of g ? [g, ...graphs] : graphs) pushAll(stack, graph.node ?? []);
    }
    this.sizes.set(called, total);
    return total;
  }
}

/** Places of external data that the bodies of functions name. */
export function functionLocations(model: Model): Set<string> {
  const found = new Set<string>();
  const add = ({ dataLocation, externalData = [] }: TensorMessage) => {
    const location = externalData.find((entry) => entry.key === 'location')?.value;
    if (dataLocation === EXTERNAL && location !== undefined) found.add(location);
  };
  const stack = (messageOf(model)?.functions ?? []).flatMap((f) => f.node ?? []);
  for (let node = stack.pop(); node; node = stack.pop())
    for (const { t, tensors = [], g, graphs = [] } of node.attribute ?? []) {
      for (const tensor of t ? [t, ...tensors] : tensors) add(tensor);
      for (const graph of g ? [g, ...graphs] : graphs) {
        for (const tensor of graph.initializer ?? []) add(tensor);
        pushAll(stack, graph.node ?? []);
      }
    }
  return found;
}

/** Leaves the functions out of what will be written, once nothing calls them any more. */
export function dropFunctions(model: Model): void {
  const message = messageOf(model);
  if (!message?.functions?.length) return;
  const kept = copy(message);
  kept.functions = [];
  model.extra = { ...(model.extra as ModelExtra), message: kept } satisfies ModelExtra;
}

const messageOf = (model: Model): ModelMessage | undefined =>
  (model.extra as ModelExtra | undefined)?.message;

const key = (domain = '', name = '', overload = '') => JSON.stringify([domain, name, overload]);

/** A function's body for one call: what it says of attributes is what the call says. */
function bodyMessage(f: FunctionMessage, node: Node, ranges: RawRange[]): GraphMessage {
  const given = new Map<string, AttributeMessage>();
  for (const attribute of f.attributeProto ?? []) given.set(attribute.name ?? '', attribute);
  for (const [name, attribute] of node.attributes)
    given.set(name, attributeToMessage(name, attribute, ranges));
  const missing = new Set((f.input ?? []).filter((_, i) => !node.inputs[i]));
  return {
    name: f.name ?? '',
    input: (f.input ?? []).map((name) => ({ name })),
    output: (f.output ?? []).map((name) => ({ name })),
    node: (f.node ?? []).map((inner) => {
      const resolved = resolveNode(inner, given);
      resolved.input = inner.input?.map((name) => (missing.has(name) ? '' : name)) ?? [];
      return resolved;
    }),
    ...(f.valueInfo ? { valueInfo: f.valueInfo } : {}),
  };
}

function resolveNode(node: NodeMessage, given: ReadonlyMap<string, AttributeMessage>): NodeMessage {
  const resolved = copy(node);
  // one that the call leaves out is left out here too
  resolved.attribute = (node.attribute ?? []).flatMap((attribute) => {
    if (!attribute.refAttrName) return [resolveGraphs(attribute, given)];
    const value = given.get(attribute.refAttrName);
    if (!value) return [];
    return [{ ...copy(value), name: attribute.name ?? '' }];
  });
  return resolved;
}

function resolveGraphs(
  attribute: AttributeMessage,
  given: ReadonlyMap<string, AttributeMessage>,
): AttributeMessage {
  if (!attribute.g && !attribute.graphs?.length) return attribute;
  const resolve = (graph: GraphMessage): GraphMessage => {
    const inner = copy(graph);
    inner.node = (graph.node ?? []).map((node) => resolveNode(node, given));
    return inner;
  };
  const resolved = copy(attribute);
  if (attribute.g) resolved.g = resolve(attribute.g);
  if (attribute.graphs) resolved.graphs = attribute.graphs.map(resolve);
  return resolved;
}
