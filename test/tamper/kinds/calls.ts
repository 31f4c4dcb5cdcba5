/** What `calls` says: which program runs when. */
import { change, changes, type Kind } from '../kind.js';

const exchange = <T>(list: T[], a: number, b: number): void => {
  [list[a], list[b]] = [list[b]!, list[a]!];
};

/** `full` at 0, 3, …, 48; the last call of 50 is a shallow one. */
const LONG = ['deepcache of 50 calls', 'deepcache merged of 50 calls'] as const;
const FORMS = ['deepcache split', 'deepcache merged', 'deepcache chain'] as const;

export const CALLS: readonly Kind[] = [
  {
    name: 'a call runs another program',
    changes: [
      ...changes(FORMS, 'call 1 computes where it should reuse', ({ schedule }) => {
        schedule.calls[1] = 'full-stateless';
      }),
      ...changes(FORMS, 'call 4 computes and keeps', ({ schedule }) => {
        schedule.calls[4] = 'full';
      }),
      ...changes(FORMS, 'the last call reuses', ({ schedule }) => {
        schedule.calls[6] = 'shallow';
      }),
      ...changes(LONG, 'call 36 reuses', ({ schedule }) => {
        schedule.calls[36] = 'shallow';
      }),
      ...changes(LONG, 'call 37 computes', ({ schedule }) => {
        schedule.calls[37] = 'full';
      }),
      ...changes(LONG, 'call 49 computes', ({ schedule }) => {
        schedule.calls[49] = 'full';
      }),
      change('delta-cache of 50 calls', 'call 36 leaves out other blocks', ({ schedule }) => {
        schedule.calls[37] = 'delta-rear';
      }),
      ...changes(
        ['delta-cache split', 'delta-cache merged', 'delta-cache chain'],
        'a late call leaves out the rear blocks',
        ({ schedule }) => {
          schedule.calls[5] = 'delta-rear';
        },
      ),
      ...changes(
        ['windows split', 'windows merged', 'windows chain'],
        'call 3 does what call 2 does',
        ({ schedule }) => {
          schedule.calls[3] = schedule.calls[2]!;
        },
      ),
      ...changes(
        ['shared calls split', 'shared calls merged'],
        'a late call does what the one two before does',
        ({ schedule }) => {
          schedule.calls[10] = schedule.calls[8]!;
        },
      ),
    ],
  },
  {
    name: 'two calls exchanged',
    changes: [
      ...changes(FORMS, 'calls 3 and 4', ({ schedule }) => exchange(schedule.calls, 3, 4)),
      ...changes(FORMS, 'calls 5 and 6', ({ schedule }) => exchange(schedule.calls, 5, 6)),
      ...changes(LONG, 'calls 35 and 36', ({ schedule }) => exchange(schedule.calls, 35, 36)),
      ...changes(LONG, 'calls 48 and 49', ({ schedule }) => exchange(schedule.calls, 48, 49)),
      change('delta-cache of 50 calls', 'calls 25 and 26', ({ schedule }) =>
        exchange(schedule.calls, 25, 26),
      ),
      ...changes(['windows split', 'windows merged'], 'calls 2 and 3', ({ schedule }) =>
        exchange(schedule.calls, 2, 3),
      ),
      ...changes(
        ['shared calls split', 'delta-cache in two calls'],
        'both calls of a step',
        ({ schedule }) => exchange(schedule.calls, 6, 7),
      ),
    ],
  },
  {
    name: 'calls a place too late',
    changes: [
      ...changes(FORMS, 'from call 2 on', ({ schedule }) => {
        schedule.calls.splice(2, 0, 'shallow');
        schedule.calls.pop();
      }),
      ...changes(LONG, 'from call 40 on', ({ schedule }) => {
        schedule.calls.splice(40, 0, 'shallow');
        schedule.calls.pop();
      }),
    ],
  },
  {
    name: 'two programs exchanged everywhere',
    changes: [
      change('delta-cache split', 'front and rear blocks', ({ schedule: { programs } }) => {
        [programs['delta-front'], programs['delta-rear']] = [
          programs['delta-rear']!,
          programs['delta-front']!,
        ];
        [programs.full, programs['full-2']] = [programs['full-2']!, programs.full!];
      }),
      change('windows merged', 'two mixed ones', ({ schedule: { programs } }) => {
        [programs['mixed-3'], programs['mixed-2']] = [programs['mixed-2']!, programs['mixed-3']!];
      }),
      change('shared halves merged', 'two mixed ones', ({ schedule: { programs } }) => {
        [programs['mixed-4'], programs['mixed-3']] = [programs['mixed-3']!, programs['mixed-4']!];
      }),
    ],
  },
];
