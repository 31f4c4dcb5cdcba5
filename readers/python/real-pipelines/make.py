"""Writes a small pipeline with random weights in the published layout, exported by optimum itself: FOLDER/pipeline; and what else
`check.py` takes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import flow
import onnx
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from optimum.exporters.onnx import main_export
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WIDTH, TOKENS = 32, 16


def tokenizer(folder: Path) -> CLIPTokenizer:
    words = [*LETTERS, *(letter + "</w>" for letter in LETTERS), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=TOKENS)


def pipeline(folder: Path) -> StableDiffusionPipeline:
    tokens = tokenizer(folder / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokens), hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=TOKENS, bos_token_id=len(tokens) - 2, eos_token_id=len(tokens) - 1,
        pad_token_id=len(tokens) - 1, projection_dim=WIDTH,
    )  # fmt: skip
    unet = UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=2, sample_size=16, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=WIDTH, attention_head_dim=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(32, 64), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1
    )
    return StableDiffusionPipeline(
        vae=vae, text_encoder=CLIPTextModel(text), tokenizer=tokens, unet=unet, scheduler=scheduler,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def with_timesteps_of_one_axis(source: Path, target: Path) -> None:
    """As exports for diffusers' own ONNX pipelines have it."""
    model = onnx.load(source)
    timestep = next(port for port in model.graph.input if port.name == "timestep")
    timestep.type.tensor_type.shape.dim.add().dim_value = 1
    for node in model.graph.node:
        node.input[:] = ["timestep.scalar" if name == "timestep" else name for name in node.input]
    model.graph.initializer.append(onnx.helper.make_tensor("timestep.axes", onnx.TensorProto.INT64, [1], [0]))
    model.graph.node.insert(0, onnx.helper.make_node("Squeeze", ["timestep", "timestep.axes"], ["timestep.scalar"]))
    target.parent.mkdir(exist_ok=True)
    onnx.save(model, target)


def main(folder: Path) -> None:
    torch.manual_seed(0)
    pipeline(folder).save_pretrained(folder / "torch")
    main_export(
        str(folder / "torch"), folder / "pipeline", task="text-to-image", opset=17, do_validation=False, no_post_process=True
    )
    flow.main(folder)
    with_timesteps_of_one_axis(folder / "pipeline/unet/model.onnx", folder / "unet-legacy/model.onnx")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
