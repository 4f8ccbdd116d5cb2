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

import os
import pickle
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import torch

from crackseg.errors import CheckpointError

FORMAT = 1
_NEEDED = ("format", "model", "preprocessing", "threshold", "data")


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Reads a checkpoint that this package wrote.

    Returns:
        The checkpoint; ``["hyper_parameters"]`` as the module says, ``["state_dict"]`` with the
        segmenter's weights.

    Raises:
        CheckpointError: a missing path, a truncated or foreign file, a pickle that would run
            code (nothing of it runs), or a layout that this version does not know.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, not a checkpoint file" if path.is_dir() else "there is no such file"
        raise CheckpointError(f"{path}: {what}; name a .ckpt file that a training wrote")
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path}: not a checkpoint, or truncated; copy or train it again")
    try:
        checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: refused, it holds more than weights and plain values and could run code when "
            "loaded; take a checkpoint that crackseg wrote"
        ) from error
    except (RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        raise CheckpointError(
            f"{path}: not a checkpoint, or damaged; copy or train it again"
        ) from error
    _check_layout(path, checkpoint)
    return dict(checkpoint)


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes to a temporary name beside ``path`` and renames it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            torch.save(checkpoint, file)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def network_weights(checkpoint: dict[str, Any]) -> dict[str, torch.Tensor]:
    """The network's own weights, by the names that its ``state_dict`` has."""
    prefix = "network."
    weights = checkpoint["state_dict"].items()
    return {name.removeprefix(prefix): value for name, value in weights if name.startswith(prefix)}


def _check_layout(path: Path, checkpoint: Any) -> None:
    parts = checkpoint if isinstance(checkpoint, dict) else {}
    hyper_parameters = parts.get("hyper_parameters")
    known = isinstance(hyper_parameters, dict) and all(key in hyper_parameters for key in _NEEDED)
    if not known or "state_dict" not in parts:
        raise CheckpointError(f"{path}: a checkpoint, but not one that crackseg wrote")
    assert isinstance(hyper_parameters, dict)
    if hyper_parameters["format"] != FORMAT:
        raise CheckpointError(
            f"{path}: its layout is version {hyper_parameters['format']}, this crackseg reads "
            f"version {FORMAT}; use the crackseg that wrote it"
        )
