/** Checks one program: its references, its wires, and that no input or state has two sources. */
import type { Problem } from '../../errors/index.js';
import type { Program, Run, Schedule } from '../../generated/schedule.js';
import { pointer } from './pointer.js';

export function checkProgram(schedule: Schedule, id: string, program: Program): Problem[] {
  const problems: Problem[] = [];
  const given = new Map<string, number>();
  const written = new Map<string, number>();
  if (program.pairs && schedule.source.guidance?.mode !== 'batch')
    problems.push({
      path: pointer('programs', id, 'pairs'),
      message: 'must stand only where source.guidance has both halves in one batch',
    });
  program.runs.forEach((run, r) => {
    const at = (...keys: readonly string[]) => pointer('programs', id, 'runs', r, ...keys);
    const say = (path: string, message: string) => problems.push({ path, message });

    if (!Object.hasOwn(schedule.models, run.model))
      say(at('model'), `names no model: "${run.model}"`);
    for (const kind of ['reads', 'unused'] as const)
      for (const [input, state] of Object.entries(run[kind] ?? {}))
        if (!Object.hasOwn(schedule.states, state))
          say(at(kind, input), `names no state: "${state}"`);
    for (const [input, parameter] of Object.entries(run.parameters ?? {}))
      if (!Object.hasOwn(schedule.parameters ?? {}, parameter))
        say(at('parameters', input), `names no parameter: "${parameter}"`);
    for (const [input, wire] of Object.entries(run.takes ?? {}))
      if (!given.has(wire))
        say(
          at('takes', input),
          `takes the wire "${wire}", which no earlier run of this program gives`,
        );
    for (const wire of Object.keys(run.gives ?? {})) {
      const before = given.get(wire);
      if (before !== undefined) say(at('gives', wire), `is given by run ${before} already`);
      given.set(wire, r);
    }
    for (const state of Object.keys(run.writes ?? {})) {
      if (!Object.hasOwn(schedule.states, state))
        say(at('writes', state), `names no state: "${state}"`);
      else if (schedule.states[state]!.follows !== undefined)
        say(at('writes', state), `writes "${state}", which follows another state`);
      const before = written.get(state);
      if (before !== undefined) say(at('writes', state), `is written by run ${before} already`);
      written.set(state, r);
    }
    problems.push(...checkInputs(schedule, run, at));
  });
  return problems;
}

/** Each model input has one source; those that the caller feeds are listed nowhere. */
function checkInputs(
  { source }: Schedule,
  run: Run,
  at: (...keys: readonly string[]) => string,
): Problem[] {
  const problems: Problem[] = [];
  const origin = new Map(source.inputs.map(({ name }) => [name, 'an input that the caller feeds']));
  for (const kind of ['reads', 'parameters', 'takes', 'constants', 'unused'] as const)
    for (const input of Object.keys(run[kind] ?? {})) {
      const other = origin.get(input);
      if (other) problems.push({ path: at(kind, input), message: `is ${other} too` });
      else origin.set(input, `listed under ${kind}`);
    }
  return problems;
}
