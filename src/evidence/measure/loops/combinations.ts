/**
 * What calls can be in loops other than the one that a schedule is written out for: combinations of program, strategies and
 * origin of what is read, as far back as it goes, over all loops of up to so many steps, from every step; and a few short
 * loops that show them. Weights of forecasts are left out here: they are numbers, and proved as such.
 */
import type { KnownStrategies } from '../../../compiler/pass/index.js';
import type { Model } from '../../../model/ir/model.js';
import { callsPerStep } from '../../../runtime/schedule/index.js';
import { type CallAccess, type Signed, signatures } from '../combinations.js';
import { bySchedule } from '../loop.js';
import { halfOfCall } from '../reference/meanings.js';
import { makeReference } from '../reference/run.js';
import { type ReferenceLoop, type Ruled, referenceLoop } from './calls.js';
import { writtenLoop } from './lengths.js';

/** A loop to be run, and its calls that have to be. */
export interface ShownIn {
  readonly loop: ReferenceLoop;
  readonly calls: readonly number[];
}

export interface OtherCombinations {
  readonly loops: readonly ShownIn[];
  /** How many combinations they show that the written loop does not. */
  readonly count: number;
}

/**
 * @param loops to be looked at, as their own evaluation has them
 * @returns half a sentence that says why they cannot be told, where they cannot
 */
export function otherCombinations(
  source: Model,
  schedule: Ruled,
  known: KnownStrategies,
  dims: Readonly<Record<string, readonly number[]>>,
  loops: readonly ReferenceLoop[],
): OtherCombinations | string {
  const account = accountOfRows(source, schedule, known, dims);
  if (typeof account === 'string') return account;
  const signed = (loop: ReferenceLoop) => signaturesIn(schedule, loop, account);
  const written = new Set(
    signed(referenceLoop(schedule, writtenLoop(schedule))).map(({ signature }) => signature),
  );
  const candidates = loops.map((loop) => {
    const calls = new Map<string, Signed>();
    for (const call of signed(loop))
      if (!written.has(call.signature) && !calls.has(call.signature))
        calls.set(call.signature, call);
    return { loop, calls };
  });
  return chosenFrom(candidates.filter(({ calls }) => calls.size > 0));
}

interface Candidate {
  readonly loop: ReferenceLoop;
  /** By signature, a call of the loop that shows it. */
  readonly calls: ReadonlyMap<string, Signed>;
}

/** Again and again the loop that shows most of what is left, the shortest of those that show as much. */
function chosenFrom(candidates: readonly Candidate[]): OtherCombinations {
  const left = new Set(candidates.flatMap(({ calls }) => [...calls.keys()]));
  const count = left.size;
  const loops: ShownIn[] = [];
  while (left.size > 0) {
    const gain = ({ calls }: Candidate) => [...calls.keys()].filter((key) => left.has(key));
    const best = candidates
      .map((candidate) => ({ candidate, shows: gain(candidate) }))
      .reduce((a, b) =>
        b.shows.length > a.shows.length ||
        (b.shows.length === a.shows.length &&
          b.candidate.loop.calls.length < a.candidate.loop.calls.length)
          ? b
          : a,
      );
    const { loop, calls } = best.candidate;
    const needs = new Set(best.shows.flatMap((key) => calls.get(key)!.needs));
    loops.push({ loop, calls: [...needs].sort((a, b) => a - b) });
    for (const key of best.shows) left.delete(key);
  }
  return { loops, count };
}

function signaturesIn(
  schedule: Ruled,
  { rows, calls }: ReferenceLoop,
  account: readonly CallAccess[],
): Signed[] {
  const { guidance } = schedule.source;
  const perStep = callsPerStep(guidance);
  const rowCall = (call: number) => rows[Math.floor(call / perStep)]! * perStep + (call % perStep);
  const labels = calls.map((program, call) =>
    JSON.stringify([program, rowCall(call), halfOfCall(call, guidance)]),
  );
  const byPlan = calls.map((_, call) => account[rowCall(call)]!);
  return signatures(labels, [bySchedule({ ...schedule, calls: [...calls] }), byPlan]);
}

/** What calls of each row take and leave by the plan: that of a loop whose steps are the rows. */
function accountOfRows(
  source: Model,
  schedule: Ruled,
  known: KnownStrategies,
  dims: Readonly<Record<string, readonly number[]>>,
): CallAccess[] | string {
  const calls = schedule.loop.rows.flatMap(({ programs }) => programs.map(([name]) => name!));
  const asRows = { ...schedule, calls, sites: strategiesOf(schedule, schedule.loop.rows.keys()) };
  const reference = makeReference(source, asRows, known, dims);
  return typeof reference === 'string' ? reference : calls.map((_, call) => reference.access(call));
}

/** The sites of a schedule with the strategies of some rows. */
export function strategiesOf(
  { sites = {}, loop, source }: Ruled,
  rows: Iterable<number>,
): NonNullable<Ruled['sites']> {
  const { rules, rows: known } = loop;
  const taken = [...rows].map((row) => known[row]!.choices);
  const halves = [...Array(callsPerStep(source.guidance)).keys()];
  return Object.fromEntries(
    rules.flatMap((rule, r) =>
      rule.sites.map((id, s) => {
        const strategies = taken.flatMap((choices) =>
          halves.map((half) => rule.choices[choices[r]!]![half]![s]!),
        );
        return [id, { ...sites[id], strategies }];
      }),
    ),
  );
}
