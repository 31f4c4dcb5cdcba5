"""Reference numbers for the solvers that extrapolate through earlier predictions: UniPC, DEIS, DPM-Solver++(3M).

    python3 scripts/multistep-reference.py > test/runtime/samplers/multistep.json
    npx biome format --write test/runtime/samplers/multistep.json

UniPC (arXiv 2302.04867) and DEIS (arXiv 2204.13902) are both exponential integrators: the linear part of the
probability flow is solved exactly, and what the denoiser says is taken for the polynomial through its last
answers. So that polynomial is integrated here, by quadrature, where the papers and src/runtime/samplers have
coefficients in closed form. All in float64.
"""

import importlib.util
import itertools
import json
import math
import pathlib
import sys

import numpy as np

spec = importlib.util.spec_from_file_location(
    "sampler_reference", pathlib.Path(__file__).with_name("sampler-reference.py")
)
reference = importlib.util.module_from_spec(spec)
spec.loader.exec_module(reference)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
FEW = 15
STEPS = [*range(1, 13), 14, 15, 16, 20, 25, 33, 50]


def integral(f, start, end):
    middle, half = (start + end) / 2, (end - start) / 2
    return sum(w * f(middle + half * x) for x, w in zip(NODES, WEIGHTS)) * half


def through(points):
    """The polynomial through (place, value), by Lagrange's formula."""

    def at(place):
        total = 0
        for i, (own, value) in enumerate(points):
            others = [p for j, (p, _) in enumerate(points) if j != i]
            total = total + value * math.prod((place - p) / (own - p) for p in others)
        return total

    return at


class Level:
    def __init__(self, bar):
        self.alpha, self.sigma = math.sqrt(bar), math.sqrt(1 - bar)
        self.lam = math.log(self.alpha / self.sigma) if bar < 1 else math.inf


def of_data(x, s, t, points):
    """x_t = sigma_t / sigma_s x_s + sigma_t * integral of exp(lambda) clean(lambda)."""
    poly = through(points)
    return t.sigma / s.sigma * x + t.alpha * integral(
        lambda lam: math.exp(lam - t.lam) * poly(lam), s.lam, t.lam
    )


def of_noise(x, s, t, points):
    """x_t = alpha_t / alpha_s x_s - alpha_t * integral of exp(-lambda) noise(lambda)."""
    poly = through(points)
    return t.alpha / s.alpha * x - t.alpha * integral(
        lambda lam: math.exp(-lam) * poly(lam), s.lam, t.lam
    )


def half(x, s, t, m, other, r, kind, data):
    """The first-order step, and half of B(h) times the one difference there is."""
    h = t.lam - s.lam
    if data:
        b = h if kind == "bh1" else 1 - math.exp(-h)
        return of_data(x, s, t, [(s.lam, m)]) + t.alpha * b * 0.5 * (other - m) / r
    b = h if kind == "bh1" else math.exp(h) - 1
    return of_noise(x, s, t, [(s.lam, m)]) - t.sigma * b * 0.5 * (other - m) / r


def unipc(levels, timesteps, prediction, order, kind, data, ramp):
    x = reference.LATENT.copy()
    said, start, used = [], None, 0
    for i, t in enumerate(timesteps):
        s, end = levels[i], levels[i + 1]
        output = reference.denoiser(x, t)
        clean, noise = reference.split(prediction, output, x, s.alpha**2)
        m = clean if data else noise
        step = of_data if data else of_noise
        if i > 0:
            # UniC: the polynomial also goes through what is said where the step arrived
            back = levels[i - 1]
            points = [(levels[i - 1 - k].lam, said[-1 - k]) for k in range(used)]
            if used == 1:
                x = half(start, back, s, said[-1], m, 1, kind, data)
            else:
                x = step(start, back, s, [(s.lam, m), *points])
        said.append(m)
        used = min(order, i + 1, len(timesteps) - i if ramp else order)
        if end.sigma == 0:
            used = 1
        start = x
        points = [(levels[i - k].lam, said[-1 - k]) for k in range(used)]
        if end.sigma == 0:
            x = m if data else (x - s.sigma * m) / s.alpha
        elif used == 2:
            r = (levels[i - 1].lam - s.lam) / (end.lam - s.lam)
            x = half(x, s, end, m, said[-2], r, kind, data)
        else:
            x = step(x, s, end, points)
    return x


def lower(i, steps, order, ramp):
    return min(order, i + 1, steps - i if ramp else order)


def deis(levels, timesteps, prediction, order, ramp):
    x = reference.LATENT.copy()
    said = []
    for i, t in enumerate(timesteps):
        s, end = levels[i], levels[i + 1]
        said.append(reference.split(prediction, reference.denoiser(x, t), x, s.alpha**2)[1])
        if end.sigma == 0:
            x = (x - s.sigma * said[-1]) / s.alpha
            continue
        used = lower(i, len(timesteps), order, ramp)
        x = of_noise(x, s, end, [(levels[i - k].lam, said[-1 - k]) for k in range(used)])
    return x


def dpm3(levels, timesteps, prediction, ramp):
    """As the authors' program: of the curvature it takes half."""
    x = reference.LATENT.copy()
    said = []
    for i, t in enumerate(timesteps):
        s, end = levels[i], levels[i + 1]
        said.append(reference.split(prediction, reference.denoiser(x, t), x, s.alpha**2)[0])
        if end.sigma == 0:
            x = said[-1]
            continue
        h = end.lam - s.lam
        phi1 = math.exp(-h) - 1
        used = lower(i, len(timesteps), 3, ramp)
        x = end.sigma / s.sigma * x - end.alpha * phi1 * said[-1]
        if used == 1:
            continue
        r0 = (s.lam - levels[i - 1].lam) / h
        first = (said[-1] - said[-2]) / r0
        if used == 2:
            x = x - end.alpha * phi1 * 0.5 * first
            continue
        r1 = (levels[i - 1].lam - levels[i - 2].lam) / h
        second = (said[-2] - said[-3]) / r1
        slope = first + r0 / (r0 + r1) * (first - second)
        curve = (first - second) / (r0 + r1)
        phi2 = phi1 / h + 1
        x = x + end.alpha * phi2 * slope - end.alpha * ((phi1 + h) / h**2 - 0.5) * curve
    return x


def main():
    stable = {"betas": "scaled_linear", "betaStart": 0.00085, "betaEnd": 0.012}
    bars = np.cumprod(1 - reference.betas_of("scaled_linear", 0.00085, 0.012, 1000))
    kinds = [("unipc", {"order": order, "solverType": kind, "predictX0": data})
             for order in [1, 2, 3] for kind in ["bh1", "bh2"] for data in [True, False]]
    kinds += [("deis", {"order": order}) for order in [1, 2, 3]] + [("dpm++3m", {})]
    settings = itertools.cycle(
        itertools.product(["linear", "leading", "trailing"], ["epsilon", "v", "sample"], ["zero", "first"])
    )
    ramps = itertools.cycle([None, None, True, None, False])
    runs = []
    for steps in STEPS:
        for name, own in kinds:
            spacing, prediction, final = next(settings)
            ramp = next(ramps)
            # all but trailing place one more point, to arrive at
            extra = 0 if spacing == "trailing" else 1
            timesteps = reference.timesteps_of(spacing, steps + extra, 1000)[:steps]
            if steps == 1 and spacing == "linear":
                timesteps = [999]
            levels = [Level(bars[t]) for t in timesteps] + [Level(1.0 if final == "zero" else bars[0])]
            if levels[-1].lam == levels[-2].lam:
                continue
            ramped = ramp if ramp is not None else name == "unipc" or steps < FEW
            if name == "unipc":
                x = unipc(levels, timesteps, prediction, own["order"], own["solverType"], own["predictX0"], ramped)
            elif name == "deis":
                x = deis(levels, timesteps, prediction, own["order"], ramped)
            else:
                x = dpm3(levels, timesteps, prediction, ramped)
            options = {"steps": steps, "spacing": spacing, "prediction": prediction, "final": final, **own}
            if ramp is not None:
                options["lowerOrderFinal"] = ramp
            runs.append({"name": name, "options": options, "latent": [float(f"{v:.12g}") for v in x]})
    json.dump({"initialNoise": reference.LATENT.tolist(), "schedule": stable, "runs": runs}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
