/** Bundles that could have been made instead: compiled, run in the same loop, and thrown away. */

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { emitBundle } from '../../../compiler/emit/index.js';
import {
  checkOptions,
  type PassContext,
  type PassTable,
  type PassTrials,
  passContext,
} from '../../../compiler/pass/index.js';
import {
  Pipeline,
  type PipelineOptions,
  type Prepared,
  type PrepareOptions,
  prepare,
  usePasses,
} from '../../../compiler/pipeline/index.js';
import { planNoThreshold, ResultError, StepfoldError } from '../../../errors/index.js';
import {
  type GenerateOptions,
  generate,
  openLoopBundle,
  type RecordedLoop,
  relativeError,
} from '../../../evidence/measure/index.js';
import type {
  KnownSubject,
  SearchedPlan,
  TrialPoint,
  Trials,
} from '../../../evidence/report/facts/subject.js';
import { readRegularText } from '../../../io/regular-file.js';
import type { Model } from '../../../model/ir/model.js';
import { loadModel } from '../../../model/onnx/files.js';
import {
  callsOf,
  loopOf,
  parsePlanFile,
  placesOf,
  planOfSchedule,
} from '../../../runtime/schedule/index.js';

export interface TrialContext {
  /** The source's file. */
  readonly source: string;
  readonly subject: Pick<KnownSubject, 'schedule' | 'written' | 'report'>;
  readonly table: PassTable;
  /** The loop of the source, and how it was run. */
  readonly full: RecordedLoop;
  readonly loop: GenerateOptions;
  readonly onProgress: (what: string) => void;
}

/** What the passes of the bundle offer besides, in their order. */
export async function tryOptions(context: TrialContext): Promise<Trials[]> {
  const { subject, table } = context;
  const model = loadModel(context.source);
  const found: Trials[] = [];
  let known: { readonly source: Prepared; readonly asked: PassContext } | undefined;
  for (const [at, { pass: name, options }] of subject.report.passes.entries()) {
    const pass = table.passes.get(name);
    if (!pass?.trials) continue;
    known ??= await contextOf(model, subject);
    const offered = pass.trials(known.asked, checkOptions(pass, options));
    if (offered) found.push(await tryChoices(context, known.source, offered, { at, pass: name }));
  }
  return found;
}

/** How the bundle read its source. */
const readingOf = ({ schedule: { source, cost } }: TrialContext['subject']): PrepareOptions => ({
  ...(source.guidance && { guidance: source.guidance }),
  ...(cost?.macs && { sizes: cost.macs.bindings }),
});

async function contextOf(model: Model, subject: TrialContext['subject']) {
  const { schedule } = subject;
  const source = await prepare(model, readingOf(subject));
  const { canonical, shapes, bindings, roles } = source;
  const { guidance } = schedule.source;
  const { length } = callsOf(schedule);
  const places = placesOf(schedule);
  const asked = passContext(canonical, shapes, length, bindings, guidance, roles, places);
  return { source, asked };
}

async function tryChoices(
  context: TrialContext,
  source: Prepared,
  { choices, ...described }: PassTrials,
  { at, pass }: { readonly at: number; readonly pass: string },
): Promise<Trials> {
  const points: TrialPoint[] = [];
  for (const { label, short, chosen, options } of choices) {
    context.onProgress(`Trying ${label}`);
    const requests = context.subject.report.passes.with(at, { pass, options });
    const trial = await attempt(context, source, requests);
    if (trial) points.push({ label, short, chosen, ...trial });
  }
  return { ...described, points };
}

/** @throws REPORT_NO_THRESHOLD, and what reading and compiling a plan throw */
export async function tryPlans(
  context: TrialContext,
  files: readonly string[],
): Promise<SearchedPlan[]> {
  const source = loadModel(context.source);
  const { schedule, written = schedule } = context.subject;
  const own = JSON.stringify(planOfSchedule(written)?.sites);
  const found: SearchedPlan[] = [];
  for (const file of files) {
    context.onProgress(`Trying ${file}`);
    const plan = parsePlanFile(readRegularText(file), file);
    const threshold = plan.calibration?.threshold;
    if (threshold === undefined || !plan.passes) throw planNoThreshold(file);
    const requests = plan.passes.map(({ pass, options = {} }) => ({ pass, options }));
    const trial = await run(context, source, requests, { plan });
    const chosen = JSON.stringify(plan.sites) === own;
    found.push({ file: path.basename(file), threshold, chosen, ...trial });
  }
  return found;
}

/** Options that a pass refuses are no choice; one whose loop breaks ends the command. */
async function attempt(context: TrialContext, source: Prepared, requests: Requests) {
  try {
    return await run(context, source, requests);
  } catch (error) {
    if (error instanceof StepfoldError && !(error instanceof ResultError)) return undefined;
    throw error;
  }
}

type Requests = KnownSubject['report']['passes'];

async function run(
  { source: file, subject, table, full, loop }: TrialContext,
  source: Model | Prepared,
  requests: Requests,
  options: Pick<PipelineOptions, 'plan'> = {},
): Promise<{ macs: number; error: number }> {
  const { timesteps } = subject.schedule;
  const pipeline = Pipeline.create({
    calls: callsOf(subject.schedule).length,
    start: loopOf(subject.schedule).start,
    ...readingOf(subject),
    ...(timesteps && { timesteps }),
    places: placesOf(subject.schedule),
    ...options,
  });
  const compilation = await usePasses(pipeline, table, requests).compile(source);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stepfold-report-'));
  try {
    const { schedule } = emitBundle(compilation, path.join(folder, 'bundle'), { sourceFile: file });
    const denoiser = await openLoopBundle(path.join(folder, 'bundle'), {
      halves: loop.guidance?.mode === 'two-calls',
    });
    try {
      const { latent } = await generate(denoiser, loop);
      return {
        macs: schedule.cost?.macs?.convention.all.perCall ?? Number.NaN,
        error: relativeError(latent, full.latent),
      };
    } finally {
      await denoiser.release();
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
