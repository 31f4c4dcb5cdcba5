/**
 * How much faster a bundle is than its source: alternating runs in one process, medians, beside the
 * ratio that the MACs promise.
 */
import { setTimeout } from 'node:timers/promises';
import { distinctPrograms, openWithCalls, readBundle } from './bundle.js';
import { loadOrt, runModel } from './engine.js';
import { randomFeeds, scheduleBindings } from './feeds.js';
import { openSource } from './scratch.js';

/**
 * Milliseconds after a run of the source, whose threads spin for a while as they do for anybody who
 * runs it with default options; the bundle must not be measured against them.
 */
const REST = 50;

export interface BenchOptions {
  readonly folder: string;
  readonly model: string;
  /** Counted runs of everything; default 7. */
  readonly rounds?: number;
  readonly seed?: number;
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Threads of onnxruntime within an operator; its own choice by default. */
  readonly threads?: number;
  readonly onProgress?: (round: number, rounds: number) => void;
}

export interface BenchReport {
  readonly rounds: number;
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
  /** All calls of the schedule, from the medians of their programs. */
  readonly loop: {
    readonly calls: number;
    readonly milliseconds: number;
    readonly sourceMilliseconds: number;
    readonly speedup: number;
    readonly macRatio: { readonly all: number; readonly layers: number };
  };
  /** Resident memory of the process in bytes, with the source and the bundle loaded. */
  readonly memory: { readonly source: number; readonly both: number; readonly peak: number };
}

export async function benchBundle(options: BenchOptions): Promise<BenchReport> {
  const { folder, model, rounds = 7, onProgress } = options;
  const schedule = await readBundle(folder, model);
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
  const programs = distinctPrograms(schedule);
  const source = await openSource(ort, model, session);
  const sourceMemory = process.memoryUsage.rss();
  const times = new Map<string, number[]>(programs.map((p) => [p, []]));
  const sourceTimes: number[] = [];
  const bundle = await openWithCalls(ort, folder, schedule, programs, session, (info) => {
    times.get(info.program)?.push(info.milliseconds);
  });
  try {
    // the first round warms everything up and is not counted
    for (let round = -1; round < rounds; round++) {
      onProgress?.(round + 1, rounds + 1);
      const start = performance.now();
      await runModel(source, feeds, `"${model}"`);
      sourceTimes.push(performance.now() - start);
      await setTimeout(REST);
      for (const _ of programs) await bundle.run(feeds);
      bundle.reset();
    }
    onProgress?.(rounds + 1, rounds + 1);
  } finally {
    await bundle.release();
    await source.release();
  }
  const sourceMs = median(sourceTimes.slice(1));
  const ms = new Map([...times].map(([name, all]) => [name, median(all.slice(1))]));
  const macs = schedule.cost?.macs?.convention;
  const ratio = (program: string, convention: 'all' | 'layers') =>
    macs
      ? macs[convention].source / (macs[convention].programs[program] ?? Number.NaN)
      : Number.NaN;
  const total = schedule.calls.reduce((sum, name) => sum + (ms.get(name) ?? Number.NaN), 0);
  return {
    rounds,
    sizes: Object.fromEntries(bindings),
    source: { milliseconds: sourceMs },
    programs: Object.fromEntries(
      programs.map((name) => [
        name,
        {
          calls: schedule.calls.filter((c) => c === name).length,
          milliseconds: ms.get(name)!,
          speedup: sourceMs / ms.get(name)!,
          macRatio: { all: ratio(name, 'all'), layers: ratio(name, 'layers') },
        },
      ]),
    ),
    loop: {
      calls: schedule.calls.length,
      milliseconds: total,
      sourceMilliseconds: sourceMs * schedule.calls.length,
      speedup: (sourceMs * schedule.calls.length) / total,
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

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
