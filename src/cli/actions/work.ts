/** What `stepfold work` does. */
import { folderOrQueue, noSearch } from '../../errors/index.js';
import { loadOrt } from '../../evidence/measure/engine.js';
import {
  Bundles,
  FolderShare,
  folderSource,
  hasSearch,
  QueueSource,
  readSearch,
  type TrialSource,
  TuningFolder,
  type WorkerModel,
  work,
} from '../../evidence/tune/index.js';
import { isFolder } from '../../io/is-folder.js';
import { loadModel } from '../../model/onnx/files.js';
import { findModel } from '../../runtime/model-folder/index.js';
import type { WorkArguments } from '../commands/work.js';
import { print, printJson } from '../output.js';
import { readPasses } from '../plugins.js';
import { type Status, startStatus } from '../progress.js';
import { withQueue } from './tune/share.js';

type OpenSource = (own: WorkerModel, signal: AbortSignal, status: Status) => Promise<TrialSource>;

export async function runWork(args: WorkArguments): Promise<void> {
  const { folder, queue, threads } = args;
  if (folder !== undefined && queue === undefined)
    return runTrials(args, (own) => sourceInFolder(folder, own, threads));
  if (folder !== undefined || queue === undefined) throw folderOrQueue();
  return withQueue(queue, (at) =>
    runTrials(args, async (own, signal, { note }) => {
      const ort = await loadOrt();
      return new QueueSource({ at, ort, own, threads, onNotice: note, signal });
    }),
  );
}

async function sourceInFolder(
  place: string,
  own: WorkerModel,
  threads: number | undefined,
): Promise<TrialSource> {
  if (!isFolder(place) || !hasSearch(place)) throw noSearch(place);
  const { subject, search } = await readSearch(await loadOrt(), place, own);
  const share = new FolderShare(new TuningFolder(place));
  const bundles = new Bundles(subject, own.model, threads);
  return folderSource(share, search, bundles, () => !hasSearch(place));
}

async function runTrials(args: WorkArguments, open: OpenSource): Promise<void> {
  const { file } = findModel(args.model);
  const model = loadModel(file);
  const table = await readPasses(args.plugin);
  const status = startStatus(args.json);
  const stopped = new AbortController();
  // a second one ends it at once
  const stop = () => stopped.abort();
  for (const name of SIGNALS) process.once(name, stop);
  const start = performance.now();
  const { signal } = stopped;
  let source: TrialSource | undefined;
  let done = 0;
  try {
    source = await open({ file, model, table }, signal, status);
    const onTrial = (count: number) => status.show(`${count} trials`);
    done = await work({ source, idle: args.idle, signal, onTrial });
  } finally {
    for (const name of SIGNALS) process.removeListener(name, stop);
    status.stop();
    await source?.close();
  }
  const seconds = (performance.now() - start) / 1000;
  if (args.json) printJson({ trials: done, seconds });
  else print(`${done} trials in ${seconds.toFixed(1)} s`);
}

/** Of a terminal, and of whatever runs jobs on a cluster. */
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
