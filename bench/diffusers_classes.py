"""Export transformer classes of diffusers, small and with random weights, for bench/diffusers.mjs.

    python bench/diffusers_classes.py FOLDER [NAME...]

Classes as they are shipped, not definitions of ours: each is built with few and narrow layers, called once, and
exported by PyTorch's dynamo exporter (opset 18) and by its TorchScript exporter (opset 17), both with fixed
sizes. Beside the files `classes.json` says what each network has by its configuration, and why one was not
exported. Needs torch, diffusers, onnx and onnxscript; nothing of it is committed.
"""

import argparse
import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

import torch
from diffusers.models import transformers
from torch import nn

BATCH, SIZE, TEXT, FRAMES, SIDE = 2, 8, 7, 3, 4
HIDDEN = {"attention_head_dim": 16, "num_attention_heads": 2}


class Holding:
    """What a class holds by its configuration, as bench/diffusers.mjs reads it."""

    @property
    def holds(self):
        return {
            "blocks": self.blocks,
            "selfAttentions": self.self_attentions,
            "crossAttentions": self.cross_attentions,
        }


@dataclass(frozen=True)
class Class(Holding):
    """`more` are arguments that no file can feed; what it holds follows from the configuration."""

    name: str
    options: dict
    inputs: Callable[[], dict]
    blocks: int
    self_attentions: int
    cross_attentions: int = 0
    more: dict = field(default_factory=dict)

    @property
    def title(self):
        return self.name


def drawn(*shape):
    return torch.randn(BATCH, *shape)


def moment(value=500.0):
    return torch.full((BATCH,), value)


def image(channels=4):
    return drawn(channels, SIZE, SIZE)


def video(channels=4):
    return drawn(channels, FRAMES, SIZE, SIZE)


def text(tokens=TEXT):
    return drawn(tokens, 24)


def places(axes=3):
    rows = torch.arange(SIDE).repeat_interleave(SIDE).float()
    columns = torch.arange(SIDE).repeat(SIDE).float()
    return torch.stack([torch.zeros_like(rows), rows, columns][:axes], dim=1)


def sizes():
    side = torch.tensor([[64.0, 64.0]] * BATCH)
    return {"original_size": side, "target_size": side, "crop_coords": torch.zeros(BATCH, 2)}


def turns(tokens, width=16):
    return torch.randn(tokens, width), torch.randn(tokens, width)


FLUX = {
    "patch_size": 1,
    "in_channels": 16,
    "num_layers": 2,
    "num_single_layers": 3,
    "joint_attention_dim": 24,
    "axes_dims_rope": (4, 6, 6),
    **HIDDEN,
}


def packed(**more):
    return {
        "hidden_states": drawn(SIDE * SIDE, 16),
        "encoder_hidden_states": text(),
        "timestep": moment(0.5),
        "img_ids": places(),
        "txt_ids": torch.zeros(TEXT, 3),
        **more,
    }


COGVIEW = {
    "patch_size": 2,
    "in_channels": 4,
    "out_channels": 4,
    "num_layers": 3,
    "text_embed_dim": 24,
    "time_embed_dim": 8,
    "condition_dim": 4,
    "pos_embed_max_size": 16,
    "sample_size": SIZE,
    **HIDDEN,
}
WAN = {
    "patch_size": (1, 2, 2),
    "in_channels": 4,
    "out_channels": 4,
    "text_dim": 24,
    "freq_dim": 32,
    "ffn_dim": 64,
    "num_layers": 3,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 32,
    **HIDDEN,
}

CLASSES = {
    "aura": Class(
        "AuraFlowTransformer2DModel",
        {
            "sample_size": SIZE,
            "in_channels": 4,
            "out_channels": 4,
            "num_mmdit_layers": 2,
            "num_single_dit_layers": 3,
            "joint_attention_dim": 24,
            "caption_projection_dim": 32,
            "pos_embed_max_size": 64,
            **HIDDEN,
        },
        lambda: {"hidden_states": image(), "encoder_hidden_states": text(), "timestep": moment()},
        5,
        5,
    ),
    "sd35": Class(
        "SD3Transformer2DModel",
        {
            "sample_size": SIZE,
            "in_channels": 4,
            "out_channels": 4,
            "num_layers": 4,
            "joint_attention_dim": 24,
            "caption_projection_dim": 32,
            "pooled_projection_dim": 16,
            "pos_embed_max_size": 16,
            "dual_attention_layers": (0, 1),
            "qk_norm": "rms_norm",
            **HIDDEN,
        },
        lambda: {
            "hidden_states": image(),
            "encoder_hidden_states": text(),
            "pooled_projections": drawn(16),
            "timestep": moment(),
        },
        4,
        6,
    ),
    "flux": Class(
        "FluxTransformer2DModel",
        {**FLUX, "pooled_projection_dim": 16, "guidance_embeds": True},
        lambda: packed(pooled_projections=drawn(16), guidance=moment(3.5)),
        5,
        5,
    ),
    "chroma": Class(
        "ChromaTransformer2DModel",
        {
            **FLUX,
            "approximator_num_channels": 8,
            "approximator_hidden_dim": 16,
            "approximator_layers": 1,
        },
        packed,
        5,
        5,
    ),
    "hunyuan-dit": Class(
        "HunyuanDiT2DModel",
        {
            "in_channels": 4,
            "patch_size": 2,
            "sample_size": SIZE,
            "hidden_size": 32,
            "num_layers": 6,
            "mlp_ratio": 2.0,
            "cross_attention_dim": 24,
            "cross_attention_dim_t5": 32,
            "pooled_projection_dim": 16,
            "text_len": 5,
            "text_len_t5": 6,
            **HIDDEN,
        },
        lambda: {
            "hidden_states": image(),
            "timestep": moment(),
            "encoder_hidden_states": text(5),
            "text_embedding_mask": torch.ones(BATCH, 5),
            "encoder_hidden_states_t5": drawn(6, 32),
            "text_embedding_mask_t5": torch.ones(BATCH, 6),
            "image_meta_size": torch.full((BATCH, 6), 8.0),
            "style": torch.zeros(BATCH, dtype=torch.long),
            "image_rotary_emb": turns(SIDE * SIDE),
        },
        6,
        6,
        6,
    ),
    "hunyuan-video": Class(
        "HunyuanVideoTransformer3DModel",
        {
            "in_channels": 4,
            "out_channels": 4,
            "num_layers": 2,
            "num_single_layers": 3,
            "num_refiner_layers": 1,
            "mlp_ratio": 2.0,
            "guidance_embeds": True,
            "text_embed_dim": 24,
            "pooled_projection_dim": 16,
            "rope_axes_dim": (4, 6, 6),
            **HIDDEN,
        },
        lambda: {
            "hidden_states": video(),
            "timestep": moment(),
            "encoder_hidden_states": text(),
            "encoder_attention_mask": torch.ones(BATCH, TEXT),
            "pooled_projections": drawn(16),
            "guidance": moment(6000.0),
        },
        6,
        6,
    ),
    "cogvideox": Class(
        "CogVideoXTransformer3DModel",
        {
            "in_channels": 4,
            "out_channels": 4,
            "time_embed_dim": 8,
            "text_embed_dim": 24,
            "num_layers": 3,
            "sample_width": SIZE,
            "sample_height": SIZE,
            "sample_frames": 9,
            "max_text_seq_length": TEXT,
            "use_rotary_positional_embeddings": True,
            **HIDDEN,
        },
        lambda: {
            "hidden_states": drawn(FRAMES, 4, SIZE, SIZE),
            "encoder_hidden_states": text(),
            "timestep": moment(),
            "image_rotary_emb": turns(FRAMES * SIDE * SIDE),
        },
        3,
        3,
    ),
    "cogview3-plus": Class(
        "CogView3PlusTransformer2DModel",
        COGVIEW,
        lambda: {
            "hidden_states": image(),
            "encoder_hidden_states": text(),
            "timestep": moment(),
            **sizes(),
        },
        3,
        3,
    ),
    "cogview4": Class(
        "CogView4Transformer2DModel",
        {**COGVIEW, "rope_axes_dim": (8, 8)},
        lambda: {
            "hidden_states": image(),
            "encoder_hidden_states": text(),
            "timestep": moment(),
            **sizes(),
        },
        3,
        3,
    ),
    "wan": Class(
        "WanTransformer3DModel",
        WAN,
        lambda: {"hidden_states": video(), "timestep": moment(), "encoder_hidden_states": text()},
        3,
        3,
        3,
    ),
    "wan-image": Class(
        "WanTransformer3DModel",
        {**WAN, "image_dim": 20, "added_kv_proj_dim": 32},
        lambda: {
            "hidden_states": video(),
            "timestep": moment(),
            "encoder_hidden_states": text(512),
            "encoder_hidden_states_image": drawn(5, 20),
        },
        3,
        3,
        6,
    ),
    "ltx": Class(
        "LTXVideoTransformer3DModel",
        {
            "in_channels": 8,
            "out_channels": 8,
            "cross_attention_dim": 32,
            "num_layers": 3,
            "caption_channels": 24,
            **HIDDEN,
        },
        lambda: {
            "hidden_states": drawn(FRAMES * SIDE * SIDE, 8),
            "encoder_hidden_states": text(),
            "timestep": moment(),
            "encoder_attention_mask": torch.ones(BATCH, TEXT),
        },
        3,
        3,
        3,
        {"num_frames": FRAMES, "height": SIDE, "width": SIDE},
    ),
    "lumina2": Class(
        "Lumina2Transformer2DModel",
        {
            "sample_size": SIZE,
            "in_channels": 4,
            "hidden_size": 32,
            "num_layers": 3,
            "num_refiner_layers": 1,
            "num_attention_heads": 2,
            "num_kv_heads": 1,
            "multiple_of": 16,
            "axes_dim_rope": (4, 6, 6),
            "axes_lens": (64, 16, 16),
            "cap_feat_dim": 24,
        },
        lambda: {
            "hidden_states": image(),
            "timestep": moment(0.5),
            "encoder_hidden_states": text(),
            "encoder_attention_mask": torch.ones(BATCH, TEXT, dtype=torch.bool),
        },
        5,
        5,
    ),
    "qwen-image": Class(
        "QwenImageTransformer2DModel",
        {
            "patch_size": 2,
            "in_channels": 16,
            "out_channels": 4,
            "num_layers": 3,
            "joint_attention_dim": 24,
            "axes_dims_rope": (4, 6, 6),
            **HIDDEN,
        },
        lambda: {
            "hidden_states": drawn(SIDE * SIDE, 16),
            "encoder_hidden_states": text(),
            "encoder_hidden_states_mask": torch.ones(BATCH, TEXT, dtype=torch.bool),
            "timestep": moment(0.5),
        },
        3,
        3,
        0,
        {"img_shapes": [[(1, SIDE, SIDE)]] * BATCH},
    ),
    "sana": Class(
        "SanaTransformer2DModel",
        {
            "patch_size": 1,
            "in_channels": 4,
            "out_channels": 4,
            "num_layers": 3,
            "num_cross_attention_heads": 2,
            "cross_attention_head_dim": 16,
            "cross_attention_dim": 32,
            "caption_channels": 24,
            "sample_size": SIZE,
            **HIDDEN,
        },
        lambda: {"hidden_states": image(), "encoder_hidden_states": text(), "timestep": moment()},
        3,
        0,
        3,
    ),
    "stable-audio": Class(
        "StableAudioDiTModel",
        {
            "sample_size": 16,
            "in_channels": 4,
            "out_channels": 4,
            "num_layers": 3,
            "num_key_value_attention_heads": 1,
            "cross_attention_dim": 24,
            "time_proj_dim": 8,
            "global_states_input_dim": 12,
            "cross_attention_input_dim": 24,
            **HIDDEN,
        },
        lambda: {
            "hidden_states": drawn(4, 16),
            "timestep": moment(0.5),
            "encoder_hidden_states": text(),
            "global_hidden_states": drawn(1, 12),
            "rotary_embedding": turns(17, 8),
        },
        3,
        3,
        3,
    ),
    "z-image": Class(
        "ZImageTransformer2DModel",
        {
            "in_channels": 4,
            "dim": 32,
            "n_layers": 3,
            "n_refiner_layers": 1,
            "n_heads": 2,
            "n_kv_heads": 2,
            "cap_feat_dim": 24,
            "axes_dims": [4, 6, 6],
            "axes_lens": [256, 32, 32],
        },
        lambda: {
            "x": [torch.randn(4, 1, SIZE, SIZE) for _ in range(BATCH)],
            "t": moment(0.5),
            "cap_feats": [torch.randn(TEXT, 24) for _ in range(BATCH)],
        },
        5,
        5,
    ),
}


def parts(name, value):
    """Tensors of an argument that may be a list of them, by name."""
    if isinstance(value, torch.Tensor):
        return [(name, value)]
    return [part for i, item in enumerate(value) for part in parts(f"{name}_{i}", item)]


class Called(nn.Module):
    """Takes tensors one after another, as exporters hand them, and gives one."""

    def __init__(self, model, inputs, more):
        super().__init__()
        self.model, self.more = model, more
        self.counts = {name: len(parts(name, value)) for name, value in inputs.items()}
        self.lists = {name: type(value) for name, value in inputs.items()}

    def forward(self, *tensors):
        left, named = list(tensors), {}
        for name, count in self.counts.items():
            taken, left = left[:count], left[count:]
            single = self.lists[name] is torch.Tensor
            named[name] = taken[0] if single else self.lists[name](taken)
        out = self.model(**named, **self.more, return_dict=False)[0]
        return torch.stack(list(out)) if isinstance(out, (list, tuple)) else out


def export(kind, name, folder):
    torch.manual_seed(0)
    about = CLASSES[name]
    inputs = about.inputs()
    model = getattr(transformers, about.name)(**about.options).eval()
    for parameter in model.parameters():
        if parameter.numel() == 1 or parameter.std() == 0:
            parameter.data.normal_(0, 0.1)
    named = [part for key, value in inputs.items() for part in parts(key, value)]
    names, tensors = zip(*named)
    called = Called(model, inputs, about.more)
    path = str(folder / f"{name}-{kind}.onnx")
    options = {"input_names": list(names), "output_names": ["out"]}
    with torch.no_grad():
        called(*tensors)
        if kind == "dynamo":
            torch.onnx.export(
                called,
                tensors,
                path,
                dynamo=True,
                opset_version=18,
                external_data=False,
                verbose=False,
                **options,
            )
        else:
            torch.onnx.export(called, tensors, path, dynamo=False, opset_version=17, **options)


def export_all(description, classes, kinds, export):
    """The command: exports classes in some ways, and writes what each holds and why it was not exported."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(classes))
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    rows = {}
    for name in given.names or classes:
        about = classes[name]
        rows[name] = {"class": about.title, "holds": about.holds, "failed": {}}
        for kind in kinds:
            try:
                export(kind, name, given.folder)
            except Exception as error:
                rows[name]["failed"][kind] = f"{type(error).__name__}: {str(error).splitlines()[0]}"
            print(name, kind, rows[name]["failed"].get(kind, "exported")[:150], flush=True)
        (given.folder / "classes.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    export_all(__doc__, CLASSES, ("dynamo", "script"), export)
