"""Small transformers of flow matching with random weights, as optimum's pipelines call them: FOLDER/sd3 and FOLDER/flux."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence

import torch
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel

OUTPUT = "out_hidden_states"


class ByPosition(torch.nn.Module):
    """Takes its inputs in order, as the exporter gives them, and gives a tensor."""

    def __init__(self, model: torch.nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.model, self.names = model, names

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.model(**dict(zip(self.names, inputs)), return_dict=False)[0]


def export(model: Any, folder: Path, inputs: dict[str, torch.Tensor], batched: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    model.save_config(folder)
    torch.onnx.export(
        ByPosition(model.eval(), list(inputs)), tuple(inputs.values()), str(folder / "model.onnx"), dynamo=False,
        input_names=list(inputs), output_names=[OUTPUT], opset_version=17,
        dynamic_axes={name: {0: "batch"} for name in [*batched, OUTPUT]},
    )  # fmt: skip


def norm_by_formula(self: torch.nn.RMSNorm, x: torch.Tensor) -> torch.Tensor:
    """Opset 17 has no operator for it."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + (self.eps or 1e-6)) * self.weight


def main(folder: Path) -> None:
    torch.manual_seed(0)
    torch.nn.RMSNorm.forward = norm_by_formula  # type: ignore[method-assign]
    sd3 = SD3Transformer2DModel(
        sample_size=16, patch_size=1, in_channels=4, num_layers=4, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=64, out_channels=4,
    )  # fmt: skip
    inputs = {
        "hidden_states": torch.randn(2, 4, 16, 16),
        "encoder_hidden_states": torch.randn(2, 8, 32),
        "pooled_projections": torch.randn(2, 64),
        "timestep": torch.full((2,), 999.0),
    }
    export(sd3, folder / "sd3/transformer", inputs, list(inputs))
    flux = FluxTransformer2DModel(
        patch_size=1, in_channels=4, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=(4, 4, 8), guidance_embeds=True,
    )  # fmt: skip
    inputs = {
        "hidden_states": torch.randn(1, 64, 4),
        "encoder_hidden_states": torch.randn(1, 8, 32),
        "pooled_projections": torch.randn(1, 32),
        "timestep": torch.ones(1),
        "guidance": torch.full((1,), 3.5),
        "txt_ids": torch.zeros(8, 3),
        "img_ids": torch.zeros(64, 3),
    }
    export(flux, folder / "flux/transformer", inputs, list(inputs)[:5])
