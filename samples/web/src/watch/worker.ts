/** Runs the two loops beside the page, so that it stays responsive. */
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { StepfoldError } from 'stepfold';
import {
  bundleFromUrl,
  createSampler,
  type DenoiserCall,
  denoise,
  type Sampler,
  ScheduledSession,
  samplerOf,
  timestepFeed,
} from 'stepfold/runtime';
import { type LoadedEngine, loadEngine } from '../page/engine.js';
import type { CatalogueModel } from './catalogue.js';
import type { DrawRequest, LoopChoice, Reply, Request, Which } from './messages.js';
import { Stopped, Turns } from './turns.js';

let turns = new Turns();
const post = (reply: Reply, transfer: Transferable[] = []) => postMessage(reply, { transfer });

self.addEventListener('message', ({ data }: MessageEvent<Request>) => {
  if (data.type === 'draw') answer(draw(data));
  else if (data.type === 'plan') answer(plan(data));
  else turns[data.type]();
});

const answer = (work: Promise<void>): Promise<void> =>
  work.catch((error: Error) =>
    post({
      type: 'failed',
      code: error instanceof StepfoldError ? error.code : error.name,
      message: error instanceof StepfoldError ? error.fullMessage : error.message,
    }),
  );

const NULL_CLASS = 10;

const LABELS: Readonly<Record<Which, string>> = {
  source: 'the loop in full',
  bundle: 'the loop with the schedule',
  fewer: 'the loop of fewer steps',
};

/** A model and a bundle of it, which stay from image to image, whatever their number of steps. */
interface Loaded {
  readonly model: string;
  readonly variant: string;
  readonly engine: LoadedEngine;
  readonly full: InferenceSession;
  readonly session: ScheduledSession;
  readonly states: StateWatch;
}

let loaded: Loaded | undefined;

const isLoaded = ({ model, variant }: LoopChoice): boolean =>
  loaded?.model === model.id && loaded.variant === variant;

async function load(request: DrawRequest): Promise<Loaded> {
  if (loaded && isLoaded(request)) return loaded;
  const { base, model, variant, backend } = request;
  const before = loaded;
  loaded = undefined;
  await before?.session.release();
  await before?.full.release();
  post({ type: 'status', text: 'Loading the engine' });
  const engine = before?.engine ?? (await loadEngine(backend, base));
  post({ type: 'status', text: 'Loading the model' });
  const folder = new URL(`models/${model.id}/`, base);
  const response = await fetch(new URL('source.onnx', folder));
  const source = new Uint8Array(await response.arrayBuffer());
  const full = await engine.ort.InferenceSession.create(
    source.slice(),
    engine.options.sessionOptions,
  );
  const bundle = await bundleFromUrl(new URL(`${variant}/`, folder));
  const states = new StateWatch();
  const session = await ScheduledSession.create(
    watched(engine, states),
    // the weights file of these bundles is the source's own file, which is here already
    { ...bundle, externalData: () => source },
    engine.options,
  );
  loaded = { model: model.id, variant, engine, full, session, states };
  return loaded;
}

/** The loop of the request, by the rules of the bundle: its models stay as they are. */
async function plan(request: LoopChoice): Promise<void> {
  if (!loaded || !isLoaded(request)) return;
  const { steps } = request;
  const { session } = loaded;
  const { timesteps, logSnr } = ownLoop(session, steps);
  session.plan({ steps, timesteps, logSnr });
  post({ type: 'schedule', schedule: session.schedule });
}

async function draw(request: DrawRequest): Promise<void> {
  const { model, steps } = request;
  turns = new Turns();
  const { full, session, engine, states } = await load(request);
  await plan(request);
  post({ type: 'status', text: 'Drawing' });
  const loop = (which: Which, run: Run, sampler: Sampler) =>
    drawOne(which, run, sampler, session, engine, request, states).catch((error) => {
      // the other one would wait for its turn for ever
      turns.stop();
      throw error;
    });
  const sampler = ownLoop(session, steps);
  const both = await Promise.allSettled([
    loop('source', (feeds) => full.run(feeds), sampler),
    loop('bundle', (feeds) => session.run(feeds), sampler),
  ]);
  const [a, b] = both;
  turns.only('fewer');
  const [c] =
    a.status === 'fulfilled' && b.status === 'fulfilled'
      ? await Promise.allSettled([
          loop(
            'fewer',
            (feeds) => full.run(feeds),
            fewerSteps(model, (steps * b.value.milliseconds) / a.value.milliseconds),
          ),
        ])
      : [];
  // frees the states, on whatever device they are
  session.reset();
  const statesLeft = states.left();
  if (a.status === 'fulfilled' && b.status === 'fulfilled' && c?.status === 'fulfilled')
    return post({
      type: 'done',
      latents: { source: a.value.latent, bundle: b.value.latent, fewer: c.value.latent },
      milliseconds: {
        source: a.value.milliseconds,
        bundle: b.value.milliseconds,
        fewer: c.value.milliseconds,
      },
      stateLocations: [...states.locations],
      statesLeft,
    });
  const reasons = [...both, ...(c ? [c] : [])].flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  const failure = reasons.find((reason) => !(reason instanceof Stopped));
  if (failure) throw failure;
  post({ type: 'stopped', statesLeft });
}

/** The loop that the bundle was made for, which is that of the model's own pipeline. */
const ownLoop = ({ schedule }: ScheduledSession, steps: number): Sampler =>
  samplerOf(schedule, { steps })!;

/** Fewer of these steps Karras levels lie too far apart for it (bench/equal-cost.mjs). */
const KARRAS_FROM = 12;

/** What came nearest to the converged picture of the samples in so few steps: of flow matching without a shift. */
function fewerSteps({ shift }: CatalogueModel, count: number): Sampler {
  const steps = Math.max(2, Math.round(count));
  if (shift !== undefined)
    return createSampler('unipc', {
      steps,
      spacing: 'trailing',
      prediction: 'flow',
      schedule: { path: 'flow' },
    });
  const placed =
    steps < KARRAS_FROM ? ({ spacing: 'quad' } as const) : ({ levels: 'karras' } as const);
  return createSampler('deis', { steps, order: 3, clip: 1, ...placed });
}

type Run = (feeds: InferenceSession.FeedsType) => Promise<InferenceSession.ReturnType>;

async function drawOne(
  which: Which,
  run: Run,
  sampler: Sampler,
  { schedule }: ScheduledSession,
  { ort }: LoadedEngine,
  { model, digit, seed }: DrawRequest,
  { locations }: StateWatch,
) {
  const { inputs, outputs, roles = {} } = schedule.source;
  const { latent = '', timestep = '', prediction = outputs[0]!.name } = roles;
  const label = (value: number) => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), [1]);
  const condition = inputs.find(({ name }) => name !== latent && name !== timestep)!.name;
  const { size, order } = model;
  const steps = sampler.timesteps.length;
  let milliseconds = 0;
  let ofStep = 0;
  const call: DenoiserCall = async (feeds) => {
    await turns.take(which);
    const start = performance.now();
    const results = await run(feeds);
    // outputs of a device are read where the sampler needs them, which is part of the call
    for (const value of Object.values(results)) if ('getData' in value) await value.getData();
    ofStep = performance.now() - start;
    milliseconds += ofStep;
    return results;
  };
  const made = await denoise({
    call,
    label: LABELS[which],
    ort,
    sampler,
    latentShape: [1, 1, size, size],
    seed,
    roles: { latent, timestep, output: prediction },
    timestep: timestepFeed(inputs.find(({ name }) => name === timestep)!),
    feeds: { [condition]: label(digit) },
    guidance: { scale: 2, order, mode: 'batch', unconditional: { [condition]: label(NULL_CLASS) } },
    onStep({ step, latent: values }) {
      const stateLocations = [...locations];
      const latent = values.slice();
      post({ type: 'step', which, step, steps, milliseconds: ofStep, latent, stateLocations });
      turns.pass(which);
    },
  });
  return { latent: made, milliseconds };
}

/** The tensors that one call makes and another is fed: states, and no stand-ins for those that nobody wrote. */
class StateWatch {
  readonly locations = new Set<string>();
  private readonly made = new WeakSet<object>();
  private readonly fed = new Set<Tensor>();

  makes(results: InferenceSession.ReturnType): void {
    for (const value of Object.values(results)) this.made.add(value);
  }

  feeds(feeds: InferenceSession.FeedsType): void {
    for (const value of Object.values(feeds) as Tensor[]) {
      if (!this.made.has(value)) continue;
      this.locations.add(value.location);
      this.fed.add(value);
    }
  }

  /** Those on a device that nobody has freed. */
  left(): number {
    return [...this.fed].filter(({ location }) => location !== 'none' && location !== 'cpu').length;
  }
}

/** An engine whose sessions tell what they are fed and what they make. */
function watched({ ort }: LoadedEngine, states: StateWatch): LoadedEngine['ort'] {
  return {
    Tensor: ort.Tensor,
    InferenceSession: {
      async create(model: never, options?: InferenceSession.SessionOptions) {
        const session = await ort.InferenceSession.create(model, options);
        const run = session.run.bind(session);
        session.run = async (feeds: InferenceSession.FeedsType, ...rest: never[]) => {
          states.feeds(feeds);
          const results = await run(feeds, ...rest);
          states.makes(results);
          return results;
        };
        return session;
      },
    },
  };
}
