/**
 * MACs of programs, counted on the models that are written, not on the plan. Each program is followed
 * run by run, as the runtime would: with the constants it gives to strategy inputs, so that of an If
 * the branch that is taken counts, and with what is known of the wires that its earlier runs gave: their
 * sizes, since a call that computes half of a guidance pair has smaller ones, and the sizes that cross a
 * border as numbers in a wire. Costs a shape inference per model, and of further runs what comes out otherwise.
 */

import { concreteShapes, type Macs, regionMacs } from '../../model/cost/index.js';
import type { Model } from '../../model/ir/model.js';
import { sortNodes } from '../../model/ir/order.js';
import {
  branchTaken,
  type DimExpr,
  type InferOptions,
  repeatedInference,
} from '../../model/shape/index.js';
import type { Shape } from '../../runtime/schedule/index.js';
import type { Run } from '../lower/index.js';

/** Symbolic where they are: a size that is known under one name is not known under a number. */
type Sizes = readonly (number | string)[];

/** What is known of a wire before anything runs. */
interface Known {
  readonly sizes?: Sizes | undefined;
  /** Of a small tensor of integers, its elements, which are sizes. */
  readonly contents?: Sizes | undefined;
}

export interface CountedPrograms {
  readonly models: ReadonlyMap<string, Model>;
  readonly programs: Iterable<readonly [name: string, runs: readonly Run[]]>;
  /** By id, parameters among them. A merged model leaves open the sizes of the inputs that carry them. */
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
  private readonly known = new Map<string, { macs: ProgramMacs; outputs: Map<string, Known> }>();

  private readonly inferences = new Map<Model, ReturnType<typeof repeatedInference>>();

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
    const wires = new Map<string, Known>();
    const total = { all: 0, layers: 0, isWhole: true };
    for (const run of runs) {
      const { macs, outputs } = this.run(run, wires);
      total.all += macs.all;
      total.layers += macs.layers;
      total.isWhole &&= macs.isWhole;
      for (const [wire, output] of Object.entries(run.gives ?? {})) {
        wires.set(wire, outputs.get(output) ?? {});
      }
    }
    return total;
  }

  private run(run: Run, wires: ReadonlyMap<string, Known>) {
    const { model: id, constants = {}, reads = {}, parameters = {}, takes = {}, unused = {} } = run;
    const states = Object.entries({ ...reads, ...parameters, ...unused }).map(([input, state]) => [
      input,
      this.states[state]!,
    ]);
    const taken = (part: keyof Known) =>
      Object.entries(takes).flatMap(([input, wire]) => {
        const known = wires.get(wire)?.[part];
        return known ? [[input, known] as const] : [];
      });
    const contents: Record<string, Sizes> = {
      ...Object.fromEntries(taken('contents')),
      ...Object.fromEntries(Object.entries(constants).map(([input, { data }]) => [input, data])),
    };
    const key = JSON.stringify([id, contents, states, taken('sizes')]);
    const before = this.known.get(key);
    if (before) return before;
    const model = this.counted.models.get(id)!;
    const inputs = Object.fromEntries([...states, ...taken('sizes')]);
    const options = { inputs, contents, sorted: true };
    let counted = this.count(model, options);
    // how a window's tokens are cut into chunks hangs on how many they are
    if (!counted.macs.isWhole) counted = this.count(model, { ...options, bindings: this.bindings });
    const { macs, shapes } = counted;
    const outputs = new Map(
      model.graph.outputs.map((output) => {
        const known = {
          sizes: written(shapes.shape(output)),
          contents: written(shapes.contents(output)),
        };
        return [output.name, known];
      }),
    );
    const result = { macs, outputs };
    this.known.set(key, result);
    return result;
  }

  private count(model: Model, options: InferOptions) {
    let infer = this.inferences.get(model);
    if (!infer) {
      infer = repeatedInference(model);
      this.inferences.set(model, infer);
    }
    const shapes = infer(options);
    const shapeOf = concreteShapes(shapes, this.bindings);
    const { macs, unknown } = regionMacs(model.graph.nodes, shapeOf, branchTaken(shapes));
    return { shapes, macs: { ...macs, isWhole: unknown.length === 0 } };
  }
}

const written = (sizes: readonly DimExpr[] | undefined): Sizes | undefined =>
  sizes?.map((size) => size.stated);
