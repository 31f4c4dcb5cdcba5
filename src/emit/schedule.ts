/** The schedule of a compilation. */
import { type BranchChoice, concreteShapes, graphCost, type Macs } from '../cost/index.js';
import { noElementType } from '../errors/index.js';
import { constantTensor } from '../ir/constants.js';
import { isOp } from '../ir/node.js';
import { elementCount, readNumbers } from '../ir/tensor.js';
import { byteLength } from '../ir/types.js';
import type { Value } from '../ir/value.js';
import type { Run } from '../lower/index.js';
import type { Compilation } from '../pipeline/index.js';
import type { ElementType, Port, Schedule } from '../schedule/index.js';
import { evaluate, inferShapes, parseDim } from '../shape/index.js';
import { VERSION } from '../version.js';

export interface ScheduleFiles {
  readonly sourceFile: string;
  readonly sourceHash: string;
  readonly models: Schedule['models'];
  readonly weights: Schedule['weights'];
}

const CARRIED: ReadonlySet<string> = new Set([
  'float32',
  'float16',
  'float64',
  'int8',
  'uint8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'uint64',
  'bool',
  'string',
  'int4',
  'uint4',
]);

/** @throws SCHEDULE_ELEMENT_TYPE when a value that crosses a border has a type JavaScript cannot carry */
export function makeSchedule(compilation: Compilation, files: ScheduleFiles): Schedule {
  const { canonical, lowered, instrumented, plan, shapes, roles } = compilation;
  const port = (value: Value): Port => ({
    name: value.name,
    type: elementType(value.name, shapes.dtype(value) ?? 'undefined'),
    shape: shapes.shape(value)?.map((d) => d.constant ?? d.toString()) ?? [],
  });
  const used = new Set(
    [...lowered.programs.values()].flatMap((runs) =>
      runs.flatMap((r) => [
        ...Object.values({ ...r.reads, ...r.unused }),
        ...Object.keys(r.writes ?? {}),
      ]),
    ),
  );
  return {
    format: 'stepfold.schedule',
    version: 1,
    producer: `stepfold ${VERSION}`,
    source: {
      file: files.sourceFile,
      sha256: files.sourceHash,
      inputs: canonical.graph.inputs.filter((v) => !v.initializer).map(port),
      outputs: canonical.graph.outputs.map(port),
      roles: {
        ...(roles.latent !== undefined && { latent: roles.latent }),
        ...(roles.timestep !== undefined && { timestep: roles.timestep }),
        ...(roles.prediction !== undefined && { prediction: roles.prediction }),
      },
    },
    emit: lowered.emit,
    models: files.models,
    weights: files.weights,
    states: Object.fromEntries(
      [...instrumented.states.values()]
        .filter((s) => used.has(s.id))
        .map((s) => [s.id, { type: elementType(s.id, s.type), shape: [...s.shape] }]),
    ),
    programs: Object.fromEntries(
      [...lowered.programs].map(([name, runs]) => [name, { runs: [...runs] }]),
    ),
    calls: [...instrumented.calls],
    sites: Object.fromEntries(
      plan.sites.map((site, s) => [
        site.id,
        {
          description: site.description,
          values: site.outputs.map((v) => v.name),
          strategies: plan.rows.map((row) => row[s] as string),
        },
      ]),
    ),
    cost: cost(compilation),
  };
}

function elementType(name: string, type: string): ElementType {
  if (!CARRIED.has(type)) throw noElementType(name, type);
  return type as ElementType;
}

function cost({
  canonical,
  shapes,
  bindings,
  lowered,
  instrumented,
}: Compilation): Schedule['cost'] {
  const source = graphCost(canonical.graph, concreteShapes(shapes, bindings)).macs;
  const programs = programMacs(lowered, instrumented, bindings);
  const counts = (convention: keyof Macs) => ({
    source: source[convention],
    programs: Object.fromEntries([...programs].map(([name, macs]) => [name, macs[convention]])),
    perCall:
      instrumented.calls.reduce((sum, name) => sum + (programs.get(name)?.[convention] ?? 0), 0) /
      instrumented.calls.length,
  });
  return {
    macs: {
      convention: { all: counts('all'), layers: counts('layers') },
      bindings: Object.fromEntries(bindings),
    },
    stateBytes: stateBytes(instrumented, bindings),
  };
}

/**
 * MACs of each program, counted on the models that are written, not on the plan. In a merged model
 * only the branches that the program's strategy takes count.
 */
function programMacs(
  lowered: Compilation['lowered'],
  instrumented: Compilation['instrumented'],
  bindings: ReadonlyMap<string, number>,
): Map<string, Macs> {
  // a merged model leaves open what the sizes of its states are
  const inputs = Object.fromEntries(
    [...instrumented.states.values()].map(({ input, shape }) => [
      input.name,
      shape.map((d) => d ?? 'unknown'),
    ]),
  );
  const tables = new Map(
    [...lowered.models].map(([id, model]) => [
      id,
      { model, shapes: inferShapes(model, { inputs }) },
    ]),
  );
  return new Map(
    [...lowered.programs].map(([name, runs]) => {
      const total = { all: 0, layers: 0 };
      for (const run of runs) {
        const { model, shapes } = tables.get(run.model)!;
        const macs = graphCost(
          model.graph,
          concreteShapes(shapes, bindings),
          branchTaken(run.constants ?? {}),
        ).macs;
        total.all += macs.all;
        total.layers += macs.layers;
      }
      return [name, total];
    }),
  );
}

/** The branch of a merged model's If that its strategy inputs choose: then when they are equal. */
function branchTaken(constants: NonNullable<Run['constants']>): BranchChoice {
  return (node) => {
    const test = isOp(node, 'If') ? node.inputs[0]?.producer : undefined;
    if (!isOp(test, 'Equal')) return undefined;
    const [choice, index] = test.inputs;
    const given = constants[choice?.name ?? ''];
    const tensor = constantTensor(index);
    if (!given || !tensor) return undefined;
    const branch = node.attributes.get(
      readNumbers(tensor)[0] === given.data[0] ? 'then_branch' : 'else_branch',
    );
    return branch?.type === 'graph' ? branch.value : undefined;
  };
}

function stateBytes(
  instrumented: Compilation['instrumented'],
  bindings: ReadonlyMap<string, number>,
): number {
  let total = 0;
  for (const state of instrumented.states.values()) {
    const dims = state.shape.map((d) =>
      typeof d === 'number' ? d : d === null ? undefined : evaluate(parseDim(d), bindings),
    );
    if (dims.every((d) => d !== undefined))
      total += byteLength(state.type, elementCount(dims as number[])) ?? 0;
  }
  return total;
}
