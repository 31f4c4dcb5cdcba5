"""Whole loops of every sampler, written from the papers' equations by plain loops.

    python3 scripts/loops-reference.py > test/runtime/samplers/loops.json
    npx biome format --write test/runtime/samplers/loops.json

Over numbers of steps, ways to place them, starts, and shifts of flow matching. Nothing here follows the structure
of src/runtime/samplers: every method has its own notation (alpha-bar, sigma, lambda), in float64, and
UniPC and DEIS are integrals taken by quadrature (multistep-reference.py).
"""

import importlib.util
import itertools
import json
import math
import pathlib
import sys

import numpy as np


def script(name):
    file = pathlib.Path(__file__).with_name(name)
    spec = importlib.util.spec_from_file_location(name.replace("-", "_")[:-3], file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


multi = script("multistep-reference.py")
base = multi.reference

NOISE = base.LATENT.copy()
CLEAN = np.array([0.8, -0.35, 0.1, -1.2, 0.55, 0.05])
TRAIN = 1000
STEPS = [1, 2, 5, 20, 50]
STABLE = {"betas": "scaled_linear", "betaStart": 0.00085, "betaEnd": 0.012}
BARS = np.cumprod(1 - base.betas_of("scaled_linear", 0.00085, 0.012, TRAIN))
SIGMAS = np.sqrt((1 - BARS) / BARS)


# where steps lie ---------------------------------------------------------------------------------------------


def beta_quantile(p, a=0.6):
    """Of Beta(a, a): its share below sin^2 of an angle is the integral of (sin cos)^(2a - 1) up to that."""
    if p > 0.5:
        return 1 - beta_quantile(1 - p, a)
    nodes, weights = np.polynomial.legendre.leggauss(80)

    def area(angle):
        # angle = u^5, so that the power of 1 / 5 at its beginning is smooth
        end = angle**0.2
        u = (nodes + 1) / 2 * end
        return np.sum(weights * 5 * u**4 * (np.sin(u**5) * np.cos(u**5)) ** (2 * a - 1)) / 2 * end

    whole = 2 * area(math.pi / 4)
    low, high = 0.0, math.pi / 4
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if area(middle) / whole < p else (low, middle)
    return math.sin(low) ** 2


def placed(kind, top, bottom, count):
    ramp = np.linspace(0, 1, count)
    if kind == "karras":
        return (top ** (1 / 7) + ramp * (bottom ** (1 / 7) - top ** (1 / 7))) ** 7
    if kind == "exponential":
        return np.exp(np.log(top) + ramp * (np.log(bottom) - np.log(top)))
    return np.array([bottom + beta_quantile(1 - r) * (top - bottom) for r in ramp])


def spaced(spacing, steps, arrives):
    if spacing == "even":
        return [int(t) for t in np.linspace(0, TRAIN - 1, steps + 1).round()[1:][::-1]]
    if spacing == "distilled":
        origin = (np.arange(1, 51) * (TRAIN // 50) - 1)[::-1]
        return [int(origin[int(k)]) for k in np.floor(np.linspace(0, 50, steps, endpoint=False))]
    more = 1 if arrives and spacing != "trailing" else 0
    if spacing == "linear" and steps + more == 1:
        return [TRAIN - 1]
    return base.timesteps_of(spacing, steps + more, TRAIN)[:steps]


def betas_path(spacing, levels, steps, arrives, ends):
    """Timesteps, and alpha-bar at each and at the end."""
    t = spaced(spacing, steps, arrives)
    if levels == "spaced":
        return t, [BARS[i] for i in t] + [1.0]
    top, bottom = (SIGMAS[t[0]], SIGMAS[t[-1]]) if ends == "spaced" else (SIGMAS[-1], SIGMAS[0])
    sigmas = placed(levels, top, bottom, steps)
    told = np.interp(np.log(sigmas), np.log(SIGMAS), np.arange(TRAIN))
    return [int(x) for x in told.round()], [1 / (1 + s**2) for s in sigmas] + [1.0]


def flow_path(spacing, levels, steps, arrives, shift, double, terminal):
    """sigma at each step and at the end; the timestep is a thousand times that."""

    def shifted(s):
        return shift * s / (1 + (shift - 1) * s)

    if spacing == "trailing":
        sigmas = 1 - np.arange(steps) / steps
    elif spacing == "even":
        sigmas = (1 - 1 / TRAIN) * (1 - np.arange(steps) / steps)
    else:
        least = shifted(1 / TRAIN) if double and not arrives else 1 / TRAIN
        sigmas = np.linspace(1, least, steps + (1 if arrives else 0))[:steps]
    sigmas = shifted(sigmas)
    if terminal is not None:
        sigmas = 1 - (1 - sigmas) * (1 - terminal) / (1 - sigmas[-1])
    if levels != "spaced":
        sigmas = placed(levels, sigmas[0], sigmas[-1], steps)
    return [float(s) for s in sigmas] + [0.0]


# samplers along the betas ------------------------------------------------------------------------------------


def parts(prediction, x, t, bar):
    return base.split(prediction, base.denoiser(x, t), x, bar)


def fresh(call):
    return base.fresh_noise(call)


def scaled_to_sigma(spacing, bar, x, begun):
    """A latent of the scale in which the signal stays; noise alone has the first sigma, or both together."""
    if begun:
        return x / math.sqrt(bar)
    sigma = math.sqrt((1 - bar) / bar)
    return x * (math.hypot(sigma, 1) if spacing == "leading" else sigma)


def derivative(x, sigma, t, prediction):
    """Equation 3 of Karras et al. with s = 1: (x - D) / sigma."""
    seen = x / math.hypot(1, sigma)
    clean, _ = parts(prediction, seen, t, 1 / (1 + sigma**2))
    return (x - clean) / sigma


def euler(x, ts, bars, prediction):
    sigmas = [math.sqrt((1 - b) / b) for b in bars]
    for i, t in enumerate(ts):
        x = x + (sigmas[i + 1] - sigmas[i]) * derivative(x, sigmas[i], t, prediction)
    return x


def ancestral(x, ts, bars, prediction, eta):
    sigmas = [math.sqrt((1 - b) / b) for b in bars]
    for i, t in enumerate(ts):
        now, to = sigmas[i], sigmas[i + 1]
        up = min(to, eta * math.sqrt(to**2 * (now**2 - to**2) / now**2))
        down = math.sqrt(to**2 - up**2)
        x = x + (down - now) * derivative(x, now, t, prediction) + up * fresh(i)
    return x


def heun(x, ts, bars, prediction):
    """Algorithm 1, with the timesteps that it asks at."""
    sigmas = [math.sqrt((1 - b) / b) for b in bars]
    asked = []
    for i, t in enumerate(ts):
        d = derivative(x, sigmas[i], t, prediction)
        asked.append(t)
        trial = x + (sigmas[i + 1] - sigmas[i]) * d
        if i + 1 < len(ts):
            there = derivative(trial, sigmas[i + 1], ts[i + 1], prediction)
            asked.append(ts[i + 1])
            trial = x + (sigmas[i + 1] - sigmas[i]) * (d + there) / 2
        x = trial
    return x, asked


def sde(x, ts, bars, prediction, second, few):
    """SDE-DPM-Solver++(2M), in lambda = log(alpha / sigma)."""
    lam = [0.5 * math.log(b / (1 - b)) if b < 1 else math.inf for b in bars]
    a, s = [math.sqrt(b) for b in bars], [math.sqrt(1 - b) for b in bars]
    before = None
    for i, t in enumerate(ts):
        clean, _ = parts(prediction, x, t, bars[i])
        h = lam[i + 1] - lam[i]
        shrink = math.exp(-2 * h)
        y = s[i + 1] / s[i] * math.exp(-h) * x + a[i + 1] * (1 - shrink) * clean
        if before is not None and h < math.inf and not (few and i == len(ts) - 1):
            slope = (clean - before) / ((lam[i] - lam[i - 1]) / h)
            if second == "midpoint":
                y = y + 0.5 * a[i + 1] * (1 - shrink) * slope
            else:
                y = y + a[i + 1] * ((1 - shrink) / (-2 * h) + 1) * slope
        x = y + s[i + 1] * math.sqrt(1 - shrink) * fresh(i)
        before = clean
    return x


def dpm_heun(x, ts, bars, prediction, few):
    """DPM-Solver++(2M) where the slope of the clean latent is integrated as it grows over the step."""
    lam = [0.5 * math.log(b / (1 - b)) if b < 1 else math.inf for b in bars]
    before = None
    for i, t in enumerate(ts):
        clean, _ = parts(prediction, x, t, bars[i])
        now, then = bars[i], bars[i + 1]
        h = lam[i + 1] - lam[i]
        y = math.sqrt((1 - then) / (1 - now)) * x - math.sqrt(then) * math.expm1(-h) * clean
        if before is not None and h < math.inf and not (few and i == len(ts) - 1):
            slope = (clean - before) / (lam[i] - lam[i - 1])
            y = y + math.sqrt(then) * (math.expm1(-h) + h) * slope
        x, before = y, clean
    return x


def plms(x, ts, bars, prediction):
    """Equations 11 to 13 of PNDM, after Stable Diffusion's first step; with the timesteps that it asks at."""

    def transfer(x, said, now, then):
        clean, noise = base.split(prediction, said, x, now)
        return math.sqrt(then) * clean + math.sqrt(1 - then) * noise

    asked, said = [], []
    for i, t in enumerate(ts):
        asked.append(t)
        said.append(base.denoiser(x, t))
        if i == 0:
            y = transfer(x, said[0], bars[0], bars[1])
            if len(ts) > 1:
                asked.append(ts[1])
                mean = (said[0] + base.denoiser(y, ts[1])) / 2
                y = transfer(x, mean, bars[0], bars[1])
            x = y
            continue
        e = said[::-1]
        if i == 1:
            mix = (3 * e[0] - e[1]) / 2
        elif i == 2:
            mix = (23 * e[0] - 16 * e[1] + 5 * e[2]) / 12
        else:
            mix = (55 * e[0] - 59 * e[1] + 37 * e[2] - 9 * e[3]) / 24
        x = transfer(x, mix, bars[i], bars[i + 1])
    return x, asked


def lcm(x, ts, bars, prediction, scale=10):
    for i, t in enumerate(ts):
        clean, _ = parts(prediction, x, t, bars[i])
        skip = 0.25 / ((scale * t) ** 2 + 0.25)
        out = scale * t / math.sqrt((scale * t) ** 2 + 0.25)
        x = skip * x + out * clean
        if i + 1 < len(ts):
            x = math.sqrt(bars[i + 1]) * x + math.sqrt(1 - bars[i + 1]) * fresh(i)
    return x


def with_start(x, run):
    """The scripts beside this one start from their own latent."""
    base.LATENT, kept = x, base.LATENT
    try:
        return run()
    finally:
        base.LATENT = kept


# along the straight path -------------------------------------------------------------------------------------


def says(prediction, x, s):
    """The velocity, and what it says of the picture."""
    said = base.denoiser(x, s * TRAIN)
    v = -said if prediction == "reverse-flow" else said
    return v, x - s * v


def euler_flow(x, sigmas, prediction):
    for now, then in zip(sigmas, sigmas[1:]):
        x = x + (then - now) * says(prediction, x, now)[0]
    return x


def heun_flow(x, sigmas, prediction):
    asked = []
    for now, then in zip(sigmas, sigmas[1:]):
        v = says(prediction, x, now)[0]
        asked.append(now)
        y = x + (then - now) * v
        if then > 0:
            asked.append(then)
            y = x + (then - now) * (v + says(prediction, y, then)[0]) / 2
        x = y
    return x, asked


def ancestral_flow(x, sigmas, prediction, eta):
    for i, (now, then) in enumerate(zip(sigmas, sigmas[1:])):
        clean = says(prediction, x, now)[1]
        down = then * (1 + (then / now - 1) * eta)
        x = down / now * x + (1 - down / now) * clean
        back = (1 - then) / (1 - down)
        x = back * x + math.sqrt(max(0, then**2 - (back * down) ** 2)) * fresh(i)
    return x


def lcm_flow(x, sigmas, prediction):
    for i, (now, then) in enumerate(zip(sigmas, sigmas[1:])):
        clean = says(prediction, x, now)[1]
        x = (1 - then) * clean + (then * fresh(i) if then > 0 else 0)
    return x


class FlowLevel:
    def __init__(self, s):
        self.alpha, self.sigma = 1 - s, s
        self.lam = math.log(self.alpha / s) if s > 0 else math.inf


def multi_flow(x, sigmas, prediction):
    """DPM-Solver++(2M), as an integral over lambda where the clean latent is taken for a constant in the middle."""
    levels = [FlowLevel(min(s, 1 - 1e-6)) for s in sigmas]
    before = None
    for i, (now, then) in enumerate(zip(levels, levels[1:])):
        clean = says(prediction, x, now.sigma)[1]
        if then.sigma == 0:
            return clean
        h = then.lam - now.lam
        middle = clean
        if before is not None:
            middle = clean + h / 2 * (clean - before) / (now.lam - levels[i - 1].lam)
        x = multi.of_data(x, now, then, [(now.lam, middle)])
        before = clean
    return x


# -------------------------------------------------------------------------------------------------------------


def betas_runs():
    spacings = itertools.cycle(["linear", "leading", "trailing"])
    predictions = itertools.cycle(["epsilon", "v", "sample"])
    ways = itertools.cycle(["spaced", "spaced", "spaced", "karras", "spaced", "exponential", "spaced", "beta"])
    ends = itertools.cycle(["training", "spaced"])
    kinds = [
        ("ddim", {}), ("euler", {}), ("euler-ancestral", {}), ("euler-ancestral", {"eta": 0.4}), ("heun", {}),
        ("dpm++2m", {}), ("dpm++2m", {"secondOrder": "heun"}), ("dpm++2m-sde", {}),
        ("dpm++2m-sde", {"secondOrder": "heun"}), ("dpm++3m", {}), ("unipc", {"order": 3}), ("deis", {"order": 3}),
        ("plms", {}), ("lcm", {}),
    ]
    for (name, own), steps in itertools.product(kinds, STEPS):
        for start in sorted({0, steps // 3, steps - 1}):
            spacing = "distilled" if name == "lcm" else next(spacings)
            prediction, levels, end = next(predictions), next(ways), next(ends)
            if name == "plms":
                levels = "spaced"
            arrives = name.startswith("dpm") or name in ("unipc", "deis")
            ts, bars = betas_path(spacing, levels, steps, arrives, end)
            if len(set(ts[start:])) < len(ts[start:]):
                continue  # repeated timesteps are rules of their own
            ts, bars = ts[start:], bars[start:]
            a, s = math.sqrt(bars[0]), math.sqrt(1 - bars[0])
            x = a * CLEAN + s * NOISE if start else NOISE.copy()
            few = steps < 15
            asked = ts
            if name == "ddim":
                x = with_start(x, lambda: base.run_ddim(dict(zip(ts, bars)), ts, 1.0, prediction))
            elif name.startswith("euler") or name == "heun":
                x = scaled_to_sigma(spacing, bars[0], x, start > 0)
                if name == "euler":
                    x = euler(x, ts, bars, prediction)
                elif name == "heun":
                    x, asked = heun(x, ts, bars, prediction)
                else:
                    x = ancestral(x, ts, bars, prediction, own.get("eta", 1))
            elif name == "dpm++2m":
                x = (
                    dpm_heun(x, ts, bars, prediction, few)
                    if own
                    else with_start(x, lambda: base.run_dpm(dict(zip(ts, bars)), ts, 1.0, prediction))
                )
            elif name == "dpm++2m-sde":
                x = sde(x, ts, bars, prediction, own.get("secondOrder", "midpoint"), few)
            elif name == "plms":
                x, asked = plms(x, ts, bars, prediction)
            elif name == "lcm":
                x = lcm(x, ts, bars, prediction)
            else:
                levels_of = [multi.Level(b) for b in bars]
                if name == "dpm++3m":
                    x = with_start(x, lambda: multi.dpm3(levels_of, ts, prediction, few))
                elif name == "deis":
                    x = with_start(x, lambda: multi.deis(levels_of, ts, prediction, 3, few))
                else:
                    x = with_start(
                        x, lambda: multi.unipc(levels_of, ts, prediction, 3, "bh2", True, True)
                    )
            options = {"steps": steps, "spacing": spacing, "prediction": prediction, "schedule": STABLE, **own}
            if start:
                options["start"] = start
            if levels != "spaced":
                options.update({"levels": levels, "levelEnds": end})
            yield name, options, asked, x


def flow_runs():
    shifts = itertools.cycle([
        ({}, 1, True),
        ({"shift": 3}, 3, True),
        ({"dynamicShift": True, "tokens": 4096}, math.exp(1.15), False),
        ({"dynamicShift": True, "tokens": 1024}, math.exp(0.5 + 0.65 * 768 / 3840), False),
        ({"dynamicShift": True, "tokens": 256, "baseShift": 0.95, "maxShift": 2.05, "maxTokens": 8192}, math.exp(0.95), False),
        ({"dynamicShift": True, "tokens": 4096, "timeShift": "linear"}, 1.15, False),
        ({"dynamicShift": True, "mu": 0.8}, math.exp(0.8), False),
    ])
    spacings = itertools.cycle(["trailing", "linear", "trailing", "even"])
    ways = itertools.cycle(["spaced", "spaced", "karras", "spaced", "exponential", "beta"])
    predictions = itertools.cycle(["flow", "flow", "reverse-flow"])
    kinds = [("euler-flow", {}), ("heun-flow", {}), ("euler-ancestral-flow", {}),
             ("euler-ancestral-flow", {"eta": 0.3}), ("lcm-flow", {}), ("dpm++2m", {})]
    for (name, own), steps in itertools.product(kinds, STEPS):
        for start in sorted({0, steps // 3, steps - 1}):
            (said, shift, double), spacing = next(shifts), next(spacings)
            levels, prediction = next(ways), next(predictions)
            arrives = name == "dpm++2m"
            if arrives:
                levels = "spaced"
            terminal = 0.1 if steps > 4 and spacing == "trailing" and levels == "spaced" else None
            sigmas = flow_path(spacing, levels, steps, arrives, shift, double, terminal)[start:]
            if len(set(sigmas)) < len(sigmas):
                continue
            top = min(sigmas[0], 1 - 1e-6) if arrives else sigmas[0]
            x = (1 - top) * CLEAN + top * NOISE if start else NOISE.copy()
            asked = [min(s, 1 - 1e-6) if arrives else s for s in sigmas[:-1]]
            if name == "euler-flow":
                x = euler_flow(x, sigmas, prediction)
            elif name == "heun-flow":
                x, asked = heun_flow(x, sigmas, prediction)
            elif name == "lcm-flow":
                x = lcm_flow(x, sigmas, prediction)
            elif arrives:
                x = multi_flow(x, sigmas, prediction)
            else:
                x = ancestral_flow(x, sigmas, prediction, own.get("eta", 1))
            schedule = {**said, **({"shiftTerminal": terminal} if terminal else {})}
            if arrives:
                schedule["path"] = "flow"
            options = {"steps": steps, "spacing": spacing, "prediction": prediction, **own}
            if arrives:
                options["lowerOrderFinal"] = False
            if schedule:
                options["schedule"] = schedule
            if start:
                options["start"] = start
            if levels != "spaced":
                options.update({"levels": levels, "levelEnds": "spaced"})
            yield name, options, [s * TRAIN for s in asked], x


def main():
    runs = [
        {
            "name": name,
            "options": options,
            "timesteps": [float(f"{t:.12g}") for t in timesteps],
            "latent": [float(f"{v:.12g}") for v in latent],
        }
        for name, options, timesteps, latent in itertools.chain(betas_runs(), flow_runs())
    ]
    quantiles = [{"share": p, "at": beta_quantile(p)} for p in [1e-6, 0.01, 0.1, 0.25, 0.5, 0.61803, 0.9, 0.999]]
    json.dump(
        {"noise": NOISE.tolist(), "clean": CLEAN.tolist(), "quantiles": quantiles, "runs": runs},
        sys.stdout,
        indent=1,
    )


if __name__ == "__main__":
    main()
