/** Bundles that could have been made instead: compiled, run in the same loop, and thrown away. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { passes } from '../../../../passes/index.js';
import { analyzeUnet } from '../../../compiler/analysis/index.js';
import { emitBundle } from '../../../compiler/emit/index.js';
import { Pipeline, type PipelineOptions, prepare } from '../../../compiler/pipeline/index.js';
import { planNoThreshold, ResultError, StepfoldError } from '../../../errors/index.js';
import {
  type GenerateOptions,
  generate,
  openLoopBundle,
  type RecordedLoop,
  relativeError,
} from '../../../evidence/measure/index.js';
import type {
  BranchChoices,
  BranchPoint,
  ReportSubject,
  SearchedPlan,
} from '../../../evidence/report/facts/subject.js';
import { readRegularText } from '../../../io/regular-file.js';
import type { Model } from '../../../model/ir/model.js';
import { loadModel } from '../../../model/onnx/files.js';
import { parsePlanFile, planOfSchedule } from '../../../runtime/schedule/index.js';

export interface TrialContext {
  /** The source's file. */
  readonly source: string;
  readonly subject: Pick<ReportSubject, 'schedule' | 'report'>;
  /** The loop of the source, and how it was run. */
  readonly full: RecordedLoop;
  readonly loop: GenerateOptions;
  readonly onProgress: (what: string) => void;
}

/** Undefined where the bundle is not DeepCache's. */
export async function tryBranches(context: TrialContext): Promise<BranchChoices | undefined> {
  const { passes: used } = context.subject.report;
  const at = used.findIndex(({ pass }) => pass === 'deepcache');
  const options = used[at]?.options;
  const chosen = Number(options?.branch);
  if (!options || !Number.isInteger(chosen)) return undefined;
  const source = loadModel(context.source);
  const { canonical, shapes } = await prepare(source);
  const unet = analyzeUnet(canonical.graph, shapes);
  if (!unet.isUnet) return undefined;
  const points: BranchPoint[] = [];
  for (const { branch } of unet.joins) {
    context.onProgress(`Trying branch ${branch}`);
    const requests = used.with(at, { pass: 'deepcache', options: { ...options, branch } });
    const trial = await attempt(context, source, requests);
    if (trial) points.push({ branch, ...trial });
  }
  return { interval: Number(options.interval ?? 1), chosen, points };
}

/** @throws REPORT_NO_THRESHOLD, and what reading and compiling a plan throw */
export async function tryPlans(
  context: TrialContext,
  files: readonly string[],
): Promise<SearchedPlan[]> {
  const source = loadModel(context.source);
  const own = JSON.stringify(planOfSchedule(context.subject.schedule)?.sites);
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

/** A branch that a pass refuses is no choice; one whose loop breaks ends the command. */
async function attempt(context: TrialContext, source: Model, requests: Requests) {
  try {
    return await run(context, source, requests);
  } catch (error) {
    if (error instanceof StepfoldError && !(error instanceof ResultError)) return undefined;
    throw error;
  }
}

type Requests = ReportSubject['report']['passes'];

async function run(
  { source: file, subject, full, loop }: TrialContext,
  source: Model,
  requests: Requests,
  options: Pick<PipelineOptions, 'plan'> = {},
): Promise<{ macs: number; error: number }> {
  const { calls, source: made, timesteps, cost } = subject.schedule;
  let pipeline = Pipeline.create({
    calls: calls.length,
    ...(made.guidance && { guidance: made.guidance }),
    ...(timesteps && { timesteps }),
    ...(cost?.macs && { sizes: cost.macs.bindings }),
    ...options,
  });
  for (const { pass, options: given } of requests)
    pipeline = pipeline.use(passes[pass]!, given as never);
  const compilation = await pipeline.compile(source);
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
