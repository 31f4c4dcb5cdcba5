/**
 * Proof that a bundle computes what it should, in onnxruntime, on random inputs: the identity of each
 * program (identity.ts), a loop that shows every combination of program, strategies and states against
 * the source model (loop.ts), and what the schedule says of itself (statements/). What could not be
 * compared is not proved, and a bundle of which something is not proved has not passed.
 */
import type { InferenceSession } from 'onnxruntime-common';
import { inlineFunctions } from '../../passes/canonicalize/index.js';
import type { Problem } from '../errors/index.js';
import { loadModel } from '../onnx/files.js';
import type { Schedule } from '../schedule/index.js';
import { distinctPrograms, readBundle } from './bundle.js';
import { claimProblems } from './claims/index.js';
import type { Findings, ProofContext } from './context.js';
import { decisionsOf } from './decides.js';
import type { Difference } from './difference.js';
import { loadOrt } from './engine.js';
import { feedSets } from './feed-sets.js';
import { identities } from './identity.js';
import { tableRows } from './labels.js';
import { loop } from './loop.js';
import { proofBindings, proofFeeds } from './proof-feeds.js';
import { bundleModels, sourceProblems, statementProblems } from './statements/index.js';
import { toleranceFor } from './tolerance.js';
import { type ComparedWeights, checkWholeWeights } from './whole-weights.js';

export { TOLERANCES } from './tolerance.js';

export type OptimizationLevel = 'disabled' | 'all';

export interface VerifyOptions {
  readonly folder: string;
  readonly model: string;
  readonly seed?: number;
  /**
   * Largest relative difference that passes where arithmetic differs; default 1e-5, 1e-2 where tensors are
   * float16, 1e-1 where activations are quantized. What computes as the source does is held to the bit.
   */
  readonly tolerance?: number | undefined;
  /** Graph optimization of onnxruntime to check under; default both. */
  readonly levels?: readonly OptimizationLevel[];
  /** Input shapes, where they are not fixed in the bundle; default a batch of 2, 4 with a guidance pair in it. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  /** Let a bundle pass of which something could not be compared, as with strategies of one's own. */
  readonly allowUnproved?: boolean;
  readonly onProgress?: (what: string) => void;
}

export interface Check extends Omit<Difference, 'identical'> {
  readonly kind: 'identity' | 'loop';
  readonly program: string;
  /** Index in the schedule, for the loop. */
  readonly call?: number;
  readonly optimization: OptimizationLevel;
  /** Every bit agrees. */
  readonly exact: boolean;
  /** Every bit has to agree. */
  readonly mustBeExact: boolean;
  readonly passed: boolean;
}

export interface VerifyReport {
  /** Every check passed, the schedule is right about itself, and everything was proved or need not be. */
  readonly passed: boolean;
  readonly tolerance: number;
  readonly checks: readonly Check[];
  /** What the schedule says of models, states and plan, and is not so. */
  readonly statements: readonly Problem[];
  /** What could not be compared, and why. */
  readonly unproved: readonly string[];
  /** What a reader should know. */
  readonly notes: readonly string[];
  /** Calls of the schedule, and how many combinations of program, strategies and states they are. */
  readonly loop: { readonly calls: number; readonly combinations: number };
  /** Size of each symbolic dimension in the made-up inputs. */
  readonly sizes: Readonly<Record<string, number>>;
  /** How much of each weights file was compared with what was written. */
  readonly weights: readonly ComparedWeights[];
}

export async function verifyBundle(options: VerifyOptions): Promise<VerifyReport> {
  const { folder, model, levels = ['disabled', 'all'], allowUnproved = false } = options;
  const schedule = await readBundle(folder, model);
  const weights = checkWholeWeights(folder, schedule, options.onProgress);
  const source = loadModel(model);
  // sites may lie inside functions, where nothing can be given in a value's place; that they are written
  // out rightly shows in the identities, which run the file as it is
  inlineFunctions(source);
  const ort = await loadOrt();
  const bindings = proofBindings(schedule, options.shapes);
  const { findings, found } = collect();
  const context = (level: OptimizationLevel): ProofContext => ({
    ort,
    folder,
    model,
    source,
    schedule,
    bindings,
    report: findings,
    session: sessionOptions(level),
    onProgress: options.onProgress,
  });
  const tables = tableRows(source.graph);
  options.onProgress?.('what the schedule says of itself');
  const models = bundleModels(folder, schedule);
  const ofSource = sourceProblems(schedule, source);
  for (const problem of [
    ...ofSource,
    ...(await statementProblems(folder, schedule, source, models, tables)),
    ...claimProblems(schedule, source),
  ])
    findings.wrong(problem);
  const feedOptions = { ort: ort as never, schedule, bindings, seed: options.seed ?? 0, tables };
  const feedsOf = (turn: number) => proofFeeds(feedOptions, turn);

  const tolerance = options.tolerance ?? toleranceFor(source);
  const checks: Check[] = [];
  const judge = (
    kind: Check['kind'],
    optimization: OptimizationLevel,
    { identical, rounds, ...result }: Difference & { program: string; rounds: boolean },
  ) => {
    const mustBeExact = optimization === 'disabled' && !rounds;
    const passed = mustBeExact ? identical : result.relative <= tolerance;
    checks.push({ kind, optimization, ...result, exact: identical, mustBeExact, passed });
  };
  const decisions = [source, ...models.values()].map(({ graph }) =>
    decisionsOf(graph, schedule.source.roles?.timestep),
  );
  const sweep = feedSets(feedOptions, decisions);
  const proveIdentities = async (): Promise<boolean> => {
    for (const optimization of levels) {
      const sets = optimization === levels[0] ? sweep : sweep.slice(0, 1);
      const results = await identities(context(optimization), sets);
      if (!results) return false;
      for (const result of results) judge('identity', optimization, result);
    }
    return true;
  };
  let combinations = 0;
  if (ofSource.length > 0)
    findings.unproved('anything, since inputs and outputs are not those of the source');
  else if (await proveIdentities()) {
    const [optimization = 'disabled'] = levels;
    const proved = await loop(context(optimization), (call) => feedsOf(call + 1));
    for (const result of proved.checks) judge('loop', optimization, result);
    combinations = proved.combinations;
  }
  for (const program of programsWithout(checks, schedule))
    findings.unproved(`program "${program}", which no check ran`);

  const { statements, unproved, notes } = found();
  return {
    passed:
      checks.length > 0 &&
      checks.every((c) => c.passed) &&
      statements.length === 0 &&
      (allowUnproved || unproved.length === 0),
    tolerance,
    checks,
    statements,
    unproved,
    notes,
    loop: { calls: schedule.calls.length, combinations },
    sizes: Object.fromEntries(bindings),
    weights,
  };
}

/** Takes findings in the order in which they come, each once. */
function collect() {
  const statements = new Map<string, Problem>();
  const unproved = new Set<string>();
  const notes = new Set<string>();
  const findings: Findings = {
    wrong: (problem) => void statements.set(`${problem.path} ${problem.message}`, problem),
    unproved: (what) => void unproved.add(what),
    note: (sentence) => void notes.add(sentence),
  };
  const found = () => ({
    statements: [...statements.values()],
    unproved: [...unproved],
    notes: [...notes],
  });
  return { findings, found };
}

function programsWithout(checks: readonly Check[], schedule: Schedule): string[] {
  const checked = new Set(checks.map((c) => c.program));
  return distinctPrograms(schedule).filter((program) => !checked.has(program));
}

/** Without optimization the weights can stay mapped from their file, which halves the memory. */
const sessionOptions = (level: OptimizationLevel): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: level,
  logSeverityLevel: 4,
  ...(level === 'disabled' && { extra: { session: { disable_prepacking: '1' } } }),
});
