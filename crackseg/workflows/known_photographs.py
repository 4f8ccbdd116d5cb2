"""Keeps with a network what its training photographs look like to it."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path

import numpy as np

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.data.splits.manifest import Manifest, Row
from crackseg.errors import CrackSegError, UnreadableImageError
from crackseg.images.photographs import size_of_photograph
from crackseg.inference.engines import OpenedModel
from crackseg.inference.familiarity import known_photographs, most_known
from crackseg.inference.features import FloatArray
from crackseg.inference.predictor import Predictor
from crackseg.inference.torch_engine import open_checkpoint
from crackseg.parameters.known_photographs import KnownPhotographs
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

# Photographs of each source that are looked at, and pixels of all of them together.
_TRAINING, _VALIDATION = 32, 16
_MOST_PIXELS = 100_000_000
# Sources that are kept, those with most photographs.
_MOST_SOURCES = 40

Drawn = Mapping[str, Sequence[Row]]


def keep_known(checkpoint: Path, device: str, root: Path, manifest: Manifest) -> None:
    """Stores in a checkpoint what its training photographs look like.

    Where that is not possible a warning says so: the checkpoint is as good without it.

    Args:
        checkpoint: File that is written anew.
        device: Device of torch.
        root: Folder that the manifest's paths are relative to.
        manifest: Division of its photographs.
    """
    try:
        known = look_at_known(open_checkpoint(checkpoint, device), root, manifest)
        if known is not None:
            write_checkpoint(read_checkpoint(checkpoint).with_known(known).content, checkpoint)
            return
    except CrackSegError as error:
        log.warning("%s: %s", checkpoint, error)
    log.warning("the network will not tell photographs that are unlike those of its training")


def look_at_known(model: OpenedModel, root: Path, manifest: Manifest) -> KnownPhotographs | None:
    """Looks at some training and validation photographs of each source, as a prediction does.

    Those of training are what is known. Those of validation tell how far others of the same sources
    are, which gives the limit. A photograph that cannot be read is left out with a warning.

    Args:
        model: Network.
        root: Folder that the manifest's paths are relative to.
        manifest: Division of its photographs.

    Returns:
        What is known; None where no photograph could be read, or where what the network sees is
        beyond any measure.

    Raises:
        CheckpointError: What the network says is no number.
    """
    predictor = Predictor(model)
    rows = manifest.subset("train")
    sources = min(len({row.source for row in rows}), _MOST_SOURCES) or 1
    training = drawn(rows, min(_TRAINING, most_known(sources)), _MOST_SOURCES)
    validation = drawn(manifest.subset("val"), _VALIDATION)
    in_turn = _in_turn([*training.values(), *validation.values()])
    seen = _features(predictor, root, list(_affordable(in_turn, root)))
    known, others = (_by_source(subset, seen) for subset in (training, validation))
    likewise = [features for name, features in others.items() if name in known]
    return known_photographs(known, likewise, predictor.scales)


def drawn(rows: Sequence[Row], count: int, most_sources: int | None = None) -> dict[str, list[Row]]:
    """Some photographs of each source, or of those with most photographs, always the same ones.

    Args:
        rows: All photographs.
        count: Number of photographs of a source.
        most_sources: Number of sources; None for all.
    """
    sources: dict[str, list[Row]] = {}
    for row in rows:
        sources.setdefault(row.source, []).append(row)
    largest = sorted(sources, key=lambda name: (-len(sources[name]), name))[:most_sources]
    random = np.random.default_rng(0)
    return {
        name: [sources[name][at] for at in random.permutation(len(sources[name]))[:count]]
        for name in sorted(largest)
    }


def _in_turn(sources: Iterable[Sequence[Row]]) -> Iterator[Row]:
    """The first photograph of each source, then the second of each, ..."""
    for several in zip_longest(*sources):
        yield from (row for row in several if row is not None)


def _affordable(rows: Iterable[Row], root: Path) -> Iterator[Row]:
    """As many as there is time for."""
    pixels = 0
    for row in rows:
        height, width = size_of_photograph(root / row.image)
        pixels += height * width
        if pixels <= _MOST_PIXELS:
            yield row


def _features(predictor: Predictor, root: Path, rows: Sequence[Row]) -> dict[str, FloatArray]:
    seen = {}
    for row in progress(rows, "Looking at known photographs", len(rows)):
        try:
            seen[row.image] = predictor.features(root / row.image)
        except UnreadableImageError as error:
            log.warning("not among the known photographs: %s", error)
    return seen


def _by_source(subset: Drawn, seen: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    found = {
        name: [seen[row.image] for row in rows if row.image in seen]
        for name, rows in subset.items()
    }
    return {name: np.stack(features) for name, features in found.items() if features}
