/** The skip join at which a pass cuts a U-Net. */
import type { SkipJoin, UnetAnalysis } from '../../src/compiler/analysis/index.js';
import type { PassContext } from '../../src/compiler/pass/index.js';
import { badBranch, noUnet } from '../../src/errors/index.js';

/** @throws UNET_NOT_FOUND */
export function requireUnet(context: PassContext): Extract<UnetAnalysis, { isUnet: true }> {
  const unet = context.unet();
  if (!unet.isUnet) throw noUnet(unet.refusal.reason, unet.refusal.node, unet.refusal.nearest);
  return unet;
}

/** @throws UNET_NOT_FOUND, UNET_BRANCH */
export function findJoin(context: PassContext, branch: number): SkipJoin {
  const unet = requireUnet(context);
  const join = unet.joins.find((j) => j.branch === branch);
  if (join) return join;
  const { fullMacs, branches } = context.branches();
  const costs = branches.map((b) => ({
    branch: b.branch,
    percent: `${((100 * b.shallowMacs.layers) / fullMacs.layers).toFixed(1)} % of a full call`,
  }));
  throw badBranch(branch, costs, unet.refused);
}
