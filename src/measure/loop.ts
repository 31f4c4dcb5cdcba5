/**
 * The loop: calls of the schedule, each with inputs of its own, give what the source model gives when
 * the plan is acted out on it by hand (reference/). The first calls are among them, and for every
 * program its first call with the calls whose states it reads.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inlineFunctions } from '../../passes/canonicalize/index.js';
import { cloneModel } from '../ir/clone.js';
import type { Schedule } from '../schedule/index.js';
import { openWithCalls, statesOf } from './bundle.js';
import { compareOutputs, type Difference } from './difference.js';
import type { Feeds } from './feeds.js';
import type { ProofContext } from './identity.js';
import { referenceCalls } from './reference/run.js';

/** Calls from the start of the schedule that are always among them: a refresh and what follows it. */
const FIRST_CALLS = 5;

/** The calls that show every program at work, in order. */
export function representativeCalls(schedule: Schedule): number[] {
  const { calls } = schedule;
  const chosen = new Set<number>();
  const choose = (call: number): void => {
    if (chosen.has(call)) return;
    chosen.add(call);
    for (const state of statesOf(schedule, calls[call]!).reads) {
      let writer = call - 1;
      while (writer >= 0 && !statesOf(schedule, calls[writer]!).writes.includes(state)) writer--;
      if (writer >= 0) choose(writer);
    }
  };
  for (const [call, program] of calls.entries())
    if (call < FIRST_CALLS || calls.indexOf(program) === call) choose(call);
  return [...chosen].sort((a, b) => a - b);
}

export async function loop(
  { ort, folder, source: given, schedule, session, onProgress, skip }: ProofContext,
  feedsFor: (call: number) => Feeds,
): Promise<(Difference & { program: string; call: number })[]> {
  const chosen = representativeCalls(schedule);
  const feeds = new Map(chosen.map((call) => [call, feedsFor(call)]));
  onProgress?.(`reference for ${chosen.length} calls`);
  const scratch = fs.mkdtempSync(path.join(scratchParent(folder), '.stepfold-verify-'));
  try {
    const { model: source } = cloneModel(given);
    // sites may lie inside functions, where nothing can be given in a value's place; that they are
    // written out rightly shows in the identities, which run the source as it is
    inlineFunctions(source);
    const expected = await referenceCalls(ort, source, schedule, feeds, scratch, session);
    if (typeof expected === 'string') {
      skip(`the loop with differing inputs was not checked: ${expected}`);
      return [];
    }
    const calls = chosen.map((call) => schedule.calls[call]!);
    const bundle = await openWithCalls(ort, folder, schedule, calls, session);
    const results: (Difference & { program: string; call: number })[] = [];
    try {
      for (const call of chosen) {
        onProgress?.(`call ${call} of the loop`);
        const actual = await bundle.run(feeds.get(call)!);
        const program = schedule.calls[call]!;
        results.push({ program, call, ...compareOutputs(schedule, actual, expected.get(call)!) });
      }
    } finally {
      await bundle.release();
    }
    return results;
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** Beside the bundle, so that weights can be linked; where that cannot be written, the system's place. */
function scratchParent(folder: string): string {
  const parent = path.dirname(path.resolve(folder));
  try {
    fs.accessSync(parent, fs.constants.W_OK);
    return parent;
  } catch {
    return os.tmpdir();
  }
}
