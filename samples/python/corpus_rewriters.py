"""What onnxruntime's own tools make of an exported model."""

import shutil
import tempfile
from contextlib import contextmanager

import numpy as np
import onnx

from corpus_networks import NETWORKS


def by_session(source, target, form):
    """What a session writes behind its graph optimizations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = getattr(
        onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{form.options['level']}"
    )
    options.optimized_model_filepath = str(target)
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


class Lenient(np.ndarray):
    """An array of one element that is a number too, as NumPy had it before 2.5."""

    def __int__(self):
        return int(self.item())

    def __float__(self):
        return float(self.item())


def allow_single_elements():
    """onnxruntime 1.30 takes int() of arrays of shape [1], which NumPy 2.5 refuses."""
    from onnxruntime.transformers.onnx_model import OnnxModel

    get = OnnxModel.get_constant_value

    def get_constant_value(model, name):
        value = get(model, name)
        return value.view(Lenient) if isinstance(value, np.ndarray) and value.size == 1 else value

    OnnxModel.get_constant_value = get_constant_value


def by_optimizer(source, target, form):
    """The optimizer for transformers, as onnxruntime's Stable Diffusion scripts call it."""
    from onnxruntime.transformers.fusion_options import FusionOptions
    from onnxruntime.transformers.optimizer import optimize_model

    options = FusionOptions(form.options["model_type"])
    allow_single_elements()
    for name in form.options.get("disable", ()):
        setattr(options, f"enable_{name}", False)
    model = optimize_model(
        str(source),
        model_type=form.options["model_type"],
        num_heads=0,
        hidden_size=0,
        opt_level=0,
        optimization_options=options,
        use_gpu=False,
    )
    print("   ", model.get_fused_operator_statistics())
    if form.options.get("half"):
        model.convert_float_to_float16(keep_io_types=False)
    model.save_model_to_file(str(target))


@contextmanager
def copied(source):
    """A copy to work on: the quantizers write files of their own beside a model."""
    with tempfile.TemporaryDirectory() as folder:
        yield shutil.copy(source, folder)


def by_dynamic_quantizer(source, target, form):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with copied(source) as model:
        quantize_dynamic(model, str(target), weight_type=QuantType.QInt8)


def by_static_quantizer(source, target, form):
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    class Reader(CalibrationDataReader):
        def __init__(self):
            makers = form.inputs(NETWORKS[form.network])
            self.feeds = iter(
                {name: np.asarray(make(2)) for name, make in makers.items()} for _ in range(4)
            )

        def get_next(self):
            return next(self.feeds, None)

    with copied(source) as model:
        quantize_static(
            model,
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=True,
        )


def by_bits_quantizer(source, target, form):
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    model = onnx.load(str(source))
    quantizer = MatMulNBitsQuantizer(model, bits=4, block_size=32, is_symmetric=True)
    quantizer.process()
    quantizer.model.save_model_to_file(str(target))


REWRITERS = {
    "session": by_session,
    "optimizer": by_optimizer,
    "dynamic": by_dynamic_quantizer,
    "static": by_static_quantizer,
    "nbits": by_bits_quantizer,
}
