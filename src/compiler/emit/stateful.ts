/**
 * One model that needs no schedule to run: the plan lies in it as tables with a row for each call, looked up by a state
 * that counts the calls. Whoever runs it feeds back what it gave, `out` to `in`, and does nothing else. Made of the merged
 * model: what that is told at each call, this one knows.
 *
 * Behind the last call the counter is 0 again, and call 0 reads no state but those with an initial value, which it has
 * anew. So the call after a whole image is the first one of another, whatever the states hold and of whatever size.
 */
import { cloneModel } from '../../model/ir/clone.js';
import type { Graph } from '../../model/ir/graph.js';
import { elementCount } from '../../model/ir/tensor.js';
import type { ValueType } from '../../model/ir/types.js';
import type { Value } from '../../model/ir/value.js';
import { fedParameters, type Run } from '../../runtime/schedule/index.js';
import {
  addNamedOutput,
  BranchesTaken,
  type Instrumented,
  inputType,
  outputType,
  passedOn,
  type StateInfo,
  stateSymbols,
  withFollowed,
} from '../lower/index.js';

import type { Compilation } from '../pipeline/index.js';
import { type CallRows, CallTables } from './call-tables.js';
import { carry } from './carried-states.js';
import { axesOf, parametersOf, withParameters } from './parameters.js';

const MODEL = 'stateful';

/** @param compilation in the form `merged`, of one loop */
export function statefulOf(compilation: Compilation): Compilation {
  const { instrumented, lowered } = compilation;
  const { names, calls } = instrumented;
  const { model } = cloneModel([...lowered.models.values()][0]!);
  const { graph } = model;
  const runs = new Map(
    [...lowered.programs].map(([name, [run]]) => [name, withParameters(compilation, run!)]),
  );
  const inOrder = calls.map((name) => runs.get(name)!);
  const counter = freeId(instrumented.states);
  const tables = new CallTables(graph, names.stateInput(counter), calls.length);
  for (const [name, rows] of toldTo(compilation, runs)) {
    const input = graph.inputs.find((value) => value.name === name)!;
    graph.replaceUses(input, tables.lookUp(name, rows));
    graph.removeInput(input);
  }
  const states = carriedStates(instrumented, runs.values());
  const symbols = stateSymbols([...states.values()].map((s) => [names.stateInput(s.id), s]));
  const inputs = new Map(
    [...states.values()].map((state) => [state.id, inputOf(graph, names.stateInput(state.id))]),
  );
  for (const [id, input] of inputs) input.type = inputType(states.get(id)!, symbols);
  const outputs = new Map(
    [...states.keys()].flatMap((id) => {
      const output = graph.outputs.find(({ name }) => name === names.stateOutput(id));
      return output ? [[id, output] as const] : [];
    }),
  );
  const passed = new Map(
    [...runs].map(([name, run]) => [name, passedStates(compilation, run)] as const),
  );
  const left = carry(graph, states, inOrder, tables, {
    inputs,
    outputs,
    passed: calls.map((name) => passed.get(name)!),
  });
  for (const [id, value] of [...left].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [name, type] = [names.stateOutput(id), outputType(states.get(id)!)];
    const output = outputs.get(id);
    if (!output) addNamedOutput(graph, name, value, type);
    else if (output !== value) leaveInstead(graph, output, value, type);
  }
  const counting: StateInfo = {
    id: counter,
    type: 'int64',
    shape: [1],
    input: tables.input,
    initial: [0],
    counts: true,
  };
  addNamedOutput(graph, names.stateOutput(counter), tables.next(), outputType(counting));

  const run = ({ reads, unused, writes }: Run): Run => ({
    model: MODEL,
    reads: { ...reads, [tables.input.name]: counter },
    ...unusedBut(inputs, { ...unused }, reads),
    writes: { ...writes, [counter]: names.stateOutput(counter) },
  });
  return {
    ...compilation,
    instrumented: {
      ...instrumented,
      states: new Map([...instrumented.states, [counter, counting]]),
    },
    lowered: {
      emit: 'stateful',
      models: new Map([[MODEL, model]]),
      programs: new Map([...runs].map(([name, own]) => [name, [run(own)]])),
      symbols,
    },
  };
}

/** The states that a run of the merged model gives as they came in. */
function passedStates({ instrumented, lowered }: Compilation, { constants = {} }: Run) {
  const { names, states } = instrumented;
  const { graph } = [...lowered.models.values()][0]!;
  const taken = new BranchesTaken(
    new Map(Object.entries(constants).map(([input, { data }]) => [input, data[0]!])),
  );
  const outputs = new Map(graph.outputs.map((value) => [value.name, value]));
  return new Set(
    [...states.keys()].filter((id) => {
      const output = outputs.get(names.stateOutput(id));
      return output && passedOn(output, taken).name === names.stateInput(id);
    }),
  );
}

/** Makes a value that a node makes leave the graph in place of another, under its name. */
function leaveInstead(
  graph: Graph,
  output: Value,
  value: Value,
  type: ValueType | undefined,
): void {
  const { name } = output;
  graph.giveUpName(output, `${name}.made`);
  graph.rename(value, name);
  value.type = type;
  graph.replaceUses(output, value, ({ user }) => user === graph);
}

const inputOf = (graph: Graph, name: string): Value =>
  graph.inputs.find((value) => value.name === name) ?? graph.addInput(name);

/** Every input of a state that the run does not read. */
function unusedBut(
  inputs: ReadonlyMap<string, Value>,
  unused: Readonly<Record<string, string>>,
  reads: Readonly<Record<string, string>> = {},
): Pick<Run, 'unused'> {
  const all = [...inputs].flatMap(([id, { name }]) =>
    name in reads ? [] : [[name, unused[name] ?? id] as const],
  );
  return all.length > 0 ? { unused: Object.fromEntries(all) } : {};
}

/** The states that some program reads or writes, and those from which these take what they hold. */
function carriedStates(
  { states }: Instrumented,
  runs: Iterable<Run>,
): ReadonlyMap<string, StateInfo> {
  const named = [...runs].flatMap(({ reads, unused, writes }) => [
    ...Object.values({ ...reads, ...unused }),
    ...Object.keys(writes ?? {}),
  ]);
  const used = withFollowed(named, states);
  return new Map([...states].filter(([id]) => used.has(id)));
}

/** By input of the merged model that is no state, what it is told at each call. */
function toldTo(compilation: Compilation, runs: ReadonlyMap<string, Run>): Map<string, CallRows> {
  const { plan, guidance, instrumented } = compilation;
  const calls = [...instrumented.calls];
  const parameters = fedParameters({
    calls,
    programs: Object.fromEntries([...runs].map(([name, run]) => [name, { runs: [run] }])),
    parameters: parametersOf(compilation),
    axes: axesOf(plan),
    source: guidance ? { guidance } : {},
  });
  const told = new Map<string, CallRows & { rows: (readonly number[])[] }>();
  const all = [...runs.values()];
  for (const { constants = {} } of all)
    for (const [input, { type, shape, data }] of Object.entries(constants))
      told.set(input, { type, shape, rows: calls.map(() => data) });
  for (const { parameters: taken = {} } of all)
    for (const [input, id] of Object.entries(taken)) {
      const { shape } = parameters[id]!;
      const zeros = Array<number>(elementCount(shape)).fill(0);
      told.set(input, { type: 'float32', shape, rows: calls.map(() => zeros) });
    }
  calls.forEach((name, call) => {
    const { constants = {}, parameters: taken = {} } = runs.get(name)!;
    for (const [input, { data }] of Object.entries(constants)) told.get(input)!.rows[call] = data;
    for (const [input, id] of Object.entries(taken))
      told.get(input)!.rows[call] = parameters[id]!.calls[call]!;
  });
  return told;
}

/** A name that no state of the plan has. */
function freeId(states: ReadonlyMap<string, unknown>): string {
  let id = 'call';
  for (let n = 1; states.has(id); n++) id = `call-${n}`;
  return id;
}
