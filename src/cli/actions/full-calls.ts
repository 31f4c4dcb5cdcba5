/** What `stepfold calibrate` does for passes whose plan says which steps are full. */
import { writeFile } from '../../compiler/emit/index.js';
import type { AnyPass, Pass, PassRequest, PassTable } from '../../compiler/pass/index.js';
import { planToJson } from '../../compiler/plan/index.js';
import { needsFullCalls, notForPass, recordedNotPlaced } from '../../errors/index.js';
import {
  type Candidate,
  type PlacedCalls,
  type PlaceOptions,
  placeFullCalls,
} from '../../evidence/calibrate/index.js';
import {
  partialFile,
  readPartial,
  removePartial,
  writePartial,
} from '../../evidence/calibrate/resume.js';
import { rowTitle } from '../../evidence/yardstick/index.js';
import type { Model } from '../../model/ir/model.js';
import { formatPlan, type PlanFile } from '../../runtime/schedule/index.js';
import { colors } from '../colors.js';
import type { CalibrateArguments } from '../commands/calibrate.js';
import { printHeatmap } from '../heatmap.js';
import { heading, print, printJson, printMadeUp, printTable } from '../output.js';
import { startProgress } from '../progress.js';
import {
  identityOf,
  type LoopOptions,
  onInterrupt,
  rounded,
  searchRecord,
  startClock,
} from '../search.js';
import { printNextAfterSearch } from './calibrate/next.js';

export interface FullCallsSubject {
  readonly table: PassTable;
  readonly pass: AnyPass;
  readonly request: PassRequest;
  readonly model: Model;
  readonly options: LoopOptions;
}

/** Options that only passes with full steps have. @throws CALIBRATE_OPTION */
export function refuseFullCalls(args: CalibrateArguments, pass: string): void {
  for (const name of ['fullCalls', 'rule', 'threshold', 'yardstick'] as const)
    if (args[name] !== undefined)
      throw notForPass(`--${name === 'fullCalls' ? 'full-calls' : name}`, pass);
}

/** How often what was measured is put on the disk, in milliseconds. */
const KEPT_EVERY = 1000;
const PROGRESS = 1000;

export async function runFullCalls(
  args: CalibrateArguments,
  { table, pass, request, model, options }: FullCallsSubject,
): Promise<void> {
  const { recorded, search: _, decided: __, ...loop } = options;
  if (recorded) throw recordedNotPlaced(request.pass);
  const asked = askedOf(args, request.pass);
  const rule = args.rule ?? 'end-error';
  const identity = identityOf(args.model, model, request, { ...loop, asked, rule });
  if (args.restart) removePartial(args.output);
  const before = readPartial(args.output, identity);
  const progress = startProgress('Searching', args.json);
  const clock = startClock(before.seconds);
  let latest: (() => NonNullable<PlaceOptions['measured']>) | undefined;
  let kept = performance.now();
  const keep = () => {
    if (!latest) return;
    writePartial(args.output, identity, { decided: [], measured: latest(), seconds: clock() });
    kept = performance.now();
  };
  const interrupted = onInterrupt(partialFile(args.output), () => {
    keep();
    progress.stop();
  });
  let found: PlacedCalls;
  try {
    found = await placeFullCalls(model, {
      ...loop,
      pass: pass as Pass,
      options: request.options,
      asked,
      rule,
      yardstick: args.yardstick ?? true,
      measured: before.measured ?? {},
      onStart(work) {
        if (work === 0 || args.json) return;
        print(
          `Fewer steps beside it will take ${Math.round(work)} model evaluations, on half of the images; --no-yardstick leaves them out.`,
        );
      },
      onMeasured(measured) {
        latest = measured;
        if (performance.now() - kept > KEPT_EVERY) keep();
      },
      onProgress: (done, what) => progress.update(Math.round(done * PROGRESS), PROGRESS, what),
    });
  } catch (error) {
    keep();
    throw error;
  } finally {
    progress.stop();
    interrupted.forget();
  }
  const seconds = clock();
  const plan = planFile(args, request, options, found, seconds);
  writeFile(args.output, new TextEncoder().encode(formatPlan(plan, args.output)));
  removePartial(args.output);
  report(args, plan, table, found, seconds);
  printNextAfterSearch(args);
}

/** @throws CALIBRATE_FULL_CALLS */
function askedOf(
  { fullCalls, rule, threshold }: CalibrateArguments,
  pass: string,
): PlaceOptions['asked'] {
  const ownThreshold = rule !== undefined && rule !== 'end-error' && threshold !== undefined;
  if (threshold !== undefined && (!ownThreshold || fullCalls !== undefined))
    throw notForPass('--threshold', pass);
  if (ownThreshold) return { threshold };
  if (fullCalls === undefined) throw needsFullCalls(pass);
  return { full: fullCalls };
}

function planFile(
  args: CalibrateArguments,
  { pass }: PassRequest,
  options: LoopOptions,
  found: PlacedCalls,
  seconds: number,
): PlanFile {
  const { steps, record } = searchRecord(args, { pass, options: found.options }, options);
  return planToJson(found.plan, {
    ...record,
    calibration: {
      pass,
      seed: args.seed,
      sampler: { ...options.sampler, steps },
      samples: found.samples,
      evaluations: rounded(found.evaluations),
      seconds: Math.round(seconds * 10) / 10,
      rule: args.rule ?? 'end-error',
      placement: found.chosen.placement,
      full: [...found.chosen.full],
      candidates: found.candidates.map(({ label, placement, full, error }) => ({
        forecast: label,
        placement,
        full: [...full],
        error: rounded(error.judged),
      })),
    },
  });
}

function report(
  args: CalibrateArguments,
  plan: PlanFile,
  { strategies: known }: PassTable,
  found: PlacedCalls,
  seconds: number,
): void {
  const { chosen, candidates, evaluations, plain, samples, madeUp, options } = found;
  if (args.json) {
    printJson({
      file: args.output,
      options,
      chosen,
      candidates,
      ...(found.worth && { worth: found.worth }),
      samples,
      evaluations,
      plain,
      seconds,
      madeUp,
      plan,
    });
    return;
  }
  printHeatmap(plan, known);
  heading('Distance to the full loop (relative, root mean square)');
  printTable(
    ['', 'what is kept', 'full steps', 'chosen on', 'judged on'],
    candidates.map((one) => [
      one === chosen ? '→' : '',
      one.label,
      one.placement,
      one.error.fit.toPrecision(3),
      one.error.judged.toPrecision(3),
    ]),
  );
  if (found.worth) printWorth(found.worth, chosen);
  print(`${chosen.full.length} full steps, ${chosen.placement}: ${chosen.full.join(' ')}`);
  print(
    `${evaluations.toFixed(1)} model evaluations in place of ${Math.round(plain)} for every edge by itself; ${seconds.toFixed(1)} s`,
  );
  printMadeUp(madeUp);
  print(`Written: ${args.output}`);
}

const dB = (value: number) => (Number.isFinite(value) ? value.toFixed(1) : 'equal');

/** The plan, and fewer steps at its cost. */
function printWorth(worth: NonNullable<PlacedCalls['worth']>, chosen: Candidate): void {
  const { rows, loop, convergedSteps } = worth;
  const calls = chosen.cost.toFixed(1);
  const ranked = [...rows].sort((a, b) => b.converged - a.converged);
  const nearest = ranked[0];
  heading(`At the cost of ${calls} full calls (dB; images that were judged on)`);
  printTable(
    ['', 'to the own loop', `to ${convergedSteps} steps`],
    [
      ['this plan', dB(worth.chosen.own), dB(worth.chosen.converged)],
      ['full steps at even distances', dB(worth.even.own), dB(worth.even.converged)],
      ...ranked.map((row) => [rowTitle(row), dB(row.own), dB(row.converged)]),
      ['the loop itself, all steps full', '', dB(loop)],
    ],
  );
  if (nearest && nearest.converged > worth.chosen.converged)
    print(
      colors.yellow(
        `Fewer steps come nearer at this cost: ${nearest.steps} steps of ${nearest.name}.`,
      ),
    );
}
