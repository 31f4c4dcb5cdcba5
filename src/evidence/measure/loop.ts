/**
 * The loop: calls of the schedule, each with inputs of its own, give what the source model gives when
 * the plan is acted out on it by hand (reference/). One call of every combination of program,
 * strategies and origin of what it reads runs (combinations.ts), with all that it depends on.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Tensor } from 'onnxruntime-common';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import { callsOf, counterOf, placeOf, type Schedule } from '../../runtime/schedule/index.js';
import { statesOf } from './bundle.js';
import { type CallAccess, combinations, placed } from './combinations.js';
import type { ProofContext } from './context.js';
import { compareOutputs, type Difference } from './difference.js';
import { FedBack } from './fed-back.js';
import type { Feeds } from './feeds.js';
import { keepRoundings } from './keep-roundings.js';
import { Player } from './play.js';
import { halfOfCall, roundsAt } from './reference/meanings.js';
import { makeReference } from './reference/run.js';
import { usesHalves } from './tolerance.js';

export interface LoopResult {
  readonly checks: readonly (Difference & { program: string; call: number; rounds: boolean })[];
  /** How many combinations of program, strategies and origin of states the calls are. */
  readonly combinations: number;
}

/**
 * @param feedsFor the inputs of a call, by its index
 * @param chosen calls to run, with all that they depend on; by default those that show every combination
 */
export async function loop(
  context: ProofContext,
  feedsFor: (call: number) => Feeds,
  chosen?: readonly number[],
): Promise<LoopResult> {
  const { ort, folder, source, schedule, session, bindings, keep, onProgress, report, known } =
    context;
  const dims = Object.fromEntries(Object.entries(feedsFor(0)).map(([name, t]) => [name, t.dims]));
  const reference = makeReference(source, schedule, known, dims);
  if (typeof reference === 'string') {
    report.unproved(`the loop, since ${reference}`);
    return { checks: [], combinations: 0 };
  }
  const loopCalls = callsOf(schedule);
  const byPlan = loopCalls.inOrder.map((_, call) => reference.access(call));
  const accounts = [bySchedule(schedule), byPlan];
  const own = combinations(labels(schedule), accounts);
  const calls = chosen ?? own.calls;
  const rounding = callsThatRound(schedule, known, accounts);
  const prepare = usesHalves(source.graph) ? keepRoundings : undefined;
  const feeds = new Map(calls.map((call) => [call, feedsFor(call)]));
  onProgress?.(`reference for ${calls.length} of ${loopCalls.length} calls`);
  const scratch = fs.mkdtempSync(path.join(scratchParent(folder), '.stepfold-verify-'));
  try {
    const expected = await reference.run({ ort, feeds, scratch, session, prepare, keep });
    const programs = new Set(calls.map((call) => loopCalls.programAt(call)!));
    const player = await Player.open(
      { ort, folder, schedule, session, bindings, prepare, keep },
      programs,
    );
    const checks: (Difference & { program: string; call: number; rounds: boolean })[] = [];
    const isWhole = calls.length === loopCalls.length;
    const fedBack = isWhole ? FedBack.of(schedule, player, report) : undefined;
    try {
      let first: Record<string, Tensor> | undefined;
      for (const [index, call] of calls.entries()) {
        onProgress?.(`call ${call} of the loop`, index / calls.length);
        const program = loopCalls.programAt(call)!;
        const actual = await player.play(program, feeds.get(call)!, call);
        await fedBack?.compare(call, feeds.get(call)!, actual);
        first ??= actual;
        const differs = compareOutputs(schedule, actual, expected.get(call)!);
        checks.push({ program, call, rounds: rounding.has(call), ...differs });
      }
      if (first) await fedBack?.compare(calls[0]!, feeds.get(calls[0]!)!, first);
    } finally {
      await player.release();
    }
    for (const problem of player.problems.values()) report.wrong(problem);
    return { checks, combinations: own.count };
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** What tells calls apart beside what they take: program, strategies, half of a guidance pair, parameters. */
function labels(schedule: Schedule): string[] {
  const calls = callsOf(schedule);
  return calls.inOrder.map((program, call) =>
    JSON.stringify([
      program,
      calls.strategiesAt(call).map(({ strategy }) => strategy),
      halfOfCall(call, schedule.source.guidance),
      Object.keys(schedule.parameters ?? {}).map((id) => calls.fedAt(id, call)),
      // what a model that counts does at a call is seen at that call alone
      ...(counterOf(schedule.states) === undefined ? [] : [call]),
    ]),
  );
}

export function bySchedule(schedule: Schedule): CallAccess[] {
  const calls = callsOf(schedule);
  const access = new Map(
    calls.programs.map((program): [string, CallAccess] => {
      const { reads, writes } = statesOf(schedule, program);
      const takes = reads.map((state) => placeOf(schedule.states, state));
      return [program, { takes, leaves: writes }];
    }),
  );
  return calls.inOrder.map((program) => access.get(program)!);
}

/** Calls that round otherwise than the reference, or take what such a call left. */
function callsThatRound(
  schedule: Schedule,
  known: KnownStrategies,
  accounts: readonly (readonly CallAccess[])[],
): Set<number> {
  const calls = callsOf(schedule);
  const { guidance } = schedule.source;
  const everywhere = schedule.target !== undefined;
  const rounding = new Set<number>();
  const rounded = accounts.map(() => new Set<string>());
  for (let call = 0; call < calls.length; call++) {
    const rounds =
      everywhere ||
      calls.strategiesAt(call).some(({ strategy }) => roundsAt(strategy, call, guidance, known)) ||
      accounts.some((account, a) =>
        account[call]!.takes.some((taken) => rounded[a]!.has(placed(taken).item)),
      );
    if (rounds) rounding.add(call);
    accounts.forEach((account, a) => {
      for (const item of account[call]!.leaves)
        if (rounds) rounded[a]!.add(item);
        else rounded[a]!.delete(item);
    });
  }
  return rounding;
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
