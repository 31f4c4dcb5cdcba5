"""scikit-learn's handwritten digits as pictures to train on.

The data set ships inside scikit-learn (1,797 images of 8x8 with 17 grey levels, a copy of
the test set of UCI's Optical Recognition of Handwritten Digits), so nothing is downloaded.
"""

import numpy as np
import torch
from PIL import Image
from sklearn.datasets import load_digits


def load_images(size):
    """The data set as images [count, 1, size, size] in [-1, 1] and labels [count].

    Bicubic enlargement keeps the strokes smooth; the 8x8 originals leave no room for three
    levels.
    """
    digits = load_digits()
    enlarged = [
        Image.fromarray(image.astype(np.float32)).resize((size, size), Image.BICUBIC)
        for image in digits.images
    ]
    pixels = torch.from_numpy(np.stack([np.asarray(image) for image in enlarged]))
    return (pixels[:, None] / 8 - 1).clamp(-1, 1), torch.from_numpy(digits.target).long()
