/** What searches of plans share on the command line: what they are for, how long they take, how they are interrupted. */
import fs from 'node:fs';
import { planSource } from '../compiler/emit/index.js';
import type { PassRequest } from '../compiler/pass/index.js';
import type { PlanRecord } from '../compiler/plan/index.js';
import type { CalibrateOptions } from '../evidence/calibrate/index.js';
import { type SearchIdentity, searchIdentity } from '../evidence/calibrate/resume.js';
import type { Model } from '../model/ir/model.js';
import { stepsOfCalls } from '../runtime/schedule/index.js';
import type { CalibrateArguments } from './commands/calibrate.js';

export type LoopOptions = Omit<CalibrateOptions, 'pass' | 'options'>;

export function identityOf(
  file: string,
  model: Model,
  pass: PassRequest,
  {
    feeds,
    recorded,
    guidance,
    parts,
    ...settings
  }: LoopOptions & Readonly<Record<string, unknown>>,
): SearchIdentity {
  const { unconditional, ...pair } = guidance ?? {};
  const { init, mask, control, handOver, embeddedGuidance } = parts ?? {};
  const further = {
    ...(control && {
      'control model': [control.model.label, control.scale ?? 1, control.interval ?? 1],
    }),
    ...(handOver && {
      'second model': [handOver.denoiser.label, handOver.from, handOver.guidanceScale],
    }),
    ...(embeddedGuidance !== undefined && { 'embedded guidance': embeddedGuidance }),
  };
  const pictures = { ...(init && { init }), ...(mask && { mask }) };
  return searchIdentity(
    file,
    model,
    {
      pass: pass.pass,
      'options of the pass': pass.options,
      ...settings,
      guidance: pair,
      ...further,
    },
    {
      ...{ feeds, recorded, unconditional },
      ...(init && { pictures }),
      ...(control && { 'inputs of the control model': control.feeds }),
      ...(handOver && {
        'inputs of the second model': handOver.feeds,
        'unconditional inputs of the second model': handOver.unconditional,
      }),
    },
  );
}

/** Seconds since now, and those before. */
export function startClock(before: number): () => number {
  const start = performance.now();
  return () => before + (performance.now() - start) / 1000;
}

/** Ctrl-C leaves the terminal as it was and says how to go on; what is decided is on disk already. */
export function onInterrupt(partial: string, stop: () => void | Promise<void>): { forget(): void } {
  const interrupt = async () => {
    await stop();
    const hint = fs.existsSync(partial)
      ? 'Give the same command again to go on.'
      : 'No call was finished.';
    process.stderr.write(`Interrupted. ${hint}\n`);
    process.exit(130);
  };
  // what is waited for can be interrupted by another one
  process.once('SIGINT', interrupt);
  return { forget: () => process.removeListener('SIGINT', interrupt) };
}

/** What every search writes down of what it was for, and the steps of its loop. */
export function searchRecord(
  { model, calls, guidanceMode }: CalibrateArguments,
  { pass, options }: PassRequest,
  { guidance }: LoopOptions,
): { readonly steps: number; readonly record: PlanRecord } {
  const { order, mode } = guidance ?? { order: 'none', mode: guidanceMode ?? 'batch' };
  return {
    steps: stepsOfCalls(calls, guidance),
    record: {
      model: planSource(model),
      passes: [{ pass, options: { ...options } }],
      guidance: { order, mode },
    },
  };
}

/** Digits that mean something. */
export const rounded = (value: number): number => Number(value.toPrecision(6));
