/**
 * MACs of programs, counted on the models that are written, not on the plan. Each program is followed
 * run by run, as the runtime would: with the constants it gives to strategy inputs, so that of an If
 * the branch that is taken counts, and with the sizes of the wires that its earlier runs gave, since
 * a call that computes half of a guidance pair has smaller ones. Costs a shape inference per run.
 */
import { concreteShapes, graphCost, type Macs } from '../cost/index.js';
import type { Model } from '../ir/model.js';
import { sortNodes } from '../ir/order.js';
import type { Run } from '../lower/index.js';
import type { Shape } from '../schedule/index.js';
import { branchTaken, inferShapes } from '../shape/index.js';

/** Symbolic where they are: a size that is known under one name is not known under a number. */
type Sizes = readonly (number | string)[];

export interface CountedPrograms {
  readonly models: ReadonlyMap<string, Model>;
  readonly programs: Iterable<readonly [name: string, runs: readonly Run[]]>;
  /** Sizes of the inputs that carry states, which a merged model leaves open. */
  readonly states: Readonly<Record<string, Shape>>;
}

export interface ProgramMacs extends Macs {
  /** False where the size of something is not known in a model, so that its cost is missing. */
  readonly isWhole: boolean;
}

/** By program. Puts the nodes of the models in order. */
export function programMacs(
  counted: CountedPrograms,
  bindings: ReadonlyMap<string, number>,
): Map<string, ProgramMacs> {
  const counter = new Counter(counted, bindings);
  return new Map([...counted.programs].map(([name, runs]) => [name, counter.program(runs)]));
}

class Counter {
  private readonly states: Record<string, Sizes>;
  /** Runs that begin alike need to be followed only once. */
  private readonly known = new Map<string, { macs: ProgramMacs; outputs: Map<string, Sizes> }>();

  constructor(
    private readonly counted: CountedPrograms,
    private readonly bindings: ReadonlyMap<string, number>,
  ) {
    for (const { graph } of counted.models.values()) sortNodes(graph);
    this.states = Object.fromEntries(
      Object.entries(counted.states).map(([input, shape]) => [
        input,
        shape.map((d) => d ?? 'unknown'),
      ]),
    );
  }

  program(runs: readonly Run[]): ProgramMacs {
    const wires = new Map<string, Sizes>();
    const total = { all: 0, layers: 0, isWhole: true };
    for (const run of runs) {
      const { macs, outputs } = this.run(run, wires);
      total.all += macs.all;
      total.layers += macs.layers;
      total.isWhole &&= macs.isWhole;
      for (const [wire, output] of Object.entries(run.gives ?? {})) {
        const sizes = outputs.get(output);
        if (sizes) wires.set(wire, sizes);
      }
    }
    return total;
  }

  private run({ model: id, constants = {}, takes = {} }: Run, wires: ReadonlyMap<string, Sizes>) {
    const taken = Object.entries(takes).flatMap(([input, wire]) => {
      const sizes = wires.get(wire);
      return sizes ? [[input, sizes] as const] : [];
    });
    const contents = Object.fromEntries(
      Object.entries(constants).map(([input, { data }]) => [input, data]),
    );
    const key = JSON.stringify([id, contents, taken]);
    const before = this.known.get(key);
    if (before) return before;
    const model = this.counted.models.get(id)!;
    const inputs = { ...this.states, ...Object.fromEntries(taken) };
    const shapes = inferShapes(model, { inputs, contents, sorted: true });
    const shapeOf = concreteShapes(shapes, this.bindings);
    const { macs: counted, unknown } = graphCost(model.graph, shapeOf, branchTaken(shapes));
    const macs = { ...counted, isWhole: unknown.length === 0 };
    const outputs = new Map(
      model.graph.outputs.flatMap((output) => {
        const sizes = shapes.shape(output)?.map((dim) => dim.constant ?? dim.toString());
        return sizes ? [[output.name, sizes] as const] : [];
      }),
    );
    const result = { macs, outputs };
    this.known.set(key, result);
    return result;
  }
}
