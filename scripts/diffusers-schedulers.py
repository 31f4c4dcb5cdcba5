"""The schedulers of diffusers: their settings as a table, and what loops with them give.

    python3 scripts/diffusers-schedulers.py table > src/runtime/model-folder/scheduler/diffusers.ts
    npx biome format --write src/runtime/model-folder/scheduler/diffusers.ts
    python3 scripts/diffusers-schedulers.py loops > test/runtime/model-folder/diffusers.json
    npx biome format --write test/runtime/model-folder/diffusers.json

Needs diffusers, and PyTorch for the loops. The table is read from the sources, so that no class is left
out because something that it needs is not installed.
"""

import ast
import importlib.metadata
import importlib.util
import json
import math
import pathlib
import sys

VERSION = importlib.metadata.version("diffusers")


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
]


def loops():
    import diffusers
    import torch

    latent = torch.tensor([LATENT], dtype=torch.float32)
    results = []
    for name, given, runs, sampler, steps in LOOPS:
        config = dict(getattr(diffusers, name)(**{k: v for k, v in given.items() if k in schedulers()[name]}).config)
        # a file does not say which of its settings are defaults
        config.pop("_use_default_values", None)
        config.update(given)
        scheduler = getattr(diffusers, runs).from_config(config)
        scheduler.set_timesteps(steps)
        x = latent * getattr(scheduler, "init_noise_sigma", 1.0)
        timesteps = scheduler.timesteps
        for t in timesteps:
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
                "timesteps": [float(t) for t in timesteps],
                "latent": x[0].tolist(),
            }
        )
    json.dump({"diffusers": VERSION, "initialNoise": LATENT, "loops": results}, sys.stdout, indent=2)


{"table": table, "loops": loops}[sys.argv[1]]()
