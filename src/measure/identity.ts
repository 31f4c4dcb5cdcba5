/**
 * The identity: with states made from the same inputs, every program gives what the source model
 * gives, unless a strategy of it leaves something out. Where one half of a guidance pair stands for
 * both, that holds when both halves are equal.
 */
import type { InferenceSession } from 'onnxruntime-common';
import type { Model } from '../ir/model.js';
import type { Schedule } from '../schedule/index.js';
import { distinctPrograms, openWithCalls, type StateAccess, statesOf } from './bundle.js';
import { compareOutputs, type Difference } from './difference.js';
import { type Ort, runModel } from './engine.js';
import type { Feeds } from './feeds.js';
import { withEqualHalves } from './pairs.js';
import { meaningOf, sharesGuidance } from './reference/meanings.js';
import { openSource } from './scratch.js';

export interface ProofContext {
  readonly ort: Ort;
  readonly folder: string;
  /** Path of the source model. */
  readonly model: string;
  /** The graph of it. */
  readonly source: Model;
  readonly schedule: Schedule;
  readonly session: InferenceSession.SessionOptions;
  readonly onProgress?: ((what: string) => void) | undefined;
  /** Takes what could not be checked, and why. */
  readonly skip: (reason: string) => void;
}

/** Runs every program once, in the order of the schedule, on the same inputs as the source. */
export async function identities(
  { ort, folder, model, schedule, session, onProgress, skip }: ProofContext,
  given: Feeds,
): Promise<(Difference & { program: string })[]> {
  const { roles = {}, guidance } = schedule.source;
  const halved = guidance?.mode === 'batch' && sharesGuidance(schedule);
  const feeds = halved ? withEqualHalves(ort.Tensor as never, given, roles) : given;
  onProgress?.(`source model, optimization ${session.graphOptimizationLevel}`);
  const source = await openSource(ort, model, session);
  const expected = await runModel(source, feeds, `"${model}"`).finally(() => source.release());

  const programs = distinctPrograms(schedule);
  const without = withoutIdentity(schedule);
  onProgress?.(`bundle, optimization ${session.graphOptimizationLevel}`);
  const bundle = await openWithCalls(ort, folder, schedule, programs, session);
  const results: (Difference & { program: string })[] = [];
  try {
    for (const program of programs) {
      onProgress?.(`program ${program}, optimization ${session.graphOptimizationLevel}`);
      const actual = await bundle.run(feeds);
      const reason = without.get(program);
      if (reason !== undefined) skip(reason);
      else results.push({ program, ...compareOutputs(schedule, actual, expected) });
    }
  } finally {
    await bundle.release();
  }
  return results;
}

/** Programs for which no identity holds, and why. */
function withoutIdentity(schedule: Schedule): Map<string, string> {
  const reasons = new Map<string, string>();
  for (const { strategies } of Object.values(schedule.sites ?? {}))
    for (const [call, strategy] of strategies.entries())
      if (!meaningOf(strategy)?.identity) {
        const program = schedule.calls[call]!;
        reasons.set(
          program,
          `program "${program}" replaces values, so no identity holds for it; see the loop`,
        );
      }
  // what such a program keeps is not the source's either
  const replaced = new Set<string>();
  for (const program of distinctPrograms(schedule)) {
    const { reads, writes }: StateAccess = statesOf(schedule, program);
    const [state] = reads.filter((id) => replaced.has(id));
    if (state !== undefined && !reasons.has(program))
      reasons.set(
        program,
        `program "${program}" reads "${state}" from a program that replaces values, so no identity holds for it; see the loop`,
      );
    for (const id of writes)
      if (reasons.has(program)) replaced.add(id);
      else replaced.delete(id);
  }
  return reasons;
}
