/** The part of the page that compiles a model. */
import type { EmitForm, StepfoldError } from 'stepfold';
import { byId, el, table } from '../page/dom.js';
import { commandBox, commandLine } from './command.js';
import { millions, showInspection } from './inspection.js';
import type { CompileReply, CompileRequest } from './messages.js';
import { chosenPasses, passFields } from './pass-form.js';
import { noModel, severalModels } from './problems.js';

export function startCompile(): void {
  const drop = byId('drop', HTMLDivElement);
  const input = byId('files', HTMLInputElement);
  const status = byId('compile-status', HTMLParagraphElement);
  const inspection = byId('inspection', HTMLDivElement);
  const form = byId('compile-form', HTMLFormElement);
  const result = byId('result', HTMLDivElement);
  let worker: Worker | undefined;
  let model: File | undefined;

  const say = (text: string, bad = false) => {
    status.textContent = text;
    status.className = bad ? 'bad' : '';
  };
  const busy = (isBusy: boolean) => {
    for (const button of form.querySelectorAll('button')) button.disabled = isBusy;
  };
  const ask = (request: CompileRequest) => {
    busy(true);
    worker!.postMessage(request);
  };

  const receive = ({ data }: MessageEvent<CompileReply>) => {
    switch (data.type) {
      case 'status':
        return say(data.text);
      case 'inspected':
        inspection.replaceChildren(showInspection(model!.name, data.inspection));
        fillForm(form, passFields(data.inspection, data.fits));
        form.hidden = false;
        busy(false);
        return say('Choose passes, then compile.');
      case 'compiled':
        busy(false);
        result.replaceChildren(showResult(data, model!));
        if (data.zip) save(data.zip, zipName(model!));
        return say(
          data.zip ? `Compiled; ${zipName(model!)} is downloaded.` : 'Compiled and written.',
        );
      case 'failed':
        busy(false);
        return say(`${data.code}: ${data.message}`, true);
    }
  };

  const open = (files: readonly File[]) => {
    if (files.length === 0) return;
    worker?.terminate();
    form.hidden = true;
    inspection.replaceChildren();
    result.replaceChildren();
    try {
      model = findModel(files);
    } catch (error) {
      return say(`${(error as StepfoldError).code}: ${(error as StepfoldError).fullMessage}`, true);
    }
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', receive);
    worker.addEventListener('error', ({ message }) => say(`The worker failed: ${message}`, true));
    ask({
      type: 'open',
      base: document.baseURI,
      model,
      others: files.filter((file) => file !== model),
    });
  };

  input.addEventListener('change', () => open([...(input.files ?? [])]));
  drop.addEventListener('dragover', (event) => {
    event.preventDefault();
    drop.classList.add('over');
  });
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    open([...(event.dataTransfer?.files ?? [])]);
  });
  form.addEventListener('input', () => showCommand(form, model!));
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { calls, passes, weights, emit } = choices(form);
    if (passes.length === 0) return say('Tick at least one pass.', true);
    result.replaceChildren();
    const handle = await chooseFile(zipName(model!)).catch(() => null);
    if (handle === null) return say('Nothing was written.');
    const { quota = Number.POSITIVE_INFINITY, usage = 0 } =
      (await navigator.storage?.estimate?.()) ?? {};
    const room = quota - usage;
    ask({
      ...{ type: 'compile', calls, passes, weights, room },
      ...(emit && { emit }),
      ...(handle && { handle }),
    });
  });
}

function findModel(files: readonly File[]): File {
  const models = files.filter(({ name }) => /\.onnx$/i.test(name));
  if (models.length > 1) throw severalModels(models.map(({ name }) => name));
  // a single file is taken for the model whatever its name, and the compiler says what is wrong with it
  const model = models[0] ?? (files.length === 1 ? files[0] : undefined);
  if (!model) throw noModel(files.map(({ name }) => name));
  return model;
}

const zipName = ({ name }: File) => `${name.replace(/\.onnx$/i, '')}-bundle.zip`;

function fillForm(form: HTMLFormElement, fields: readonly HTMLElement[]): void {
  const weights = [
    { value: 'copy', textContent: 'whole weights files' },
    { value: 'prune', textContent: 'only what models read' },
  ];
  const forms = [
    { value: '', textContent: 'whichever fits' },
    { value: 'split', textContent: 'one for each program' },
    { value: 'merged', textContent: 'one that chooses' },
    { value: 'chain', textContent: 'parts, run one after the other' },
    { value: 'stateful', textContent: 'one that counts its calls' },
  ];
  form.replaceChildren(
    el('h3', { textContent: 'Passes' }),
    ...fields,
    el(
      'fieldset',
      {},
      el('legend', { textContent: 'Bundle' }),
      el(
        'label',
        {},
        'Calls of the loop',
        el('input', {
          name: 'calls',
          type: 'number',
          min: '1',
          value: '50',
          required: true,
        }),
      ),
      el(
        'label',
        {},
        'Weights',
        el('select', { name: 'weights' }, ...weights.map((w) => el('option', w))),
      ),
      el(
        'label',
        {},
        'Models',
        el('select', { name: 'emit' }, ...forms.map((one) => el('option', one))),
      ),
    ),
    el(
      'div',
      { className: 'buttons' },
      el('button', { type: 'submit', id: 'download', textContent: 'Compile and download' }),
    ),
    el('h4', { textContent: 'The same on a command line' }),
    commandBox('command', ''),
  );
  form.dispatchEvent(new Event('input'));
}

function choices(form: HTMLFormElement) {
  const data = new FormData(form);
  return {
    calls: Number(data.get('calls')),
    passes: chosenPasses(form),
    weights: data.get('weights') === 'prune' ? ('prune' as const) : ('copy' as const),
    emit: (data.get('emit') || undefined) as EmitForm | undefined,
  };
}

function showCommand(form: HTMLFormElement, { name }: File): void {
  const { calls, passes, weights, emit } = choices(form);
  byId('command', HTMLElement).textContent = commandLine([
    ...['stepfold', 'transform', name, '--calls', String(calls)],
    ...passes.flatMap((pass) => ['--pass', pass]),
    ...(emit ? ['--emit', emit] : []),
    ...['--weights', weights, '-o', 'bundle'],
  ]);
}

function showResult(
  { schedule, files }: CompileReply & { type: 'compiled' },
  { name }: File,
): HTMLElement {
  const macs = schedule.cost?.macs?.convention.all;
  const next = [
    ['unzip', zipName({ name } as File), '-d', 'bundle'],
    ['stepfold', 'verify', 'bundle', '--against', name],
    ['stepfold', 'report', 'bundle', '--against', name, '-o', 'report.html'],
    ['stepfold', 'run', 'bundle', '-o', 'images'],
  ];
  return el(
    'div',
    {},
    el('p', {
      textContent: `${Object.keys(schedule.programs).length} programs (${schedule.emit}), ${Object.keys(schedule.states).length} states${
        macs
          ? `; ${((100 * macs.perCall) / macs.source).toFixed(1)} % of the MACs of the model a call on average`
          : ''
      }.`,
    }),
    table(
      'Files of the bundle',
      ['file', 'bytes'],
      files.map(({ name: file, size }) => [file, millions(size)]),
    ),
    el('h3', { textContent: 'What to do next' }),
    el('p', {
      textContent:
        'Nothing was proved in this tab. Beside the model, verify proves the bundle against it, report shows how fast and how near it is, and run draws:',
    }),
    commandBox('next', next.map(commandLine).join('\n')),
    el(
      'p',
      {},
      'In a program or a page of your own ',
      el('a', {
        href: 'site/docs/web.html',
        textContent: 'a session takes the place of the model',
      }),
      '; ',
      el('a', { href: 'site/docs/guide.html', textContent: 'the guide' }),
      ' has every command.',
    ),
  );
}

/** Straight to a file where the browser can, which has no limit; undefined where it cannot. */
async function chooseFile(suggestedName: string): Promise<FileSystemFileHandle | undefined> {
  if (!('showSaveFilePicker' in window) || typeof window.showSaveFilePicker !== 'function')
    return undefined;
  return (await window.showSaveFilePicker({ suggestedName })) as FileSystemFileHandle;
}

function save(zip: Blob, name: string): void {
  const url = URL.createObjectURL(zip);
  const link = el('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
