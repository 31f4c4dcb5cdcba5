"""Checks that a bundle's files are those that its schedule was made for: models by SHA-256, weights by size and samples."""

from __future__ import annotations

import hashlib
import os
from typing import BinaryIO, Callable, TypeVar

from . import errors
from .schedules import Schedule

_COUNT, _LENGTH = 128, 16 * 1024

T = TypeVar("T")


def check_files(folder: str, schedule: Schedule, hashes: bool = True) -> None:
    """
    Args:
        hashes: False leaves files unread: only their presence and the sizes of weights count.

    Raises:
        StepfoldError: FILE_NOT_FOUND, FILE_UNREADABLE, SCHEDULE_FILE_ESCAPES, SCHEDULE_HASH_MISMATCH,
            SCHEDULE_WEIGHTS_SIZE, SCHEDULE_WEIGHTS_CHANGED
    """
    for own in schedule["weights"]:
        path = os.path.join(folder, own["file"])
        found = _size_of(folder, path)
        if found != own["bytes"]:
            raise errors.weights_size(path, own["bytes"], found)
        if hashes and "samples" in own and _read(path, _hash_of_samples) != own["samples"]:
            raise errors.weights_changed(path)
    for id, model in schedule["models"].items():
        path = os.path.join(folder, model["file"])
        _size_of(folder, path)
        if hashes:
            digest = _read(path, _hash_of)
            if digest != model["sha256"]:
                raise errors.hash_mismatch(path, id, model["sha256"], digest)


def _size_of(folder: str, path: str) -> int:
    try:
        size = os.stat(path).st_size
    except (FileNotFoundError, NotADirectoryError):
        raise errors.file_not_found(path) from None
    except OSError as error:
        raise errors.file_unreadable(path, str(error)) from error
    if not os.path.isfile(path):
        raise errors.file_unreadable(path, "it is no regular file")
    if os.path.commonpath([os.path.realpath(path), os.path.realpath(folder)]) != os.path.realpath(folder):
        raise errors.file_escapes(path, folder)
    return size


def _read(path: str, read: Callable[[BinaryIO], T]) -> T:
    try:
        with open(path, "rb") as file:
            return read(file)
    except OSError as error:
        raise errors.file_unreadable(path, str(error)) from error


def _hash_of(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(4 * 1024 * 1024):
        digest.update(piece)
    return digest.hexdigest()


def _hash_of_samples(file: BinaryIO) -> str:
    """Of stretches that are evenly spread over the file, the first and the last among them."""
    size, digest = os.fstat(file.fileno()).st_size, hashlib.sha256()
    if size <= _COUNT * _LENGTH:
        return _hash_of(file)
    for i in range(_COUNT):
        file.seek((size - _LENGTH) * i // (_COUNT - 1))
        digest.update(file.read(_LENGTH))
    return digest.hexdigest()
