/** The body of the loop as one model: one call of the denoiser, and the sampler's step behind it. */
import { graph as graphAttribute, subgraphs } from '../../../model/ir/attribute.js';
import { type CloneMap, copyNode, wireCopy } from '../../../model/ir/clone.js';
import { Graph } from '../../../model/ir/graph.js';
import { tensorType } from '../../../model/ir/types.js';
import type { Value } from '../../../model/ir/value.js';
import { inOrder } from '../../../runtime/samplers/index.js';
import { addNamedOutput, type StateInfo } from '../../lower/index.js';
import type { Compilation } from '../../pipeline/index.js';
import { constantOf } from '../call-tables.js';
import { Builder } from './builder.js';
import type { LoopPorts } from './loop-inputs.js';
import { OpenSizes } from './open-sizes.js';
import type { Slot, Source, StepTables } from './step-tables.js';
import { leave, scaledAt, sumOf } from './steps.js';

/** What the loop is given beside conditions. */
export interface Given {
  readonly noise: Value;
  readonly init?: Value;
  readonly stepNoise?: Value;
  readonly scale?: Value;
}

export class LoopBody {
  private readonly body: Graph;
  private readonly outside: Builder;
  private readonly inside: Builder;
  private readonly map: CloneMap = { values: new Map(), nodes: new Map() };

  /**
   * @param main the graph of the loop
   * @param stateful the graph of a call, which is copied
   */
  constructor(
    private readonly main: Graph,
    private readonly stateful: Graph,
    private readonly compilation: Compilation,
    private readonly ports: LoopPorts,
    private readonly tables: StepTables,
  ) {
    this.body = new Graph('step', main);
    this.outside = new Builder(main);
    this.inside = new Builder(this.body, main);
  }

  /** Adds the loop to the main graph. @returns the latents behind the last step */
  run(given: Given, conditions: ReadonlyMap<string, Value>): Value {
    const { main, body, outside, tables, ports } = this;
    const step = body.addInput(main.scope.fresh('loop.step'), tensorType('int64', []));
    const going = body.addInput(main.scope.fresh('loop.going'), tensorType('bool', []));
    const open = tensorType(
      'float32',
      ports.shape.map(() => null),
    );
    const before = new Map(
      tables.slots.map((slot) => [slot, body.addInput(main.scope.fresh(`loop.${slot}`), open)]),
    );
    const states = this.carried();
    const size = outside.add('Shape', [given.noise]);
    const prediction = this.call(before.get('latent')!, step, size, conditions, given);
    const sources = new Map<Source, Value>([...before, ['output', prediction]]);
    if (given.stepNoise) sources.set('noise', this.inside.gather(given.stepNoise, step));
    const left = leave(this.inside, tables, sources, step);

    const leaves = [going, ...tables.slots.map((slot) => left.get(slot)!)];
    const types = [tensorType('bool', []), ...tables.slots.map(() => open)];
    for (const [i, value] of leaves.entries())
      addNamedOutput(body, this.free(`loop.next.${i}`), value, types[i]);
    for (const { output } of states) body.addOutput(this.map.values.get(output)!);
    const trips = outside.ints([tables.told.length], []);
    const sizes = new OpenSizes(outside, this.compilation, ports, {
      noise: given.noise,
      conditions,
    });
    const initial = [
      ...tables.slots.map((slot) => this.begin(slot, given, size)),
      ...states.map(({ state }) => sizes.zeros(state)),
    ];
    const loop = main.addNode({
      opType: 'Loop',
      name: 'loop',
      inputs: [trips, null, ...initial],
      outputs: initial.map((_, i) => main.scope.fresh(`loop.last.${i}`)),
      attributes: { body: graphAttribute(body) },
    });
    return loop.outputs[0]!;
  }

  /** A name that is yet to be taken. */
  private free(base: string): string {
    const name = this.main.scope.fresh(base);
    this.main.scope.release(name);
    return name;
  }

  /** The states of the model inside, as inputs of the body, with what they are behind the call. */
  private carried(): { readonly state: StateInfo; output: Value }[] {
    const { names, states } = this.compilation.instrumented;
    return [...states.values()].flatMap((state) => {
      const input = this.stateful.inputs.find(({ name }) => name === names.stateInput(state.id));
      const output = this.stateful.outputs.find(({ name }) => name === names.stateOutput(state.id));
      if (!input || !output) return [];
      const carried = this.body.addInput(
        input.name,
        tensorType(
          state.type,
          state.shape.map((d) => (typeof d === 'number' ? d : null)),
        ),
      );
      this.map.values.set(input, carried);
      return [{ state, output }];
    });
  }

  /** What the denoiser says of the latent at a step, guided. */
  private call(
    latent: Value,
    step: Value,
    size: Value,
    conditions: ReadonlyMap<string, Value>,
    { scale }: Given,
  ): Value {
    const { inside, ports, tables, compilation, stateful } = this;
    const { guidance } = compilation;
    const scaled = scaledAt(inside, latent, tables.inputScale, step);
    const typed = ports.latent.type === 'float32' ? scaled : inside.cast(scaled, 'float16');
    const fed = new Map(conditions);
    fed.set(ports.latent.name, guidance ? inside.concat([typed, typed]) : typed);
    fed.set(ports.timestep.name, this.timestep(step, size));
    for (const input of stateful.inputs) {
      const value = fed.get(input.name);
      if (value) this.map.values.set(input, value);
    }
    this.copyCall();
    const output = stateful.outputs.find(({ name }) => name === ports.prediction.name)!;
    let prediction = this.map.values.get(output) ?? output;
    if (ports.prediction.type !== 'float32') prediction = inside.cast(prediction, 'float32');
    if (ports.withVariance) {
      const parts = inside.ints([0, 2, ports.channels!, -1]);
      prediction = inside.gather(
        inside.add('Reshape', [prediction, parts]),
        inside.ints([0], []),
        1,
      );
    }
    if (!guidance) {
      const isAlike = ports.prediction.shape.join() === ports.latent.shape.join();
      return isAlike ? prediction : inside.add('Reshape', [prediction, size]);
    }
    const pair = this.outside.concat([this.outside.ints([2]), size]);
    const halves = inside.add('Reshape', [prediction, pair]);
    const [first, second] = [0, 1].map((half) => inside.gather(halves, inside.ints([half], [])));
    // the order is its own inverse
    const [conditional, unconditional] = inOrder(guidance.order, first!, second!);
    const [c, u, s] = [conditional, unconditional, scale!].map((one) => inside.double(one));
    const apart = inside.add('Sub', [c!, u!]);
    return inside.single(inside.add('Add', [u!, inside.add('Mul', [s!, apart])]));
  }

  private timestep(step: Value, size: Value): Value {
    const { tables, inside, outside, ports, main } = this;
    const { type, shape, rest = [] } = ports.timestep.feed;
    const isWhole = type === 'int64' || type === 'int32';
    const told = tables.told.map((timestep) => (isWhole ? Math.round(timestep) : timestep));
    const table = constantOf(main, main.scope.fresh('loop.told'), type, told, [told.length]);
    const now = inside.gather(table, step);
    if (shape === 'scalar') return now;
    const one = inside.add('Reshape', [now, inside.ints([1, ...rest.map(() => 1)])]);
    if (shape === 'one' && rest.length === 0) return one;
    const images = outside.gather(size, outside.ints([0]));
    const copies = this.compilation.guidance ? 2 : 1;
    const batch = copies === 1 ? images : outside.add('Mul', [images, outside.ints([copies])]);
    const first = shape === 'one' ? outside.ints([1]) : batch;
    const dims = rest.length === 0 ? first : outside.concat([first, outside.ints(rest)]);
    return inside.add('Expand', [one, dims]);
  }

  /** The nodes of a call; what they are made of once lies outside of the loop. */
  private copyCall(): void {
    const { stateful, body, main, map } = this;
    for (const value of stateful.initializers) {
      if (map.values.has(value)) continue;
      const copy = main.newValue(value.name, undefined, 0);
      copy.type = value.type;
      main.setInitializer(copy, value.initializer!);
      map.values.set(value, copy);
    }
    for (const [value, data] of stateful.sparseInitializers) {
      const copy = main.newValue(value.name, undefined, 0);
      main.sparseInitializers.set(copy, data);
      map.values.set(value, copy);
    }
    for (const node of stateful.nodes) copyNode(node, body, map);
    for (const node of stateful.nodes) wireCopy(node, map.nodes.get(node)!, map);
    // what is called by a size of one half has twice as many rows in a pair
    if (this.compilation.guidance) openTypes(body);
  }

  private begin(slot: Slot, { noise, init }: Given, size: Value): Value {
    const { outside, tables } = this;
    if (slot !== 'latent') return outside.add('ConstantOfShape', [size]);
    const factor = (number: number) => (number === 1 ? undefined : outside.doubles([number], []));
    const terms = [[noise, factor(tables.start.noise)] as const];
    if (init) terms.push([init, factor(tables.start.init!)]);
    return sumOf(outside, terms)!;
  }
}

/** Takes symbols out of what is declared of values. */
function openTypes(graph: Graph): void {
  for (const value of graph.values()) {
    const { type } = value;
    if (type?.kind === 'tensor' && type.shape?.some((dim) => typeof dim === 'string'))
      value.type = tensorType(
        type.elem,
        type.shape.map((dim) => (typeof dim === 'number' ? dim : null)),
      );
  }
  for (const node of graph.nodes) for (const inner of subgraphs(node)) openTypes(inner);
}
