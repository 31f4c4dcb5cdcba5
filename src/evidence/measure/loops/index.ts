/**
 * Proves the rules of a schedule: that what reads them comes to the calls, strategies and weights that they say, in loops
 * of up to 60 steps, from every step; and that each combination which calls are there, and the written loop has not, gives
 * what the source gives. A loop that is longer meets nothing else that rules ask for, but may meet it in another order.
 */
import type { Problem } from '../../../errors/index.js';
import { StepfoldError } from '../../../errors/index.js';
import {
  hasRules,
  type LoopRequest,
  type Schedule,
  scheduleFor,
} from '../../../runtime/schedule/index.js';
import { pointer } from '../../../runtime/schedule/pointer.js';
import type { ProofContext } from '../context.js';
import type { Feeds } from '../feeds.js';
import { type LoopResult, loop as runLoop } from '../loop.js';
import { parameterProblems } from '../statements/parameters.js';
import { type ReferenceLoop, type Ruled, referenceLoop } from './calls.js';
import type { LoopLength } from './choices.js';
import { otherCombinations, strategiesOf } from './combinations.js';
import { coverProblems } from './covers.js';
import { loopsUpTo } from './lengths.js';

export const LONGEST_PROVED = 60;

type OtherCheck = LoopResult['checks'][number] & { readonly of: LoopLength };

export interface OtherLoops {
  readonly checks: readonly OtherCheck[];
  readonly combinations: number;
  /** So many loops were run. */
  readonly loops: number;
}

const NONE: OtherLoops = { checks: [], combinations: 0, loops: 0 };

/** The loops that rules are tried on, evaluated for the proof; none where the schedule serves one alone. */
export const triedLoops = (schedule: Schedule): ReferenceLoop[] =>
  hasRules(schedule)
    ? loopsUpTo(LONGEST_PROVED, schedule).map((length) => referenceLoop(schedule, length))
    : [];

/** What the schedule says of loops, without running any; nothing where it serves one alone. */
export function ruleProblems(
  schedule: Schedule,
  loops: readonly ReferenceLoop[],
  known: ProofContext['known'],
  unproved: (what: string) => void,
): Problem[] {
  if (!hasRules(schedule)) return [];
  return [
    ...coverProblems(schedule, known),
    ...loops.flatMap((loop) => problemsIn(schedule, loop, unproved)),
  ];
}

/** Runs what shows combinations that the written loop has not. */
export async function otherLoops(
  context: ProofContext,
  loops: readonly ReferenceLoop[],
  feedsFor: (call: number) => Feeds,
): Promise<OtherLoops> {
  const { schedule, source, known, report, onProgress } = context;
  if (!hasRules(schedule)) return NONE;
  const dims = Object.fromEntries(Object.entries(feedsFor(0)).map(([name, t]) => [name, t.dims]));
  const found = otherCombinations(source, schedule, known, dims, loops);
  if (typeof found === 'string') {
    report.unproved(`other loops, since ${found}`);
    return NONE;
  }
  const checks: OtherCheck[] = [];
  for (const { loop, calls } of found.loops) {
    const { steps, start } = loop;
    const of = { steps, start };
    onProgress?.(`a loop of ${steps} steps from step ${start} on, ${calls.length} of its calls`);
    const made = readAs(schedule, loop);
    // that it cannot be read is a problem already
    if (!made) continue;
    const acted = await runLoop({ ...context, schedule: made }, feedsFor, calls);
    checks.push(...acted.checks.map((check) => ({ ...check, of })));
  }
  return { checks, combinations: found.count, loops: found.loops.length };
}

/** What comes out where the rules are read as users read them; undefined where that is refused. */
function readAs(schedule: Ruled, { steps, start, timesteps }: LoopLength): Schedule | undefined {
  const length = { steps, start, timesteps };
  try {
    return scheduleFor(schedule, { ...length, ...noiseFor(length) });
  } catch (error) {
    if (error instanceof StepfoldError) return undefined;
    throw error;
  }
}

/** How much noise steps have, unevenly: for forecasts that ask. */
function noiseFor({ steps, start }: LoopLength): Pick<LoopRequest, 'logSnr'> {
  return { logSnr: Array.from({ length: steps - start }, (_, i) => (i + 1) ** 1.5) };
}

function problemsIn(
  schedule: Ruled,
  own: ReferenceLoop,
  unproved: (what: string) => void,
): Problem[] {
  const made = readAs(schedule, own);
  const at = `in a loop of ${own.steps} steps from step ${own.start} on`;
  if (!made) return [{ path: pointer('loop', 'rules'), message: `lead nowhere ${at}` }];
  return [
    ...differing(schedule, made, own).map((message) => ({
      path: pointer('loop', 'rules'),
      message: `${message} ${at}`,
    })),
    // of the written loop they are a statement of the schedule's
    ...(made === schedule ? [] : parameterProblems(made, unproved)).map(({ path, message }) => ({
      path,
      message: `${message}, ${at}`,
    })),
  ];
}

function differing(schedule: Ruled, made: Schedule, own: ReferenceLoop): string[] {
  const call = own.calls.findIndex((program, i) => program !== made.calls[i]);
  if (call >= 0 || made.calls.length !== own.calls.length)
    return [`lead to "${own.calls[call]}" at call ${call}, and are read as "${made.calls[call]}"`];
  const wanted = strategiesOf(schedule, own.rows);
  return Object.entries(made.sites ?? {}).flatMap(([id, { strategies }]) =>
    strategies.join() === wanted[id]!.strategies.join()
      ? []
      : [`lead to other strategies at site "${id}" than they are read as`],
  );
}
