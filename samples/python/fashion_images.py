"""Fashion-MNIST as pictures to train on (Xiao et al., arXiv 1708.07747; MIT licence).

60,000 pictures of clothes to train on and 10,000 to test with, 28x28 with 256 grey levels, ten
classes. Read from where Debian's package dataset-fashion-mnist lays them.
"""

import gzip
from pathlib import Path

import numpy as np
import torch

FOLDER = Path("/usr/share/datasets/fashion-mnist")
SIZE = 28
CLASSES = 10
NULL_CLASS = CLASSES
NAMES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def read_idx(path, header):
    """The bytes behind the header of a file in MNIST's format."""
    with gzip.open(path) as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def load_images(part="train", folder=FOLDER):
    """A `part`, train or t10k, as images [count, 1, 28, 28] in [-1, 1] and labels [count]."""
    pixels = read_idx(folder / f"{part}-images-idx3-ubyte.gz", 16)
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz", 8)
    images = torch.from_numpy(pixels.reshape(-1, 1, SIZE, SIZE).astype(np.float32))
    return images / 127.5 - 1, torch.from_numpy(labels.astype(np.int64))
