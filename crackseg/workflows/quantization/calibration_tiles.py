"""Photographs on which the ranges of a network's values are measured before it gets 8 bits."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import numpy as np

from crackseg.checkpoint import CheckpointParameters
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.discovery.listing import is_picture, list_files
from crackseg.data.splits.manifest import spread_over
from crackseg.errors import DatasetNotFoundError, UnreadableImageError
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import UInt8Array, resize, scaled_size
from crackseg.inference.scales import scales_of
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

# More photographs move the ranges by less than the rounding to 8 bits.
_CALIBRATION_TILES = 64
_TILE = 256


def calibration_tiles(
    parameters: CheckpointParameters, datamodule: CrackDataModule, folder: Path | None
) -> tuple[list[UInt8Array], str]:
    """Parts of photographs as the network sees them in a prediction.

    Args:
        parameters: Parameters of the network's checkpoint.
        datamodule: Photographs of its training.
        folder: Folder of other photographs to take instead.

    Returns:
        The parts, each (1, 3, h, w), and where they are from.

    Raises:
        DatasetNotFoundError: There is no such folder, or no photograph in it.
    """
    photographs, origin = _photographs(parameters, datamodule, folder)
    random = np.random.default_rng(0)
    tiles = [_tile(one, random) for one in _at_scales(photographs, parameters)]
    if not tiles:
        raise DatasetNotFoundError(f"--calibrate {folder}: no photograph to read here")
    return tiles, origin


def as_batch(photograph: UInt8Array) -> UInt8Array:
    """A photograph (H, W, 3) as a network takes it: (1, 3, H, W)."""
    return np.ascontiguousarray(photograph.transpose(2, 0, 1)[None])


def _photographs(
    parameters: CheckpointParameters, datamodule: CrackDataModule, folder: Path | None
) -> tuple[Iterable[UInt8Array], str]:
    """Photographs to calibrate on, at the scale of training, and where they are from."""
    if folder is None:
        rows = spread_over(datamodule.manifest.subset("train"), _CALIBRATION_TILES)
        trained_on = (datamodule.content.pixels.read(row)[0] for row in rows)
        return progress(trained_on, "Reading photographs", len(rows)), "the training"
    if not folder.is_dir():
        raise DatasetNotFoundError(f"--calibrate {folder}: there is no such folder")
    pictures = [folder / path for path in list_files(folder).files if is_picture(path)]
    files = spread_over(pictures, _CALIBRATION_TILES)
    given = _read(files, parameters)
    return progress(given, "Reading photographs", len(files)), "a folder of its own"


def _read(files: Sequence[Path], parameters: CheckpointParameters) -> Iterator[UInt8Array]:
    seen = parameters.preprocessing
    for file in files:
        try:
            photograph = read_photograph(file, seen.white_level)
        except UnreadableImageError as error:
            log.warning("skipped %s", error)
            continue
        height, width = photograph.shape[:2]
        yield resize(photograph, scaled_size((height, width), parameters.scale), seen.resize)


def _at_scales(
    photographs: Iterable[UInt8Array], parameters: CheckpointParameters
) -> Iterator[UInt8Array]:
    """Photographs as they are; of a range of scales each at the next that a prediction takes."""
    if parameters.scales is None:
        yield from photographs
        return
    for photograph, scale in zip(photographs, cycle(scales_of(None, parameters)), strict=False):
        height, width = photograph.shape[:2]
        yield resize(
            photograph, scaled_size((height, width), scale), parameters.preprocessing.resize
        )


def _tile(photograph: UInt8Array, random: np.random.Generator) -> UInt8Array:
    """A part of a photograph that is not too large, anywhere in it."""
    top, left = (int(random.integers(max(side - _TILE, 0) + 1)) for side in photograph.shape[:2])
    return as_batch(photograph[top : top + _TILE, left : left + _TILE])
