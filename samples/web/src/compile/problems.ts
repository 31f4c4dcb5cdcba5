/** What can be wrong in a tab and nowhere else. */
import { StepfoldError } from 'stepfold';

const mebibytes = (bytes: number) => `${Math.round(bytes / 2 ** 20)} MiB`;

const tooSmall = (message: string) =>
  new StepfoldError('TAB_TOO_SMALL', message, {
    hint: 'Use a browser that saves straight to a file (Chrome, Edge) and a window that is not private, leave out what no model reads, or compile with `stepfold transform`.',
  });

export const tooLarge = (size: number, room: number) =>
  tooSmall(
    `The bundle has ${mebibytes(size)}, and this browser lets the page keep ${mebibytes(room)}.`,
  );

export const notKept = (size: number, why: string) =>
  tooSmall(`This browser could not keep the ${mebibytes(size)} of the bundle: ${why}.`);

export const unknownPass = (pass: string) =>
  new StepfoldError('CLI_UNKNOWN_PASS', `There is no pass "${pass}".`);

export const noModel = (names: readonly string[]) =>
  new StepfoldError(
    'TAB_NO_MODEL',
    `There is no .onnx file among ${names.map((name) => `"${name}"`).join(', ')}.`,
    { hint: 'Choose the model, and with it the files that hold its weights.' },
  );

export const severalModels = (names: readonly string[]) =>
  new StepfoldError(
    'TAB_SEVERAL_MODELS',
    `There are ${names.length} models: ${names.map((name) => `"${name}"`).join(', ')}.`,
    { hint: 'Choose one, and with it the files that hold its weights.' },
  );
