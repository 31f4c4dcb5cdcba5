/**
 * Roles and timesteps. A latent is shaped like the prediction but for its channels, and a timestep is what
 * the sinusoidal embedding is made of, where some input is; timesteps that are looked up in a table
 * are rows of it. Where no pair of tensors and no input is so, roles are the user's word.
 */
import { findInputRoles } from '../../../compiler/analysis/index.js';
import type { Problem } from '../../../errors/index.js';
import type { Model } from '../../../model/ir/model.js';
import { inferShapes } from '../../../model/shape/index.js';
import type { Dimension, Port, Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';

export function roleProblems(
  schedule: Schedule,
  source: Model,
  tables: ReadonlyMap<string, number>,
): Problem[] {
  return [
    ...latentProblems(schedule),
    ...timestepProblems(schedule, source),
    ...tableProblems(schedule, tables),
  ];
}

function latentProblems({ source }: Schedule): Problem[] {
  const { inputs, outputs, roles = {} } = source;
  const problems: Problem[] = [];
  const find = (ports: readonly Port[], role: 'latent' | 'prediction', kind: string) => {
    const name = roles[role];
    const port = ports.find((p) => p.name === name);
    if (name !== undefined && !port)
      problems.push({
        path: pointer('source', 'roles', role),
        message: `names no ${kind} of the source: "${name}"`,
      });
    return port;
  };
  const latent = find(inputs, 'latent', 'input');
  const prediction = find(outputs, 'prediction', 'output');
  // compiling finds such a pair, and what is kept for a whole image must not depend on the latent
  if (roles.latent === undefined)
    for (const input of inputs)
      for (const output of outputs)
        if (input.name !== roles.timestep && alike(input.shape, output.shape, [1]))
          return [
            ...problems,
            {
              path: pointer('source', 'roles', 'latent'),
              message: `is not said, where "${input.name}" and "${output.name}" are alike`,
            },
          ];
  if (!latent || !prediction || alike(latent.shape, prediction.shape)) return problems;
  const better = inputs.flatMap((input) =>
    outputs.filter((output) => alike(input.shape, output.shape)).map((output) => [input, output]),
  );
  const [pair] = better;
  if (pair)
    problems.push({
      path: pointer('source', 'roles'),
      message: `says that "${latent.name}" is denoised to "${prediction.name}", which has another size, where "${pair[0]!.name}" and "${pair[1]!.name}" are alike`,
    });
  return problems;
}

/** As many axes, three at least, of one size but for one of them, the channels, which `axes` may be. */
function alike(
  a: readonly Dimension[],
  b: readonly Dimension[],
  axes: readonly number[] = [...a.keys()].slice(1),
): boolean {
  if (a.length !== b.length || a.length < 3) return false;
  const other = [...a.keys()].filter((axis) => a[axis] !== b[axis]);
  return other.length <= 1 && other.every((axis) => axes.includes(axis));
}

function timestepProblems({ source: { inputs, roles = {} } }: Schedule, source: Model): Problem[] {
  const { timestep, latent } = roles;
  const path = pointer('source', 'roles', 'timestep');
  const found = findInputRoles(source.graph, inferShapes(source)).timestep;
  const says = `sines and cosines are taken of "${found}"`;
  if (timestep === undefined)
    return found === undefined ? [] : [{ path, message: `is not said, where ${says}` }];
  if (!inputs.some(({ name }) => name === timestep))
    return [{ path, message: `names no input of the source: "${timestep}"` }];
  if (timestep === latent) return [{ path, message: `names the latent too: "${timestep}"` }];
  return found === undefined || found === timestep
    ? []
    : [{ path, message: `says "${timestep}", where ${says}` }];
}

function tableProblems(
  { timesteps = [], source: { roles = {} } }: Schedule,
  tables: ReadonlyMap<string, number>,
): Problem[] {
  const rows = tables.get(roles.timestep ?? '');
  return timesteps.flatMap((timestep, i) =>
    rows === undefined || timestep < rows
      ? []
      : [
          {
            path: pointer('timesteps', i),
            message: `is ${timestep}, where "${roles.timestep}" is looked up in ${rows} rows`,
          },
        ],
  );
}
