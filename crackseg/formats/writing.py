"""Writes several formats of the same photographs, one photograph in memory at a time."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath

from crackseg.formats.registry import FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits


def write_formats(
    results: Callable[[str], Iterable[tuple[PurePath, Result]]],
    output: Path,
    formats: Sequence[PhotographFormat | FolderFormat],
    limits: ClassLimits | None = None,
    overwrite: bool = True,
) -> list[Path]:
    """Writes formats.

    Args:
        results: Function that goes through the photographs once more, each with the path of its
            results below ``output``, without a suffix; it is told which formats are written.
        output: Folder of all results.
        formats: Formats.
        limits: Limits of classes of width; None for no classes.
        overwrite: Whether files that somebody has corrected are replaced.

    Returns:
        Files that somebody has corrected, and that were left as they are.

    Raises:
        OutputError: A file cannot be written.
    """
    apart = [one for one in formats if isinstance(one, PhotographFormat)]
    left: list[Path] = []
    if apart:
        for target, result in results(", ".join(one.name for one in apart)):
            for one in apart:
                paths = one.paths(output, target)
                if overwrite or not one.is_corrected(paths):
                    one.write(result, paths, limits)
                else:
                    left.append(paths[0])
    for kind in formats:
        if isinstance(kind, FolderFormat):
            together = (result for _, result in results(kind.name))
            kind.write(together, kind.paths(output), limits)
    return left
