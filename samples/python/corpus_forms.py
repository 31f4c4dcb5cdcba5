"""The forms of the corpus: which exporter, which operators, which names and types.

Names of inputs and axes, and the file of the weights, follow the tools that write such files:
diffusers' conversion script, optimum and Olive.
"""

from dataclasses import dataclass, field, replace

import torch

TIMESTEPS = {
    "scalar": lambda batch: torch.tensor(500),
    "one": lambda batch: torch.tensor([500]),
    "batch": lambda batch: torch.full((batch,), 500),
}

PLAIN = {}
DIFFUSERS = {"channels": "channels"}
OPTIMUM = {"batch": "batch_size", "sequence": "sequence_length"}
OLIVE = {
    "sample": (
        "unet_sample_batch",
        "unet_sample_channels",
        "unet_sample_height",
        "unet_sample_width",
    ),
    "timestep": ("unet_time_batch",),
    "encoder_hidden_states": ("unet_hidden_batch", "unet_hidden_sequence"),
}


@dataclass(frozen=True)
class Form:
    """One file: a network exported, or another file (`source`) rewritten by a tool.

    `timestep` is its shape and type; `dims` renames axes, or gives an input's whole list;
    `functions` keeps modules as functions of the model; `inline` leaves the weights in the file.
    """

    network: str
    torch: int
    made: str
    exporter: str = "torchscript"
    opset: int = 17
    dynamic: bool = True
    timestep: tuple = ("scalar", torch.int64)
    half: bool = False
    fused: bool = False
    dims: dict = field(default_factory=dict)
    functions: bool = False
    location: str = "weights.bin"
    inline: bool = False
    metadata: dict = field(default_factory=dict)
    source: str = ""
    rewriter: str = ""
    options: dict = field(default_factory=dict)

    def inputs(self, network):
        """Makers of the inputs, by name, the timestep in this form."""
        shape, kind = self.timestep

        def timestep(batch):
            return TIMESTEPS[shape](batch).to(kind)

        def typed(make):
            def made(batch):
                value = make(batch)
                return value.half() if self.half and value.is_floating_point() else value

            return made

        return {
            name: timestep if make is None else typed(make)
            for name, make in network.inputs.items()
        }

    def axes(self, network):
        """Names of the free axes of each input, None where one is fixed."""
        if not self.dynamic:
            return {}
        axes = dict(network.axes)
        if self.timestep[0] == "batch":
            axes["timestep"] = ("batch",)
        named = {
            name: tuple(axis and self.dims.get(axis, axis) for axis in names)
            for name, names in axes.items()
        }
        return {**named, **{name: names for name, names in self.dims.items() if name in axes}}


def exported(exporter, opset, dynamic=True, half=False, **_):
    sizes = "" if dynamic else ", fixed sizes"
    return f"{exporter}, opset {opset}{', float16' if half else ''}{sizes}"


def script1(network, opset, made="", **more):
    made = made or exported("PyTorch 1, TorchScript", opset, **more)
    return Form(network, 1, made, "torchscript", opset, **more)


def script2(network, opset, made="", **more):
    made = made or exported("PyTorch 2, TorchScript", opset, **more)
    return Form(network, 2, made, "torchscript", opset, fused=True, **more)


def dynamo(network, opset, made="", **more):
    made = made or exported("PyTorch 2, dynamo", opset, **more)
    return Form(network, 2, made, "dynamo", opset, fused=True, **more)


def rewritten(source, rewriter, made, inline=False, **options):
    return replace(
        EXPORTED[source],
        made=made,
        source=source,
        rewriter=rewriter,
        options=options,
        inline=inline,
        location="weights.bin",
    )


FLOAT = torch.float32
BATCH = ("batch", torch.int64)
FLOATS = ("batch", FLOAT)

EXPORTED = {
    "unet-script1-13-static": script1("unet", 13, dynamic=False),
    "unet-script1-13": script1("unet", 13, timestep=BATCH),
    "unet-diffusers-14": script1(
        "unet",
        14,
        "diffusers' conversion script: TorchScript, opset 14, timestep a float per image",
        timestep=FLOATS,
        dims={"sample": ("batch", "channels", "height", "width")},
        location="weights.pb",
    ),
    "unet-script1-16-static": script1("unet", 16, dynamic=False, timestep=("one", torch.int64)),
    "unet-script1-16": script1("unet", 16, timestep=("one", torch.int64)),
    "unet-script1-17-static": script1("unet", 17, dynamic=False, timestep=FLOATS),
    "unet-script1-17": script1("unet", 17, metadata={"author": "corpus", "licence": "Apache-2.0"}),
    "unet-functions-16": script1(
        "unet", 16, "PyTorch 1, TorchScript, opset 16, modules as functions", functions=True
    ),
    "unet-if-17": script1(
        "unet-even", 17, "PyTorch 1, TorchScript, opset 17, a scripted branch as If"
    ),
    "unet-linear-14": script1("unet-linear", 14, location="weights.pb"),
    "dit-script1-13-static": script1("dit", 13, dynamic=False, timestep=BATCH),
    "dit-script1-14": script1("dit", 14, timestep=BATCH),
    "unet-script2-14-static": script2("unet", 14, dynamic=False),
    "unet-optimum-14": script2(
        "unet",
        14,
        "optimum: TorchScript, opset 14, timestep a scalar",
        dims=OPTIMUM,
        location="unet-optimum-14.onnx_data",
    ),
    "unet-olive-17-half": script2(
        "unet",
        17,
        "Olive: TorchScript, opset 17, float16 with its inputs, timestep of one element",
        timestep=("one", torch.int64),
        half=True,
        dims=OLIVE,
        location="weights.pb",
    ),
    "unet-script2-17": script2("unet", 17),
    "unet-folded-17": Form(
        "unet", 2, "PyTorch 2, TorchScript, opset 17, attention by baddbmm"
    ),
    "unet-half-timestep-17": script2("unet", 17, half=True, timestep=("one", torch.float16)),
    "unet-xl-optimum-17": script2(
        "unet-xl", 17, "optimum: TorchScript, opset 17", dims=OPTIMUM, location="model.onnx_data"
    ),
    "unet-controlled-17": script2("unet-controlled", 17),
    "unet-video-17": script2("unet-video", 17, timestep=("scalar", FLOAT)),
    "dit-script2-17": script2("dit", 17, timestep=BATCH),
    "mmdit-script2-17": script2("mmdit", 17, timestep=FLOATS),
    "mmdit-normed-script2-17": script2("mmdit-normed", 17, timestep=FLOATS),
    "mmdit-dual-script2-17": script2("mmdit-dual", 17, timestep=FLOATS),
    "aura-script2-17": script2("aura", 17, timestep=FLOATS),
    "cogview-script2-17": script2("cogview", 17, timestep=FLOATS),
    "flux-script2-17": script2("flux", 17, timestep=FLOATS),
    "flux-apart-script2-17": script2("flux-apart", 17, timestep=FLOATS),
    "cogvideox-script2-17": script2("cogvideox", 17, timestep=FLOATS),
    "hunyuan-dit-script2-17": script2("hunyuan-dit", 17, timestep=FLOATS),
    "hunyuan-video-script2-17": script2("hunyuan-video", 17, timestep=FLOATS),
    "latte-script2-17": script2("latte", 17, timestep=FLOATS),
    "ltx-script2-17": script2("ltx", 17, timestep=FLOATS),
    "lumina2-script2-17": script2("lumina2", 17, timestep=FLOATS),
    "z-image-script2-17": script2("z-image", 17, timestep=FLOATS),
    "qwen-image-script2-17": script2("qwen-image", 17, timestep=FLOATS),
    "sana-script2-17": script2("sana", 17, timestep=FLOATS),
    "stable-audio-script2-17": script2("stable-audio", 17, timestep=FLOATS),
    "wan-script2-17-static": script2("wan", 17, dynamic=False, timestep=FLOATS),
    "unet-dynamo-18-static": dynamo("unet", 18, dynamic=False),
    "unet-dynamo-18": dynamo("unet", 18),
    "unet-dynamo-21": dynamo("unet", 21),
    "unet-dynamo-23": dynamo("unet", 23),
    "unet-dynamo-23-half": dynamo("unet", 23, half=True),
    "unet-xl-dynamo-23": dynamo("unet-xl", 23),
    "unet-controlled-dynamo-18": dynamo("unet-controlled", 18),
    "unet-video-dynamo-18": dynamo("unet-video", 18, timestep=("scalar", FLOAT)),
    "dit-dynamo-18": dynamo("dit", 18, timestep=BATCH),
    "dit-dynamo-23": dynamo("dit", 23, timestep=BATCH),
    "mmdit-dynamo-18": dynamo("mmdit", 18, timestep=FLOATS),
    "mmdit-dynamo-23": dynamo("mmdit", 23, timestep=FLOATS),
    "mmdit-dual-dynamo-23": dynamo("mmdit-dual", 23, timestep=FLOATS),
    "aura-dynamo-18": dynamo("aura", 18, timestep=FLOATS),
    "flux-dynamo-18": dynamo("flux", 18, timestep=FLOATS),
    "flux-dynamo-23": dynamo("flux", 23, timestep=FLOATS),
    "cogvideox-dynamo-18": dynamo("cogvideox", 18, timestep=FLOATS),
    "hunyuan-dit-dynamo-18": dynamo("hunyuan-dit", 18, timestep=FLOATS),
    "hunyuan-video-dynamo-18": dynamo("hunyuan-video", 18, timestep=FLOATS),
    "latte-dynamo-18": dynamo("latte", 18, timestep=FLOATS),
    "ltx-dynamo-18": dynamo("ltx", 18, timestep=FLOATS),
    "lumina2-dynamo-23": dynamo("lumina2", 23, timestep=FLOATS),
    "z-image-dynamo-18": dynamo("z-image", 18, timestep=FLOATS),
    "qwen-image-dynamo-23": dynamo("qwen-image", 23, timestep=FLOATS),
    "sana-dynamo-18": dynamo("sana", 18, timestep=FLOATS),
    "stable-audio-dynamo-18": dynamo("stable-audio", 18, timestep=FLOATS),
    "wan-dynamo-23": dynamo("wan", 23, timestep=FLOATS),
    "unet-freeu-17": script2("unet-freeu", 17),
    "unet-freeu-filtered-dynamo-18": dynamo("unet-freeu-filtered", 18),
    "unet-control-17": script2("unet-control", 17),
    "unet-lora-17": script2("unet-lora", 17),
    "unet-motion-17": script2("unet-motion", 17),
    "unet-added-17": script2("unet-added", 17),
    "unet-cascade-17": script2("unet-cascade", 17),
    "unet-cascade-dynamo-18": dynamo("unet-cascade", 18),
    "unet-sound-17": script2("unet-sound", 17),
    "uvit-17": script2("uvit", 17),
    "hourglass-17": script2("hourglass", 17),
    "hourglass-dynamo-18": dynamo("hourglass", 18),
}

LEVELS = "onnxruntime session, optimizedModelFilePath at level"
OPTIMIZER = "onnxruntime's transformers optimizer"

FORMS = {
    **EXPORTED,
    "unet-level-basic": rewritten("unet-script2-17", "session", f"{LEVELS} basic", level="BASIC"),
    "unet-level-extended": rewritten(
        "unet-script2-17", "session", f"{LEVELS} extended", level="EXTENDED"
    ),
    "unet-level-all": rewritten("unet-script2-17", "session", f"{LEVELS} all", level="ALL"),
    "unet-static-level-all": rewritten(
        "unet-script2-14-static", "session", f"{LEVELS} all", level="ALL"
    ),
    "dit-level-extended": rewritten(
        "dit-script2-17", "session", f"{LEVELS} extended", level="EXTENDED"
    ),
    "dit-level-all": rewritten("dit-script2-17", "session", f"{LEVELS} all", level="ALL"),
    "unet-optimizer": rewritten(
        "unet-folded-17", "optimizer", f"{OPTIMIZER}, model type unet", model_type="unet"
    ),
    "unet-optimizer-half": rewritten(
        "unet-folded-17",
        "optimizer",
        f"{OPTIMIZER}, model type unet, float16 with its inputs",
        model_type="unet",
        half=True,
    ),
    "unet-optimizer-unpacked": rewritten(
        "unet-folded-17",
        "optimizer",
        f"{OPTIMIZER}, model type unet, q, k and v not packed, nothing for a GPU alone",
        model_type="unet",
        disable=(
            "packed_qkv",
            "packed_kv",
            "group_norm",
            "skip_group_norm",
            "nhwc_conv",
            "bias_splitgelu",
            "bias_add",
        ),
    ),
    "unet-optimizer-static": rewritten(
        "unet-script2-14-static", "optimizer", f"{OPTIMIZER}, model type unet", model_type="unet"
    ),
    "dit-optimizer": rewritten(
        "dit-script2-17", "optimizer", f"{OPTIMIZER}, model type bert", model_type="bert"
    ),
    "mmdit-optimizer": rewritten(
        "mmdit-normed-script2-17",
        "optimizer",
        f"{OPTIMIZER}, model type mmdit",
        model_type="mmdit",
    ),
    "unet-quantized-dynamic": rewritten(
        "unet-script2-17", "dynamic", "onnxruntime's quantize_dynamic, int8 weights", inline=True
    ),
    "unet-quantized-qdq": rewritten(
        "unet-script2-17",
        "static",
        "onnxruntime's quantize_static, QDQ, uint8 activations and int8 weights",
        inline=True,
    ),
    "dit-quantized-dynamic": rewritten(
        "dit-script2-17", "dynamic", "onnxruntime's quantize_dynamic, int8 weights", inline=True
    ),
    "dit-quantized-qdq": rewritten(
        "dit-script2-17",
        "static",
        "onnxruntime's quantize_static, QDQ, uint8 activations and int8 weights",
        inline=True,
    ),
    "dit-quantized-4bit": rewritten(
        "dit-script2-17", "nbits", "onnxruntime's MatMulNBits quantizer, 4 bits", inline=True
    ),
}
