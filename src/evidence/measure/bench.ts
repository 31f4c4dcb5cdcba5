/**
 * How much faster a bundle is than its source: alternating runs in one process, medians and quartiles, beside the
 * ratio that the MACs promise, and what speaks against believing it.
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
import { doubtsAbout, SAME_WORK } from './bench-doubts.js';
import { distinctPrograms, openWithCalls, readBundle } from './bundle.js';
import { loadOrt, runModel } from './engine.js';
import { engineOptions, inThreads } from './engine-options.js';
import { randomFeeds, scheduleBindings } from './feeds.js';
import { watchOthers } from './others-busy.js';
import { openSource } from './scratch.js';
import { type Spread, spreadOf, type Worth, worthOf } from './spread.js';

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
  readonly source: {
    readonly milliseconds: number;
    readonly quartiles: readonly [number, number];
  };
  readonly programs: Readonly<
    Record<
      string,
      {
        readonly calls: number;
        readonly milliseconds: number;
        readonly quartiles: readonly [number, number];
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
    /** The same of each round: source and bundle one after the other. */
    readonly rounds: readonly number[];
    readonly quartiles: readonly [number, number];
    /** Can the speed-up be told from how the rounds differ? */
    readonly worth: Worth;
    readonly macRatio: { readonly all: number; readonly layers: number };
  };
  /** What speaks against believing these figures, in sentences. */
  readonly doubts: readonly string[];
  /** Share of all cores' time that other processes took meanwhile; left out where the system does not say. */
  readonly othersBusy?: number;
  /** Milliseconds of every counted run, by round. */
  readonly samples: {
    readonly source: readonly (readonly number[])[];
    readonly bundle: readonly (readonly number[])[];
    /** The program of each run of a round of the bundle. */
    readonly programs: readonly string[];
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
  const session = engineOptions(inThreads(options.threads));
  const calls = callsOf(schedule);
  const programs = distinctPrograms(schedule);
  const source = await openSource(ort, model, session);
  const sourceMemory = process.memoryUsage.rss();
  const sourceTurns: number[][] = [];
  const bundleTurns: number[][] = [];
  let bundle: ScheduledSession | undefined;
  let turn: readonly string[];
  let whole: boolean;
  const othersNow = watchOthers();
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
      const sourceTurn = async () => timesOf(whole ? calls.length : 1, runSource);
      const bundleTurn = async () => {
        const times = await timesOf(turn.length, () => opened.run(feeds));
        opened.reset();
        return times;
      };
      // whichever is second may find the machine warmer, or slower
      const order = round % 2 === 0 ? [sourceTurn, bundleTurn] : [bundleTurn, sourceTurn];
      const times = new Map<unknown, number[]>();
      for (const one of order) {
        times.set(one, await one());
        await setTimeout(REST);
      }
      if (round === 0) continue;
      sourceTurns.push(times.get(sourceTurn)!);
      bundleTurns.push(times.get(bundleTurn)!);
    }
    onProgress?.(rounds + 1, rounds + 1);
  } finally {
    await bundle?.release();
    await source.release();
  }
  const othersBusy = othersNow();
  const ofSource = spreadOf(sourceTurns.flat());
  const sourceMs = ofSource.median;
  const timesIn = (times: readonly number[], program: string) =>
    times.filter((_, i) => turn[i] === program);
  const spreads = new Map<string, Spread>(
    programs.map((program) => [
      program,
      spreadOf(bundleTurns.flatMap((times) => timesIn(times, program))),
    ]),
  );
  const loopOfRound = (times: readonly number[], each: readonly number[]) => ({
    source: whole ? sum(each) : each[0]! * calls.length,
    bundle: whole ? sum(times) : sum(calls.inOrder.map((program) => times[turn.indexOf(program)]!)),
  });
  const loops = bundleTurns.map((times, i) => loopOfRound(times, sourceTurns[i]!));
  const ratios = loops.map((one) => one.source / one.bundle);
  const loop = whole
    ? {
        source: spreadOf(loops.map((one) => one.source)).median,
        bundle: spreadOf(loops.map((one) => one.bundle)).median,
      }
    : {
        source: sourceMs * calls.length,
        bundle: sum(calls.inOrder.map((program) => spreads.get(program)!.median)),
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
    source: { milliseconds: sourceMs, quartiles: ofSource.quartiles },
    programs: Object.fromEntries(
      programs.map((name) => [
        name,
        {
          calls: calls.of(name).length,
          milliseconds: spreads.get(name)!.median,
          quartiles: spreads.get(name)!.quartiles,
          speedup: sourceMs / spreads.get(name)!.median,
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
      rounds: ratios,
      quartiles: spreadOf(ratios).quartiles,
      worth: worthOf(ratios),
      macRatio: {
        all: macs ? macs.all.source / macs.all.perCall : Number.NaN,
        layers: macs ? macs.layers.source / macs.layers.perCall : Number.NaN,
      },
    },
    doubts: doubtsAbout({
      ratios,
      othersBusy,
      sourceMs,
      equal: programs
        .filter((name) => Math.abs(ratio(name, 'all') - 1) < SAME_WORK)
        .map((name) => ({ name, milliseconds: spreads.get(name)!.median })),
    }),
    ...(othersBusy !== undefined && { othersBusy }),
    samples: { source: sourceTurns, bundle: bundleTurns, programs: turn },
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
