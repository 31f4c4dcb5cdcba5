/** Checks the rules of a schedule: that they speak of what there is, and lead to the calls that it lists. */
import type { Problem } from '../../errors/index.js';
import type { Placed, Row, Rule, Schedule } from '../../generated/schedule.js';
import { callsPerStep } from './guidance.js';
import { followRules, hasRules, writtenPlaces } from './loop/index.js';
import { fedTo } from './loop/programs.js';
import { pointer } from './pointer.js';

/** References and lengths. */
export function checkLoop(schedule: Schedule): Problem[] {
  const { loop, version, calls, source, sampler } = schedule;
  if (version === 1 && sampler)
    return [{ path: pointer('sampler'), message: 'has no place in version 1' }];
  if (!loop)
    return version === 1
      ? []
      : [{ path: pointer('loop'), message: 'must be there from version 2 on' }];
  if (version === 1) return [{ path: pointer('loop'), message: 'has no place in version 1' }];
  if (loop.start >= loop.steps)
    return [
      {
        path: pointer('loop', 'start'),
        message: `must be below the ${loop.steps} steps, found ${loop.start}`,
      },
    ];
  const taken = loop.steps - loop.start;
  const count = taken * callsPerStep(source.guidance);
  const problems: Problem[] = [];
  if (calls.length !== count)
    problems.push({
      path: pointer('calls'),
      message: `must be ${count}, as \`loop\` has it; found ${calls.length}`,
    });
  if (loop.timesteps && loop.timesteps.length !== taken)
    problems.push({
      path: pointer('loop', 'timesteps'),
      message: `must be one for each of the ${taken} steps, found ${loop.timesteps.length}`,
    });
  if (!hasRules(schedule)) return problems;
  const { rules, rows } = schedule.loop;
  return [
    ...problems,
    ...rules.flatMap((rule, r) => checkRule(schedule, rule, r)),
    ...checkSites(schedule, rules),
    ...rows.flatMap((row, r) => checkRow(schedule, rules, row, r)),
    ...(rows.some(({ choices }) => choices.every((choice) => choice === 0))
      ? []
      : [{ path: pointer('loop', 'rows'), message: 'must have one of choice 0 of every rule' }]),
  ];
}

function checkSites({ sites = {} }: Schedule, rules: readonly Rule[]): Problem[] {
  const named = rules.flatMap((rule) => rule.sites);
  return Object.keys(sites).flatMap((id) => {
    const times = named.filter((other) => other === id).length;
    return times === 1
      ? []
      : [{ path: pointer('sites', id), message: `must stand in one rule, stands in ${times}` }];
  });
}

function checkRule({ sites = {}, source }: Schedule, rule: Rule, r: number): Problem[] {
  const at = (...keys: readonly (string | number)[]) => pointer('loop', 'rules', r, ...keys);
  const perStep = callsPerStep(source.guidance);
  const { when, choices } = rule;
  return [
    // sites say what calls do, and may be left out altogether
    ...rule.sites.flatMap((id, s) =>
      Object.keys(sites).length === 0 || Object.hasOwn(sites, id)
        ? []
        : [{ path: at('sites', s), message: `names no site: "${id}"` }],
    ),
    ...choices.flatMap((choice, c) =>
      choice.length === perStep && choice.every((row) => row.length === rule.sites.length)
        ? []
        : [
            {
              path: at('choices', c),
              message: `must have ${perStep} lists of ${rule.sites.length} strategies`,
            },
          ],
    ),
    ...(when.kind === 'placed'
      ? checkPlaced(when, choices.length, at)
      : [
          ...checkChoices(
            when.between.map(({ choice }) => choice),
            choices.length,
            at('when', 'between'),
          ),
          ...(when.between.at(-1)!.before === undefined &&
          when.between.at(-1)!.beforePart === undefined
            ? []
            : [{ path: at('when', 'between'), message: 'must end with one that always holds' }]),
        ]),
  ];
}

function checkPlaced(
  { base, apart, covers, order, timesteps }: Placed,
  choices: number,
  at: (...keys: readonly (string | number)[]) => string,
): Problem[] {
  const all = Array.from({ length: choices }, (_, choice) => choice);
  const lengths: Problem[] = [];
  if (covers.length !== choices)
    lengths.push({ path: at('when', 'covers'), message: `must have ${choices} lists` });
  else if (!all.every((choice) => covers[0]!.includes(choice) && covers[choice]!.includes(choice)))
    lengths.push({
      path: at('when', 'covers'),
      message: 'must say that each choice covers itself, and choice 0 all',
    });
  if (order.toSorted((a, b) => a - b).join() !== all.join())
    lengths.push({
      path: at('when', 'order'),
      message: `must have each of ${choices} choices once`,
    });
  if (timesteps && timesteps.length !== base.length)
    lengths.push({
      path: at('when', 'timesteps'),
      message: `must be as many as \`base\`, ${base.length}; found ${timesteps.length}`,
    });
  if (apart && (choices !== 2 || base[0] !== 0 || timesteps))
    lengths.push({
      path: at('when', 'apart'),
      message: 'asks for two choices, choice 0 in the first step of `base`, and no `timesteps`',
    });
  const up = timesteps?.findIndex((t, i) => i > 0 && t >= timesteps[i - 1]!) ?? -1;
  if (up >= 0)
    lengths.push({
      path: at('when', 'timesteps', up),
      message: `must be below the one before it, ${timesteps![up - 1]}; found ${timesteps![up]}`,
    });
  return [
    ...lengths,
    ...checkChoices(base, choices, at('when', 'base')),
    ...checkChoices(covers.flat(), choices, at('when', 'covers')),
  ];
}

const checkChoices = (found: readonly number[], choices: number, path: string): Problem[] =>
  found
    .filter((choice) => choice >= choices)
    .slice(0, 1)
    .map((choice) => ({ path, message: `names choice ${choice} of ${choices}` }));

function checkRow(
  { programs, source, parameters = {} }: Schedule,
  rules: readonly Rule[],
  row: Row,
  r: number,
): Problem[] {
  const at = (...keys: readonly (string | number)[]) => pointer('loop', 'rows', r, ...keys);
  const perStep = callsPerStep(source.guidance);
  const problems: Problem[] = [];
  if (row.choices.length !== rules.length)
    problems.push({ path: at('choices'), message: `must be one of each of ${rules.length} rules` });
  else
    problems.push(
      ...row.choices.flatMap((choice, i) =>
        checkChoices([choice], rules[i]!.choices.length, at('choices', i)),
      ),
    );
  if (row.programs.length !== perStep)
    problems.push({ path: at('programs'), message: `must be ${perStep} lists` });
  for (const [half, names] of row.programs.entries())
    for (const [i, name] of names.entries()) {
      const path = at('programs', half, i);
      const program = Object.hasOwn(programs, name) ? programs[name] : undefined;
      if (!program) problems.push({ path, message: `names no program: "${name}"` });
      else
        for (const id of fedTo(program))
          if (Object.hasOwn(parameters, id) && !parameters[id]!.forecast)
            problems.push({ path, message: `is fed "${id}", for which there is no rule` });
    }
  return problems;
}

/** Assumes that every reference of the schedule holds. */
export function checkRules(schedule: Schedule): Problem[] {
  if (!hasRules(schedule)) return [];
  const { steps, start } = schedule.loop;
  const { timesteps } = writtenPlaces(schedule);
  const made = followRules(schedule, { steps, start, timesteps });
  const call = schedule.calls.findIndex((program, i) => program !== made.calls[i]);
  if (call >= 0)
    return [
      {
        path: pointer('calls', call),
        message: `is "${schedule.calls[call]}" where the rules of \`loop\` lead to "${made.calls[call]}"`,
      },
    ];
  return Object.entries(schedule.sites ?? {}).flatMap(([id, { strategies }]) => {
    const ruled = made.strategies.get(id)!;
    const other = strategies.findIndex((name, i) => name !== ruled[i]);
    return other < 0
      ? []
      : [
          {
            path: pointer('sites', id, 'strategies', other),
            message: `is "${strategies[other]}" where the rules of \`loop\` lead to "${ruled[other]}"`,
          },
        ];
  });
}
