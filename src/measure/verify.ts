/**
 * Proof that a bundle computes what it should, in onnxruntime, on random inputs:
 *
 * - identity: with states made from the same inputs, every program that only computes or reuses
 *   gives what the source model gives. Without graph optimization, bit for bit;
 * - loop: calls of the schedule, each with inputs of its own, give what the source model gives when
 *   the values that the plan replaces are replaced in it by hand (probe.ts). The first calls are
 *   among them, and for every program its first call with the calls whose states it reads.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { loadModel } from '../onnx/files.js';
import type { Schedule } from '../schedule/index.js';
import { distinctPrograms, openWithCalls, readBundle } from './bundle.js';
import { type Difference, difference, worst } from './difference.js';
import { loadOrt, type Ort, openModel, runModel } from './engine.js';
import { type Feeds, randomFeeds, scheduleBindings } from './feeds.js';
import { referenceCalls } from './probe.js';

/** Seeds are 32-bit numbers. */
const SEEDS = 2 ** 32;
/** Calls from the start of the schedule that the loop always has: a refresh and what follows it. */
const FIRST_CALLS = 5;

export type OptimizationLevel = 'disabled' | 'all';

export interface VerifyOptions {
  readonly folder: string;
  readonly model: string;
  readonly seed?: number;
  /** Largest relative difference that passes; default 1e-5. */
  readonly tolerance?: number;
  /** Graph optimization of onnxruntime to check under; default both. */
  readonly levels?: readonly OptimizationLevel[];
  /** Input shapes, where they are not fixed in the bundle. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly onProgress?: (what: string) => void;
}

export interface Check extends Difference {
  readonly kind: 'identity' | 'loop';
  readonly program: string;
  /** Index in the schedule, for the loop. */
  readonly call?: number;
  readonly optimization: OptimizationLevel;
  /** No difference at all. */
  readonly exact: boolean;
  readonly passed: boolean;
}

export interface VerifyReport {
  readonly passed: boolean;
  readonly tolerance: number;
  readonly checks: readonly Check[];
  /** What could not be checked, and why. */
  readonly skipped: readonly string[];
  /** Size of each symbolic dimension in the made-up inputs. */
  readonly sizes: Readonly<Record<string, number>>;
}

export async function verifyBundle(options: VerifyOptions): Promise<VerifyReport> {
  const { folder, model, tolerance = 1e-5, levels = ['disabled', 'all'] } = options;
  const schedule = await readBundle(folder, model);
  const ort = await loadOrt();
  const bindings = scheduleBindings(schedule, options.shapes);
  const { inputs, roles = {} } = schedule.source;
  const feedsFor = (call: number) =>
    randomFeeds(inputs, {
      ort: ort as never,
      roles,
      bindings,
      seed: ((options.seed ?? 0) + call) % SEEDS,
    });

  const checks: Check[] = [];
  const skipped: string[] = [];
  const judge = (check: Omit<Check, 'exact' | 'passed'>) =>
    checks.push({
      ...check,
      exact: check.absolute === 0,
      passed: check.relative <= tolerance,
    });
  for (const level of levels) {
    const run: Context = { ...options, ort, schedule, session: sessionOptions(level) };
    for (const result of await identities(run, feedsFor(0), skipped))
      judge({ kind: 'identity', optimization: level, ...result });
  }
  const loopLevel = levels[0] ?? 'disabled';
  const context: Context = { ...options, ort, schedule, session: sessionOptions(loopLevel) };
  for (const result of await loop(context, feedsFor, skipped))
    judge({ kind: 'loop', optimization: loopLevel, ...result });
  return {
    passed: checks.length > 0 && checks.every((c) => c.passed),
    tolerance,
    checks,
    skipped: [...new Set(skipped)],
    sizes: Object.fromEntries(bindings),
  };
}

interface Context extends VerifyOptions {
  readonly ort: Ort;
  readonly schedule: Schedule;
  readonly session: InferenceSession.SessionOptions;
}

/** Without optimization the weights can stay mapped from their file, which halves the memory. */
const sessionOptions = (level: OptimizationLevel): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: level,
  logSeverityLevel: 4,
  ...(level === 'disabled' && { extra: { session: { disable_prepacking: '1' } } }),
});

/** Programs in which some site is neither computed nor reused, so that no identity holds. */
function replacedPrograms(schedule: Schedule): Set<string> {
  const replaced = new Set<string>();
  for (const { strategies } of Object.values(schedule.sites ?? {}))
    for (const [call, strategy] of strategies.entries())
      if (!['compute', 'reuse'].includes(strategy)) replaced.add(schedule.calls[call]!);
  return replaced;
}

async function identities(
  { ort, schedule, session, folder, model, onProgress }: Context,
  feeds: Feeds,
  skipped: string[],
): Promise<(Difference & { program: string })[]> {
  onProgress?.(`source model, optimization ${session.graphOptimizationLevel}`);
  const source = await openModel(ort, model, session);
  const expected = await runModel(source, feeds, `"${model}"`);
  await source.release();

  const replaced = replacedPrograms(schedule);
  const programs = distinctPrograms(schedule);
  onProgress?.(`bundle, optimization ${session.graphOptimizationLevel}`);
  const bundle = await openWithCalls(ort, folder, schedule, programs, session);
  const results: (Difference & { program: string })[] = [];
  try {
    for (const program of programs) {
      onProgress?.(`program ${program}, optimization ${session.graphOptimizationLevel}`);
      const actual = await bundle.run(feeds);
      if (replaced.has(program)) {
        skipped.push(
          `program "${program}" replaces values, so no identity holds for it; see the loop`,
        );
        continue;
      }
      results.push({ program, ...compare(schedule, actual, expected) });
    }
  } finally {
    await bundle.release();
  }
  return results;
}

/** The calls that show every program at work, in order. */
export function representativeCalls({ calls, programs }: Schedule): number[] {
  const chosen = new Set<number>();
  const stateNames = (call: number, which: 'reads' | 'writes') =>
    programs[calls[call]!]!.runs.flatMap((run) =>
      which === 'reads' ? Object.values(run.reads ?? {}) : Object.keys(run.writes ?? {}),
    );
  const choose = (call: number): void => {
    if (chosen.has(call)) return;
    chosen.add(call);
    for (const state of stateNames(call, 'reads')) {
      let writer = call - 1;
      while (writer >= 0 && !stateNames(writer, 'writes').includes(state)) writer--;
      if (writer >= 0) choose(writer);
    }
  };
  for (const [call, program] of calls.entries())
    if (call < FIRST_CALLS || calls.indexOf(program) === call) choose(call);
  return [...chosen].sort((a, b) => a - b);
}

async function loop(
  context: Context,
  feedsFor: (call: number) => Feeds,
  skipped: string[],
): Promise<(Difference & { program: string; call: number })[]> {
  const { ort, schedule, session, folder, model, onProgress } = context;
  const chosen = representativeCalls(schedule);
  const feeds = new Map(chosen.map((call) => [call, feedsFor(call + 1)]));
  onProgress?.(`reference for ${chosen.length} calls`);
  const scratch = fs.mkdtempSync(path.join(scratchParent(folder), '.stepfold-verify-'));
  try {
    const expected = await referenceCalls(ort, loadModel(model), schedule, feeds, scratch, session);
    if (typeof expected === 'string') {
      skipped.push(`the loop with differing inputs was not checked: ${expected}`);
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
        results.push({ program, call, ...compare(schedule, actual, expected.get(call)!) });
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

function compare(
  schedule: Schedule,
  actual: InferenceSession.ReturnType,
  expected: InferenceSession.ReturnType,
): Difference {
  return schedule.source.outputs
    .map(({ name }) => difference(actual[name]!, expected[name]!))
    .reduce(worst, { absolute: 0, relative: 0 });
}
