/** What `stepfold work` does. */
import { noSearch } from '../../errors/index.js';
import { loadOrt } from '../../evidence/measure/engine.js';
import { Bundles, hasSearch, readSearch, TuningFolder, work } from '../../evidence/tune/index.js';
import { isFolder } from '../../io/is-folder.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel } from '../../runtime/model-folder/index.js';
import type { WorkArguments } from '../commands/work.js';
import { print, printJson } from '../output.js';
import { readPasses } from '../plugins.js';
import { startStatus } from '../progress.js';

export async function runWork(args: WorkArguments): Promise<void> {
  if (!isFolder(args.folder) || !hasSearch(args.folder)) throw noSearch(args.folder);
  const { file } = findModel(args.model);
  const model = loadModel(file);
  const table = await readPasses(args.plugin);
  const { subject, search } = readSearch(await loadOrt(), args.folder, { file, model, table });
  const folder = new TuningFolder(args.folder);
  const bundles = new Bundles(subject, model);
  const status = startStatus(args.json);
  let ended = false;
  const end = () => {
    // the trial that is running is finished; a second Ctrl-C ends at once
    ended = true;
    process.removeListener('SIGINT', end);
  };
  process.on('SIGINT', end);
  const start = performance.now();
  let done = 0;
  try {
    done = await work({
      ...{ bundles, folder, search, idle: args.idle },
      isEnded: () => ended || !hasSearch(args.folder),
      onTrial: (count) => status.show(`${count} trials`),
    });
  } finally {
    process.removeListener('SIGINT', end);
    status.stop();
    await bundles.release();
  }
  const seconds = (performance.now() - start) / 1000;
  if (args.json) printJson({ trials: done, seconds });
  else print(`${done} trials in ${seconds.toFixed(1)} s`);
}
