/**
 * Depth-skip (Kim, Kim, Park, Cho: "Diffusion Model Compression for Image-to-Image Translation", ACCV 2024,
 * arXiv 2401.17547): everything deeper than an encoder block is removed for good, at every call. The first
 * decoder block that stays still joins its skip, with zeros where the deeper part came in; nothing is
 * aligned or retrained here. Quality stands where the condition carries the structure of the image, as in
 * image-to-image translation; the published models are fine-tuned after the cut.
 *
 * The authors' `--depth D` keeps the first D encoder blocks of a latent diffusion U-Net (its first
 * convolution is one of them), and of its decoder as many. Each encoder block gives one skip, so the last
 * that stays is that of skip branch D, counted from the outside as DeepCache does: the two numbers are
 * the same. In Stable Diffusion v1.5, D = 12 removes the middle alone, and 13 would be the whole model.
 */

import type { Pass, PassContext } from '../../src/compiler/pass/index.js';
import { COMPUTE, type Site, strategiesByName, strategyOf } from '../../src/compiler/plan/index.js';
import { badOption } from '../../src/errors/index.js';
import { everyNth, proposedBy } from '../full-steps.js';
import { deeperThan, zeroStrategy } from '../unet/deeper.js';
import { findJoin, requireUnet } from '../unet/join.js';

export interface DepthSkipOptions {
  readonly depth?: number;
  readonly branch?: number;
}

const NAME = 'depth-skip';
const SITE = 'depth';

export const depthSkip: Pass<DepthSkipOptions> = {
  name: NAME,
  description:
    'Remove the deep part of a U-Net for good, for image-to-image models (Kim et al., ACCV 2024).',
  example: 'depth-skip:depth=9',
  options: {
    type: 'object',
    properties: {
      // which ones there are depends on the model, so that is checked beside it
      depth: {
        type: 'integer',
        description:
          'Encoder blocks that stay, the first convolution counted as one: `--depth` of the authors.',
      },
      branch: {
        type: 'integer',
        description: 'The same as skip branch of `stepfold inspect`: the deepest one that stays.',
      },
    },
  },
  strategies: { zero: { meaning: { result: 'zeros' }, letter: 'z' } },
  propose(context, options) {
    const site = depthSite(context, branchOf(context, options));
    return proposedBy([site], everyNth(1, {}), [{ [SITE]: 'zero' }], context, [{ choice: 0 }]);
  },
};

/** @throws PASS_OPTION, UNET_NOT_FOUND */
function branchOf(context: PassContext, { depth, branch }: DepthSkipOptions): number {
  if (depth === undefined && branch === undefined)
    throw badOption(NAME, 'depth', 'it must be given, or a skip branch');
  if (depth !== undefined && branch !== undefined)
    throw badOption(NAME, 'branch', 'it says the same as depth; give one of them');
  if (branch !== undefined) return branch;
  const unet = requireUnet(context);
  const most = unet.joins.length + unet.refused.length;
  if (depth! < 1 || depth! > most)
    throw badOption(
      NAME,
      'depth',
      `the model has depths 1 to ${most}, and ${most + 1} would be all of it`,
    );
  return depth!;
}

function depthSite(context: PassContext, branch: number): Site {
  const join = findJoin(context, branch);
  return {
    id: SITE,
    ...deeperThan(join),
    states: [],
    strategies: strategiesByName([
      strategyOf(COMPUTE, 'run the deep part'),
      zeroStrategy(context, join, 'cut'),
    ]),
  };
}
