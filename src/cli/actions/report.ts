/** What `stepfold report` does. */
import { writeFile } from '../../compiler/emit/index.js';
import type { PassTable } from '../../compiler/pass/index.js';
import { outputExists, plansNeedSource } from '../../errors/index.js';
import {
  benchBundle,
  bundleLabel,
  compareLoops,
  type GenerateOptions,
  loopOfSampler,
  openLoopBundle,
  openLoopModel,
  type RecordedLoop,
  recordLoop,
  scheduleForLoop,
  schedulePorts,
} from '../../evidence/measure/index.js';
import type { Vae } from '../../evidence/measure/vae.js';
import { headlineOf } from '../../evidence/report/facts/headline.js';
import { otherLoopOf } from '../../evidence/report/facts/other-loop.js';
import type { KnownSubject } from '../../evidence/report/facts/subject.js';
import { reportPage } from '../../evidence/report/report-page.js';
import { decibels, type SamplerChoice } from '../../evidence/yardstick/index.js';
import { findModel } from '../../runtime/model-folder/index.js';
import { type Sampler, samplerFrom } from '../../runtime/samplers/index.js';
import type { Schedule } from '../../runtime/schedule/index.js';
import { readFeeds, readRoles, readSizeList } from '../arguments.js';
import type { ReportArguments } from '../commands/report.js';
import { openDecoderOf, picturesOf } from '../decoded-pictures.js';
import { forImages, type Kept, withKept } from '../kept.js';
import { findLoopModel } from '../loop-model.js';
import { readGuidance, samplerSettings } from '../loop-settings.js';
import { printKept, printMadeLoop } from '../made-loop-line.js';
import { formatBytes, print, printJson } from '../output.js';
import { checkOutputFile } from '../output-file.js';
import { openParts } from '../pipeline-parts.js';
import { readPasses } from '../plugins.js';
import { type Status, startStatus } from '../progress.js';
import { measureFewerSteps } from './report/fewer-steps.js';
import { loopPairs, type RivalEnd, readPairs } from './report/pictures.js';
import { readSubject } from './report/subject.js';
import { type TrialContext, tryOptions, tryPlans } from './report/trials.js';

export async function report(typed: ReportArguments): Promise<void> {
  const { args: given, kept } = withKept(typed.bundle, typed);
  checkOutputFile(given.output, given.force, outputExists);
  const against = given.against === undefined ? undefined : findModel(given.against).file;
  if (given.plans && (against === undefined || !given.measure)) throw plansNeedSource();
  const pairs = given.images === undefined ? [] : readPairs(given.images);
  const table = await readPasses(given.plugin);
  const status = startStatus(given.json);
  let subject: KnownSubject;
  let say: () => void;
  try {
    status.show('Reading the bundle');
    const found = await findLoopModel(given.bundle, given);
    const { place, folder, pipeline } = found;
    const args = { ...found.args, bundle: place };
    const { schedule: written, ...read } = await readSubject(place, against, table);
    const settings = samplerSettings(args, written, folder);
    const sampler = samplerFrom(args.sampler, settings);
    say = () => {
      printMadeLoop(found, { name: args.sampler, ...settings });
      printKept(kept.flags);
    };
    const runs = against !== undefined && args.measure;
    // where another model takes over, the bundle may be for its own part of the loop
    const isWhole = args.thenModel === undefined;
    const isAsked = runs || args.steps !== undefined || args.init !== undefined;
    const schedule =
      isWhole && isAsked
        ? scheduleForLoop(written, loopOfSampler(sampler), bundleLabel(place))
        : written;
    subject = { ...read, schedule, written };
    if (runs) {
      const choice = { name: args.sampler, ...settings } as SamplerChoice;
      const { loop, release } = await loopOptions(args, kept, { schedule, sampler, pipeline });
      let decoder: Vae | undefined;
      try {
        const { ends, ...seen } = await measure(
          place,
          against,
          subject,
          table,
          loop,
          choice,
          args,
          status.show,
        );
        const { source, bundle, rival } = ends;
        // not before memory was measured
        decoder = await openDecoderOf(pipeline);
        const drawn = await loopPairs(source, bundle, rival, (latent) =>
          picturesOf({ latent, dims: source.dims }, decoder, loop.feeds ?? {}),
        );
        subject = { ...subject, ...seen, pictures: drawn };
      } finally {
        await decoder?.release();
        await release();
      }
    }
    subject = { ...subject, pictures: [...pairs, ...(subject.pictures ?? [])] };
  } finally {
    status.stop();
  }
  const page = new TextEncoder().encode(reportPage(subject));
  writeFile(given.output, page);
  if (given.json)
    printJson({ file: given.output, bytes: page.length, headline: headlineOf(subject) });
  else {
    print(`${given.output}: ${formatBytes(page.length)}, complete in itself`);
    if (subject.trace) say();
    const other = otherLoopOf(subject);
    if (other) print(`${other}.`);
    if (against === undefined)
      print('Give the source with --against to see blocks, times and errors, too.');
  }
}

type Loop = Omit<GenerateOptions, 'onStep'>;

interface LoopPlace {
  readonly schedule: Schedule;
  readonly sampler: Sampler;
  readonly pipeline: string | undefined;
}

async function loopOptions(
  args: ReportArguments,
  kept: Kept,
  { schedule, sampler, pipeline }: LoopPlace,
): Promise<{ readonly loop: Loop; release(): Promise<void> }> {
  const ports = schedulePorts(schedule);
  const asked = {
    feeds: await readFeeds('feed', args.feed),
    guidance: await readGuidance(args, schedule.source.guidance),
  };
  const { feeds, guidance } = await forImages(ports, asked, kept, args.samples);
  const latentShape = args.latentShape && readSizeList('latent-shape', args.latentShape);
  const opened = await openParts(args, {
    feeds,
    folder: pipeline,
    halves: guidance?.mode === 'two-calls',
    ports: async () => ports,
  });
  const loop = {
    sampler,
    seed: args.seed,
    feeds: opened.feeds,
    parts: opened.parts,
    roles: readRoles(args),
    images: args.samples,
    ...(latentShape && { latentShape }),
    ...(guidance && { guidance }),
  };
  return { loop, release: opened.release };
}

/** Where loops from the same noise end. */
interface LoopEnds {
  readonly source: RecordedLoop;
  readonly bundle: RecordedLoop;
  readonly rival: RivalEnd | undefined;
}

/** Bytes of weights up to which other branches are tried unasked. */
const SMALL_WEIGHTS = 256 * 2 ** 20;

async function measure(
  folder: string,
  against: string,
  subject: KnownSubject,
  table: PassTable,
  loop: Loop,
  choice: SamplerChoice,
  args: ReportArguments,
  show: Status['show'],
): Promise<Partial<KnownSubject> & { readonly ends: LoopEnds }> {
  const { schedule } = subject;
  const halves = loop.guidance?.mode === 'two-calls';
  const record = async (what: string, open: () => ReturnType<typeof openLoopModel>) => {
    const denoiser = await open();
    const onStep = (step: number, steps: number) =>
      show(`${what}: step ${step} of ${steps}`, step / steps);
    return recordLoop(denoiser, { ...loop, onStep }).finally(() => denoiser.release());
  };
  // first, while nothing else is in memory
  show('Measuring times');
  const bench = await benchBundle({
    folder,
    model: against,
    ...(args.thenModel === undefined && { loop: loopOfSampler(loop.sampler) }),
    rounds: args.rounds,
    onProgress: (round, rounds) => show(`Measuring times: ${round} of ${rounds}`, round / rounds),
  });
  const full = await record('Source', () => openLoopModel(against));
  const own = await record('Bundle', () => openLoopBundle(folder, { halves }));
  const context: TrialContext = { source: against, subject, table, full, loop, onProgress: show };
  const weights = schedule.weights.reduce((sum, { bytes }) => sum + bytes, 0);
  const trials =
    args.branches === 'all' || (args.branches === 'auto' && weights <= SMALL_WEIGHTS)
      ? await tryOptions(context)
      : undefined;
  const beside =
    (args.yardstick ?? weights <= SMALL_WEIGHTS)
      ? await measureFewerSteps({ against, choice, loop, full, own, show }, bench.loop)
      : undefined;
  const plans = args.plans && (await tryPlans(context, args.plans));
  return {
    trace: {
      sampler: choice.name,
      seed: args.seed,
      images: full.dims[0] ?? 1,
      decibels: decibels(own.latent, full.latent),
      channels: full.dims.length === 4 ? full.dims[1] : undefined,
      madeUp: full.madeUp,
      steps: compareLoops(own, full),
    },
    ends: { source: full, bundle: own, rival: beside?.nearest },
    trials,
    fewerSteps: beside?.fewerSteps,
    plans,
    measured: {
      rounds: bench.rounds,
      turns: bench.turns,
      sourceMilliseconds: bench.source.milliseconds,
      programs: Object.fromEntries(
        Object.entries(bench.programs).map(([name, { milliseconds }]) => [name, milliseconds]),
      ),
      loop: {
        source: bench.loop.sourceMilliseconds,
        bundle: bench.loop.milliseconds,
        quartiles: bench.loop.quartiles,
        worth: bench.loop.worth,
      },
      doubts: bench.doubts,
      memory: bench.memory,
    },
  };
}
