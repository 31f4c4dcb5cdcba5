/** What `stepfold timesteps` does. */

import { planSource, writeFile } from '../../compiler/emit/index.js';
import { againstWithModel, needsAgainst, needsSteps, timestepsExist } from '../../errors/index.js';
import { type OptimizedTimesteps, optimizeTimesteps } from '../../evidence/calibrate/index.js';
import { readBundle } from '../../evidence/measure/bundle.js';
import { type LoopDenoiser, openLoopBundle, openLoopModel } from '../../evidence/measure/index.js';
import { isFolder } from '../../io/is-folder.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { PATH_FLAGS, stepsFor } from '../../runtime/samplers/index.js';
import { formatTimesteps, type TimestepsFile } from '../../runtime/schedule/index.js';
import { readFeeds, readRoles, readShapes, readSizes } from '../arguments.js';
import type { TimestepsArguments } from '../commands/timesteps.js';
import { forImages, withKept } from '../kept.js';
import { findLoopModel } from '../loop-model.js';
import { pathOf, readLoopGuidance, readSamplerOptions } from '../loop-options.js';
import { printKept, printOthers } from '../made-loop-line.js';
import { printNext } from '../next.js';
import { heading, print, printJson, printMadeUp, printTable } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { type OpenParts, openParts, readStart } from '../pipeline-parts.js';
import { startProgress } from '../progress.js';
import { freeName } from '../proposal/output-name.js';
import { givenFlags } from '../reading-flags.js';

export async function runTimesteps(typed: TimestepsArguments): Promise<void> {
  const { args: given, kept } = withKept(typed.model, typed);
  // which steps are visited is what is looked for, so it need not be understood
  const loop = await findLoopModel(given.model, given, { ...given, timesteps: true });
  const source = given.against === undefined ? {} : { against: findModel(given.against).file };
  const args = { ...loop.args, model: loop.place, ...source };
  checkOutputFile(args.output, args.force, timestepsExist);
  const opened = await openDenoisers(args);
  const { denoiser, reference } = opened;
  const progress = startProgress('Searching', args.json);
  let parts: OpenParts | undefined;
  try {
    const { ports, written } = denoiser;
    const steps = args.steps ?? (written && stepsFor(args.sampler, written.steps));
    if (steps === undefined) throw needsSteps();
    const asked = {
      feeds: await readFeeds('feed', args.feed),
      guidance: await readLoopGuidance(args, ports.guidance),
    };
    const { feeds, guidance } = await forImages(ports, asked, kept, args.samples);
    const sampler = {
      name: args.sampler,
      ...readSamplerOptions(args, loop.folder),
      ...readStart(args, steps, pathOf(args, loop.folder)),
    };
    parts = await openParts(args, {
      feeds,
      folder: loop.pipeline,
      halves: guidance?.mode === 'two-calls',
      ports: async () => ports,
    });
    const found = await optimizeTimesteps(denoiser, {
      steps,
      referenceSteps: args.referenceSteps,
      ...(reference && { reference }),
      samples: args.samples,
      seed: args.seed,
      sampler,
      ...(guidance && { guidance }),
      feeds: parts.feeds,
      parts: parts.parts,
      shapes: readShapes(args.shape),
      freeze: readSizes('freeze', args.freeze),
      roles: readRoles(args),
      onProgress: (done, most) => progress.update(done, most),
    }).finally(() => progress.stop());
    const file: TimestepsFile = {
      format: 'stepfold.timesteps',
      version: 1,
      model: planSource(args.against ?? args.model),
      steps,
      trainTimesteps: found.trainTimesteps,
      gamma: found.gamma,
      timesteps: [...found.timesteps],
      sampler,
      ...(guidance && {
        guidance: { order: guidance.order, mode: guidance.mode, scale: guidance.scale! },
      }),
      samples: found.samples,
      seed: args.seed,
      reference: { steps: found.referenceSteps },
      error: found.error,
      uniform: { error: finite(found.uniform.error) },
      tried: found.tried.map(({ gamma, error }) => ({ gamma, error: finite(error) })),
    };
    writeFile(args.output, new TextEncoder().encode(formatTimesteps(file, args.output)));
    report({ args, given: typed }, file, found, { others: loop.others, kept: kept.flags });
  } finally {
    await parts?.release();
    for (const { release } of [denoiser, reference ?? []].flat()) await release();
  }
}

/** JSON has no infinity. */
const finite = (error: number): number | null => (Number.isFinite(error) ? error : null);

/** The denoiser in question and, where that is a bundle, the one that makes the reference. */
async function openDenoisers(
  args: TimestepsArguments,
): Promise<{ denoiser: LoopDenoiser; reference: LoopDenoiser | undefined }> {
  const { model, against } = args;
  if (!isFolder(model)) {
    if (against !== undefined) throw againstWithModel();
    if (args.steps === undefined) throw needsSteps();
    return { denoiser: await openLoopModel(model), reference: undefined };
  }
  if (against === undefined) throw needsAgainst(model);
  await readBundle(model, against);
  const halves = args.guidanceMode === 'two-calls';
  const denoiser = await openLoopBundle(model, { halves });
  try {
    return { denoiser, reference: await openLoopModel(against) };
  } catch (error) {
    await denoiser.release();
    throw error;
  }
}

/** What the list was found with, and `run` has to be told as well. */
const loopWords = (given: TimestepsArguments): string[] =>
  givenFlags(given, [
    ...(['sampler', 'prediction', 'clip', 'timestepScale', 'eta', 'order', 'path'] as const),
    ...(Object.keys(PATH_FLAGS) as (keyof typeof PATH_FLAGS)[]),
    ...(['guidance', 'guidanceMode', 'guidanceScale', 'unconditional'] as const),
    ...(['guidanceInterval', 'guidanceRescale', 'feed', 'latent', 'timestep'] as const),
  ]).flat();

function report(
  { args, given }: { readonly args: TimestepsArguments; readonly given: TimestepsArguments },
  file: TimestepsFile,
  found: OptimizedTimesteps,
  { others, kept }: { readonly others: readonly string[]; readonly kept: readonly string[] },
): void {
  const { madeUp } = found;
  if (args.json) {
    printJson({ file: args.output, ...file, madeUp });
    return;
  }
  const { gamma, error, uniform, timesteps } = found;
  heading(`${file.steps} timesteps at gamma ${gamma.toFixed(3)}`);
  print(timesteps.join(' '));
  heading(`Mean squared difference from ${found.referenceSteps} steps, ${found.samples} images`);
  const ratio = error / uniform.error;
  printTable(
    ['timesteps', 'gamma', 'error'],
    [
      ['equally spaced', '1.000', uniform.error.toPrecision(3)],
      ['found', gamma.toFixed(3), error.toPrecision(3)],
    ],
  );
  if (Number.isFinite(ratio) && ratio < 1)
    print(`${(100 * (1 - ratio)).toFixed(1)} % less than equally spaced`);
  printMadeUp(madeUp);
  if (others.length > 0) printOthers(others);
  printKept(kept);
  print(`Written: ${args.output}`);
  printNext(
    'run',
    given.model,
    ...loopWords(given),
    '--timesteps',
    args.output,
    '-o',
    freeName('out'),
  );
}
