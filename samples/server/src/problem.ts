/**
 * What is said to a client when something is wrong: a status, a code, what happened and what to do. Stepfold's
 * errors keep their codes and hints; nothing else of the server's inside gets out.
 */
import { StepfoldError } from 'stepfold';

export interface ProblemBody {
  readonly code: string;
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly body: ProblemBody,
    /** Seconds until it is worth asking again. */
    readonly retryAfter?: number,
  ) {
    super(body.message);
  }
}

/** Where the engine or the machine is at fault, and not what was asked for. */
const OURS = new Set([
  'ENGINE_FAILED',
  'ENGINE_MISSING',
  'ENGINE_REFUSED',
  'MODEL_LOAD_FAILED',
  'OUT_OF_MEMORY',
  'RUN_FAILED',
  'SESSION_RELEASED',
  'SYSTEM',
  'WORKER_ENDED',
]);

export const badRequest = (code: string, message: string, hint?: string): Problem =>
  new Problem(400, { code, message, ...(hint !== undefined && { hint }) });

/** Any error as what a client is told; what nobody foresaw goes to the log. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof StepfoldError) {
    const { code, message, details } = error;
    const status = OURS.has(code) ? 500 : 422;
    return new Problem(status, { code, message, ...(details.hint && { hint: details.hint }) });
  }
  console.error(error);
  return new Problem(500, {
    code: 'INTERNAL',
    message: 'Something went wrong inside the server.',
    hint: 'Its log says what.',
  });
}
