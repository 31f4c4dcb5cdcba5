/**
 * Which model a plan was made for: recorded when a plan is written, checked when it is used. Costs
 * one reading of the model's file, its external data not included.
 */
import path from 'node:path';
import { planOtherModel } from '../../errors/index.js';
import type { PlanFile } from '../../runtime/schedule/index.js';
import { sha256 } from './bundle.js';

/** The `model` of a plan for the model in a file. */
export const planSource = (modelFile: string): NonNullable<PlanFile['model']> => ({
  file: path.basename(modelFile),
  sha256: sha256(modelFile),
});

/**
 * Refuses a plan that was made for another model. A plan that names none is taken.
 * @param planFile shown in the error
 * @throws PLAN_OTHER_MODEL
 */
export function checkPlanSource(plan: PlanFile, planFile: string, modelFile: string): void {
  if (plan.model && plan.model.sha256 !== sha256(modelFile))
    throw planOtherModel(planFile, plan.model.file, modelFile);
}
