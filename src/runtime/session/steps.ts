/** A program made ready to run: for each of its runs the session, the constants, what to fetch. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { modelMismatch } from '../../errors/index.js';
import type { Run, Schedule } from '../../generated/schedule.js';
import type { Engine } from './engine.js';
import type { Models } from './models.js';
import { constantTensor } from './tensors.js';

export interface Step {
  readonly run: Run;
  /** File name of the model, for messages. */
  readonly file: string;
  readonly session: InferenceSession;
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Inputs of the source model that the model declares. */
  readonly feeds: readonly string[];
  /** Outputs of the source model that this run gives. */
  readonly outputs: readonly string[];
  /** Wires that a later run takes, with the model output of each. */
  readonly wires: readonly (readonly [wire: string, output: string])[];
}

/** @throws StepfoldError SCHEDULE_MODEL_MISMATCH when no run gives one of the source's outputs */
export async function prepareSteps(
  engine: Engine,
  schedule: Pick<Schedule, 'source' | 'models' | 'programs'>,
  models: Models,
  program: string,
): Promise<readonly Step[]> {
  const { runs } = schedule.programs[program]!;
  const missing = new Set(schedule.source.outputs.map(({ name }) => name));
  // of several runs that take a wire the last one counts
  const lastTaken = new Map(
    runs.flatMap((run, i) => Object.values(run.takes ?? {}).map((wire) => [wire, i] as const)),
  );
  const steps: Step[] = [];
  for (const [i, run] of runs.entries()) {
    const session = await models.get(run.model);
    const outputs = session.outputNames.filter((name) => missing.delete(name));
    const sourceInputs = schedule.source.inputs.map(({ name }) => name);
    steps.push({
      run,
      file: schedule.models[run.model]!.file,
      session,
      constants: new Map(
        Object.entries(run.constants ?? {}).map(([input, constant]) => [
          input,
          constantTensor(engine, constant),
        ]),
      ),
      feeds: sourceInputs.filter((name) => session.inputNames.includes(name)),
      outputs,
      wires: Object.entries(run.gives ?? {}).filter(([wire]) => (lastTaken.get(wire) ?? i) > i),
    });
  }
  const [output] = missing;
  if (output !== undefined) throw outputNotGiven(schedule, program, output);
  return steps;
}

/** SCHEDULE_MODEL_MISMATCH for an output of the source that no run of a program gives. */
export function outputNotGiven(
  { programs, models }: Pick<Schedule, 'programs' | 'models'>,
  program: string,
  output: string,
) {
  const { model } = programs[program]!.runs.at(-1)!;
  const why = `program "${program}" nowhere gives the output "${output}"`;
  return modelMismatch(model, models[model]!.file, why);
}
