/**
 * `split`: one self-contained model per program. Programs that differ only in what they write share
 * a model as long as writing costs no node: the runtime fetches just the outputs it needs.
 */
import { cloneModel } from '../ir/clone.js';
import type { Model } from '../ir/model.js';
import { removeDeadNodes } from '../ir/prune.js';
import { tensorType } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { ProgramFlow } from '../plan/index.js';
import type { Instrumented } from './instrument.js';
import type { Lowered, Run } from './lowered.js';
import { stateInputName, stateOutputName } from './names.js';
import { addNamedOutput, dropUnusedInputs, unusedInputs } from './outputs.js';

export function lowerSplit(source: Instrumented): Lowered {
  const models = new Map<string, Model>();
  const programs = new Map<string, readonly Run[]>();
  for (const group of byRow(source.programs)) {
    const union = [...new Set(group.flatMap((p) => p.writes))].sort();
    const shared = programModel(source, group[0]!, union);
    const bare = group.length > 1 ? programModel(source, group[0]!, []) : shared;
    const free = shared.graph.nodes.size === bare.graph.nodes.size;
    for (const program of group) {
      const id = free ? group[0]!.name : program.name;
      const model =
        models.get(id) ?? (free ? shared : programModel(source, program, program.writes));
      models.set(id, model);
      programs.set(program.name, [run(id, model, program)]);
    }
  }
  return { emit: 'split', models, programs };
}

function byRow(programs: readonly ProgramFlow[]): ProgramFlow[][] {
  const groups = new Map<string, ProgramFlow[]>();
  for (const program of programs) {
    const key = program.row.map((name) => name ?? '-').join('\n');
    groups.set(key, [...(groups.get(key) ?? []), program]);
  }
  // the one that writes most names the model that all of them may share
  return [...groups.values()].map((group) =>
    [...group].sort((a, b) => b.writes.length - a.writes.length),
  );
}

function programModel(
  source: Instrumented,
  program: ProgramFlow,
  writes: readonly string[],
): Model {
  const keep = unusedInputs(source);
  const { model, map } = cloneModel(source.model);
  const { graph } = model;
  const mapped = (v: Value) => map.values.get(v) as Value;
  source.sites.forEach((site, s) => {
    const produced = site.produced.get(program.row[s] ?? '');
    produced?.forEach((value, k) => {
      graph.replaceUses(mapped(site.outputs[k]!), mapped(value));
    });
  });
  for (const state of writes) {
    const value = writtenValue(source, program, state);
    const info = source.states.get(state);
    if (value && info)
      addNamedOutput(
        graph,
        stateOutputName(state),
        mapped(value),
        tensorType(info.type, info.shape),
      );
  }
  for (const node of source.standIns) {
    const { output, inputs } = map.nodes.get(node) ?? node;
    if (output.graph === graph && !output.isGraphOutput) graph.replaceUses(output, inputs[0]!);
  }
  removeDeadNodes(graph);
  dropUnusedInputs(graph, keep);
  graph.name = `${graph.name || 'graph'}.${program.name}`;
  return model;
}

/** The value that a program keeps as a state. */
export function writtenValue(
  source: Instrumented,
  program: ProgramFlow,
  state: string,
): Value | undefined {
  for (const [s, site] of source.sites.entries()) {
    const value = site.writes.get(program.row[s] ?? '')?.get(state);
    if (value) return value;
  }
  return undefined;
}

function run(id: string, model: Model, program: ProgramFlow): Run {
  const inputs = new Set(model.graph.inputs.map((v) => v.name));
  const reads = program.reads.filter((state) => inputs.has(stateInputName(state)));
  return {
    model: id,
    ...(reads.length > 0 && {
      reads: Object.fromEntries(reads.map((state) => [stateInputName(state), state])),
    }),
    ...(program.writes.length > 0 && {
      writes: Object.fromEntries(program.writes.map((state) => [state, stateOutputName(state)])),
    }),
  };
}
