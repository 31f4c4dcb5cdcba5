/**
 * The identity: with states made from the same inputs, every program gives what the source model
 * gives, unless a strategy of it leaves something out. Where one half of a guidance pair stands for
 * both, that holds when both halves are equal. Runs in `ScheduledSession`, as users do.
 */

import type { InferenceSession } from 'onnxruntime-common';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import { callsOf, placeOf, type Schedule } from '../../runtime/schedule/index.js';
import { distinctPrograms, openWithCalls, statesOf } from './bundle.js';
import type { ProofContext } from './context.js';
import { compareOutputs, type Difference, isComparable, worst } from './difference.js';
import { runModel } from './engine.js';
import type { Feeds } from './feeds.js';
import { findNoise } from './noise.js';
import { withEqualHalves } from './pairs.js';
import { meaningOf, sharesGuidance } from './reference/meanings.js';
import { openSource } from './scratch.js';
import { usesHalves } from './tolerance.js';

export type IdentityResult = Difference & { program: string; rounds: boolean };

/**
 * Runs every program on each set of inputs, in the order of the schedule, and the source on the same.
 * @param sets inputs of different timesteps; what differs most counts
 * @returns undefined where the source does not agree with itself, so that nothing can be proved
 */
export async function identities(
  context: ProofContext,
  sets: readonly Feeds[],
): Promise<IdentityResult[] | undefined> {
  const { ort, folder, schedule, session, onProgress, report, known } = context;
  const { roles = {}, guidance } = schedule.source;
  const halved = guidance?.mode === 'batch' && sharesGuidance(schedule, known);
  const feeds = halved
    ? sets.map((given) => withEqualHalves(ort.Tensor as never, given, roles))
    : sets;
  onProgress?.(`source model, optimization ${session.graphOptimizationLevel}`);
  const all = await sourceOutputs(context, feeds);
  if (!all) return undefined;
  const answered = feeds
    .map((given, i) => ({ given, expected: all[i]! }))
    .filter((set, i) => i === 0 || isAnswered(context, set));

  const programs = distinctPrograms(schedule);
  const { without, rounding } = programKinds(context);
  onProgress?.(`bundle, optimization ${session.graphOptimizationLevel}`);
  const bundle = await openWithCalls(ort, folder, schedule, programs, session);
  const results = new Map<string, IdentityResult>();
  try {
    for (const { given, expected } of answered) {
      bundle.reset();
      for (const [index, program] of programs.entries()) {
        onProgress?.(
          `program ${program}, optimization ${session.graphOptimizationLevel}`,
          index / programs.length,
        );
        const actual = await bundle.run(given);
        const reason = without.get(program);
        if (reason !== undefined) {
          report.note(reason);
          continue;
        }
        const found = compareOutputs(schedule, actual, expected);
        const before = results.get(program) ?? found;
        results.set(program, {
          program,
          rounds: rounding.has(program),
          ...worst(found, before),
        });
      }
    }
  } finally {
    await bundle.release();
  }
  return [...results.values()];
}

interface AnsweredSet {
  readonly given: Feeds;
  readonly expected: InferenceSession.ReturnType;
}

/**
 * Whether the source has an answer to inputs whose timesteps are no loop's, but were thought of to see what it decides: a
 * denoiser that is told a noise level may take its logarithm, and no loop comes to where there is none.
 */
function isAnswered({ schedule, report }: ProofContext, { given, expected }: AnsweredSet): boolean {
  const { roles = {}, outputs } = schedule.source;
  const finite = outputs.every(({ name }) => isComparable(expected[name]!));
  const timestep = roles.timestep === undefined ? undefined : given[roles.timestep];
  if (finite || schedule.timesteps || !timestep) return true;
  const numbers = [...new Set(Array.from(timestep.data as ArrayLike<number | bigint>, Number))];
  report.note(
    `the source gives numbers that are not finite at the timesteps ${numbers.join(', ')}, so nothing is compared there`,
  );
  return false;
}

/** For each set of inputs; undefined where the source does not agree with itself. */
async function sourceOutputs(
  { ort, model, source: { graph }, schedule, session, report }: ProofContext,
  sets: readonly Feeds[],
): Promise<InferenceSession.ReturnType[] | undefined> {
  const source = await openSource(ort, model, session);
  const run = (feeds: Feeds) => runModel(source, feeds, `"${model}"`);
  try {
    const noisy = findNoise(graph);
    if (noisy) {
      const [first] = sets as [Feeds];
      const [once, again] = [await run(first), await run(first)];
      if (!compareOutputs(schedule, again, once).identical) {
        report.unproved(
          `anything: the source draws noise inside (${noisy.opType}, "${noisy.label}"), so no two runs of it agree`,
        );
        return undefined;
      }
    }
    const outputs: InferenceSession.ReturnType[] = [];
    for (const feeds of sets) outputs.push(await run(feeds));
    return outputs;
  } finally {
    await source.release();
  }
}

/** Programs for which no identity holds, and why; and those for which it holds up to rounding. */
function programKinds({ schedule, known, source, isSplit }: ProofContext): {
  without: Map<string, string>;
  rounding: Set<string>;
} {
  // the engine rounds half precision at what a program keeps, but not there in the source (keep-roundings.ts)
  const everywhere = schedule.target !== undefined || isSplit || usesHalves(source.graph);
  const without = new Map<string, string>();
  const rounding = new Set<string>();
  const calls = callsOf(schedule);
  for (const { strategies, forecast } of Object.values(schedule.sites ?? {}))
    for (const [call, strategy] of strategies.entries()) {
      const program = calls.programAt(call)!;
      const meaning = meaningOf(strategy, known);
      if (meaning?.forecast && forecast?.basis === 'chebyshev')
        without.set(
          program,
          `program "${program}" forecasts by a basis that draws to zero, so no identity holds for it; the loop proves it`,
        );
      else if (!meaning?.identity)
        without.set(
          program,
          `program "${program}" replaces values, so no identity holds for it; the loop proves it`,
        );
      // x + (F(x) - x) is F(x) but for the last bit
      if (!meaning?.exact || meaning.run) rounding.add(program);
    }
  // what such a program keeps is not the source's either
  const histories = new Set(Object.values(schedule.states).flatMap(({ follows }) => follows ?? []));
  const replaced = new Set<string>();
  const rounded = new Set<string>();
  /** States that hold the rows of one half in the place of both. */
  const halved = new Set<string>();
  const derives = programsOfHalves(schedule, known);
  for (const program of distinctPrograms(schedule)) {
    const { reads: read, writes } = statesOf(schedule, program);
    const reads = read.map((id) => placeOf(schedule.states, id).item);
    const state = reads.find((id) => replaced.has(id));
    if (state !== undefined && !without.has(program))
      without.set(
        program,
        `program "${program}" reads "${state}" from a program that replaces values, so no identity holds for it; the loop proves it`,
      );
    const half = derives.has(program) ? undefined : reads.find((id) => halved.has(id));
    if (half !== undefined && !without.has(program))
      without.set(
        program,
        `program "${program}" reads "${half}" in another order than the loop does, from a program that runs one half of each pair, so no identity holds for it; the loop proves it`,
      );
    if (everywhere || reads.some((id) => rounded.has(id))) rounding.add(program);
    for (const id of writes) {
      const keep = histories.has(id);
      mark(replaced, id, without.has(program), keep);
      mark(rounded, id, rounding.has(program), keep);
      mark(halved, id, derives.has(program), keep);
    }
  }
  return { without, rounding };
}

/** Programs that run one half of each guidance pair of a batch. */
function programsOfHalves(schedule: Schedule, known: KnownStrategies): Set<string> {
  if (schedule.source.guidance?.mode !== 'batch') return new Set();
  const calls = callsOf(schedule);
  const derives = (call: number) =>
    calls.strategiesAt(call).some(({ strategy }) => meaningOf(strategy, known)?.derives);
  return new Set(calls.inOrder.filter((_, call) => derives(call)));
}

/**
 * A state is what the last program that wrote it made of it: an honest one makes it provable again, unless a history holds
 * what it was before.
 */
function mark(set: Set<string>, id: string, belongs: boolean, keep: boolean): void {
  if (belongs) set.add(id);
  else if (!keep) set.delete(id);
}
