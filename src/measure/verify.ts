/**
 * Proof that a bundle computes what it should, in onnxruntime, on random inputs: the identity of each
 * program (identity.ts), and a loop of calls against the source model (loop.ts).
 */
import type { InferenceSession } from 'onnxruntime-common';
import { constantTensor } from '../ir/constants.js';
import type { Graph } from '../ir/graph.js';
import type { Model } from '../ir/model.js';
import { loadModel } from '../onnx/files.js';
import type { Schedule } from '../schedule/index.js';
import { distinctPrograms, readBundle } from './bundle.js';
import type { Difference } from './difference.js';
import { loadOrt } from './engine.js';
import { randomFeeds, scheduleBindings } from './feeds.js';
import { identities, type ProofContext } from './identity.js';
import { loop } from './loop.js';

/** Seeds are 32-bit numbers. */
const SEEDS = 2 ** 32;

/**
 * Largest relative differences that pass, where nothing else is asked for. Quantized activations go by
 * steps of a 255th of their range: the last bit of a sum decides which, and so does how the engine
 * fuses operators. A step here is several further on: at level `all` a quantized U-Net with one output
 * more differs from itself by a twelfth of its largest number, where it is equal to the bit without fusing.
 */
export const TOLERANCES = { float32: 1e-5, float16: 1e-2, quantized: 1e-1 } as const;

export type OptimizationLevel = 'disabled' | 'all';

export interface VerifyOptions {
  readonly folder: string;
  readonly model: string;
  readonly seed?: number;
  /**
   * Largest relative difference that passes; default 1e-5, 1e-2 where tensors are float16, 1e-1 where
   * activations are quantized.
   */
  readonly tolerance?: number | undefined;
  /** Graph optimization of onnxruntime to check under; default both. */
  readonly levels?: readonly OptimizationLevel[];
  /** Input shapes, where they are not fixed in the bundle. */
  readonly shapes?: Readonly<Record<string, readonly number[]>>;
  readonly onProgress?: (what: string) => void;
}

export interface Check extends Difference {
  readonly kind: 'identity' | 'loop';
  readonly program: string;
  /** Index in the schedule, for the loop. */
  readonly call?: number;
  readonly optimization: OptimizationLevel;
  /** No difference at all. */
  readonly exact: boolean;
  readonly passed: boolean;
}

export interface VerifyReport {
  /** Something was checked, and every check passed. */
  readonly passed: boolean;
  readonly tolerance: number;
  readonly checks: readonly Check[];
  /** Programs that no check ran. */
  readonly unchecked: readonly string[];
  /** What could not be checked, and why. */
  readonly skipped: readonly string[];
  /** Size of each symbolic dimension in the made-up inputs. */
  readonly sizes: Readonly<Record<string, number>>;
}

export async function verifyBundle(options: VerifyOptions): Promise<VerifyReport> {
  const { folder, model, levels = ['disabled', 'all'], onProgress } = options;
  const schedule = await readBundle(folder, model);
  const source = loadModel(model);
  const tolerance = options.tolerance ?? TOLERANCES[precisionOf(schedule, source)];
  const ort = await loadOrt();
  const bindings = scheduleBindings(schedule, options.shapes);
  const { inputs, roles = {} } = schedule.source;
  const feedsOf = (stream: number) =>
    randomFeeds(inputs, {
      ort: ort as never,
      roles,
      bindings,
      seed: ((options.seed ?? 0) + stream) % SEEDS,
    });

  const checks: Check[] = [];
  const skipped = new Set<string>();
  const skip = (reason: string) => skipped.add(reason);
  const judge = (check: Omit<Check, 'exact' | 'passed'>) =>
    checks.push({ ...check, exact: check.absolute === 0, passed: check.relative <= tolerance });
  const context = (level: OptimizationLevel): ProofContext => {
    const session = sessionOptions(level);
    return { ort, folder, model, source, schedule, onProgress, skip, session };
  };
  for (const optimization of levels)
    for (const result of await identities(context(optimization), feedsOf(0)))
      judge({ kind: 'identity', optimization, ...result });
  const [optimization = 'disabled'] = levels;
  for (const result of await loop(context(optimization), (call) => feedsOf(call + 1)))
    judge({ kind: 'loop', optimization, ...result });

  const checked = new Set(checks.map((c) => c.program));
  return {
    passed: checks.length > 0 && checks.every((c) => c.passed),
    tolerance,
    checks,
    unchecked: distinctPrograms(schedule).filter((program) => !checked.has(program)),
    skipped: [...skipped],
    sizes: Object.fromEntries(bindings),
  };
}

function precisionOf(schedule: Schedule, source: Model): keyof typeof TOLERANCES {
  if (quantizesActivations(source.graph)) return 'quantized';
  return usesHalves(schedule) ? 'float16' : 'float32';
}

const QUANTIZERS = ['QuantizeLinear', 'DynamicQuantizeLinear', 'DynamicQuantizeMatMul'];

/** Of weights alone, quantization is a constant like any other. */
const quantizesActivations = (graph: Graph): boolean =>
  [...graph.nodes].some(
    (node) => QUANTIZERS.includes(node.opType) && node.inputs[0] && !constantTensor(node.inputs[0]),
  );

/** Half precision tells 2^-11 apart, and what is taken away and added again is rounded each time. */
const usesHalves = ({ source, states }: Schedule): boolean =>
  [...source.inputs, ...source.outputs, ...Object.values(states)].some((t) => t.type === 'float16');

/** Without optimization the weights can stay mapped from their file, which halves the memory. */
const sessionOptions = (level: OptimizationLevel): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: level,
  logSeverityLevel: 4,
  ...(level === 'disabled' && { extra: { session: { disable_prepacking: '1' } } }),
});
