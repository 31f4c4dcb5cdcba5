"""Flow matching along straight lines, and Euler's method with classifier-free guidance.

Rectified flow as in Stable Diffusion 3 (Esser et al., arXiv 2403.03206, sections 2 and 3): at
noise level sigma a picture is (1 - sigma) * clean + sigma * noise, and the model predicts how it
changes with sigma, noise - clean. Levels are drawn logit-normally in training, and shifted
towards the noise as a picture's pixels repeat each other (section 5.3.2).
"""

import torch

from training import drop_labels

TRAIN_TIMESTEPS = 1000


def shifted(sigma, shift):
    """`sigma` in 0..1 moved towards the noise: its odds times `shift`."""
    return shift * sigma / (1 + (shift - 1) * sigma)


def draw_sigmas(count, shift, spread, device):
    """Noise levels to train at: [count], logit-normal with standard deviation `spread`."""
    return shifted(torch.sigmoid(spread * torch.randn(count, device=device)), shift)


def moving_batch(images, labels, count, shift, spread):
    """Draw a batch: the model's three inputs and the velocity it shall predict."""
    device = images.device
    chosen = torch.randint(len(images), (count,), device=device)
    sigma = draw_sigmas(count, shift, spread, device)
    noise = torch.randn(count, *images.shape[1:], device=device)
    level = sigma[:, None, None, None]
    sample = (1 - level) * images[chosen] + level * noise
    return sample, sigma * TRAIN_TIMESTEPS, drop_labels(labels[chosen]), noise - images[chosen]


def euler_sigmas(steps, shift):
    """The noise level of each step and, last, of the picture: [steps + 1], from 1 to 0.

    As FlowMatchEulerDiscreteScheduler has them by default: evenly from 1 to 1 / TRAIN_TIMESTEPS
    before the second shift (its range is that of the shifted training levels), then 0.
    """
    last = shifted(torch.tensor(1 / TRAIN_TIMESTEPS, dtype=torch.float64), shift).item()
    even = torch.linspace(1, last, steps, dtype=torch.float64)
    return torch.cat([shifted(even, shift), torch.zeros(1, dtype=torch.float64)]).float()


@torch.no_grad()
def euler_sample(model, noise, labels, null_class, sigmas, guidance):
    """Turn `noise` [batch, 1, height, width] into images of `labels` [batch].

    Both halves of a guidance pair go through the model in one batch, unconditional first.
    """
    image = noise
    both_labels = torch.cat([torch.full_like(labels, null_class), labels])
    for now, then in zip(sigmas, sigmas[1:]):
        timesteps = torch.full((2 * len(image),), float(now) * TRAIN_TIMESTEPS)
        without, given = model(torch.cat([image, image]), timesteps, both_labels).chunk(2)
        image = image + (then - now) * (without + guidance * (given - without))
    return image
