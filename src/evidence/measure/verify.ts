/**
 * Proof that a bundle computes what it should, in onnxruntime, on random inputs: the identity of each
 * program (identity.ts), a loop that shows every combination of program, strategies and states against
 * the source model (loop.ts), and what the schedule says of itself (statements/). What could not be
 * compared is not proved, and a bundle of which something is not proved has not passed.
 */
import { inlineFunctions, splitSkipNorms } from '../../compiler/canonicalize/index.js';
import type { KnownStrategies } from '../../compiler/pass/index.js';
import type { Problem } from '../../errors/index.js';
import { loadModel } from '../../model/onnx/files.js';
import { callsOf, type Schedule } from '../../runtime/schedule/index.js';
import { distinctPrograms, readBundle } from './bundle.js';
import { claimProblems } from './claims/index.js';
import type { Findings } from './context.js';
import { decisionsOf } from './decides.js';
import { loadOrt } from './engine.js';
import { checkKeptInputs } from './kept-inputs.js';
import { tableRows } from './labels.js';
import { ruleProblems, triedLoops } from './loops/index.js';
import { type Check, type Numbers, type ProofOptions, prove, withinMemory } from './numbers.js';
import { proofBindings, rowsFor } from './proof-feeds.js';
import { bundleModels, sourceProblems, statementProblems } from './statements/index.js';
import { toleranceFor } from './tolerance.js';
import { type ComparedWeights, checkWholeWeights } from './whole-weights.js';

export type { Check, OptimizationLevel } from './numbers.js';
export { TOLERANCES } from './tolerance.js';

/** What a proof can be told, but for what strategies mean. */
export interface VerdictOptions extends ProofOptions {
  /**
   * Largest relative difference that passes where arithmetic differs; default 1e-5, 1e-2 where tensors are
   * float16, 2e-1 where activations are quantized. What computes as the source does is held to the bit.
   */
  readonly tolerance?: number | undefined;
  /** Let a bundle pass of which something could not be compared, as with a strategy of which no pass says what it means. */
  readonly allowUnproved?: boolean;
}

export interface ProveOptions extends VerdictOptions {
  /** What the strategies of the schedule mean; one that is missing is not proved. */
  readonly known: KnownStrategies;
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
  /**
   * Calls of the schedule; how many combinations of program, strategies and states they and those of other loops are, where
   * rules lead to others; and in how many loops these were shown, that of the schedule among them.
   */
  readonly loop: {
    readonly calls: number;
    readonly combinations: number;
    readonly loops: number;
  };
  /** Size of each symbolic dimension in the made-up inputs. */
  readonly sizes: Readonly<Record<string, number>>;
  /** How much of each weights file was compared with what was written. */
  readonly weights: readonly ComparedWeights[];
}

export async function proveBundle(options: ProveOptions): Promise<VerifyReport> {
  const { folder, model, known, allowUnproved = false } = options;
  const schedule = await readBundle(folder, model);
  checkKeptInputs(folder, schedule);
  const weights = checkWholeWeights(folder, schedule, options.onProgress);
  const source = loadModel(model);
  // sites may lie inside functions and fused norms, where nothing can be given in a value's place; that these are
  // written out rightly shows in the identities, which run the file as it is
  inlineFunctions(source);
  const isSplit = splitSkipNorms(source);
  const bindings = proofBindings(schedule, options.shapes, rowsFor(schedule));
  const { findings, found } = collect();
  options.onProgress?.('what the schedule says of itself');
  const models = bundleModels(folder, schedule);
  const tables = tableRows(source.graph);
  const ofSource = sourceProblems(schedule, source);
  const loops = triedLoops(schedule);
  for (const problem of [
    ...ofSource,
    ...(await statementProblems(
      folder,
      schedule,
      known,
      source,
      models,
      tables,
      findings.note,
      findings.unproved,
    )),
    ...claimProblems(schedule, source),
    ...ruleProblems(schedule, loops, known, findings.unproved),
  ])
    findings.wrong(problem);
  const tolerance = options.tolerance ?? toleranceFor(source);
  const decisions = [source, ...models.values()].map(({ graph }) =>
    decisionsOf(graph, schedule.source.roles?.timestep),
  );
  const parts = {
    ...options,
    ort: await loadOrt(),
    source,
    isSplit,
    schedule,
    tables,
    loops,
    decisions,
    tolerance,
  };
  let numbers: Numbers = { checks: [], combinations: 0, loops: 0, bindings };
  if (ofSource.length > 0)
    findings.unproved('anything, since inputs and outputs are not those of the source');
  else numbers = await withinMemory(schedule, options, findings, (b) => prove(parts, findings, b));
  const { checks, combinations } = numbers;
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
    loop: { calls: callsOf(schedule).length, combinations, loops: numbers.loops },
    sizes: Object.fromEntries(numbers.bindings),
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
