/** Errors about schedules, plans and pipeline files, and running a schedule. */
import { StepfoldError } from './base.js';
import { inOneLine } from './in-one-line.js';

/** One thing that is wrong with a JSON file. */
export interface Problem {
  /** JSON pointer to the place; empty for the whole file. */
  readonly path: string;
  /** What was expected there and what was found. */
  readonly message: string;
}

const SHOWN = 3;

const are = (kind: string) => (kind.endsWith('s') ? 'are' : 'is');

/** `kind` is the word for the file: schedule, plan, pipeline. */
export const notJson = (kind: string, file: string, why: string) =>
  new StepfoldError(
    `${kind.toUpperCase()}_NOT_JSON`,
    `The ${kind} "${file}" ${are(kind)} not JSON: ${why}.`,
    {
      file,
      hint: 'The file is damaged or is something else; write it again.',
    },
  );

export const invalidDocument = (kind: string, file: string, problems: readonly Problem[]) => {
  const shown = problems.slice(0, SHOWN).map((p) => `${p.path || '(the whole file)'} ${p.message}`);
  const rest = problems.length - shown.length;
  return new StepfoldError(
    `${kind.toUpperCase()}_INVALID`,
    `The ${kind} "${file}" ${are(kind)} invalid: ${shown.join('; ')}${rest > 0 ? `; and ${rest} more` : ''}.`,
    {
      file,
      path: problems[0]?.path,
      hint: `Its format is described in schemas/${kind}.schema.json.`,
      data: { problems },
    },
  );
};

export const unknownVersion = (
  kind: string,
  file: string,
  found: unknown,
  reads: readonly number[],
) =>
  new StepfoldError(
    `${kind.toUpperCase()}_VERSION`,
    `The ${kind} "${file}" ${are(kind)} version ${JSON.stringify(found)}; this stepfold reads version ${reads.join(' and ')}.`,
    { file, path: '/version', hint: `Write the ${kind} again with this version of stepfold.` },
  );

export const hashMismatch = (file: string, model: string, expected: string, found: string) =>
  new StepfoldError(
    'SCHEDULE_HASH_MISMATCH',
    `"${file}" is not the model "${model}" that the schedule was made for: its SHA-256 is ${found}, expected ${expected}.`,
    { file, path: `/models/${model}/sha256`, hint: 'Run `stepfold transform` again.' },
  );

export const scheduleFileEscapes = (file: string, folder: string) =>
  new StepfoldError(
    'SCHEDULE_FILE_ESCAPES',
    `"${file}" leads out of the bundle "${folder}"; onnxruntime refuses weights there too.`,
    { file, hint: 'Copy the file into the bundle, or make it a hard link.' },
  );

/** A weights file that is not what the bundle was written with. */
export interface ChangedWeights {
  readonly file: string;
  readonly differs: 'bytes' | 'samples' | 'SHA-256';
  readonly expected: number | string;
  readonly found: number | string;
  /**
   * overwritten: the file that was linked, with other contents. replaced: another in place of the link. damaged:
   * a file of the bundle's own. either: a link of which nothing more is known.
   */
  readonly cause: 'overwritten' | 'replaced' | 'damaged' | 'either';
  /** When the file was last written to. */
  readonly modified: string;
}

const WEIGHTS_CAUSES: Record<ChangedWeights['cause'], readonly [what: string, hint: string]> = {
  overwritten: [
    "It is a hard link to the source's file, which was overwritten in place",
    'Run `stepfold transform` again for the new weights, or restore the old ones; `--weights copy` keeps a bundle apart from its source.',
  ],
  replaced: [
    "It is no longer the file that was linked to the source's: another was put in its place, or the bundle was copied and not all of it came along",
    'Copy the bundle again, or run `stepfold transform` again.',
  ],
  damaged: [
    "It is the bundle's own file: it was overwritten, damaged, or not all of it was copied",
    'Copy the bundle again, or run `stepfold transform` again.',
  ],
  either: [
    "It has another name (a hard link, as to the source's file) and may have been overwritten in place under that, or it was damaged",
    'Run `stepfold transform` again; `--weights copy` keeps a bundle apart from its source.',
  ],
};

export const weightsChanged = (change: ChangedWeights) => {
  const { file, differs, expected, found, cause, modified } = change;
  const [what, hint] = WEIGHTS_CAUSES[cause];
  const details = { file, hint, data: { differs, expected, found, cause, modified } };
  return differs === 'bytes'
    ? new StepfoldError(
        'SCHEDULE_WEIGHTS_SIZE',
        `The weights file "${file}" has ${found} bytes; the schedule was made for one of ${expected}. ${what} (written to last at ${modified}).`,
        details,
      )
    : new StepfoldError(
        'SCHEDULE_WEIGHTS_CHANGED',
        `The weights in "${file}" are not those that the schedule was made for: ${differs === 'samples' ? 'samples of them differ' : 'their SHA-256 differs'}. ${what} (written to last at ${modified}).`,
        details,
      );
};

export const modelMismatch = (model: string, file: string, why: string) =>
  new StepfoldError(
    'SCHEDULE_MODEL_MISMATCH',
    `Model "${model}" ("${file}") does not fit the schedule: ${why}.`,
    { file, path: `/models/${model}`, hint: 'Run `stepfold transform` again.' },
  );

export const scheduleExhausted = (calls: number) =>
  new StepfoldError(
    'SCHEDULE_EXHAUSTED',
    `The schedule has ${calls} calls and all of them were made.`,
    {
      hint: 'Call reset() at the start of each image, and use as many steps as the schedule has calls.',
    },
  );

export const sessionBusy = (method: string) =>
  new StepfoldError(
    'SESSION_BUSY',
    `${method} was called while a call of the same image had not ended; its calls depend on each other.`,
    {
      hint: 'Await each run(), and take session.image() for each image that is made at the same time.',
    },
  );

/** How a call differs from the one before it: by the latent's size, or by the timestep. */
interface CallChange {
  readonly call: number;
  readonly resized: boolean;
  readonly before: number | undefined;
  readonly now: number | undefined;
}

const changeText = ({ call, resized, before, now }: CallChange) =>
  resized
    ? `Call ${call} is fed a latent of another size`
    : `Call ${call} has timestep ${now} after ${before}`;

export const newImageBegun = (change: CallChange) =>
  new StepfoldError(
    'SESSION_NEW_IMAGE',
    `${changeText(change)}: it begins another image, but reset() was not called.`,
    {
      hint: "Call reset() at the start of each image; newImage: 'timestep' does so by itself.",
      data: change,
    },
  );

export const imagesMixed = (change: CallChange) =>
  new StepfoldError(
    'SESSION_IMAGES_MIXED',
    `${changeText(change)}: this may be another image, or two in turns, and the call would read what the one before kept.`,
    {
      hint: "Call reset() at the start of each image, and take session.image() for each that is made at the same time; a sampler that goes back by itself needs newImage: 'reset'.",
      data: change,
    },
  );

export const guidanceTurns = (call: number, before: number, now: number) =>
  new StepfoldError(
    'GUIDANCE_TURNS',
    `Call ${call} has timestep ${now} after ${before}, but the schedule is made for guidance in two calls a step: calls ${call - 1} and ${call} are the halves of one.`,
    {
      hint: 'Make both calls of each step, in the order of source.guidance, or transform the model without --guidance.',
      data: { call, before, now },
    },
  );

export const sessionReleased = () =>
  new StepfoldError('SESSION_RELEASED', 'The session was released.', { hint: 'Open it again.' });

export const feedMissing = (input: string) =>
  new StepfoldError('FEED_MISSING', `The feeds have no "${input}".`, {
    value: input,
    hint: 'Feed every input of the source model at every call, also where a program does not look at it.',
  });

export const feedsNotAnObject = () =>
  new StepfoldError('FEED_INVALID', 'run() takes an object of tensors by input name.', {
    hint: 'Call it like run({ sample, timestep }), with one tensor for each input.',
  });

export const fetchesInvalid = (why: string) =>
  new StepfoldError('FETCH_INVALID', `The fetches of run() are invalid: ${why}.`, {
    hint: "Give names of the source model's outputs, or leave fetches out.",
  });

export const stateShapeChanged = (
  call: number,
  state: string,
  symbol: string,
  written: number,
  now: number,
  writtenAt: number,
) =>
  new StepfoldError(
    'STATE_SHAPE_CHANGED',
    `Call ${call} reads state "${state}", which call ${writtenAt} wrote with ${symbol} = ${written}; now ${symbol} is ${now}.`,
    {
      value: state,
      hint: 'Keep the shapes of the feeds the same for all calls of an image, or call reset().',
    },
  );

export const oddPair = (call: number, input: string, batch: number) =>
  new StepfoldError(
    'GUIDANCE_ODD_BATCH',
    `Call ${call} was fed a batch of ${batch} for "${input}", but tells the halves of guidance pairs apart.`,
    {
      value: input,
      hint: 'Feed both halves of each pair in one batch, first halves first; guidance can be off at calls whose program says "pairs": false. Where guidance has three branches, give each an image of its own: session.image().',
    },
  );

export const pairsTooLate = (call: number, input: string, batch: number) =>
  new StepfoldError(
    'GUIDANCE_ODD_BATCH',
    `Call ${call} was fed a batch of ${batch} for "${input}", more than earlier calls of this image, which took their batch for guidance pairs.`,
    {
      value: input,
      hint: 'Feed both halves of each pair from the first call on whose program does not say "pairs": false, and begin this image again.',
    },
  );

const wordsOf = (cause: unknown) =>
  inOneLine(cause instanceof Error ? cause.message : String(cause));

/** The engine failed in the middle of a call; states are as they were before it. */
export const runFailed = (call: number, program: string, file: string, cause: unknown) => {
  const error = new StepfoldError(
    'RUN_FAILED',
    `Call ${call} (program "${program}", model "${file}") failed: ${wordsOf(cause)}`,
    { file, hint: 'Nothing has changed: mend the feeds and make the same call again.' },
  );
  error.cause = cause;
  return error;
};

export const modelLoadFailed = (model: string, file: string, cause: unknown) => {
  const error = new StepfoldError(
    'MODEL_LOAD_FAILED',
    `Model "${model}" ("${file}") could not be loaded: ${wordsOf(cause)}`,
    {
      file,
      hint: 'Check that this onnxruntime has the operators and the provider, or run `stepfold transform` again.',
    },
  );
  error.cause = cause;
  return error;
};

export const fetchFailed = (url: string, status: string) =>
  new StepfoldError('FETCH_FAILED', `"${url}" could not be fetched: ${status}.`, {
    file: url,
    hint: 'Check the address of the bundle.',
  });

export const tensorNotTransferable = (name: string, location: string) =>
  new StepfoldError(
    'TENSOR_NOT_TRANSFERABLE',
    `"${name}" is held in ${location}; only tensors in the processor's memory reach a worker.`,
    { value: name, hint: 'Feed a tensor made from a typed array.' },
  );

export const workerEnded = (why: string) =>
  new StepfoldError('WORKER_ENDED', `The worker that ran the session ended: ${why}.`, {
    hint: 'Open the session again; if it happens again, run without a worker to see the cause.',
  });

export const workerNotFound = (file: string) =>
  new StepfoldError('WORKER_NOT_FOUND', `There is no built worker "${file}".`, {
    file,
    hint: 'Run `npm run build` first, or open the bundle without a worker.',
  });

export const workerTakesNoEngine = () =>
  new StepfoldError(
    'WORKER_TAKES_NO_ENGINE',
    'A worker loads onnxruntime-node by itself; an engine passed as an object cannot reach it.',
    { hint: 'Leave out `ort`, or `worker`.' },
  );
