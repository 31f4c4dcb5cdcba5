/**
 * The one error class that Stepfold throws for anything a user can cause or mend.
 *
 * Every error comes from a function in this folder (one file per area), so that each message exists
 * once, carries a stable code, names the node, value, file or JSON path involved, and says what to do.
 */
import type { ErrorCode } from './codes.js';
import { visible, visibleLines } from './visible.js';

/** What an error is about; every field is optional and machine readable. */
export interface ErrorDetails {
  /** Name of the graph node, or its operator and first output when it has no name. */
  readonly node?: string | undefined;
  readonly opType?: string | undefined;
  /** Name of the graph value. */
  readonly value?: string | undefined;
  readonly file?: string | undefined;
  /** JSON pointer into a schedule, plan or pipeline file. */
  readonly path?: string | undefined;
  /** What to do about it, one sentence. */
  readonly hint?: string;
  /** Anything else worth reading by program, such as the valid branches. */
  readonly data?: unknown;
}

export class StepfoldError extends Error {
  override readonly name = 'StepfoldError';
  readonly details: ErrorDetails;

  constructor(
    /** Stable, upper case, such as `ONNX_TRUNCATED`; of a pass of somebody else's, whatever it says. */
    readonly code: ErrorCode | (string & Record<never, never>),
    /** Control characters of names in it are made visible; `details` have the names as they stand. */
    message: string,
    details: ErrorDetails = {},
  ) {
    super(visibleLines(message));
    const { hint } = details;
    this.details = hint === undefined ? details : { ...details, hint: visible(hint) };
  }

  /** The message with its hint, as the command line prints it. */
  get fullMessage(): string {
    return this.details.hint ? `${this.message} ${this.details.hint}` : this.message;
  }
}

/**
 * What was computed cannot be used, though nothing was given that could have been refused before. The
 * command line ends with status 1, as when a check fails, not with 2.
 */
export class ResultError extends StepfoldError {}

/** What is wrong with something that was read, with the file that it stands in. */
export const inFile = (error: StepfoldError, file: string) =>
  new StepfoldError(error.code, `"${file}" ${error.details.path ?? ''}: ${error.message}`, {
    ...error.details,
    file,
  });

/** An error about a step, once the graphs before and after it are where they can be looked at. */
export const withGraphsAt = (error: StepfoldError, folder: string): StepfoldError => {
  const Kind = error instanceof ResultError ? ResultError : StepfoldError;
  const hint = `${error.details.hint} The graphs before and after the step are in ${folder}.`;
  return new Kind(error.code, error.message, { ...error.details, hint });
};
