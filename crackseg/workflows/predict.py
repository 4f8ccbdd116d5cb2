"""Masks for files, folders and globs of photographs."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from crackseg.errors import CrackSegError, DatasetNotFoundError, UnreadableImageError
from crackseg.images import IMAGE_SUFFIXES, UInt8Array
from crackseg.inference.predictor import Prediction, Predictor
from crackseg.system.files import atomic_write, require_writable
from crackseg.system.progress import progress
from crackseg.visualization.overlays import as_heat, overlay

log = logging.getLogger(__name__)

RESULTS = ("mask", "overlay", "probability")


@dataclass(frozen=True)
class Job:
    """A photograph and where its results go: ``target`` followed by ``_mask.png`` and so on."""

    photograph: Path
    target: Path


@dataclass(frozen=True)
class Outcome:
    """Photographs done, and those skipped with the reason."""

    done: tuple[Path, ...]
    skipped: tuple[tuple[Path, str], ...]


def predict(
    paths: Sequence[str], predictor: Predictor, output: Path, probability: bool = False
) -> Outcome:
    """Writes ``NAME_mask.png`` (0/255) and ``NAME_overlay.png`` for every photograph.

    The results stand below the same relative folders as the photographs. One that cannot be read
    is named and skipped.

    Args:
        paths: files, folders (searched with all below them) and globs.
        predictor: of a checkpoint.
        output: folder, made where it is missing.
        probability: also write ``NAME_probability.png``, 0-255 for 0-1.

    Raises:
        DatasetNotFoundError: a path that does not exist, or no photograph under any of them.
        CrackSegError: results would stand among the photographs, or cannot be written.
    """
    jobs = plan(paths, output)
    require_writable(output)
    done: list[Path] = []
    skipped: list[tuple[Path, str]] = []
    for job in progress(jobs, "Finding cracks", len(jobs)):
        try:
            found = predictor.predict(job.photograph)
        except UnreadableImageError as error:
            log.warning("skipped %s", error)
            skipped.append((job.photograph, str(error)))
            continue
        _write(found, job.target, probability)
        done.append(job.photograph)
    return Outcome(tuple(done), tuple(skipped))


def plan(paths: Sequence[str], output: Path) -> list[Job]:
    """Which photograph goes where; no two share a target.

    Raises:
        DatasetNotFoundError: see :func:`predict`.
        CrackSegError: results would stand among the photographs.
    """
    found = [(folder, files) for path in paths for folder, files in _expand(path, output)]
    # Links keep their own place and name: only the folders' spelling is made equal.
    base = Path(os.path.commonpath([os.path.abspath(folder) for folder, _ in found]))  # noqa: PTH100
    photographs = dict.fromkeys(
        Path(os.path.abspath(file))  # noqa: PTH100
        for _, files in found
        for file in files
    )
    if not photographs:
        raise DatasetNotFoundError(
            f"{', '.join(paths)}: no photograph here; looked for {_suffixes()}"
        )
    relative = [file.relative_to(base) for file in photographs]
    targets = (output / target for target in _targets(relative))
    jobs = [Job(*one) for one in zip(photographs, targets, strict=True)]
    for job in jobs:
        if job.photograph.parent.resolve() == job.target.parent.resolve():
            raise CrackSegError(
                f"--output {output}: masks would stand beside their photographs, such as "
                f"{job.photograph}, and be taken for photographs or for truth later; name another "
                "folder"
            )
    return jobs


def _targets(photographs: Sequence[Path]) -> list[Path]:
    """``a/x`` for ``a/x.jpg``, or ``a/x_jpg`` where there is an ``a/x.png`` too."""
    by_stem = Counter(path.with_suffix("") for path in photographs)
    targets: dict[Path, None] = {}
    for path in photographs:
        target = path.with_suffix("")
        if by_stem[target] > 1:
            target = path.with_name(path.name.replace(".", "_"))
        while target in targets:
            target = target.with_name(f"{target.name}_")
        targets[target] = None
    return list(targets)


def _expand(path: str, output: Path) -> Iterable[tuple[Path, list[Path]]]:
    """Folders and the files to take from each."""
    here = Path(path)
    if here.is_dir():
        files = [f for f in here.rglob("*") if f.suffix.lower() in IMAGE_SUFFIXES]
        yield here, sorted(f for f in files if not _is_result(f, output))
        return
    # A name with brackets in it is first taken as it stands.
    matches = [here] if here.exists() else list(Path(here.anchor).glob(_unanchored(here)))
    if not matches:
        raise DatasetNotFoundError(f"{path}: there is no such file or folder")
    for match in sorted(matches):
        if match.is_dir():
            yield from _expand(str(match), output)
        else:
            yield match.parent, [match]


def _is_result(path: Path, output: Path) -> bool:
    """Whether an earlier prediction wrote it."""
    endings = tuple(f"_{kind}.png" for kind in RESULTS)
    return path.name.endswith(endings) and path.resolve().is_relative_to(output.resolve())


def _unanchored(path: Path) -> str:
    return str(path.relative_to(path.anchor))


def _write(found: Prediction, target: Path, probability: bool) -> None:
    pictures = {
        "mask": np.where(found.mask, 255, 0).astype(np.uint8),
        "overlay": overlay(found.image, found.mask),
    }
    if probability:
        pictures["probability"] = as_heat(found.probability)[:, :, 0]
    for kind, picture in pictures.items():
        _write_png(picture, target.with_name(f"{target.name}_{kind}.png"))


def _write_png(picture: UInt8Array, path: Path) -> None:
    with atomic_write(path) as name:
        Image.fromarray(picture).save(name, format="PNG")


def _suffixes() -> str:
    return ", ".join(sorted(IMAGE_SUFFIXES))
