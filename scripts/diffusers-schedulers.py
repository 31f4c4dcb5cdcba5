"""The schedulers of diffusers: their settings as a table, and what loops with them give.

    python3 scripts/diffusers-schedulers.py table > src/runtime/model-folder/scheduler/diffusers.ts
    npx biome format --write src/runtime/model-folder/scheduler/diffusers.ts
    python3 scripts/diffusers-schedulers.py loops > test/runtime/model-folder/diffusers.json
    npx biome format --write test/runtime/model-folder/diffusers.json

Needs diffusers, and PyTorch and SciPy for the loops. The table is read from the sources, so that no class is left
out because something that it needs is not installed.
"""

import ast
import functools
import importlib.metadata
import importlib.util
import json
import math
import pathlib
import sys

VERSION = importlib.metadata.version("diffusers")


@functools.cache
def schedulers():
    """By class, the settings of its __init__ with their defaults."""
    folder = pathlib.Path(importlib.util.find_spec("diffusers").origin).parent / "schedulers"
    found = {}
    for file in folder.rglob("scheduling_*.py"):
        for node in ast.parse(file.read_text()).body:
            if not isinstance(node, ast.ClassDef):
                continue
            if "SchedulerMixin" not in [getattr(base, "id", "") for base in node.bases]:
                continue
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and member.name == "__init__":
                    found[node.name] = settings(member.args)
    return dict(sorted(found.items()))


def settings(arguments):
    names = [argument.arg for argument in arguments.args[1:]]
    required = len(names) - len(arguments.defaults)
    defaults = [None] * required + [
        eval(ast.unparse(default), {"float": float}) for default in arguments.defaults
    ]
    return dict(zip(names, defaults))


def script(value):
    if value == -math.inf:
        return "Number.NEGATIVE_INFINITY"
    return json.dumps(value)


def table():
    print("/**")
    print(f" * The schedulers of diffusers {VERSION}, and the settings of each with their defaults; null also where")
    print(" * there is none. Made by scripts/diffusers-schedulers.py, not to be edited.")
    print(" */")
    print(f"export const DIFFUSERS = {json.dumps(VERSION)};")
    print("export const SCHEDULERS = {")
    for name, fields in schedulers().items():
        print(f"  {name}: {{")
        for field, default in fields.items():
            print(f"    {field}: {script(default)},")
        print("  },")
    print("} as const;")


STABLE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
LATENT = [-1.7, -0.6, 0.0, 0.25, 0.9, 2.1]

# The file's class and settings, the class that is run, and the name of the sampler here.
LOOPS = [
    ("PNDMScheduler", {**STABLE, "steps_offset": 1, "clip_sample": False}, "DDIMScheduler", "ddim", 10),
    ("DDPMScheduler", {}, "DDIMScheduler", "ddim", 10),
    ("DDIMScheduler", {"clip_sample_range": 0.5}, "DDIMScheduler", "ddim", 8),
    (
        "DDIMScheduler",
        {**STABLE, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing", "clip_sample": False},
        "DDIMScheduler",
        "ddim",
        10,
    ),
    (
        "CogVideoXDDIMScheduler",
        {**STABLE, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
        "CogVideoXDDIMScheduler",
        "ddim",
        10,
    ),
    (
        "CogVideoXDDIMScheduler",
        {**STABLE, "snr_shift_scale": 1.0, "prediction_type": "v_prediction", "set_alpha_to_one": False},
        "CogVideoXDDIMScheduler",
        "ddim",
        10,
    ),
    (
        "EulerDiscreteScheduler",
        {**STABLE, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
        "EulerDiscreteScheduler",
        "euler",
        10,
    ),
    (
        "EulerDiscreteScheduler",
        {**STABLE, "timestep_spacing": "trailing", "final_sigmas_type": "sigma_min"},
        "EulerDiscreteScheduler",
        "euler",
        10,
    ),
    (
        "DPMSolverMultistepScheduler",
        {**STABLE, "rescale_betas_zero_snr": True, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
        "DPMSolverMultistepScheduler",
        "dpm++2m",
        20,
    ),
    (
        "DPMSolverMultistepScheduler",
        {**STABLE, "steps_offset": 1, "timestep_spacing": "leading", "lower_order_final": False, "final_sigmas_type": "sigma_min"},
        "DPMSolverMultistepScheduler",
        "dpm++2m",
        9,
    ),
    # below 15 steps the last is of first order
    *(
        (
            "DPMSolverMultistepScheduler",
            {**STABLE, "timestep_spacing": "trailing", "final_sigmas_type": "sigma_min"},
            "DPMSolverMultistepScheduler",
            "dpm++2m",
            steps,
        )
        for steps in [14, 15]
    ),
    (
        "DPMSolverMultistepScheduler",
        {**STABLE, "euler_at_final": True, "final_sigmas_type": "sigma_min"},
        "DPMSolverMultistepScheduler",
        "dpm++2m",
        20,
    ),
    *(
        ("DPMSolverMultistepScheduler", {**STABLE, "solver_order": 3, **more}, "DPMSolverMultistepScheduler", "dpm++3m", steps)
        for steps, more in [
            (8, {"timestep_spacing": "trailing"}),
            (14, {"final_sigmas_type": "sigma_min"}),
            (20, {"timestep_spacing": "leading", "prediction_type": "v_prediction"}),
            (25, {"lower_order_final": False, "final_sigmas_type": "sigma_min", "prediction_type": "sample"}),
        ]
    ),
    *(
        ("UniPCMultistepScheduler", {**STABLE, **more}, "UniPCMultistepScheduler", "unipc", steps)
        for steps, more in [
            (1, {"timestep_spacing": "trailing"}),
            (5, {"solver_order": 3}),
            (10, {}),
            (10, {"solver_order": 1, "timestep_spacing": "leading", "steps_offset": 1}),
            # to noise level zero, bh1 gives NaN in diffusers
            (10, {"solver_type": "bh1", "timestep_spacing": "trailing", "final_sigmas_type": "sigma_min"}),
            (12, {"solver_order": 3, "solver_type": "bh1", "prediction_type": "v_prediction", "final_sigmas_type": "sigma_min"}),
            (20, {"disable_corrector": [0, 1, 7], "prediction_type": "sample"}),
            (20, {"solver_order": 3, "lower_order_final": False, "final_sigmas_type": "sigma_min"}),
            (10, {"predict_x0": False, "final_sigmas_type": "sigma_min"}),
            (25, {"predict_x0": False, "solver_order": 3, "solver_type": "bh1", "final_sigmas_type": "sigma_min", "prediction_type": "v_prediction"}),
            (50, {"solver_order": 3, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}),
        ]
    ),
    # of another solver's file, whose words UniPC takes for its own
    ("DPMSolverMultistepScheduler", {**STABLE, "solver_order": 3}, "UniPCMultistepScheduler", "unipc", 10),
    *(
        ("DEISMultistepScheduler", {**STABLE, **more}, "DEISMultistepScheduler", "deis", steps)
        for steps, more in [
            (1, {"timestep_spacing": "trailing"}),
            (5, {"solver_order": 3}),
            (10, {}),
            (10, {"solver_order": 1, "timestep_spacing": "leading", "steps_offset": 1}),
            (14, {"solver_order": 3, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}),
            (15, {"solver_order": 3, "timestep_spacing": "trailing", "prediction_type": "v_prediction"}),
            (20, {"prediction_type": "sample"}),
            (12, {"lower_order_final": False, "solver_order": 3}),
            (50, {"solver_order": 3}),
        ]
    ),
    ("UniPCMultistepScheduler", {**STABLE, "solver_order": 3}, "DEISMultistepScheduler", "deis", 10),
    *(
        ("FlowMatchEulerDiscreteScheduler", settings, "FlowMatchEulerDiscreteScheduler", "euler-flow", steps)
        for steps, settings in [(1, {}), (10, {}), (28, {"shift": 3.0}), (50, {"shift": 0.5, "num_train_timesteps": 500})]
    ),
    # Euler's linear spacing keeps fractions, and leading spacing starts from signal and noise together
    ("EulerDiscreteScheduler", STABLE, "EulerDiscreteScheduler", "euler", 7),
    ("EulerDiscreteScheduler", {**STABLE, "timestep_spacing": "leading", "steps_offset": 1}, "EulerDiscreteScheduler", "euler", 10),
    *(
        ("EulerAncestralDiscreteScheduler", {**STABLE, **more}, "EulerAncestralDiscreteScheduler", "euler-ancestral", steps)
        for steps, more in [
            (1, {"timestep_spacing": "trailing"}),
            (10, {}),
            (20, {"timestep_spacing": "trailing", "prediction_type": "v_prediction", "rescale_betas_zero_snr": True}),
            (12, {"timestep_spacing": "leading", "steps_offset": 1}),
        ]
    ),
    *(
        ("HeunDiscreteScheduler", {**STABLE, **more}, "HeunDiscreteScheduler", "heun", steps)
        for steps, more in [
            # a single step of linear spacing is at timestep 0 in diffusers
            (1, {"timestep_spacing": "trailing"}),
            (2, {}),
            (10, {}),
            (12, {"timestep_spacing": "leading", "steps_offset": 1, "prediction_type": "v_prediction"}),
            (20, {"timestep_spacing": "trailing", "clip_sample": True, "prediction_type": "sample"}),
            (10, {"use_karras_sigmas": True, "timestep_spacing": "leading"}),
            (6, {"use_exponential_sigmas": True}),
            (10, {"use_beta_sigmas": True, "timestep_spacing": "trailing"}),
        ]
    ),
    *(
        ("PNDMScheduler", {**STABLE, "skip_prk_steps": True, **more}, "PNDMScheduler", "plms", steps)
        for steps, more in [
            (1, {}),
            (2, {}),
            (5, {"steps_offset": 1}),
            (20, {"steps_offset": 1, "set_alpha_to_one": True}),
            (50, {"prediction_type": "v_prediction"}),
        ]
    ),
    *(
        ("LCMScheduler", more, "LCMScheduler", "lcm", steps)
        for steps, more in [
            (1, {}),
            (4, {}),
            (8, {"prediction_type": "v_prediction", "timestep_scaling": 5.0}),
            (4, {"original_inference_steps": 100, "clip_sample": True, "prediction_type": "sample"}),
            (6, {"timestep_spacing": "trailing", "steps_offset": 1, "set_alpha_to_one": False}),
            (3, {"rescale_betas_zero_snr": True, "prediction_type": "v_prediction"}),
        ]
    ),
    *(
        ("DPMSolverMultistepScheduler", {**STABLE, "algorithm_type": "sde-dpmsolver++", **more}, "DPMSolverMultistepScheduler", "dpm++2m-sde", steps)
        for steps, more in [
            (1, {}),
            (10, {"use_karras_sigmas": True}),
            (20, {"timestep_spacing": "trailing", "prediction_type": "v_prediction"}),
            (12, {"solver_type": "heun", "final_sigmas_type": "sigma_min"}),
        ]
    ),
    *(
        ("DPMSolverMultistepScheduler", {**STABLE, **more}, "DPMSolverMultistepScheduler", "dpm++2m", steps)
        for steps, more in [
            (10, {"use_karras_sigmas": True}),
            (20, {"use_karras_sigmas": True, "timestep_spacing": "leading", "steps_offset": 1}),
            (10, {"use_exponential_sigmas": True}),
            (10, {"use_beta_sigmas": True}),
            (10, {"use_lu_lambdas": True}),
            (9, {"use_karras_sigmas": True, "beta_schedule": "squaredcos_cap_v2"}),
            (12, {"solver_type": "heun", "timestep_spacing": "trailing"}),
        ]
    ),
    *(
        ("UniPCMultistepScheduler", {**STABLE, **more}, "UniPCMultistepScheduler", "unipc", steps)
        for steps, more in [
            (10, {"use_karras_sigmas": True}),
            (12, {"use_exponential_sigmas": True}),
            (10, {"use_beta_sigmas": True}),
        ]
    ),
    ("DEISMultistepScheduler", {**STABLE, "use_karras_sigmas": True}, "DEISMultistepScheduler", "deis", 10),
    *(
        ("EulerDiscreteScheduler", {**STABLE, **more}, "EulerDiscreteScheduler", "euler", steps)
        for steps, more in [
            (10, {"use_karras_sigmas": True, "timestep_spacing": "leading", "steps_offset": 1}),
            (10, {"use_exponential_sigmas": True, "timestep_spacing": "trailing"}),
            (10, {"use_beta_sigmas": True}),
            # Stable Video Diffusion
            (
                25,
                {
                    "prediction_type": "v_prediction",
                    "timestep_type": "continuous",
                    "use_karras_sigmas": True,
                    "sigma_min": 0.002,
                    "sigma_max": 700.0,
                    "timestep_spacing": "leading",
                    "steps_offset": 1,
                },
            ),
        ]
    ),
    *(
        (name, settings, name, sampler, steps)
        for name, sampler, steps, settings in [
            ("FlowMatchHeunDiscreteScheduler", "heun-flow", 1, {}),
            ("FlowMatchHeunDiscreteScheduler", "heun-flow", 10, {"shift": 3.0}),
            ("FlowMatchLCMScheduler", "lcm-flow", 4, {"shift": 3.0}),
            ("FlowMatchEulerDiscreteScheduler", "lcm-flow", 5, {"stochastic_sampling": True}),
            ("LTXEulerAncestralRFScheduler", "euler-ancestral-flow", 8, {}),
            ("LTXEulerAncestralRFScheduler", "euler-ancestral-flow", 8, {"eta": 0.5}),
            ("FlowMatchEulerDiscreteScheduler", "euler-flow", 10, {"use_karras_sigmas": True, "shift": 3.0}),
            ("FlowMatchEulerDiscreteScheduler", "euler-flow", 10, {"use_exponential_sigmas": True}),
            # Chroma
            ("FlowMatchEulerDiscreteScheduler", "euler-flow", 26, {"use_beta_sigmas": True}),
            # Wan and Sana
            ("UniPCMultistepScheduler", "unipc", 20, {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"}),
            ("UniPCMultistepScheduler", "unipc", 1, {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}),
            ("DPMSolverMultistepScheduler", "dpm++2m", 20, {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"}),
        ]
    ),
    # what pipelines do for a shift by the size of the picture: mu, and sigmas from 1 down to 1 / steps
    *(
        ("FlowMatchEulerDiscreteScheduler", {"use_dynamic_shifting": True, **more}, "FlowMatchEulerDiscreteScheduler", "euler-flow", steps, {"tokens": tokens})
        for steps, tokens, more in [
            (28, 4096, {"shift": 3.0}),
            (10, 1024, {}),
            (10, 16384, {"base_shift": 0.5, "max_shift": 0.9, "max_image_seq_len": 8192, "time_shift_type": "linear"}),
            (20, 2048, {"base_shift": 0.95, "max_shift": 2.05, "base_image_seq_len": 1024, "shift_terminal": 0.1}),
        ]
    ),
    ("UniPCMultistepScheduler", {"use_flow_sigmas": True, "use_dynamic_shifting": True, "prediction_type": "flow_prediction"}, "UniPCMultistepScheduler", "unipc", 12, {"mu": 1.2}),
    # from a middle, as pipelines that change a picture do
    *(
        (name, {**STABLE, **settings}, name, sampler, steps, {"start": start})
        for name, sampler, steps, start, settings in [
            ("DDIMScheduler", "ddim", 20, 4, {"clip_sample": False, "steps_offset": 1}),
            ("EulerDiscreteScheduler", "euler", 20, 12, {"timestep_spacing": "leading", "steps_offset": 1}),
            ("EulerAncestralDiscreteScheduler", "euler-ancestral", 10, 3, {}),
            ("HeunDiscreteScheduler", "heun", 10, 4, {}),
            ("DPMSolverMultistepScheduler", "dpm++2m", 20, 7, {"use_karras_sigmas": True}),
            ("DPMSolverMultistepScheduler", "dpm++2m", 10, 9, {"timestep_spacing": "trailing"}),
            ("DPMSolverMultistepScheduler", "dpm++2m-sde", 10, 3, {"algorithm_type": "sde-dpmsolver++"}),
            ("UniPCMultistepScheduler", "unipc", 20, 7, {"disable_corrector": [8, 9]}),
            ("DEISMultistepScheduler", "deis", 20, 7, {"solver_order": 3}),
            ("LCMScheduler", "lcm", 4, 1, {}),
        ]
    ),
    *(
        (name, settings, name, sampler, steps, {"start": start})
        for name, sampler, steps, start, settings in [
            ("FlowMatchEulerDiscreteScheduler", "euler-flow", 28, 8, {"shift": 3.0}),
            ("FlowMatchHeunDiscreteScheduler", "heun-flow", 10, 4, {"shift": 3.0}),
        ]
    ),
]

CLEAN = [0.8, -0.35, 0.1, -1.2, 0.55, 0.05]


def mu_of(config, tokens):
    """calculate_shift of the pipelines."""
    slope = (config["max_shift"] - config["base_shift"]) / (config["max_image_seq_len"] - config["base_image_seq_len"])
    return tokens * slope + config["base_shift"] - slope * config["base_image_seq_len"]


def set_timesteps(scheduler, steps, use):
    import numpy as np

    if "tokens" in use:
        sigmas = np.linspace(1.0, 1 / steps, steps)
        scheduler.set_timesteps(sigmas=sigmas, mu=mu_of(scheduler.config, use["tokens"]))
    elif "mu" in use:
        scheduler.set_timesteps(steps, mu=use["mu"])
    else:
        scheduler.set_timesteps(steps)


def loops():
    import diffusers
    import torch

    call = 0

    def fresh(shape, **_):
        return torch.tensor([math.sin(i * 1.3 + call) for i in range(shape[-1])], dtype=torch.float32).expand(shape)

    latent = torch.tensor([LATENT], dtype=torch.float32)
    clean = torch.tensor([CLEAN], dtype=torch.float32)
    results = []
    for name, given, runs, sampler, steps, *uses in LOOPS:
        use = uses[0] if uses else {}
        config = dict(getattr(diffusers, name)(**{k: v for k, v in given.items() if k in schedulers()[name]}).config)
        # a file does not say which of its settings are defaults
        config.pop("_use_default_values", None)
        config.update(given)
        scheduler = getattr(diffusers, runs).from_config(config)
        sys.modules[type(scheduler).__module__].randn_tensor = fresh
        set_timesteps(scheduler, steps, use)
        timesteps = scheduler.timesteps
        first = use.get("start", 0) * scheduler.order
        timesteps = timesteps[first:]
        # else the step is looked up by its timestep, which may be there twice
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first)
        if first > 0:
            cover = getattr(scheduler, "scale_noise", None) or scheduler.add_noise
            x = cover(clean, timesteps[:1], latent) if hasattr(scheduler, "scale_noise") else cover(clean, latent, timesteps[:1])
        else:
            x = latent * getattr(scheduler, "init_noise_sigma", 1.0)
        for call, t in enumerate(timesteps):
            seen = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
            # the same function as in the test
            output = 0.6 * torch.sin(seen) + 0.3 * math.cos(float(t) / 200) * seen
            stepped = scheduler.step(output, t, x)
            x = stepped[0] if isinstance(stepped, tuple) else stepped.prev_sample
        results.append(
            {
                "config": {"_class_name": name, "_diffusers_version": VERSION, **given},
                "sampler": sampler,
                "steps": steps,
                **({"use": use} if use else {}),
                "timesteps": [float(t) for t in timesteps],
                "latent": x[0].tolist(),
            }
        )
    json.dump({"diffusers": VERSION, "initialNoise": LATENT, "clean": CLEAN, "loops": results}, sys.stdout, indent=2)


{"table": table, "loops": loops}[sys.argv[1]]()
