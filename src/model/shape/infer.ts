/**
 * Shape inference over a whole model: one visit per node in topological order, symbolic sizes, and
 * the contents of small integer tensors, so that shapes computed by the graph itself resolve.
 * Declared sizes of inputs are trusted; declarations elsewhere fill in only what no rule can tell.
 * About 0.2 s for 8,000 nodes.
 */
import { subgraphs } from '../ir/attribute.js';
import type { Graph } from '../ir/graph.js';
import { type Model, opsetVersion } from '../ir/model.js';
import { isStandard, type Node } from '../ir/node.js';
import { topologicalOrder } from '../ir/order.js';
import type { Dim } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import { operatorOf } from '../operators/index.js';
import {
  type Equality,
  type Inference,
  RuleContext,
  Unresolved,
} from '../operators/rules/context.js';
import { countOf } from '../operators/rules/elements.js';
import { constantShape, type Facts, whole } from '../operators/rules/facts.js';
import { tensorFacts } from '../operators/rules/tensor-facts.js';
import {
  constant,
  type DimExpr,
  hasFreshSymbol,
  isUnwieldy,
  madeUp,
  NoSize,
  symbol,
  symbolsOf,
} from '../sizes/dim.js';
import { parseDim } from '../sizes/parse.js';
import { substitute } from '../sizes/substitute.js';
import { InferenceMemory } from './memory.js';
import { ShapeTable } from './table.js';

export interface InferOptions {
  /** Sizes for some of the symbols. */
  readonly bindings?: ReadonlyMap<string, number>;
  /** Shapes of some inputs, in place of the declared ones. */
  readonly inputs?: Readonly<Record<string, readonly (number | string)[]>>;
  /** Elements of some integer inputs, in row-major order, where they are known beforehand: numbers, or sizes. */
  readonly contents?: Readonly<Record<string, readonly (number | string)[]>>;
  /** The nodes of all graphs are in topological order already. */
  readonly sorted?: boolean;
}

/** Infers every value of the model's graph and of the graphs inside it. Changes nothing. */
export function inferShapes(model: Model, options: InferOptions = {}): ShapeTable {
  const inference = new ModelInference(model, options);
  inference.run();
  return new ShapeTable(inference.known, inference.equalities);
}

/**
 * Infers one model again and again, which must not change in between: what is as it was in an earlier inference costs
 * a look.
 */
export function repeatedInference(model: Model): (options?: InferOptions) => ShapeTable {
  /** By bindings, since declared sizes depend on them. */
  const memories = new Map<InferOptions['bindings'], InferenceMemory>();
  return (options = {}) => {
    const memory = memories.get(options.bindings) ?? new InferenceMemory();
    memories.set(options.bindings, memory);
    const inference = new ModelInference(model, options, memory);
    inference.run();
    return new ShapeTable(inference.known, inference.equalities);
  };
}

const NOTHING: Facts = {};

/** Loops that resize what they carry are rare, and settle at the second time. */
const MOST_REPEATS = 64;

/** Inputs have whatever names exporters give them, such as `constructor`. */
const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record && Object.hasOwn(record, name) ? record[name] : undefined;

/**
 * What a rule made, held against what other rules rely on. A model whose attributes contradict its
 * shapes makes sizes that are missing or negative, and more or fewer elements than its shape has.
 */
function sound(facts: Facts): Facts {
  const { shape, contents } = facts;
  if (shape?.some((size) => size === undefined)) throw new Unresolved('a size is missing');
  if (shape?.some((size) => (size.constant ?? 0) < 0)) throw new Unresolved('a size is negative');
  const sizes = shape && constantShape(shape);
  if (!contents || (sizes && countOf(sizes) === contents.length && contents.every(Boolean)))
    return facts;
  return { ...facts, contents: undefined };
}

class ModelInference implements Inference {
  readonly known = new Map<Value, Facts>();
  readonly equalities: Equality[] = [];
  private readonly names = new Map<string, number>();
  private namesGiven = 0;
  /** Names that the model declares, and those made up so far: two unknowns of one name would be equal. */
  private taken: Set<string> | undefined;
  private readonly parsed = new Map<string, DimExpr>();
  repeatsLeft = MOST_REPEATS;

  constructor(
    private readonly model: Model,
    private readonly options: InferOptions,
    private readonly memory?: InferenceMemory,
  ) {}

  run(): void {
    const { graph } = this.model;
    this.enter(
      graph,
      graph.inputs.map((input) => {
        const dims = own(this.options.inputs, input.name);
        const contents = own(this.options.contents, input.name)?.map((element) =>
          whole(typeof element === 'number' ? element : this.size(element)),
        );
        const declared = { ...this.declared(input), ...(contents && { contents }) };
        return dims ? { ...declared, shape: this.read(dims, input), why: undefined } : declared;
      }),
    );
  }

  enter(graph: Graph, inputs: readonly Facts[]): Facts[] {
    graph.inputs.forEach((input, i) => {
      this.known.set(input, this.one(inputs[i] ?? NOTHING));
    });
    for (const value of graph.initializers)
      if (value.initializer && !value.isGraphInput)
        this.known.set(value, this.memory?.constant(value) ?? tensorFacts(value.initializer));
    for (const value of graph.sparseInitializers.keys())
      if (!value.isGraphInput) this.known.set(value, this.one(this.declared(value)));
    const order = this.options.sorted ? graph.nodes : topologicalOrder(graph);
    for (const node of order) this.visit(node);
    return graph.outputs.map((output) => this.facts(output));
  }

  facts(value: Value): Facts {
    return this.known.get(value) ?? NOTHING;
  }

  private one(facts: Facts): Facts {
    return this.memory?.one(facts) ?? facts;
  }

  freshName(hint: string): string {
    this.namesGiven++;
    this.taken ??= this.declaredSymbols(this.model.graph);
    let count = this.names.get(hint) ?? 0;
    let name = hint;
    while (this.taken.has(name)) name = `${hint}.${++count}`;
    this.names.set(hint, Math.max(count, 1));
    this.taken.add(name);
    return name;
  }

  private declaredSymbols(graph: Graph, into = new Set<string>()): Set<string> {
    for (const { type } of graph.values())
      if (type?.kind === 'tensor')
        for (const dim of type.shape ?? [])
          if (typeof dim === 'string') symbolsOf(this.parse(dim), into);
    for (const node of graph.nodes)
      for (const inner of subgraphs(node)) this.declaredSymbols(inner, into);
    return into;
  }

  private parse(text: string): DimExpr {
    let size = this.parsed.get(text);
    if (!size) {
      size = parseDim(text);
      this.parsed.set(text, size);
    }
    return size;
  }

  declared(value: Value): Facts {
    const { type, initializer } = value;
    if (type?.kind === 'tensor') {
      const shape = type.shape && this.read(type.shape, value);
      const why = shape ? undefined : `"${value.name}" is declared without a shape`;
      return { dtype: type.elem, shape, why };
    }
    if (initializer) return { dtype: initializer.dtype, shape: initializer.dims.map(constant) };
    return { why: `nothing is declared about "${value.name}"` };
  }

  private read(dims: readonly Dim[], value: Value): DimExpr[] {
    return dims.map((dim, axis) => {
      if (typeof dim === 'number' && dim >= 0) return constant(dim);
      // some exporters write -1 where they know nothing
      return typeof dim === 'number' || dim === null || dim === ''
        ? this.bound(symbol(this.freshName(`${value.name}_dim_${axis}`)))
        : this.size(dim);
    });
  }

  private size(text: string): DimExpr {
    return this.bound(this.parse(text));
  }

  private bound(size: DimExpr): DimExpr {
    const { bindings } = this.options;
    return bindings ? substitute(size, bindings) : size;
  }

  private visit(node: Node): void {
    const { memory } = this;
    const outputs = memory ? this.remembered(node, memory) : this.made(node);
    node.outputs.forEach((output, i) => {
      if (output) this.known.set(output, outputs[i]!);
    });
  }

  private remembered(node: Node, memory: InferenceMemory): readonly Facts[] {
    const inputs = node.inputs.map((input) => (input ? this.facts(input) : NOTHING));
    const before = memory.recall(node, inputs);
    if (before) return before;
    const aside = this.namesGiven + this.equalities.length;
    const outputs = this.made(node).map((facts) => memory.one(facts));
    const isAlone = aside === this.namesGiven + this.equalities.length;
    // values of graphs inside it are to be known as well
    if (isAlone && subgraphs(node).length === 0) memory.remember(node, inputs, outputs);
    return outputs;
  }

  private made(node: Node): readonly Facts[] {
    const made = this.apply(node);
    return node.outputs.map((output, i) =>
      output ? this.withDeclared(output, made[i] ?? NOTHING) : NOTHING,
    );
  }

  private apply(node: Node): readonly Facts[] {
    const rule = operatorOf(node)?.shape;
    if (!rule) return this.unknown(node, 'no shape rule for this operator');
    const version = isStandard(node)
      ? opsetVersion(this.model)
      : (this.model.opsets.get(node.domain) ?? 1);
    try {
      const made = rule(new RuleContext(node, version, this));
      const all: readonly Facts[] = Array.isArray(made) ? made : [made as Facts];
      return all.map((facts, i) => this.wieldy(sound(facts), node.outputs[i]?.name ?? node.opType));
    } catch (error) {
      if (!(error instanceof Unresolved || error instanceof NoSize)) throw error;
      return this.unknown(node, error.message, error instanceof Unresolved && error.inherited);
    }
  }

  /** The same with a made-up symbol for each size and element that is too long to go on with. */
  private wieldy(facts: Facts, name: string): Facts {
    const { shape, contents } = facts;
    const isLong = shape?.some(isUnwieldy) || contents?.some((e) => isUnwieldy(e.over));
    if (!isLong) return facts;
    return {
      ...facts,
      shape: shape?.map((size, axis) =>
        isUnwieldy(size) ? madeUp(this.freshName(`${name}_dim_${axis}`), 0n) : size,
      ),
      contents: contents?.map((element) =>
        isUnwieldy(element.over)
          ? whole(madeUp(this.freshName(`${name}_value`), undefined))
          : element,
      ),
    };
  }

  private unknown(node: Node, reason: string, inherited = false): readonly Facts[] {
    const name = node.domain ? `${node.domain}.${node.opType}` : node.opType;
    const why = inherited ? reason : `node "${node.label}" (${name}): ${reason}`;
    const operator = operatorOf(node);
    const typeOfInput = (index: number) => {
      const input = node.inputs[index];
      return input ? this.facts(input).dtype : undefined;
    };
    return node.outputs.map((_, i) => {
      return { dtype: operator?.types(node, i, typeOfInput), why };
    });
  }

  /** Declarations fill gaps: an unknown shape, and made-up sizes that the model states as numbers. */
  private withDeclared(value: Value, facts: Facts): Facts {
    const { type } = value;
    if (type?.kind !== 'tensor') return facts;
    const dtype = facts.dtype ?? type.elem;
    if (!type.shape) return { ...facts, dtype };
    if (!facts.shape) {
      const shape = this.read(type.shape, value);
      return { ...facts, dtype, shape, why: undefined };
    }
    const declared = type.shape;
    if (declared.length !== facts.shape.length || !facts.shape.some(hasFreshSymbol))
      return { ...facts, dtype };
    const shape = facts.shape.map((size, axis) => {
      const stated = declared[axis];
      return typeof stated === 'number' && stated >= 0 && hasFreshSymbol(size)
        ? constant(stated)
        : size;
    });
    return { ...facts, dtype, shape };
  }
}
