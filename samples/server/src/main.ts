/** The command. */
import { StepfoldError } from 'stepfold';
import { HELP, readOptions } from './options.js';
import { serve } from './serve.js';
import { SettingsError } from './studio.js';

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(HELP);
    return;
  }
  const server = await serve(readOptions(args));
  console.log(`Listening at ${server.url}`);
  const stop = (signal: NodeJS.Signals) => {
    console.log(`${signal}: ending what is under way; once more to end at once`);
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
    server.stop().then(() => process.exit(0), fail);
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
  await server.loaded.then(
    () => console.log('Ready'),
    (error) => console.error(`Broken: ${textOf(error)}`),
  );
}

/** Mistakes, and what the system refuses, are said in words, all else with its stack. */
function textOf(error: unknown): string {
  if (error instanceof StepfoldError) return `error ${error.code}: ${error.fullMessage}`;
  const { message, stack, syscall } = error as NodeJS.ErrnoException;
  return error instanceof SettingsError || syscall !== undefined ? message : (stack ?? message);
}

function fail(error: unknown): never {
  console.error(textOf(error));
  process.exit(2);
}

main(process.argv.slice(2)).catch(fail);
