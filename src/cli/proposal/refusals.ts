/** Why a model has nothing that a method could leave out: each method's own words. */
import {
  checkOptions,
  type Pass,
  type PassContext,
  type PassTable,
  parsePassRequest,
} from '../../compiler/pass/index.js';
import { StepfoldError } from '../../errors/index.js';

export interface Refusal {
  readonly pass: string;
  /** A sentence without a full stop. */
  readonly reason: string;
}

/** Of every pass that finds no place, with the options of its own example. */
export function refusals(context: PassContext, { passes }: PassTable): Refusal[] {
  const { latent, timestep, problems } = context.roles;
  const noLoop = latent === undefined || timestep === undefined ? problems.join('; ') : undefined;
  return [...passes.values()].flatMap((pass) => {
    try {
      const options = checkOptions(pass, parsePassRequest(pass.example).options);
      const { sites } = (pass as Pass).propose(context, options as Record<string, unknown>);
      if (noLoop !== undefined) return [{ pass: pass.name, reason: noLoop }];
      return sites.length > 0
        ? []
        : [{ pass: pass.name, reason: 'it finds no place in the graph' }];
    } catch (error) {
      if (!(error instanceof StepfoldError)) throw error;
      return [{ pass: pass.name, reason: error.message.replace(/\.$/, '') }];
    }
  });
}
