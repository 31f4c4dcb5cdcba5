"""Reference numbers for the samplers, written from the papers' equations by plain loops.

    python3 scripts/sampler-reference.py > test/runtime/samplers/reference.json
    npx biome format --write test/runtime/samplers/reference.json

Nothing here follows the structure of src/runtime/samplers: latents are computed in the papers' own
notation (alpha-bar for DDIM, sigma for Euler, lambda for DPM-Solver++), in float64.
"""

import json
import math
import sys

import numpy as np

LATENT = np.array([-1.7, -0.6, 0.0, 0.25, 0.9, 2.1])
RHO = 7


def betas_of(kind, start, end, count):
    if kind == "linear":
        return np.linspace(start, end, count)
    if kind == "scaled_linear":
        return np.linspace(start**0.5, end**0.5, count) ** 2

    def f(t):
        return math.cos((t / count + 0.008) / 1.008 * math.pi / 2) ** 2

    return np.array([min(1 - f(t + 1) / f(t), 0.999) for t in range(count)])


def shifted(bars, scale):
    """Signal to noise ratios divided by `scale`."""
    ratio = bars / (1 - bars) / scale
    return ratio / (1 + ratio)


def without_last_signal(bars):
    """Algorithm 1 of "Common diffusion noise schedules and sample steps are flawed"."""
    roots = np.sqrt(bars)
    return ((roots - roots[-1]) * roots[0] / (roots[0] - roots[-1])) ** 2


def with_least_signal(bars):
    """For samplers that divide by the signal: the last is the least number of float16."""
    bars = bars.copy()
    bars[-1] = 2.0**-24
    return bars


def timesteps_of(spacing, count, train, offset=0):
    if spacing == "linear":
        spaced = np.linspace(0, train - 1, count).round()[::-1]
    elif spacing == "leading":
        spaced = (np.arange(count) * (train // count))[::-1] + offset
    elif spacing == "trailing":
        spaced = np.arange(train, 0, -train / count)[:count].round() - 1
    elif spacing == "quad":
        spaced = np.array([int(s) for s in np.linspace(0, np.sqrt(train * 0.8), count) ** 2])[::-1]
    return [int(t) for t in spaced]


def denoiser(x, t):
    """Any smooth function of latent and timestep will do."""
    return 0.6 * np.sin(x) + 0.3 * math.cos(t / 200) * x


def fresh_noise(draw):
    return np.sin(np.arange(len(LATENT)) * 1.3 + draw)


def split(prediction, output, x, alpha_bar):
    """Clean latent and noise from what the denoiser predicts."""
    a, s = math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)
    if prediction == "epsilon":
        return (x - s * output) / a, output
    if prediction == "v":
        return a * x - s * output, a * output + s * x
    return output, (x - a * output) / s


def run_ddim(alpha_bars, timesteps, final, prediction="epsilon", eta=0.0, clip=None, derive=True):
    x = LATENT.copy()
    for i, t in enumerate(timesteps):
        now = alpha_bars[t]
        then = alpha_bars[timesteps[i + 1]] if i + 1 < len(timesteps) else final
        clean, noise = split(prediction, denoiser(x, t), x, now)
        if clip is not None:
            clean = np.clip(clean, -clip, clip)
            if derive:
                noise = (x - math.sqrt(now) * clean) / math.sqrt(1 - now)
        sigma = eta * math.sqrt((1 - then) / (1 - now)) * math.sqrt(1 - now / then)
        x = math.sqrt(then) * clean + math.sqrt(1 - then - sigma**2) * noise
        x = x + sigma * fresh_noise(i)
    return x


def sigma_of(alpha_bar):
    return math.sqrt((1 - alpha_bar) / alpha_bar)


def run_euler(sigmas, timesteps, prediction="epsilon"):
    x = LATENT * sigmas[0]
    for i, t in enumerate(timesteps):
        sigma = sigmas[i]
        scaled = x / math.sqrt(sigma**2 + 1)
        clean, _ = split(prediction, denoiser(scaled, t), scaled, 1 / (1 + sigma**2))
        derivative = (x - clean) / sigma
        x = x + (sigmas[i + 1] - sigma) * derivative
    return x


def run_dpm(alpha_bars, timesteps, final, prediction="epsilon", first_order_last=False):
    """Algorithm 2 of DPM-Solver++, with lambda = log(alpha / sigma)."""
    bars = [alpha_bars[t] for t in timesteps] + [final]
    x = LATENT.copy()
    cleans = []
    for i, t in enumerate(timesteps):
        now, then = bars[i], bars[i + 1]
        clean, _ = split(prediction, denoiser(x, t), x, now)
        cleans.append(clean)
        lam = [0.5 * math.log(b / (1 - b)) if b < 1 else math.inf for b in bars]
        h = lam[i + 1] - lam[i]
        last = i == len(timesteps) - 1
        if i == 0 or then == 1 or (last and first_order_last):
            d = clean
        else:
            r = (lam[i] - lam[i - 1]) / h
            d = (1 + 1 / (2 * r)) * cleans[i] - 1 / (2 * r) * cleans[i - 1]
        x = math.sqrt((1 - then) / (1 - now)) * x - math.sqrt(then) * (math.exp(-h) - 1) * d
    return x


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        p0, p1 = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 % 2**32, (p0 >> 32) ^ c[3] ^ k[1], p0 % 2**32]
        k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
    return c


def normals(seed, stream, count):
    """Box-Muller on pairs of words: the cosine first, then the sine."""
    words = []
    for block in range(count // 4):
        words += philox(
            [block % 2**32, block >> 32, stream % 2**32, stream >> 32],
            [seed % 2**32, seed >> 32],
        )
    out = []
    for first, second in zip(words[::2], words[1::2]):
        radius = math.sqrt(-2 * math.log((first + 0.5) / 2**32))
        angle = 2 * math.pi * (second + 0.5) / 2**32
        out += [radius * math.cos(angle), radius * math.sin(angle)]
    return out


def main():
    probes = [0, 1, 10, 499, 998, 999]
    schedules = []
    for kind, start, end in [
        ("linear", 1e-4, 0.02),
        ("scaled_linear", 0.00085, 0.012),
        ("cosine", 1e-4, 0.02),
    ]:
        bars = np.cumprod(1 - betas_of(kind, start, end, 1000))
        schedules.append(
            {
                "options": {"betas": kind, "betaStart": start, "betaEnd": end},
                "alphasCumprod": [[p, float(bars[p])] for p in probes],
            }
        )

    stable = {"betas": "scaled_linear", "betaStart": 0.00085, "betaEnd": 0.012}
    scaled = np.cumprod(1 - betas_of("scaled_linear", 0.00085, 0.012, 1000))
    linear = np.cumprod(1 - betas_of("linear", 1e-4, 0.02, 1000))
    cosine = np.cumprod(1 - betas_of("cosine", 1e-4, 0.02, 1000))
    terminal = [
        ({**stable, "zeroSnr": True}, without_last_signal(scaled)),
        ({"zeroSnr": True}, without_last_signal(linear)),
        ({"betas": "cosine", "zeroSnr": True}, without_last_signal(cosine)),
        ({**stable, "snrShift": 3}, shifted(scaled, 3)),
        ({**stable, "snrShift": 3, "zeroSnr": True}, without_last_signal(shifted(scaled, 3))),
        ({"snrShift": 0.5}, shifted(linear, 0.5)),
    ]
    for options, bars in terminal:
        schedules.append(
            {"options": options, "alphasCumprod": [[p, float(bars[p])] for p in probes]}
        )

    spacings = []
    for spacing in ["linear", "leading", "trailing", "quad"]:
        for steps, train, offset in [
            (10, 1000, 0),
            (7, 1000, 0),
            (16, 1000, 0),
            (50, 400, 0),
            (30, 1000, 1),
        ]:
            if offset and spacing != "leading":
                continue
            spacings.append(
                {
                    "spacing": spacing,
                    "steps": steps,
                    "trainTimesteps": train,
                    "offset": offset,
                    "timesteps": timesteps_of(spacing, steps, train, offset),
                }
            )

    trajectories = []

    def record(name, options, latent):
        trajectories.append({"name": name, "options": options, "latent": latent.tolist()})

    leading10 = timesteps_of("leading", 10, 1000)
    for prediction in ["epsilon", "v", "sample"]:
        record(
            "ddim",
            {"steps": 10, "prediction": prediction},
            run_ddim(linear, leading10, 1.0, prediction),
        )
        record(
            "dpm++2m",
            {"timesteps": leading10, "prediction": prediction, "lowerOrderFinal": False},
            run_dpm(linear, leading10, 1.0, prediction),
        )
        trailing = timesteps_of("trailing", 12, 1000)
        record(
            "euler",
            {"steps": 12, "spacing": "trailing", "schedule": stable, "prediction": prediction},
            run_euler([sigma_of(scaled[t]) for t in trailing] + [0.0], trailing, prediction),
        )
    for eta in [0.7, 1.0]:
        record("ddim", {"steps": 10, "eta": eta}, run_ddim(linear, leading10, 1.0, eta=eta))
    record("ddim", {"steps": 10, "final": "first"}, run_ddim(linear, leading10, linear[0]))
    record("ddim", {"steps": 10, "clip": 1}, run_ddim(linear, leading10, 1.0, clip=1))
    record(
        "ddim",
        {"steps": 10, "clip": 0.5, "noiseAfterClip": "predicted", "eta": 0.3},
        run_ddim(linear, leading10, 1.0, clip=0.5, derive=False, eta=0.3),
    )
    quad = timesteps_of("quad", 40, 1000)
    record("ddim", {"steps": 40, "spacing": "quad"}, run_ddim(linear, quad, 1.0))
    arriving = {"timesteps": leading10[:-1], "final": "first", "schedule": stable}
    record(
        "dpm++2m",
        {**arriving, "lowerOrderFinal": False},
        run_dpm(scaled, leading10[:-1], scaled[0]),
    )
    record(
        "dpm++2m",
        arriving,
        run_dpm(scaled, leading10[:-1], scaled[0], first_order_last=True),
    )
    count = 9
    top, bottom = (sigma_of(scaled[t]) ** (1 / RHO) for t in (-1, 0))
    karras = [(top + i / (count - 1) * (bottom - top)) ** RHO for i in range(count)]
    logs = np.array([math.log(sigma_of(bar)) for bar in scaled])
    told = [float(np.interp(math.log(sigma), logs, np.arange(1000))) for sigma in karras]
    record(
        "euler",
        {"steps": count, "spacing": "linear", "levels": "karras", "fractionalTimesteps": True, "schedule": stable},
        run_euler(karras + [0.0], told),
    )

    # from where no signal is left: exactly (DDIM), and with the least there can be
    for options, bars in terminal:
        if not options.get("zeroSnr"):
            continue
        spaced = {"steps": 10, "spacing": "trailing", "schedule": options}
        trailing10 = timesteps_of("trailing", 10, 1000)
        some = with_least_signal(bars)
        for prediction in ["v", "sample"]:
            given = {**spaced, "prediction": prediction}
            record("ddim", given, run_ddim(bars, trailing10, 1.0, prediction))
            record(
                "euler",
                given,
                run_euler([sigma_of(some[t]) for t in trailing10] + [0.0], trailing10, prediction),
            )
            record(
                "dpm++2m",
                {**given, "lowerOrderFinal": False},
                run_dpm(some, trailing10, 1.0, prediction),
            )
    shift3 = shifted(scaled, 3)
    record(
        "ddim",
        {"steps": 10, "eta": 0.5, "schedule": {**stable, "snrShift": 3}},
        run_ddim(shift3, leading10, 1.0, eta=0.5),
    )
    zero = without_last_signal(scaled)
    record(
        "ddim",
        {
            "steps": 10,
            "spacing": "trailing",
            "eta": 1,
            "prediction": "v",
            "schedule": {**stable, "zeroSnr": True},
        },
        run_ddim(zero, timesteps_of("trailing", 10, 1000), 1.0, "v", eta=1.0),
    )

    json.dump(
        {
            "initialNoise": LATENT.tolist(),
            "schedules": schedules,
            "spacings": spacings,
            "trajectories": trajectories,
            "normals": [
                {"seed": seed, "stream": stream, "values": normals(seed, stream, 12)}
                for seed, stream in [(0, 0), (7, 0), (7, 3), (2**53 - 1, 2**40 + 5)]
            ],
        },
        sys.stdout,
        indent=2,
    )


if __name__ == "__main__":
    main()
