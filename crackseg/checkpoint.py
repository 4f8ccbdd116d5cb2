"""Checkpoint file: read without running code, written completely or not at all.

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
from crackseg.models.limits import network_faults, outline
from crackseg.system.files import atomic_write
from crackseg.system.limits import Limits

FORMAT = 1
_THRESHOLD = Limits(0, 1, above=True, below=True)
_SCALE = Limits(1e-4, 1e3)
_NEEDED = ("model", "preprocessing", "threshold", "data")


def read_checkpoint(path: str | Path, map_location: str = "cpu") -> dict[str, Any]:
    """Reads a checkpoint that this package wrote.

    Returns:
        The checkpoint; ``["hyper_parameters"]`` as the module says, ``["state_dict"]`` with the
        segmenter's weights.

    Raises:
        CheckpointError: The path is missing; the file is truncated or foreign, or a pickle that
            would run code (nothing of it runs); this version does not know its layout; or weights
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
        # A foreign or damaged file can fail in any way.
        raise CheckpointError(
            f"{path}: not a checkpoint, or truncated or damaged; copy or train it again"
        ) from error
    _check_layout(path, checkpoint)
    _check_form(path, checkpoint)
    _check_finite(path, checkpoint)
    return dict(checkpoint)


def write_checkpoint(checkpoint: dict[str, Any], path: Path) -> None:
    """Writes a checkpoint completely or not at all.

    Raises:
        OutputError: The file cannot be written, see :func:`crackseg.system.files.atomic_write`.
    """
    with atomic_write(path) as name:
        try:
            torch.save(checkpoint, name)
        except RuntimeError as error:
            # torch's only words for a full disk.
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
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise zipfile.BadZipFile("compressed, which torch never writes")
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


def _check_form(path: Path, checkpoint: dict[str, Any]) -> None:
    """Compares network, numbers and weights with the declared form before anything is built."""
    parameters = checkpoint["hyper_parameters"]
    model, seen = parameters["model"], parameters["preprocessing"]
    arguments = model.get("arguments") if isinstance(model, dict) else None
    faults = ["model: no name and arguments"]
    if isinstance(model, dict) and isinstance(arguments, dict):
        faults = network_faults(model.get("name"), arguments)
    if not _THRESHOLD.hold(parameters["threshold"]):
        faults.append(f"threshold: {_THRESHOLD}")
    if not isinstance(seen, dict) or not _SCALE.hold(seen.get("scale")):
        faults.append(f"preprocessing.scale: {_SCALE}")
    if not faults:
        faults = _weight_faults(checkpoint, outline(model["name"], model["arguments"]).state_dict())
    if faults:
        raise CheckpointError(f"{path}: refused, {name_some(faults, 3)}; take another checkpoint")


def _weight_faults(checkpoint: dict[str, Any], wanted: dict[str, torch.Tensor]) -> list[str]:
    if not isinstance(checkpoint["state_dict"], dict):
        return ["its weights are no table by name"]
    names = [name for name in checkpoint["state_dict"] if not isinstance(name, str)]
    if names:
        return ["its weights have names that are no text"]
    there = network_weights(checkpoint)
    faults = [f"it lacks the weights {name}" for name in wanted if name not in there]
    faults += [f"its network has no weights {name}" for name in there if name not in wanted]
    for name in wanted.keys() & there.keys():
        value, form = there[name], wanted[name]
        plain = isinstance(value, torch.Tensor) and value.layout == torch.strided
        plain = plain and value.device.type != "meta" and not value.is_quantized
        if not plain or value.shape != form.shape or value.dtype != form.dtype:
            faults.append(f"the weights {name} are not of the form of its network")
    return faults


def _check_finite(path: Path, checkpoint: dict[str, Any]) -> None:
    """Refuses weights that are not finite; a network with them finds no crack anywhere."""
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
