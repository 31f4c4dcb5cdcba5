/**
 * What a schedule says of its programs and states as a whole: the form, whether a program needs guidance
 * pairs, what it was rewritten for, and that every state is somebody's.
 */
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Problem } from '../../../errors/index.js';
import { callsOf, counterOf, type Schedule } from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import { meaningAt } from '../reference/meanings.js';

/**
 * @param known what strategies mean
 * @param target what the report beside the schedule says that the models were rewritten for
 */
export function programProblems(
  schedule: Schedule,
  known: KnownStrategies,
  target: string | undefined,
): Problem[] {
  return [
    ...formProblems(schedule),
    ...pairProblems(schedule, known),
    ...stateProblems(schedule),
    ...(schedule.target === target
      ? []
      : [
          {
            path: pointer('target'),
            message: `says ${schedule.target ?? 'nothing'}, where report.json says ${target ?? 'nothing'}`,
          },
        ]),
  ];
}

const runsOf = ({ programs }: Schedule) => Object.values(programs).flatMap(({ runs }) => runs);

function formProblems(schedule: Schedule): Problem[] {
  const { emit, models, programs } = schedule;
  const single = Object.values(programs).every(({ runs }) => runs.length === 1);
  const chosen = runsOf(schedule).some((run) => Object.keys(run.constants ?? {}).length > 0);
  const counts = counterOf(schedule.states) !== undefined;
  const fits = {
    split: single && !chosen,
    merged: single && Object.keys(models).length === 1,
    chain: !chosen,
    stateful: single && !chosen && counts,
    loop: single && !chosen && counts,
  };
  const path = pointer('emit');
  return fits[emit] ? [] : [{ path, message: `says ${emit}, which its programs are not` }];
}

/** One half stands for both in a program where it does so at one of its calls. */
function pairProblems(schedule: Schedule, known: KnownStrategies): Problem[] {
  const { programs, source } = schedule;
  const { guidance } = source;
  if (guidance?.mode !== 'batch') return [];
  const calls = callsOf(schedule);
  const meanings = (call: number) =>
    calls.strategiesAt(call).map(({ strategy }) => meaningAt(strategy, call, guidance, known));
  // what is shared inside of what another site replaces is not computed at all
  const sharing = new Set(
    calls.inOrder
      .map((program, call) => ({ program, does: meanings(call) }))
      .filter(
        ({ does }) =>
          does.some((meaning) => meaning?.shared || meaning?.derives) &&
          does.every((meaning) => meaning && !meaning.run && meaning.values === 'network'),
      )
      .map(({ program }) => program),
  );
  return Object.entries(programs).flatMap(([program, { pairs }]) =>
    pairs === false && sharing.has(program)
      ? [
          {
            path: pointer('programs', program, 'pairs'),
            message: 'says that no half stands for both, where by the plan one does',
          },
        ]
      : [],
  );
}

function stateProblems(schedule: Schedule): Problem[] {
  const used = new Set(
    runsOf(schedule).flatMap(({ reads = {}, unused = {}, writes = {} }) => [
      ...Object.values(reads),
      ...Object.values(unused),
      ...Object.keys(writes),
    ]),
  );
  return Object.keys(schedule.states)
    .filter((state) => !used.has(state))
    .map((state) => ({ path: pointer('states', state), message: 'is of no program' }));
}
