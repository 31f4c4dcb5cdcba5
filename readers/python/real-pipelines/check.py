"""Runs a bundle in the pipelines of optimum and diffusers, and holds what each call of theirs gives to Stepfold's own session
on onnxruntime-node, to the bit: latents follow from these, so that they are equal too.

    python make.py FOLDER && python check.py FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import stepfold
import torch
from diffusers import (
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    HeunDiscreteScheduler,
    OnnxRuntimeModel,
    OnnxStableDiffusionPipeline,
    PNDMScheduler,
)
from optimum.onnxruntime import (
    ORTFluxPipeline,
    ORTStableDiffusion3Pipeline,
    ORTStableDiffusionImg2ImgPipeline,
    ORTStableDiffusionPipeline,
)
from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


def exact() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    return options


class Recorder:
    """Every call that a session makes: what it is fed, and what it gives."""

    def __init__(self, session: stepfold.Session) -> None:
        self.session, self.calls = session, []
        real = session._call

        def call(given: Any, wanted: Any, options: Any) -> Any:
            # before the call, since a pipeline may have its output written over what it fed
            feeds = {name: np.array(value) for name, value in given.items()}
            outputs = real(given, wanted, options)
            self.calls.append((feeds, np.array(next(iter(outputs.values())))))
            return outputs

        session._call = call  # type: ignore[method-assign]

    def against_node(self, bundle: Path) -> float:
        """The largest difference from what Node gives."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            listed = []
            for i, (feeds, _) in enumerate(self.calls):
                listed.append({name: f"{i}-{name}.npy" for name in feeds})
                for name, array in feeds.items():
                    np.save(folder / f"{i}-{name}.npy", array)
            asked = {"steps": self.session.steps, "start": self.session.start, "calls": listed}
            (folder / "calls.json").write_text(json.dumps(asked))
            subprocess.run(["node", HERE / "replay.mjs", bundle, folder / "calls.json", folder], check=True)
            node = [np.load(folder / f"node-{i}.npy") for i in range(len(self.calls))]
        return max(float(np.abs(own - other).max()) for (_, own), other in zip(self.calls, node))


def check(name: str, pipe: Any, bundle: Path, call: Any, steps: int, start: int = 0) -> None:
    plain = call()
    session = stepfold.enable(pipe, bundle, session_options=exact())
    recorder = Recorder(session)
    cached = call()
    worst = recorder.against_node(bundle)
    made, programs = len(recorder.calls), len(set(session.calls))
    again = call()
    stepfold.disable(pipe)
    given_back = call()
    error = float(np.abs(cached - plain).mean() / np.abs(plain).mean())
    print(
        f"{name}: {made} calls of {session.steps} steps from {session.start}, {programs} programs; "
        f"from Node {worst:g}; from the source {100 * error:.2f} %"
    )
    assert (made, session.steps, session.start) == (steps - start, steps, start), "another loop"
    assert worst == 0, "other results than Node's"
    assert np.array_equal(again, cached), "a second image differs"
    assert np.array_equal(given_back, plain), "the pipeline is not what it was"
    assert 0 < error < 0.5, "nothing was skipped"


def latents_of(pipe: Any, **options: Any) -> Any:
    def call() -> Any:
        generator = torch.Generator().manual_seed(3)
        given = pipe(prompt="a cat", negative_prompt="dog", output_type="latent", generator=generator, **options)
        return np.asarray(given.images, dtype=np.float32)

    return call


def pictures_of(pipe: Any, **options: Any) -> Any:
    """Of conditions that are made up, since exports of today have text encoders of another integer type than this asks for."""
    numbers = np.random.RandomState(5)
    conditions = {name: numbers.randn(1, 16, 32).astype(np.float32) for name in ("prompt_embeds", "negative_prompt_embeds")}

    def call() -> Any:
        given = pipe(**conditions, generator=np.random.RandomState(3), output_type="np", **options)
        return np.asarray(given.images, dtype=np.float32)

    return call


def check_written(pipe: Any, source: Path, written: Path) -> None:
    """The folder that is written for a pipeline's is a pipeline's: of the source as it stands, and of its own bundle."""
    transform(source, written)
    is_optimum = isinstance(pipe, ORTStableDiffusionPipeline)
    name = "session_options" if is_optimum else "sess_options"
    own = type(pipe).from_pretrained(written, **{name: exact()})
    own.set_progress_bar_config(disable=True)
    made = latents_of if is_optimum else pictures_of
    calls = [made(one, num_inference_steps=8) for one in (pipe, own)]
    assert np.array_equal(calls[0](), calls[1]()), "the source is not what it was"
    check(f"{'optimum' if is_optimum else 'diffusers'}, a folder that transform wrote", own, written, calls[1], 8)


def transform(model: Path, bundle: Path, method: str = "deepcache:branch=2,interval=3") -> None:
    command = ["node", ROOT / "dist/src/cli/main.js", "transform", model, "-o", bundle, "--force"]
    subprocess.run([*command, "--calls", "20", "--pass", method], check=True, stdout=subprocess.DEVNULL)


def check_flow(folder: Path) -> None:
    """Transformers of flow matching, without the models around them: conditions are made up."""
    numbers = torch.Generator().manual_seed(1)
    condition, pooled = torch.randn(2, 1, 8, 32, generator=numbers), torch.randn(2, 1, 64, generator=numbers)
    given = {
        "sd3": {
            "prompt_embeds": condition[0],
            "negative_prompt_embeds": condition[1],
            "pooled_prompt_embeds": pooled[0],
            "negative_pooled_prompt_embeds": pooled[1],
        },
        "flux": {"prompt_embeds": condition[0], "pooled_prompt_embeds": pooled[0][:, :32]},
    }
    schedulers = {
        "sd3": FlowMatchEulerDiscreteScheduler(shift=3.0),
        "flux": FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
    }
    for name, kind in (("sd3", ORTStableDiffusion3Pipeline), ("flux", ORTFluxPipeline)):
        model, bundle = folder / name / "transformer/model.onnx", folder / f"{name}-bundle"
        transform(model, bundle, "forecast:interval=3,order=1")
        session = ort.InferenceSession(model, exact(), providers=["CPUExecutionProvider"])
        pipe = kind(transformer_session=session, scheduler=schedulers[name])
        pipe.set_progress_bar_config(disable=True)

        def call(pipe: Any = pipe, name: str = name) -> Any:
            generator = torch.Generator().manual_seed(2)
            made = pipe(**given[name], num_inference_steps=9, height=128, width=128, output_type="latent", generator=generator)
            return np.asarray(made.images, dtype=np.float32)

        check(f"optimum, {kind.__name__}", pipe, bundle, call, 9)


def main(folder: Path) -> None:
    source, bundle = folder / "pipeline", folder / "bundle"
    transform(source / "unet/model.onnx", bundle)
    for name in ("optimum", "optimum-onnx", "diffusers", "transformers", "torch", "onnxruntime", "numpy"):
        try:
            print(name, version(name))
        except PackageNotFoundError:
            print(name, "is missing")

    pipe = ORTStableDiffusionPipeline.from_pretrained(source, session_options=exact())
    pipe.set_progress_bar_config(disable=True)
    for steps in (10, 7):
        check(f"optimum, {steps} steps", pipe, bundle, latents_of(pipe, num_inference_steps=steps), steps)
    check("optimum, no guidance", pipe, bundle, latents_of(pipe, num_inference_steps=8, guidance_scale=1.0), 8)
    check_written(pipe, source, folder / "written")
    pipe.unet.use_io_binding = True
    check("optimum, IO binding", pipe, bundle, latents_of(pipe, num_inference_steps=8), 8)
    pipe.unet.use_io_binding = False
    config = pipe.scheduler.config
    for scheduler, calls in ((EulerDiscreteScheduler, 8), (PNDMScheduler, 9), (HeunDiscreteScheduler, 15)):
        options = {"skip_prk_steps": True} if scheduler is PNDMScheduler else {}
        pipe.scheduler = scheduler.from_config(config, **options)
        check(f"optimum, {scheduler.__name__}", pipe, bundle, latents_of(pipe, num_inference_steps=8), calls)

    other = ORTStableDiffusionImg2ImgPipeline.from_pretrained(source, session_options=exact())
    other.set_progress_bar_config(disable=True)
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8))
    call = latents_of(other, image=picture, strength=0.6, num_inference_steps=10)
    check("optimum, image to image", other, bundle, call, 10, 4)

    def load(of: Path) -> OnnxRuntimeModel:
        return OnnxRuntimeModel.from_pretrained(of, sess_options=exact(), provider_options={})

    legacy = OnnxStableDiffusionPipeline(
        vae_encoder=load(source / "vae_encoder"), vae_decoder=load(source / "vae_decoder"), text_encoder=load(source / "text_encoder"),
        tokenizer=pipe.tokenizer, unet=load(folder / "unet-legacy"), scheduler=DDIMScheduler.from_config(config),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    legacy.set_progress_bar_config(disable=True)
    transform(folder / "unet-legacy/model.onnx", folder / "bundle-legacy")
    bundle = folder / "bundle-legacy"
    check("diffusers, OnnxStableDiffusionPipeline", legacy, bundle, pictures_of(legacy, num_inference_steps=9), 9)
    legacy.save_pretrained(folder / "legacy")
    check_written(legacy, folder / "legacy", folder / "legacy-written")
    check_flow(folder)
    try:
        stepfold.enable(object(), bundle)
    except stepfold.StepfoldError as error:
        assert error.code == "PIPELINE_UNKNOWN", error
    print("all equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
