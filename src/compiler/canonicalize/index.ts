/**
 * The canonical form that every analysis starts from: constants are initializers, shape arithmetic
 * that comes down to numbers is gone, what does nothing is gone, what is repeated is shared, and so is
 * whatever the file declares of a value and inference contradicts. The result computes the same
 * numbers, bit for bit with graph optimization off (but see rules/skip-norm.ts). Inputs and outputs
 * keep their names and order. Sizes are taken to be at least 1.
 */
import { NotHeld } from '../../model/files/held-file.js';
import { subgraphs } from '../../model/ir/attribute.js';
import type { Graph } from '../../model/ir/graph.js';
import { type Model, opsetVersion } from '../../model/ir/model.js';
import type { Node } from '../../model/ir/node.js';
import { sortNodes, topologicalOrder } from '../../model/ir/order.js';
import { removeDeadNodes } from '../../model/ir/prune.js';
import type { Value } from '../../model/ir/value.js';
import { checkRequirements } from '../../model/operators/requirements.js';
import { dropStaleTypes, inferShapes, type ShapeTable } from '../../model/shape/index.js';
import { type Engine, loadEngine } from '../../runtime/ort/index.js';
import { Watch } from '../stages/index.js';
import { applyRewrite, hasFreeInitializers } from './apply.js';
import { constantNodes, foldNodes } from './fold.js';
import { inlineFunctions } from './functions.js';
import { graphsOf } from './graphs.js';
import { mergeConstants, repeatedNodes } from './merge.js';
import { type Rewrite, type Rule, type RuleContext, type TraceEntry, traceOf } from './rewrite.js';
import { constantNode } from './rules/constant-node.js';
import { RULES } from './rules/index.js';
import { readSmallTensors } from './small-tensors.js';

export { inlineFunctions } from './functions.js';
export { splitSkipNorms } from './norms.js';
export type { Rewrite, TraceEntry } from './rewrite.js';

export interface CanonicalizeOptions {
  /**
   * onnxruntime, for folding constants; `false` to do without. Default: onnxruntime-node in Node, if it is
   * installed; none elsewhere.
   */
  readonly engine?: Engine | false;
  /**
   * Looks on, and checks every group of rewrites.
   * @internal
   */
  readonly watch?: Watch;
}

export interface CanonicalizeResult {
  /** Every rewrite that was done, in order. */
  readonly trace: readonly TraceEntry[];
  readonly nodesBefore: number;
  readonly nodesAfter: number;
  /** Shapes of the result. */
  readonly shapes: ShapeTable;
  /** Why constants were left unfolded, or calls of functions as they were. */
  readonly notes: readonly string[];
}

/** Each round works on the result of the one before; real graphs settle in three or four. */
const MAX_ROUNDS = 12;

export const canonicalize = {
  name: 'canonicalize',
  description:
    'Fold constants, resolve shape arithmetic, and remove what does nothing or is done twice.',

  /**
   * Brings a model to canonical form, in place.
   * @throws GRAPH_MISSING_INPUT, GRAPH_MISSING_OUTPUT, TENSOR_DIMENSION, GRAPH_BROKEN
   */
  async run(model: Model, options: CanonicalizeOptions = {}): Promise<CanonicalizeResult> {
    const { watch = new Watch() } = options;
    watch.begin(model);
    const nodesBefore = countNodes(model.graph);
    removeDeadNodes(model.graph);
    const run = new Run(model, watch);
    const left = run.inline();
    checkRequirements(model.graph);
    readSmallTensors(model);
    let shapes = inferShapes(model);
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const before = run.trace.length;
      run.round = round + 1;
      run.rewriteAll(shapes);
      await run.fold(options.engine);
      run.merge();
      if (run.trace.length === before) break;
      shapes = inferShapes(model);
    }
    dropStaleTypes(model.graph, shapes);
    sortNodes(model.graph);
    watch.check({ name: 'canonicalize' }, model);
    const nodesAfter = countNodes(model.graph);
    return {
      trace: run.trace,
      nodesBefore,
      nodesAfter,
      shapes,
      notes: [...left, ...run.notes],
    };
  },
};

class Run {
  readonly trace: TraceEntry[] = [];
  readonly notes: string[] = [];
  /** Bytes that folding has made so far. */
  private folded = 0;
  /** Initializers that were there from the start: weights, which are not merged. */
  private readonly given: ReadonlySet<Value>;
  private readonly rules: readonly Rule[];
  round = 0;
  /** Rewrites that have been checked. */
  private checked = 0;

  constructor(
    private readonly model: Model,
    private readonly watch: Watch,
  ) {
    // where constants are nodes, one would be made of another in every round
    this.rules = RULES.filter((rule) => rule !== constantNode || hasFreeInitializers(model));
    this.given = new Set([...graphsOf(model.graph)].flatMap((g) => [...g.initializers]));
  }

  apply(rewrite: Rewrite): void {
    const entry = traceOf(rewrite);
    if (!applyRewrite(this.model, rewrite)) return;
    this.trace.push(entry);
  }

  /** What a group of rewrites made, where it made anything. */
  private check(group: string, changed = false): void {
    if (!changed && this.trace.length === this.checked) return;
    this.checked = this.trace.length;
    this.watch.checkGroup({ name: `canonicalize: ${group}, round ${this.round}` }, this.model);
  }

  /** @returns why calls were left, where some were */
  inline(): string[] {
    const left = inlineFunctions(this.model, (rewrite) => this.apply(rewrite));
    this.check('functions');
    return left;
  }

  /** One sweep of the rules over every node, each seeing the graph as the ones before left it. */
  rewriteAll(shapes: ShapeTable): void {
    this.rewriteGraph(this.model.graph, { shapes, opset: opsetVersion(this.model) });
    removeDeadNodes(this.model.graph);
    this.check('rules');
  }

  /**
   * What earlier rewrites left unused is not worth a look, nor what is inside it: a branch that was
   * written out is there twice, and graphs nested in it would double with every level.
   */
  private rewriteGraph(graph: Graph, context: RuleContext): void {
    for (const node of topologicalOrder(graph)) {
      if (!isUsed(node)) continue;
      const rewrite = firstMatch(this.rules, (rule) => rule(node, context));
      if (rewrite) this.apply(rewrite);
    }
    for (const node of graph.nodes)
      if (isUsed(node)) for (const inner of subgraphs(node)) this.rewriteGraph(inner, context);
  }

  async fold(given: Engine | false | undefined): Promise<void> {
    if (given === false || this.notes.length > 0) return;
    const { nodes, bytes, tooMuch } = constantNodes(
      this.model.graph,
      () => inferShapes(this.model),
      this.folded,
    );
    this.folded += bytes;
    if (tooMuch > 0)
      this.notes.push(
        `${tooMuch} constant nodes are left: their results would take too much memory together`,
      );
    if (nodes.size === 0) return;
    const engine = given ?? (await loadEngine());
    if (!engine) {
      this.notes.push(
        `${nodes.size} constant nodes are left: no onnxruntime is at hand (install onnxruntime-node, or hand in an engine)`,
      );
      return;
    }
    try {
      for (const rewrite of await foldNodes(this.model, nodes, engine)) this.apply(rewrite);
    } catch (error) {
      if (error instanceof NotHeld) throw error;
      this.notes.push(`${nodes.size} constant nodes are left: ${(error as Error).message}`);
    }
    removeDeadNodes(this.model.graph);
    this.check('constants');
  }

  merge(): void {
    let merged = 0;
    for (const graph of graphsOf(this.model.graph)) {
      merged += mergeConstants(graph, (value) => !this.given.has(value));
      for (const rewrite of repeatedNodes(graph)) this.apply(rewrite);
    }
    removeDeadNodes(this.model.graph);
    this.check('repeats', merged > 0);
  }
}

const isUsed = (node: Node): boolean => node.outputs.some((output) => output?.uses.size);

function firstMatch(
  rules: readonly Rule[],
  attempt: (rule: Rule) => Rewrite | undefined,
): Rewrite | undefined {
  for (const rule of rules) {
    const rewrite = attempt(rule);
    if (rewrite) return rewrite;
  }
  return undefined;
}

function countNodes(graph: Graph): number {
  let count = 0;
  for (const { nodes } of graphsOf(graph)) count += nodes.size;
  return count;
}
