/**
 * How much faster a bundle is than its source: alternating runs in one process, medians, beside the
 * ratio that the MACs promise.
 */

import { setTimeout } from 'node:timers/promises';
import {
  callsOf,
  type LoopRequest,
  type LoopShape,
  loopOf,
  type Schedule,
} from '../../runtime/schedule/index.js';
import type { ScheduledSession } from '../../runtime/session/index.js';
import { bundleLabel, scheduleForLoop } from './asked-loop.js';
import { distinctPrograms, openWithCalls, readBundle } from './bundle.js';
import { loadOrt, runModel } from './engine.js';
import { randomFeeds, scheduleBindings } from './feeds.js';
import { openSource } from './scratch.js';

/**
 * Milliseconds between turns. Threads spin for a while after a run, as they do for anybody who runs a model
 * with default options; what comes next must not be measured against them.
 */
const REST = 50;

export interface BenchOptions {
  readonly folder: string;
  readonly model: string;
  /** Counted runs of everything; default 7. */
  readonly rounds?: number;
  readonly seed?: number;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /**
   * Milliseconds of the source's loop up to which a turn is the whole loop; default 1000. What a call costs depends
   * on what ran before it, since threads and caches fall asleep and are filled by others: little in long calls, half of
   * the time in those of a millisecond.
   */
  readonly wholeLoop?: number;
  /** Another loop than the one that the schedule is written out for. */
  readonly loop?: LoopRequest;
  /** Threads of onnxruntime within an operator; its own choice by default. */
  readonly threads?: number;
  readonly onProgress?: (round: number, rounds: number) => void;
}

export interface BenchReport {
  readonly rounds: number;
  /** What ran in a turn: short loops as a whole, of others each program once. */
  readonly turns: 'loops' | 'programs';
  readonly sizes: Readonly<Record<string, number>>;
  readonly source: { readonly milliseconds: number };
  readonly programs: Readonly<
    Record<
      string,
      {
        readonly calls: number;
        readonly milliseconds: number;
        /** Source time over program time. */
        readonly speedup: number;
        /** Source MACs over program MACs, by convention. */
        readonly macRatio: { readonly all: number; readonly layers: number };
      }
    >
  >;
  /** The loop that the schedule is written out for. */
  readonly written: LoopShape;
  /** All calls of the loop: medians of loops, or the sum of the medians of their programs. */
  readonly loop: LoopShape & {
    readonly calls: number;
    readonly milliseconds: number;
    readonly sourceMilliseconds: number;
    readonly speedup: number;
    readonly macRatio: { readonly all: number; readonly layers: number };
  };
  /** Resident memory of the process in bytes, with the source and the bundle loaded. */
  readonly memory: { readonly source: number; readonly both: number; readonly peak: number };
}

/** @throws RUN_STEPS, RUN_START, and what reading a bundle, its loops and running models throw */
export async function benchBundle(options: BenchOptions): Promise<BenchReport> {
  const { folder, model, rounds = 7, wholeLoop = 1000, onProgress } = options;
  const written = await readBundle(folder, model);
  const schedule = scheduleForLoop(written, options.loop ?? {}, bundleLabel(folder));
  const ort = await loadOrt();
  const bindings = scheduleBindings(schedule, options.shapes);
  const { inputs, roles = {} } = schedule.source;
  const feeds = randomFeeds(inputs, {
    ort: ort as never,
    roles,
    bindings,
    seed: options.seed ?? 0,
  });
  const session = {
    logSeverityLevel: 4 as const,
    ...(options.threads !== undefined && { intraOpNumThreads: options.threads }),
  };
  const calls = callsOf(schedule);
  const programs = distinctPrograms(schedule);
  const source = await openSource(ort, model, session);
  const sourceMemory = process.memoryUsage.rss();
  const sourceTurns: number[][] = [];
  const bundleTurns: number[][] = [];
  let bundle: ScheduledSession | undefined;
  let turn: readonly string[];
  let whole: boolean;
  try {
    const runSource = () => runModel(source, feeds, `"${model}"`);
    // the first run of everything warms it up and is not counted
    const [first] = await timesOf(1, runSource);
    whole = first! * calls.length < wholeLoop;
    turn = whole ? calls.inOrder : programs;
    const opened = await openWithCalls(ort, folder, schedule, turn, session);
    bundle = opened;
    for (let round = 0; round <= rounds; round++) {
      onProgress?.(round, rounds + 1);
      if (round > 0) sourceTurns.push(await timesOf(whole ? calls.length : 1, runSource));
      await setTimeout(REST);
      const times = await timesOf(turn.length, () => opened.run(feeds));
      if (round > 0) bundleTurns.push(times);
      opened.reset();
      await setTimeout(REST);
    }
    onProgress?.(rounds + 1, rounds + 1);
  } finally {
    await bundle?.release();
    await source.release();
  }
  const sourceMs = median(sourceTurns.flat());
  const ms = new Map(
    programs.map((program) => [
      program,
      median(bundleTurns.flatMap((times) => times.filter((_, i) => turn[i] === program))),
    ]),
  );
  const loop = whole
    ? { source: median(sourceTurns.map(sum)), bundle: median(bundleTurns.map(sum)) }
    : {
        source: sourceMs * calls.length,
        bundle: sum(calls.inOrder.map((program) => ms.get(program)!)),
      };
  const macs = schedule.cost?.macs?.convention;
  const ratio = (program: string, convention: 'all' | 'layers') =>
    macs
      ? macs[convention].source / (macs[convention].programs[program] ?? Number.NaN)
      : Number.NaN;
  return {
    rounds,
    turns: whole ? 'loops' : 'programs',
    sizes: Object.fromEntries(bindings),
    source: { milliseconds: sourceMs },
    programs: Object.fromEntries(
      programs.map((name) => [
        name,
        {
          calls: calls.of(name).length,
          milliseconds: ms.get(name)!,
          speedup: sourceMs / ms.get(name)!,
          macRatio: { all: ratio(name, 'all'), layers: ratio(name, 'layers') },
        },
      ]),
    ),
    written: shapeOf(written),
    loop: {
      ...shapeOf(schedule),
      calls: calls.length,
      milliseconds: loop.bundle,
      sourceMilliseconds: loop.source,
      speedup: loop.source / loop.bundle,
      macRatio: {
        all: macs ? macs.all.source / macs.all.perCall : Number.NaN,
        layers: macs ? macs.layers.source / macs.layers.perCall : Number.NaN,
      },
    },
    memory: {
      source: sourceMemory,
      both: process.memoryUsage.rss(),
      peak: process.resourceUsage().maxRSS * 1024,
    },
  };
}

/** Without what it says of places. */
function shapeOf(schedule: Schedule): LoopShape {
  const { steps, start } = loopOf(schedule);
  return { steps, start };
}

/** Milliseconds of each of so many runs, one after the other. */
async function timesOf(runs: number, run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times;
}

const sum = (values: readonly number[]): number => values.reduce((total, v) => total + v, 0);

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
