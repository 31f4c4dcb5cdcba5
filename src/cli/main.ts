#!/usr/bin/env node
/**
 * The command. Exits with 0 when done, 1 when a check failed or a loop broke, 2 on bad usage or bad input.
 * Where a process may
 * open few files, loading the rest is what fails first, so that it is loaded from here, and what fails
 * is said as anything else is.
 */
import { fail } from './failure.js';

// `stepfold print model.onnx | head` is no error
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  const { runCommandLine } = await import('./command-line.js');
  await runCommandLine();
} catch (error) {
  fail(error, process.argv.includes('--json'));
}
