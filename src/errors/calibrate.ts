/** Errors about searching a plan. */
import { ResultError, StepfoldError } from './base.js';
import { didYouMean } from './nearest.js';

const list = (names: readonly string[]) => names.join(', ') || 'none';

export const passNotSearched = (pass: string, searched: readonly string[]) =>
  new StepfoldError(
    'CALIBRATE_PASS',
    `The plan of pass "${pass}" is a rule; there is nothing to search.`,
    { hint: `Passes whose plan is searched: ${list(searched)}.` },
  );

export const onePassOnly = (given: number) =>
  new StepfoldError('CALIBRATE_PASS', `A plan is searched for one pass, but ${given} are given.`, {
    hint: 'Give --pass once, such as --pass ditfastattn:threshold=D3.',
  });

export const noSites = (pass: string) =>
  new StepfoldError('CALIBRATE_NO_SITES', `Pass "${pass}" finds no site in this model.`, {
    hint: 'See `stepfold inspect` for what the model holds and what was missed.',
  });

export const sitesNested = (site: string, others: readonly string[]) =>
  new StepfoldError(
    'CALIBRATE_NESTED',
    `Site "${site}" counts for nothing when other sites are not computed, so its loss cannot be told from theirs.`,
    {
      path: `/sites/${site}`,
      hint: `Search sites that do not lie in one another (the others: ${list(others)}).`,
    },
  );

export const stateNeverWritten = (site: string, strategy: string, state: string) =>
  new StepfoldError(
    'CALIBRATE_STATE',
    `Strategy "${strategy}" of site "${site}" reads state "${state}", which no strategy that is tried writes.`,
    { path: `/sites/${site}`, hint: 'Let the pass write that state when the site is computed.' },
  );

export const unknownCandidate = (site: string, strategy: string, known: readonly string[]) =>
  new StepfoldError(
    'CALIBRATE_CANDIDATE',
    `The pass wants to try "${strategy}" at site "${site}", which has no such strategy.`,
    {
      path: `/sites/${site}`,
      hint: `${didYouMean(strategy, known)}Strategies there: ${list(known)}.`,
    },
  );

export const notFinite = (output: string, call: number, callsPerStep: number) =>
  new ResultError(
    'CALIBRATE_NOT_FINITE',
    `Output "${output}" of the model holds NaN or infinity at step ${Math.floor(call / callsPerStep)}, which is call ${call}, so no loss can be measured; steps and calls are counted from 0.`,
    { value: output, hint: 'Check the inputs, the sampler and the guidance scale.' },
  );

/** @param why the subject and verb of what a search of full steps cannot follow */
export const partsNotSearched = (why: string) =>
  new StepfoldError('CALIBRATE_PARTS', `Which steps are full cannot be searched where ${why}.`, {
    hint: 'Search without it, and run the plan with it.',
  });

export const partsWithRecorded = () =>
  new StepfoldError(
    'CALIBRATE_PARTS',
    'Recorded inputs are those of a loop that was run, so nothing of it can be given beside them.',
    { hint: 'Leave --init, --mask, --control, --then-model and --embedded-guidance out.' },
  );

export const fewSamples = (samples: unknown) =>
  new StepfoldError(
    'CALIBRATE_SAMPLES',
    `The number of samples must be a whole number of 1 or more, not ${String(samples)}.`,
    { hint: 'Say how many images to make, such as --samples 8.' },
  );

export const fixedBatch = (input: string, batch: number, samples: number, pair: boolean) =>
  new StepfoldError(
    'CALIBRATE_BATCH',
    `Input "${input}" has a fixed batch of ${batch}, which ${samples} samples${pair ? ' (twice, once for each half of a guidance pair)' : ''} do not fill a whole number of times.`,
    {
      value: input,
      hint:
        pair && batch % 2 !== 0
          ? 'Use --guidance-mode two-calls, or export the model with an even batch.'
          : `Use --samples ${pair ? batch / 2 : batch}, or a multiple of it.`,
    },
  );

export const oddRecordedBatch = (input: string, batch: number) =>
  new StepfoldError(
    'CALIBRATE_ODD_BATCH',
    `The recorded input "${input}" has a batch of ${batch}, which does not hold both halves of a guidance pair.`,
    { value: input, hint: 'Record both halves in one batch, or say --guidance none.' },
  );

export const oddBatch = (value: string, batch: number) =>
  new StepfoldError(
    'CALIBRATE_ODD_BATCH',
    `"${value}" has ${batch} rows, which are not two halves of a guidance pair, so one cannot stand for the other.`,
    { value, hint: 'Run the loop with guidance in one batch, or say --guidance none.' },
  );

export const recordedShape = (
  input: string,
  found: readonly number[],
  calls: number,
  wants: readonly (number | string | null)[],
) =>
  new StepfoldError(
    'CALIBRATE_INPUT_SHAPE',
    `The recorded input "${input}" must be ${calls} calls of [${wants.map((d) => d ?? '?').join(', ')}], but is [${found.join(', ')}].`,
    {
      value: input,
      data: { found, wants: [calls, ...wants] },
      hint: 'Stack the inputs of all calls along a new first axis; sizes must agree among inputs.',
    },
  );

export const recordedMissing = (input: string, recorded: readonly string[]) =>
  new StepfoldError(
    'CALIBRATE_INPUT_MISSING',
    `Input "${input}" is neither recorded nor given, but ${list(recorded)} ${recorded.length === 1 ? 'is' : 'are'} recorded.`,
    {
      value: input,
      hint: `Record it too (--recorded ${input}=file.npy), or give it for all calls (--feed ${input}=file.npy).`,
    },
  );

export const oddCalls = (calls: number) =>
  new StepfoldError(
    'GUIDANCE_ODD_CALLS',
    `Guidance by two calls a step needs an even number of calls, not ${calls}.`,
    { path: '/calls', hint: `Use --calls ${calls + 1}.` },
  );

export const guidanceIncomplete = (missing: string) =>
  new StepfoldError(
    'CALIBRATE_GUIDANCE',
    `The loop has guidance, but its ${missing} is not given.`,
    { hint: 'Give --guidance cond-first or uncond-first together with --guidance-scale.' },
  );

export const planExists = (file: string) =>
  new StepfoldError('CALIBRATE_PLAN_EXISTS', `"${file}" is there already.`, {
    file,
    hint: 'Choose another name, or replace it with --force.',
  });

export const otherSearch = (file: string, differs: readonly string[]) =>
  new StepfoldError(
    'CALIBRATE_OTHER_SEARCH',
    `"${file}" holds the calls of an interrupted search that was another one; what differs: ${list(differs)}.`,
    {
      file,
      hint: 'Run the command of that search to finish it, or drop its calls with --restart.',
    },
  );

export const brokenPartial = (file: string, why: string) =>
  new StepfoldError(
    'CALIBRATE_PARTIAL',
    `"${file}" should hold the calls of an interrupted search, but ${why}.`,
    { file, hint: 'Begin anew with --restart.' },
  );

export const fullStepNotComputed = (pass: string, site: string, call: number) =>
  new StepfoldError(
    'CALIBRATE_FULL_STEP',
    `Pass "${pass}" leaves site "${site}" uncomputed at call ${call}, though all steps were asked to be full.`,
    { path: `/sites/${site}`, hint: 'Let every site be computed at a step that is full.' },
  );

export const keepsWhileNotFull = (pass: string, site: string, strategy: string) =>
  new StepfoldError(
    'CALIBRATE_FULL_STEP',
    `Strategy "${strategy}" of site "${site}" of pass "${pass}" keeps something at steps that are not full, so what a step takes does not follow from which steps are full.`,
    { path: `/sites/${site}`, hint: 'Let only full steps keep values, or leave "fullSteps" out.' },
  );

export const needsFullCalls = (pass: string) =>
  new StepfoldError(
    'CALIBRATE_FULL_CALLS',
    `Which steps of "${pass}" are full is searched, but not how many there are to be.`,
    { hint: 'Say it with --full-calls, such as --full-calls 14.' },
  );

export const badFullCalls = (given: number, least: number, steps: number) =>
  new StepfoldError(
    'CALIBRATE_FULL_CALLS',
    `There can be ${least} to ${steps} full steps in this loop, not ${given}.`,
    { hint: `Say --full-calls with a number from ${least} to ${steps}.` },
  );

export const fewImagesToJudge = (samples: number, least: number) =>
  new StepfoldError(
    'CALIBRATE_SAMPLES',
    `One half of the images chooses the full steps and the other judges the choice, for which ${samples} do not do.`,
    { hint: `Use --samples ${least}, or a multiple of it.` },
  );

export const recordedNotPlaced = (pass: string) =>
  new StepfoldError(
    'CALIBRATE_RECORDED',
    `The full steps of "${pass}" are chosen by where a loop ends, which recorded inputs do not show.`,
    { hint: 'Leave --recorded out, and say which sampler and guidance the loop has.' },
  );

export const notForPass = (option: string, pass: string) =>
  new StepfoldError(
    'CALIBRATE_OPTION',
    `${option} has no say for pass "${pass}", whose plan is no choice of full steps.`,
    { path: option, hint: `Leave ${option} out.` },
  );
