"""Checkpoint file: read without running code, written completely or not at all."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from packaging.version import InvalidVersion, Version
from torch import Tensor

from crackseg.checkpoint.archive import Archive
from crackseg.checkpoint.parameters import FORMAT, CheckpointParameters, NetworkParameters
from crackseg.checkpoint.pickle_reader import StoredTensor
from crackseg.errors import CheckpointError, MissingLibraryError, name_some
from crackseg.metrics.calibration import PlattScaling
from crackseg.models.limits import outline
from crackseg.parameters.foreign_files import CHECKPOINT, REMEDY, foreign
from crackseg.parameters.form import WHOLE, Fields, FormError, shown
from crackseg.parameters.known_photographs import KnownPhotographs
from crackseg.parameters.promise import Promise
from crackseg.system.files import atomic_write

_PARAMETERS, _WEIGHTS = "hyper_parameters", "state_dict"
_VERSION, _MOST_OF_VERSION = "pytorch-lightning_version", 40
# Lightning writes the network as a part of its module.
_NETWORK = "network."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A checkpoint that was read and checked.

    Attributes:
        path: Path of its file.
        parameters: Parameters of its network.
        epoch: Number of its epoch, from 0.
        step: Number of optimizer steps before it.
        content: All of it as Lightning takes it, with the state of the training, of which only the
            size is checked.
    """

    path: Path
    parameters: CheckpointParameters
    epoch: int
    step: int
    content: Mapping[str, Any]

    @property
    def module_weights(self) -> dict[str, Tensor]:
        """Weights by the names that the LightningModule has for them, as they were trained."""
        return dict(self.content[_WEIGHTS])

    @property
    def trained_weights(self) -> dict[str, Tensor]:
        """Weights by the names that the network itself has for them, as they were trained."""
        return {name.removeprefix(_NETWORK): w for name, w in self.module_weights.items()}

    @property
    def network_weights(self) -> dict[str, Tensor]:
        """The same for use: calibrated."""
        weights, scaling = self.trained_weights, self.parameters.scaling
        return weights if scaling is None else with_scaled_logits(weights, scaling)

    def with_threshold(self, threshold: float) -> "Checkpoint":
        """The same checkpoint with another threshold."""
        return self._with(replace(self.parameters, threshold=threshold))

    def with_scaling(self, scaling: PlattScaling | None) -> "Checkpoint":
        """The same checkpoint with another scaling of the logits, by which no promise holds."""
        return self._with(replace(self.parameters, scaling=scaling, promise=None))

    def with_promise(self, promise: Promise) -> "Checkpoint":
        """The same checkpoint with a promised miss rate."""
        return self._with(replace(self.parameters, promise=promise))

    def with_known(self, known: KnownPhotographs) -> "Checkpoint":
        """The same checkpoint with what its training photographs look like to it."""
        return self._with(replace(self.parameters, known=known))

    def _with(self, parameters: CheckpointParameters) -> "Checkpoint":
        content = {**self.content, _PARAMETERS: parameters.as_dict()}
        return replace(self, parameters=parameters, content=content)


def with_scaled_logits(weights: Mapping[str, Tensor], scaling: PlattScaling) -> dict[str, Tensor]:
    """Weights of a network, by its own names, that gives scaled logits.

    Args:
        weights: Weights of the network.
        scaling: Scaling of its logits.
    """
    return {
        **weights,
        "head.weight": weights["head.weight"] * scaling.slope,
        "head.bias": weights["head.bias"] * scaling.slope + scaling.intercept,
    }


def read_checkpoint(path: str | Path) -> Checkpoint:
    """Reads a checkpoint that this package wrote, and checks all that a prediction takes from it.

    Raises:
        CheckpointError: The path is missing; the file is truncated, foreign, or holds more than
            plain values and weights; this version does not know its layout; a value or a weight is
            not of its declared form or too large; weights are not finite; or its network needs a
            library that is not installed.
    """
    path = Path(path)
    if not path.is_file():
        what = "is a folder, not a checkpoint file" if path.is_dir() else "there is no such file"
        inside = path / "best.ckpt"
        remedy = f", such as {inside}" if inside.is_file() else ""
        said = f"{path}: {what}; name a .ckpt file that a training wrote{remedy}"
        raise CheckpointError((path.is_dir() and foreign(path, CHECKPOINT)) or said)
    try:
        return _read(path)
    except CheckpointError:
        raise
    except FormError as error:
        raise refused(path, str(error)) from error
    except MissingLibraryError as error:
        raise CheckpointError(f"{path}: {error}") from error
    except PermissionError as error:
        raise CheckpointError(f"{path}: this user may not read it") from error
    except Exception as error:
        # A foreign or damaged file can fail in any way.
        said = f"{path}: not a checkpoint, or truncated or damaged; copy or train it again"
        raise CheckpointError(foreign(path, CHECKPOINT) or said) from error


def refused(path: Path, faults: str) -> CheckpointError:
    """The error of a checkpoint of which something is not as it should be."""
    return CheckpointError(f"{path}: refused, {faults}; take another checkpoint")


def write_checkpoint(content: Mapping[str, Any], path: Path) -> None:
    """Writes a checkpoint completely or not at all.

    Args:
        content: Content as Lightning makes it, or as :attr:`Checkpoint.content` holds it.
        path: Path of the file.

    Raises:
        OutputError: The file cannot be written, see :func:`crackseg.system.files.atomic_write`.
    """
    with atomic_write(path) as name:
        try:
            torch.save(content, name)
        except RuntimeError as error:
            # torch's only words for a full disk.
            if "inline_container" not in str(error) and "PytorchStream" not in str(error):
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _read(path: Path) -> Checkpoint:
    with Archive(path) as archive:
        content = archive.outline()
        values = _parameters(path, content)
        fields = Fields(content)
        weights = fields.table(_WEIGHTS, lambda value: True, "weights")
        epoch, step = fields.number("epoch", WHOLE), fields.number("global_step", WHOLE)
        fields.take(_VERSION, _is_version, "2.0 or a later one")
        fields.refuse()
        parameters = CheckpointParameters.from_dict(values)
        _check_weights(weights, parameters.model)
        content = archive.with_tensors(content)
    _check_finite(content[_WEIGHTS])
    return Checkpoint(path, parameters, epoch, step, content)


def _parameters(path: Path, content: Any) -> dict[str, Any]:
    """The parameters, where the file is one of ours and of this version."""
    parameters = content.get(_PARAMETERS) if isinstance(content, dict) else None
    if not isinstance(parameters, dict) or "format" not in parameters:
        raise CheckpointError(f"{path}: a checkpoint, but not one that crackseg wrote; {REMEDY}")
    if type(parameters["format"]) is not int or parameters["format"] != FORMAT:
        raise CheckpointError(
            f"{path}: its layout is version {shown(parameters['format'])}, this crackseg reads "
            f"version {FORMAT}; use the crackseg that wrote it"
        )
    return parameters


def _is_version(value: object) -> bool:
    """Whether a version's files need no migration, which Lightning does without any check."""
    if not isinstance(value, str) or len(value) > _MOST_OF_VERSION:
        return False
    try:
        return Version(value) >= Version("2.0")
    except InvalidVersion:
        return False


def _check_weights(weights: Mapping[str, Any], model: NetworkParameters) -> None:
    """Compares the weights with a network that takes no memory, before a real one is built."""
    network = outline(model.name, model.arguments).state_dict()
    wanted = {f"{_NETWORK}{name}": value for name, value in network.items()}
    faults = [f"it lacks the weights {name}" for name in wanted if name not in weights]
    faults += [f"its network has no weights {name}" for name in weights if name not in wanted]
    faults += [
        f"the weights {name} are not of the form of its network"
        for name, form in wanted.items()
        if name in weights and not _is_like(weights[name], form)
    ]
    if faults:
        raise FormError(faults)


def _is_like(value: object, form: Tensor) -> bool:
    return (
        isinstance(value, StoredTensor)
        and value.shape == tuple(form.shape)
        and value.storage.dtype == form.dtype
    )


def _check_finite(weights: Mapping[str, Tensor]) -> None:
    """Refuses weights that are not finite; a network with them finds no crack anywhere."""
    broken = [name for name, value in weights.items() if not torch.isfinite(value).all()]
    if broken:
        raise FormError(
            [
                f"{len(broken)} of its weights are not finite numbers: its training went wrong, or "
                f"the file is damaged ({name_some(broken, 3)})"
            ]
        )
