"""What differs between two runs beside their names: versions, machine, figures, weights."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.config.overrides import flatten
from crackseg.runs.reader import read_metrics
from crackseg.runs.record import BEST, PACKAGES, read_record

# How long it took is another each time.
_OF_SPEED = ("training_seconds", "training_images_per_second")
# What a machine is called says nothing of what it computes.
_OF_PLACE = ("host",)


@dataclass(frozen=True)
class Difference:
    """A value that two runs do not share.

    Attributes:
        kind: What it is of: ``package``, ``code``, ``machine`` or ``figure``.
        name: Its name.
        before: Value in the first run; None where it has none.
        now: Value in the second.
    """

    kind: str
    name: str
    before: Any
    now: Any


@dataclass(frozen=True)
class RunComparison:
    """What differs between two runs.

    Attributes:
        differences: All of them.
        weights: Largest absolute difference of a weight; infinite where the networks are not of
            one form.
    """

    differences: tuple[Difference, ...]
    weights: float

    @property
    def is_same(self) -> bool:
        """Whether weights and figures are the same to the bit."""
        return self.weights == 0 and not any(one.kind == "figure" for one in self.differences)


def compare_runs(before: Path, now: Path) -> RunComparison:
    """Compares two finished runs by the files in their folders.

    Raises:
        CheckpointError: A checkpoint cannot be used.
    """
    records = [read_record(folder) for folder in (before, now)]
    differences = (
        *_differing("package", *(_packages(folder) for folder in (before, now))),
        *_differing("code", *(_part(record, "code") for record in records)),
        *_differing("machine", *(_part(record, "machine") for record in records)),
        *_differing("figure", *(_figures(folder) for folder in (before, now))),
    )
    return RunComparison(differences, _largest_difference(before / BEST, now / BEST))


def _differing(
    kind: str, before: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[Difference, ...]:
    names = dict.fromkeys([*before, *now])
    return tuple(
        Difference(kind, name, before.get(name), now.get(name))
        for name in names
        if not _same(before.get(name), now.get(name))
    )


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    return bool(one == other)


def _packages(folder: Path) -> dict[str, str]:
    lines = (folder / PACKAGES).read_text(encoding="utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def _part(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A part of a record, as it was when the run was last at work."""
    last = record["resumed"][-1] if record.get("resumed") else record
    return {key: value for key, value in last[name].items() if key not in _OF_PLACE}


def _figures(folder: Path) -> dict[str, Any]:
    figures = flatten(read_metrics(folder) or {})
    return {name: value for name, value in figures.items() if name not in _OF_SPEED}


def _largest_difference(before: Path, now: Path) -> float:
    one, other = (read_checkpoint(path).network_weights for path in (before, now))
    if {name: tensor.shape for name, tensor in one.items()} != {
        name: tensor.shape for name, tensor in other.items()
    }:
        return math.inf
    differences = (
        (tensor.double() - other[name].double()).abs().max().item()
        for name, tensor in one.items()
        if tensor.numel() and not torch.equal(tensor, other[name])
    )
    return max(differences, default=0.0)
