"""Train the digits transformer on the same images as the U-Net, on one CPU core.

    python3 train_dit_digits.py dit-digits.pt --steps 3000

The images are enlarged to 24x24, so that patches of 2x2 pixels make 144 tokens. A transformer
needs more steps than a U-Net to learn what a picture is, so batches are small, and errors count
more where there is more noise.
"""

from diffusion import alphas_cumprod, noisy_batch
from digit_images import load_images
from dit import DIGITS, Dit, initialize
from training import Recipe, arguments, repeatable, train_model

BATCH = 32
RECIPE = Recipe(
    peak_learning_rate=1.5e-3, average_decay=0.995, checkpoint_every=100, log_every=20
)
LARGEST_WEIGHT = 30.0


def loss_weights(signal):
    """How much an error counts at each timestep: the inverse of the signal left, on average one.

    An enlarged image has few degrees of freedom among many pixels, so its digit is settled
    where the noise is strong; there an unweighted loss is all but blind to it. Inverse signal
    without a bound would be the loss of v prediction (Salimans and Ho, arXiv 2202.00512).
    """
    weights = (1 / signal).clamp(max=LARGEST_WEIGHT)
    return weights / weights.mean()


def train(path, steps):
    repeatable()
    images, labels = load_images(DIGITS.input_size)
    signal = alphas_cumprod()
    weights = loss_weights(signal)
    model = Dit(DIGITS)
    initialize(model)

    def batch_loss():
        x, timestep, y, noise = noisy_batch(images, labels, signal, BATCH)
        errors = (model(x, timestep, y) - noise).square().mean(dim=(1, 2, 3))
        return (weights[timestep] * errors).mean()

    train_model(model, batch_loss, path, steps, RECIPE)


if __name__ == "__main__":
    given = arguments(__doc__, steps=3000)
    train(given.checkpoint, given.steps)
