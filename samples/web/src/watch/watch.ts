/** The part of the page that draws one image in full, with a schedule, and in fewer steps. */

import { backends, type Capabilities } from '../page/capabilities.js';
import { byId, options } from '../page/dom.js';
import { catalogue } from './catalogue.js';
import { clearPictures } from './first-drawing.js';
import type { DrawRequest, LoopChoice, Reply, Request, Which } from './messages.js';
import { drawLatent, psnr } from './picture.js';
import { type PlanView, showPlan } from './plan-view.js';

export function startWatch(capabilities: Capabilities): void {
  const form = byId('watch-form', HTMLFormElement);
  const choices = byId('watch-choices', HTMLFieldSetElement);
  const [start, pause, step] = ['start', 'pause', 'step'].map((id) =>
    byId(id, HTMLButtonElement),
  ) as [HTMLButtonElement, HTMLButtonElement, HTMLButtonElement];
  const status = byId('watch-status', HTMLParagraphElement);
  const select = (name: string) => form.elements.namedItem(name) as HTMLSelectElement;
  const number = (name: string) => form.elements.namedItem(name) as HTMLInputElement;
  const model = () => catalogue.find(({ id }) => id === select('model').value)!;
  const choice = (): LoopChoice => ({
    model: model(),
    variant: select('variant').value,
    steps: number('steps').valueAsNumber,
  });

  options(
    select('model'),
    catalogue.map(({ id, title }) => ({ value: id, text: title })),
  );
  options(
    select('digit'),
    Array.from({ length: 10 }, (_, n) => ({ value: String(n), text: String(n) })),
  );
  options(select('backend'), backends(capabilities));
  select('digit').value = '3';
  select('backend').value = `wasm-${capabilities.threads}`;
  const showVariants = () => {
    const { variants, steps } = model();
    number('steps').value = String(steps);
    options(
      select('variant'),
      variants.map(({ id, title }) => ({ value: id, text: title })),
    );
    select('variant').selectedIndex = variants.length - 2;
  };
  select('model').addEventListener('change', showVariants);
  showVariants();

  /** Stays from drawing to drawing, with what it has loaded; its engine has one backend. */
  let worker: { readonly thread: Worker; readonly backend: string } | undefined;
  let running = false;
  let paused = false;
  const setPaused = (value: boolean) => {
    paused = value;
    pause.textContent = paused ? 'Go on' : 'Pause';
    step.disabled = !paused;
  };
  const setRunning = (value: boolean) => {
    running = value;
    start.disabled = false;
    choices.disabled = running;
    start.textContent = running ? 'Stop' : 'Draw';
    pause.disabled = !running;
    setPaused(false);
  };
  const end = (text: string) => {
    setRunning(false);
    status.textContent = text;
  };
  const discard = () => {
    worker?.thread.terminate();
    worker = undefined;
  };
  const workerOn = (backend: string): Worker => {
    if (worker?.backend !== backend) {
      discard();
      const thread = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
      thread.addEventListener('error', ({ message }) => {
        discard();
        end(`The worker failed: ${message}`);
      });
      worker = { thread, backend };
    }
    return worker!.thread;
  };
  const say = (request: Request) => worker?.thread.postMessage(request);

  pause.addEventListener('click', () => {
    setPaused(!paused);
    say({ type: paused ? 'pause' : 'resume' });
  });
  step.addEventListener('click', () => say({ type: 'step' }));
  number('steps').addEventListener('input', ({ currentTarget }) => {
    if ((currentTarget as HTMLInputElement).validity.valid) say({ type: 'plan', ...choice() });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (running) {
      status.textContent = 'Stopping';
      start.disabled = true;
      return say({ type: 'stop' });
    }
    const request: DrawRequest = {
      type: 'draw',
      base: document.baseURI,
      ...choice(),
      digit: Number(select('digit').value),
      seed: number('seed').valueAsNumber,
      backend: select('backend').value,
    };
    clearPictures();
    setRunning(true);
    const thread = workerOn(request.backend);
    const receive = receiver(request, status, end);
    thread.onmessage = (message: MessageEvent<Reply>) => {
      if (message.data.type === 'failed') discard();
      receive(message);
    };
    thread.postMessage(request);
  });
}

/** Shows what the worker says of one drawing. */
function receiver(
  { model, backend }: DrawRequest,
  status: HTMLElement,
  end: (text: string) => void,
): (event: MessageEvent<Reply>) => void {
  const canvases = {
    source: byId('source', HTMLCanvasElement),
    bundle: byId('bundle', HTMLCanvasElement),
    fewer: byId('fewer', HTMLCanvasElement),
  };
  const outputs = {
    source: byId('source-time', HTMLOutputElement),
    bundle: byId('bundle-time', HTMLOutputElement),
    fewer: byId('fewer-time', HTMLOutputElement),
  };
  const ratio = byId('ratio', HTMLParagraphElement);
  const times: Record<Which, number> = { source: 0, bundle: 0, fewer: 0 };
  let plan: PlanView | undefined;
  let drawing = true;
  ratio.textContent = '';
  return ({ data }) => {
    // for whoever wants the numbers themselves
    document.dispatchEvent(new CustomEvent(`stepfold:${data.type}`, { detail: data }));
    switch (data.type) {
      case 'status':
        status.textContent = data.text;
        break;
      case 'schedule':
        plan = showPlan(byId('plan', HTMLDivElement), data.schedule, model.steps);
        plan.light(drawing ? 0 : undefined);
        break;
      case 'step': {
        const { which, step, steps, milliseconds, latent } = data;
        times[which] += milliseconds;
        drawLatent(canvases[which], latent, model.size);
        outputs[which].value = `${times[which].toFixed(0)} ms, call ${step + 1} of ${steps}`;
        if (which === 'bundle') {
          plan?.light(Math.min(step + 1, steps - 1));
          ratio.textContent = `${(times.source / times.bundle).toFixed(2)}x as fast`;
        }
        break;
      }
      case 'done': {
        const { latents, milliseconds, stateLocations } = data;
        drawing = false;
        plan?.light(undefined);
        const apart = (which: Which) => {
          const decibels = psnr(latents[which], latents.source);
          return Number.isFinite(decibels) ? `${decibels.toFixed(1)} dB` : 'nothing';
        };
        const threads = backend.split('-')[1];
        const on =
          backend === 'webgpu'
            ? `WebGPU, states on ${stateLocations.join(', ')}`
            : `wasm with ${threads} ${threads === '1' ? 'thread' : 'threads'}`;
        const took = (which: Which) => `${milliseconds[which].toFixed(0)} ms`;
        end(
          `Done on ${on}: ${took('source')} in full, ${took('bundle')} with the schedule and ${apart('bundle')} from the full picture (PSNR); fewer steps of the best solver took ${took('fewer')} and end ${apart('fewer')} from it.`,
        );
        break;
      }
      case 'stopped':
        drawing = false;
        plan?.light(undefined);
        end('Stopped.');
        break;
      case 'failed':
        end(`${data.code}: ${data.message}`);
    }
  };
}
