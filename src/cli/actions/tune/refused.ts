/** What a command line can say of a loop and a search cannot take: refused by name, rather than left out. */
import { notTuned } from '../../../errors/index.js';
import type { TuneArguments } from '../../commands/tune.js';
import { kebab } from '../../kebab.js';

interface Refused {
  readonly why: string;
  readonly instead: string;
}

const CONTROL: Refused = {
  why: 'a second model runs at every step whatever is left out of the first, and what that costs is not known to it',
  instead: 'Search without it, and give it to `stepfold run`, which takes it with any bundle.',
};
const SECOND: Refused = {
  why: 'a second denoiser makes a part of the loop, and the steps of one are searched',
  instead: 'Search each of them without the other, and give both bundles to `stepfold run`.',
};

const REFUSED = {
  recorded: {
    why: 'recorded inputs are those of one loop, and it runs others: of other samplers, with other steps',
    instead:
      'Let it run the loop itself, with --sampler, --feed and --guidance; a plan for recorded inputs is found by `stepfold calibrate`.',
  },
  control: CONTROL,
  controlFeed: CONTROL,
  controlScale: CONTROL,
  controlInterval: CONTROL,
  thenModel: SECOND,
  thenFromStep: SECOND,
  thenBelowTimestep: SECOND,
  thenFeed: SECOND,
  thenUnconditional: SECOND,
  thenGuidanceScale: SECOND,
} as const satisfies Partial<Record<keyof TuneArguments, Refused>>;

/** @throws TUNE_PARTS */
export function refuseUnsearched(args: TuneArguments): void {
  for (const [name, { why, instead }] of Object.entries(REFUSED))
    if (args[name as keyof typeof REFUSED] !== undefined) throw notTuned(kebab(name), why, instead);
}
