/** Checks histories and parameters: states that follow others in a row, and numbers for every call that takes them. */
import type { Problem } from '../../errors/index.js';
import type { Schedule } from '../../generated/schedule.js';
import { checkConstant, isConstantType } from './check-constant.js';
import { stepsOfCalls } from './guidance.js';
import { fedTo } from './loop/programs.js';
import { pointer } from './pointer.js';

export function checkHistories({ states }: Schedule): Problem[] {
  const followers = new Map<string, string>();
  return Object.entries(states).flatMap(([id, { follows, symbols: _, ...own }]) => {
    if (follows === undefined) return [];
    const say = (message: string) => [{ path: pointer('states', id, 'follows'), message }];
    if (!Object.hasOwn(states, follows)) return say(`names no state: "${follows}"`);
    const other = followers.get(follows);
    if (other !== undefined) return say(`is what "${other}" follows already`);
    followers.set(follows, id);
    if (isCircle(states, id)) return say('closes a circle');
    const { follows: __, symbols: ___, ...first } = states[follows]!;
    return JSON.stringify(own) === JSON.stringify(first)
      ? []
      : say(`names "${follows}", which is of another type or shape`);
  });
}

/** What states hold before the first call: as much as their shape says, of a type that JSON carries. */
export function checkInitial({ states }: Schedule): Problem[] {
  return Object.entries(states).flatMap(([id, { type, shape, initial }]) => {
    if (initial === undefined) return [];
    const path = pointer('states', id, 'initial');
    const fixed = shape.filter((dim) => typeof dim === 'number');
    if (fixed.length !== shape.length)
      return [{ path, message: 'stands where the shape is not fixed' }];
    if (!isConstantType(type)) return [{ path, message: `stands where the type is ${type}` }];
    return checkConstant(path, { type, shape: fixed, data: initial }).map((problem) => ({
      ...problem,
      path: problem.path.replace(`${path}/data`, path),
    }));
  });
}

function isCircle(states: Schedule['states'], id: string): boolean {
  const met = new Set<string>();
  for (let next: string | undefined = id; next !== undefined; next = states[next]?.follows) {
    if (met.has(next)) return true;
    met.add(next);
  }
  return false;
}

/** Positions of every step, each beyond the one before, on every axis that a forecast goes by. */
export function checkAxes({ axes = {}, parameters = {}, sites = {}, calls, source }: Schedule) {
  const steps = stepsOfCalls(calls.length, source.guidance);
  const named = [
    ...Object.entries(parameters).map(([id, own]) => ['parameters', id, own.forecast] as const),
    ...Object.entries(sites).map(([id, own]) => ['sites', id, own.forecast] as const),
  ];
  return [
    ...named.flatMap(([kind, id, forecast]): Problem[] =>
      forecast?.axis !== undefined && !axes[forecast.axis]
        ? [
            {
              path: pointer(kind, id, 'forecast', 'axis'),
              message: `names no axis: "${forecast.axis}"`,
            },
          ]
        : [],
    ),
    ...Object.entries(axes).flatMap(([name, positions]): Problem[] => {
      if (positions.length !== steps)
        return [
          {
            path: pointer('axes', name),
            message: `must have a position for each of the ${steps} steps, found ${positions.length}`,
          },
        ];
      const back = positions.findIndex((place, i) => i > 0 && place <= positions[i - 1]!);
      return back < 0
        ? []
        : [{ path: pointer('axes', name, back), message: 'is not beyond the one before' }];
    }),
  ];
}

/** Assumes that references to parameters hold. */
export function checkParameters({ parameters = {}, programs, calls }: Schedule): Problem[] {
  const taken = calls.map((name) => {
    const program = programs[name];
    return program && fedTo(program);
  });
  return Object.entries(parameters).flatMap(([id, { shape, calls: values }]) => {
    const path = pointer('parameters', id, 'calls');
    if (values.length !== calls.length)
      return [
        {
          path,
          message: `must have an entry for each of the ${calls.length} calls, found ${values.length}`,
        },
      ];
    const count = shape.reduce((product, size) => product * size, 1);
    return values.flatMap((numbers, call) => {
      const at = pointer('parameters', id, 'calls', call);
      if (numbers === null)
        return taken[call]?.has(id)
          ? [{ path: at, message: `is null, and program "${calls[call]}" takes it` }]
          : [];
      return numbers.length === count
        ? []
        : [{ path: at, message: `must have ${count} elements, found ${numbers.length}` }];
    });
  });
}
