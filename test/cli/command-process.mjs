/**
 * Runs one command after another in one process, each as the command line does it: the program anew, with arguments and a
 * folder of its own; but what programs and engines load once, and compile once, is there already for the next.
 */
import { pathToFileURL } from 'node:url';

const [main] = process.argv.slice(2);
let count = 0;
// the program listens anew each time
process.stdout.setMaxListeners(0);

const exit = process.exit;

async function outcomeOf({ args, cwd }) {
  const output = { stdout: '', stderr: '' };
  const restored = [];
  for (const name of ['stdout', 'stderr']) {
    const stream = process[name];
    const { write } = stream;
    restored.push(() => {
      stream.write = write;
    });
    stream.write = (text, ...rest) => {
      output[name] += text;
      rest.find((one) => typeof one === 'function')?.();
      return true;
    };
  }
  process.argv = [process.execPath, main, ...args];
  process.exitCode = undefined;
  process.chdir(cwd);
  const ended = new Promise((resolve) => {
    process.exit = resolve;
  });
  try {
    const status = await Promise.race([
      import(`${pathToFileURL(main)}?${count++}`).then(() => undefined),
      ended,
    ]);
    return { status: status ?? process.exitCode ?? 0, ...output };
  } finally {
    for (const restore of restored) restore();
    process.exit = exit;
    process.exitCode = undefined;
  }
}

process.on('message', async (asked) => {
  process.send(await outcomeOf(asked));
});
process.on('disconnect', () => exit());
