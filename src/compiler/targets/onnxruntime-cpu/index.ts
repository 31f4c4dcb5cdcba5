/**
 * onnxruntime's CPU provider: what its own optimizer leaves undone on diffusion models, found in its
 * profiles (docs/decisions/0019). Each rule is here because a measurement says that it pays.
 */
import type { Target } from '../target.js';
import { attention } from './attention.js';
import { branchWeights } from './branch-weights.js';
import { channelAffine } from './channel-affine.js';
import { paddedConvolution } from './padded-convolution.js';
import { tanhGelu } from './tanh-gelu.js';
import { upsampledConvolution } from './upsampled-convolution.js';

export const onnxruntimeCpu: Target = {
  name: 'onnxruntime-cpu',
  description:
    "onnxruntime's CPU provider: fold what its own optimizer leaves, by rounding at most, with operators that only it has.",
  rules: [
    paddedConvolution,
    upsampledConvolution,
    tanhGelu,
    attention,
    channelAffine,
    branchWeights,
  ],
};
