/** The compiler beside the page. The model's file is read in parts; its weights only when they are written. */
import {
  blobFile,
  bundleFiles,
  type FileAccess,
  inspectModel,
  type Model,
  openModel,
  Pipeline,
  StepfoldError,
} from 'stepfold';
import { parsePassRequest, passes } from 'stepfold/passes';
import { loadEngine } from '../page/engine.js';
import { passFits } from './fits.js';
import type { CompileReply, CompileRequest } from './messages.js';
import { unknownPass } from './problems.js';
import { writeZip } from './zip.js';

const post = (reply: CompileReply) => postMessage(reply);

let opened: { readonly model: Model; readonly file: FileAccess } | undefined;
let base = '';

self.addEventListener('message', ({ data }: MessageEvent<CompileRequest>) => {
  const work = data.type === 'open' ? open(data) : compile(data);
  work.catch((error: Error) =>
    post({
      type: 'failed',
      code: error instanceof StepfoldError ? error.code : error.name,
      message: error instanceof StepfoldError ? error.fullMessage : error.message,
    }),
  );
});

/** Folds constants as the command line does, on one thread. */
const engine = async () => (await loadEngine('wasm-1', base)).ort;

async function open(request: CompileRequest & { type: 'open' }): Promise<void> {
  opened = undefined;
  base = request.base;
  post({ type: 'status', text: `Reading ${request.model.name}` });
  const file = blobFile(request.model);
  // a browser says nothing of folders, so weights are found by the last part of their path
  const others = new Map(request.others.map((other) => [other.name, other]));
  const external = (location: string) => {
    const found = others.get(location.split(/[\\/]/).at(-1)!);
    return found && blobFile(found);
  };
  const model = await openModel(file, { external });
  opened = { model, file };
  post({ type: 'status', text: 'Looking for what repeats' });
  let canonical = model;
  const { inspection } = await inspectModel(model, {
    engine: await engine(),
    onStage: (stage) => {
      if (stage.name === 'canonical') canonical = stage.model;
    },
  });
  post({ type: 'status', text: 'Asking each pass' });
  const fits = await passFits(canonical, inspection);
  // functions and graphs stay here
  post({ type: 'inspected', inspection: JSON.parse(JSON.stringify(inspection)), fits });
}

async function compile(request: CompileRequest & { type: 'compile' }): Promise<void> {
  if (!opened) return;
  const { model, file } = opened;
  post({ type: 'status', text: 'Compiling' });
  let pipeline = Pipeline.create({
    calls: request.calls,
    engine: await engine(),
    ...(request.emit && { emit: request.emit }),
  });
  for (const text of request.passes) {
    const { pass, options } = parsePassRequest(text);
    const found = passes[pass];
    if (!found) throw unknownPass(pass);
    pipeline = pipeline.use(found, options as never);
  }
  const compilation = await pipeline.compile(model);
  const { files, schedule, report } = await bundleFiles(compilation, {
    source: file,
    weights: request.weights,
  });
  post({ type: 'status', text: 'Writing the zip' });
  const zip = await writeZip(files, request);
  post({
    type: 'compiled',
    schedule,
    report,
    files: files.map(({ name, size }) => ({ name, size })),
    ...(zip && { zip }),
  });
}
