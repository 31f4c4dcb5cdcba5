"""Export denoisers of diffusers by optimum's own configurations, for bench/diffusers.mjs.

    python bench/optimum_classes.py FOLDER [NAME...]

As `optimum-cli export onnx` does it for a pipeline's denoiser, with free sizes, from classes as they are shipped with
few and narrow layers and random weights. Needs optimum-onnx, diffusers and torch; nothing of it is committed.
"""

from dataclasses import dataclass, replace

import diffusers
import torch
from diffusers_classes import CLASSES as OF_DIFFUSERS
from diffusers_classes import Holding, export_all
from optimum.exporters.onnx import export
from optimum.exporters.tasks import TasksManager

UNET = {
    "sample_size": 16,
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (32, 64),
    "layers_per_block": 2,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "cross_attention_dim": 24,
    "attention_head_dim": 16,
    "norm_num_groups": 8,
}
XL = {
    **UNET,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "transformer_layers_per_block": (1, 2),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 6 * 8 + 16,
}


# as optimum calls them
MODEL_TYPES = {
    "UNet2DConditionModel": "unet-2d-condition",
    "SD3Transformer2DModel": "sd3-transformer-2d",
    "FluxTransformer2DModel": "flux-transformer-2d",
    "SanaTransformer2DModel": "sana-transformer",
}


@dataclass(frozen=True)
class Exported(Holding):
    """What a class holds by its configuration; a U-Net's blocks are those of its transformers."""

    name: str
    options: dict
    blocks: int
    self_attentions: int
    cross_attentions: int
    branches: int = 0
    # what the exporter reads of a pipeline's other parts
    beside: tuple = ()
    # how it is told from others of its class
    what: str = ""

    @property
    def title(self):
        return f"{self.name} ({self.what})"

    @property
    def holds(self):
        return {**super().holds, "branches": self.branches}


def of_diffusers(name, **options):
    about = OF_DIFFUSERS[name]
    return Exported(
        about.name,
        {**about.options, **options},
        about.blocks,
        about.self_attentions,
        about.cross_attentions,
    )


CLASSES = {
    # two transformers on the way down, one in the middle, three on the way up
    "sd": Exported("UNet2DConditionModel", UNET, 6, 6, 6, 6),
    "sdxl": Exported(
        "UNet2DConditionModel",
        XL,
        12,
        12,
        12,
        6,
        (("text_encoder_projection_dim", 16), ("requires_aesthetics_score", False)),
    ),
    "lcm": Exported("UNet2DConditionModel", {**UNET, "time_cond_proj_dim": 16}, 6, 6, 6, 6),
    "sd3": of_diffusers("sd35", dual_attention_layers=(), num_layers=3),
    "sd35": of_diffusers("sd35"),
    "flux": of_diffusers("flux"),
    "flux-schnell": of_diffusers("flux", guidance_embeds=False),
    "sana": of_diffusers("sana"),
}
# without dual attention there is one a block
CLASSES["sd3"] = replace(CLASSES["sd3"], blocks=3, self_attentions=3)
CLASSES["sana"] = replace(CLASSES["sana"], beside=(("vocab_size", 100),))
CLASSES = {name: replace(about, what=name) for name, about in CLASSES.items()}


def write(kind, name, folder):
    torch.manual_seed(0)
    about = CLASSES[name]
    model = getattr(diffusers, about.name)(**about.options).eval()
    for key, value in about.beside:
        model.register_to_config(**{key: value})
    construct = TasksManager.get_exporter_config_constructor(
        model=model,
        exporter="onnx",
        library_name="diffusers",
        task="semantic-segmentation",
        model_type=MODEL_TYPES[about.name],
    )
    config = construct(model.config, int_dtype="int64", float_dtype="fp32")
    export(model=model, config=config, output=folder / f"{name}-{kind}.onnx", opset=17)


if __name__ == "__main__":
    export_all(__doc__, CLASSES, ("optimum",), write)
