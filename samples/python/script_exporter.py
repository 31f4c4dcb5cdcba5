"""PyTorch's TorchScript exporter, called alike in PyTorch 1 and 2."""

import torch

TORCH = int(torch.__version__.split(".")[0])


def export(model, values, path, opset, names, output, free_axes, **more):
    """Export `model`, traced on `values`, to `path`.

    `free_axes` names the axes of each input that are free, None where one is fixed; those of
    `output` are the first input's.
    """
    axes = {
        name: {axis: free for axis, free in enumerate(names) if free}
        for name, names in free_axes.items()
    }
    if axes:
        axes[output] = axes[names[0]]
    if TORCH > 1:
        more["dynamo"] = False
    torch.onnx.export(
        model,
        values,
        str(path),
        opset_version=opset,
        input_names=names,
        output_names=[output],
        dynamic_axes=axes,
        **more,
    )
