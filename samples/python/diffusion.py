"""The noise schedule of the digits model, what it trains on, and DDIM sampling with guidance.

Linear betas as in DDPM (Ho et al., arXiv 2006.11239, section 4); DDIM with eta 0 (Song et
al., arXiv 2010.02502, equation 12); guidance as in Ho and Salimans (arXiv 2207.12598).
"""

import torch

from training import drop_labels

TRAIN_TIMESTEPS = 1000
BETA_START = 1e-4
BETA_END = 0.02


def alphas_cumprod():
    """The share of signal left in the image at each timestep: [TRAIN_TIMESTEPS]."""
    betas = torch.linspace(BETA_START, BETA_END, TRAIN_TIMESTEPS, dtype=torch.float64)
    return torch.cumprod(1 - betas, dim=0).float()


def draw(images, labels, signal, count):
    """Draw a batch: pictures, their noise, the share of signal, and the model's three inputs."""
    device = images.device
    chosen = torch.randint(len(images), (count,), device=device)
    timestep = torch.randint(TRAIN_TIMESTEPS, (count,), device=device)
    noise = torch.randn(count, *images.shape[1:], device=device)
    share = signal[timestep][:, None, None, None]
    sample = share.sqrt() * images[chosen] + (1 - share).sqrt() * noise
    return images[chosen], noise, share, (sample, timestep, drop_labels(labels[chosen]))


def noisy_batch(images, labels, signal, count):
    """Draw a batch: the model's three inputs and the noise it shall predict."""
    _, noise, _, inputs = draw(images, labels, signal, count)
    return *inputs, noise


def moving_batch(images, labels, signal, count):
    """The same, and the velocity it shall predict (Salimans and Ho, arXiv 2202.00512, appendix D)."""
    clean, noise, share, inputs = draw(images, labels, signal, count)
    return *inputs, share.sqrt() * noise - (1 - share).sqrt() * clean


def ddim_timesteps(steps):
    """`steps` timesteps with an equal stride, the noisiest first."""
    stride = TRAIN_TIMESTEPS // steps
    return [stride * index for index in reversed(range(steps))]


@torch.no_grad()
def ddim_sample(model, noise, labels, null_class, steps, guidance, is_velocity=False):
    """Turn `noise` [batch, 1, height, width] into images of `labels` [batch].

    Both halves of a guidance pair go through the model in one batch, unconditional first. The model
    predicts the noise, and clean pixels are clipped, or the velocity, which amplifies no error.
    """
    signal = alphas_cumprod()
    timesteps = ddim_timesteps(steps)
    image = noise
    both_labels = torch.cat([torch.full_like(labels, null_class), labels])
    for index, timestep in enumerate(timesteps):
        both_timesteps = torch.full((2 * len(image),), timestep, dtype=torch.int64)
        without, given = model(torch.cat([image, image]), both_timesteps, both_labels).chunk(2)
        predicted = without + guidance * (given - without)

        now = signal[timestep]
        is_last = index + 1 == len(timesteps)
        then = torch.tensor(1.0) if is_last else signal[timesteps[index + 1]]
        if is_velocity:
            clean = now.sqrt() * image - (1 - now).sqrt() * predicted
        else:
            clean = ((image - (1 - now).sqrt() * predicted) / now.sqrt()).clamp(-1, 1)
        # The noise is derived anew from the clipped image, so that the two stay consistent.
        noise_pred = (image - now.sqrt() * clean) / (1 - now).sqrt()
        image = then.sqrt() * clean + (1 - then).sqrt() * noise_pred
    return image
