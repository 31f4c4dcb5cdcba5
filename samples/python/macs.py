"""Count multiply-accumulates the way the published tables do.

Convolutions and linear layers only; the two matrix products inside attention are left out,
as the counters behind DeepCache's tables leave them out (arXiv 2312.00858, section 4).
"""

import torch
from torch import nn


def _layer_macs(module, output):
    if isinstance(module, nn.Linear):
        return output.numel() * module.in_features
    taps = module.kernel_size[0] * module.kernel_size[1]
    return output.numel() * taps * module.in_channels // module.groups


@torch.no_grad()
def macs_by_layer(model, inputs):
    """Run `model` on `inputs` once; the MACs of each convolution and linear layer."""
    macs = {}

    def record(module, _, output):
        macs[module] = _layer_macs(module, output)

    layers = [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]
    hooks = [layer.register_forward_hook(record) for layer in layers]
    model(*inputs)
    for hook in hooks:
        hook.remove()
    return macs


def attention_macs(queries, keys, hidden):
    """MACs of one attention module of `hidden` channels: linear layers, matrix products."""
    return 2 * (queries + keys) * hidden**2, 2 * queries * keys * hidden


def macs_by_branch(model, macs):
    """MACs of a shallow call per skip branch, the shallowest (the input convolution) first.

    A shallow call at branch m runs the first m encoder stages, the last m decoder stages,
    and whatever belongs to no stage (timestep embedding, output head), but not the middle.
    """

    def total(modules):
        return sum(macs.get(layer, 0) for module in modules for layer in module.modules())

    encoder_stages, middle, decoder_stages = model.skip_stages()
    encoder = [total(stage) for stage in encoder_stages]
    decoder = [total(stage) for stage in decoder_stages]
    always = sum(macs.values()) - sum(encoder) - sum(decoder) - total([middle])
    return [always + sum(encoder[:m]) + sum(decoder[-m:]) for m in range(1, len(encoder) + 1)]
