/** From sites and a plan, or a pipeline, to a session that runs it: no files, no canonical form. */
import * as ort from 'onnxruntime-node';
import { findInputRoles } from '../../src/compiler/analysis/index.js';
import { makeSchedule } from '../../src/compiler/emit/schedule.js';
import { lower, type ProgramForm } from '../../src/compiler/lower/index.js';
import { type Compilation, chooseBindings } from '../../src/compiler/pipeline/index.js';
import { makePlan, type Site } from '../../src/compiler/plan/index.js';
import { cloneModel } from '../../src/model/ir/clone.js';
import type { Model } from '../../src/model/ir/model.js';
import { sortNodes } from '../../src/model/ir/order.js';
import { findViolations } from '../../src/model/ir/validate.js';
import { encodeModel } from '../../src/model/onnx/index.js';
import { inferShapes } from '../../src/model/shape/index.js';
import type { Schedule } from '../../src/runtime/schedule/index.js';
import { ScheduledSession, type ScheduledSessionOptions } from '../../src/runtime/session/index.js';

export const EMITS = ['split', 'merged', 'chain'] as const;

/** Bit for bit what the nodes say. */
export const EXACT = { graphOptimizationLevel: 'disabled', logSeverityLevel: 4 } as const;

/** Lowers a plan over a model as it is; `rows[call][site]` as in a plan. */
export function compileSites(
  model: Model,
  sites: readonly Site[],
  rows: readonly (readonly string[])[],
  emit: ProgramForm,
): Compilation {
  const shapes = inferShapes(model);
  const entries = Object.fromEntries(sites.map((site, s) => [site.id, rows.map((r) => r[s]!)]));
  const plan = makePlan(rows.length, [{ sites, entries }]);
  const roles = findInputRoles(model.graph, shapes);
  const bindings = chooseBindings(model.graph, shapes, roles);
  return {
    source: model,
    canonical: model,
    shapes,
    roles,
    bindings,
    loop: { steps: rows.length, start: 0 },
    trace: [],
    notes: [],
    passes: [],
    plan,
    ...lower(model, shapes, plan, emit),
  };
}

export function scheduleOf(compilation: Compilation): Schedule {
  const models = Object.fromEntries(
    [...compilation.lowered.models.keys()].map((id) => [
      id,
      { file: `${id}.onnx`, sha256: '0'.repeat(64) },
    ]),
  );
  return makeSchedule(compilation, {
    sourceFile: 'source.onnx',
    sourceHash: '0'.repeat(64),
    models,
    weights: [],
  });
}

/** The models as a file would have them: encoded, and whole according to the validator. */
export function encodeLowered(compilation: Compilation): Map<string, Uint8Array> {
  return new Map(
    [...compilation.lowered.models].map(([id, model]) => {
      const violations = findViolations(model.graph);
      if (violations.length > 0)
        throw new Error(`model ${id}: ${violations.map((v) => v.message).join('; ')}`);
      return [`${id}.onnx`, encodeSorted(model)] as const;
    }),
  );
}

/** Bytes of a model whose tensors are in memory, nodes sorted as `saveModel` sorts them. */
export function encodeSorted(model: Model): Uint8Array {
  const { model: copy } = cloneModel(model);
  sortNodes(copy.graph);
  return encodeModel(copy);
}

export async function openSession(
  compilation: Compilation,
  options: ScheduledSessionOptions = {},
  engine: unknown = ort,
): Promise<ScheduledSession> {
  const files = encodeLowered(compilation);
  return ScheduledSession.create(
    engine as never,
    { schedule: scheduleOf(compilation), open: (file) => files.get(file)! },
    // inputs of tests are of no image: their timesteps go up and down
    { sessionOptions: EXACT, newImage: 'reset', ...options },
  );
}

export { ort };
