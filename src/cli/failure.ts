/**
 * How a command fails: one message on stderr, beside `--json` also as the one JSON value on stdout,
 * and exit status 2, or 1 where what was computed is at fault and not what was given. Only a bug of ours
 * shows a stack trace.
 */

import {
  moduleNotFound,
  outOfMemory,
  ResultError,
  StepfoldError,
  SUCH_AS,
  systemError,
  visible,
  visibleLines,
} from '../errors/index.js';
import { errorColors } from './colors.js';
import { withFileHint } from './file-hints.js';
import { printJson } from './output.js';
import { fitted } from './width.js';

export function fail(caught: unknown, json: boolean): void {
  process.exitCode = caught instanceof ResultError ? 1 : 2;
  const known = asStepfoldError(caught);
  const error = known && withFileHint(known);
  if (!error) {
    // a bug of ours, so the place where it happened matters
    const { stack } = caught as Error;
    process.stderr.write(
      `${errorColors.red('internal error')}: please report this\n${visibleLines(stack ?? String(caught))}\n`,
    );
    if (json) printJson({ error: { code: 'INTERNAL', message: String(caught) } });
    return;
  }
  // parsers and engines speak in several lines; one message is one line
  const message = visible(error.fullMessage.replaceAll(/\s*\n\s*/g, ' '));
  process.stderr.write(`${onTerminal(`${errorColors.red(`error ${error.code}`)}: ${message}`)}\n`);
  const { data: _, ...details } = error.details;
  if (json) printJson({ error: { code: error.code, message: error.message, ...details } });
}

/** A command line as an example stands on a line of its own, where it can be copied. */
function onTerminal(line: string): string {
  const at = line.indexOf(`${SUCH_AS} \``);
  if (!process.stderr.isTTY || at < 0) return fitted(line, process.stderr);
  const end = at + SUCH_AS.length;
  const command = line.slice(end).replace(/^ `|`\.$/g, '');
  return `${fitted(line.slice(0, end), process.stderr)}\n  ${command}`;
}

/** As `import` and as `require` say it. */
const MODULE_NOT_FOUND = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

function asStepfoldError(error: unknown): StepfoldError | undefined {
  if (error instanceof StepfoldError) return error;
  if (error instanceof Error && 'syscall' in error)
    return systemError(error as NodeJS.ErrnoException);
  if (error instanceof Error && 'code' in error && MODULE_NOT_FOUND.includes(String(error.code)))
    return moduleNotFound(error.message);
  if (error instanceof RangeError && /alloc|array length/i.test(error.message))
    return outOfMemory(error.message);
  return undefined;
}
