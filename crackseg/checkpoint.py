"""The checkpoint file: read without running code, written without leaving half a file.

A checkpoint is Lightning's, and its hyper-parameters are plain Python. They hold all that is
needed to use the network without the configuration or the data that it was trained with:

    format          version of this layout
    model           {"name", "arguments"}
    preprocessing   {"image_size": [H, W], "resize", "mask_threshold", "scale"}
    threshold       probability above which a pixel is called crack
    loss, optimizer, scheduler
    data            {"name", "root", "manifest_hash", "counts", "class_weights", "config"}
    seed, versions
"""

import errno
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from crackseg.errors import CheckpointError, name_some
from crackseg.system.files import atomic_write

FORMAT = 1
_NEEDED = ("model", "preprocessing", "threshold", "data")


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Reads a checkpoint that this package wrote.

    Returns:
        The checkpoint; ``["hyper_parameters"]`` as the module says, ``["state_dict"]`` with the
        segmenter's weights.

    Raises:
        CheckpointError: a missing path, a truncated or foreign file, a pickle that would run
            code (nothing of it runs), a layout that this version does not know, or weights that
            are not finite.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, not a checkpoint file" if path.is_dir() else "there is no such file"
        raise CheckpointError(f"{path}: {what}; name a .ckpt file that a training wrote")
    try:
        _check_sums(path)
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except PermissionError as error:
        raise CheckpointError(f"{path}: this user may not read it") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: refused, it holds more than weights and plain values and could run code when "
            "loaded; take a checkpoint that crackseg wrote"
        ) from error
    except Exception as error:
        # A foreign or damaged file fails in whatever way its bytes happen to suggest.
        raise CheckpointError(
            f"{path}: not a checkpoint, or truncated or damaged; copy or train it again"
        ) from error
    _check_layout(path, checkpoint)
    _check_finite(path, checkpoint)
    return dict(checkpoint)


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes it whole or not at all.

    Raises:
        OutputError: see :func:`crackseg.system.files.atomic_write`.
    """
    with atomic_write(path) as name:
        try:
            torch.save(checkpoint, name)
        except RuntimeError as error:
            # All that torch says of a disk that takes no more.
            if "inline_container" not in str(error) and "PytorchStream" not in str(error):
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def network_weights(checkpoint: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The network's own weights, by the names that its ``state_dict`` has."""
    prefix = "network."
    weights = checkpoint["state_dict"].items()
    return {name.removeprefix(prefix): value for name, value in weights if name.startswith(prefix)}


def _check_sums(path: Path) -> None:
    """Compares every part with its checksum, which torch does not."""
    with zipfile.ZipFile(path) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise zipfile.BadZipFile(damaged)


def _check_layout(path: Path, checkpoint: Any) -> None:
    parameters = checkpoint.get("hyper_parameters") if isinstance(checkpoint, dict) else None
    if not isinstance(parameters, dict) or "format" not in parameters:
        raise CheckpointError(f"{path}: a checkpoint, but not one that crackseg wrote")
    if parameters["format"] != FORMAT:
        raise CheckpointError(
            f"{path}: its layout is version {parameters['format']}, this crackseg reads version "
            f"{FORMAT}; use the crackseg that wrote it"
        )
    missing = [key for key in _NEEDED if key not in parameters]
    if missing or "state_dict" not in checkpoint:
        raise CheckpointError(f"{path}: incomplete, it lacks {', '.join(missing) or 'weights'}")


def _check_finite(path: Path, checkpoint: dict[str, Any]) -> None:
    """A network with such weights finds no crack anywhere, which looks like good news."""
    broken = [
        name
        for name, value in network_weights(checkpoint).items()
        if isinstance(value, torch.Tensor) and not torch.isfinite(value).all()
    ]
    if broken:
        raise CheckpointError(
            f"{path}: refused, {len(broken)} of its weights are not finite numbers "
            f"({name_some(broken, 3)}); its training went wrong, or the file is damaged; take the "
            "checkpoint of another training"
        )
