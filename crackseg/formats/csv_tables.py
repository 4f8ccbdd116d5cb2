"""CSV: a row a crack, a row a photograph, a row a point of a centreline.

Text that a spreadsheet might take for a formula, because it begins with ``=``, ``+``, ``-``,
``@``, a tab or a line's end, gets an apostrophe in front, and so does text that begins with an
apostrophe: whoever reads a name from the file takes one apostrophe off.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from crackseg.formats.columns import (
    EXAMPLE,
    Cell,
    Columns,
    crack_columns,
    location_columns,
    photograph_columns,
    point_columns,
)
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.system.files import open_table

Rows = Callable[[MeasuredPhotograph, ClassLimits | None], Iterator[Columns]]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def write(
    results: Iterable[Result], paths: tuple[Path, ...], limits: ClassLimits | None = None
) -> None:
    """Writes the tables, see :meth:`crackseg.formats.registry.FolderFormat.write`."""
    example, every = _example_of(results)
    kinds: tuple[Rows, ...] = (_cracks, _photographs, _points)
    with ExitStack() as stack:
        tables = [
            stack.enter_context(_table(path, tuple(next(rows(example, limits)))))
            for path, rows in zip(paths, kinds, strict=True)
        ]
        for result in every:
            for rows, add in zip(kinds, tables, strict=True):
                for row in rows(result.photograph, limits):
                    add(row)


def _example_of(results: Iterable[Result]) -> tuple[MeasuredPhotograph, Iterator[Result]]:
    """A photograph whose rows have all columns, and the photographs still to come."""
    remaining = iter(results)
    first = list(islice(remaining, 1))
    # All photographs have a location, though it may be empty, or it was not asked for.
    example = replace(EXAMPLE, location=first[0].photograph.location) if first else EXAMPLE
    # An iterator lets go of the first one, which a list would keep.
    return example, chain(iter(first), remaining)


@contextmanager
def _table(path: Path, names: tuple[str, ...]) -> Iterator[Callable[[Columns], object]]:
    with open_table(path, names) as add:
        yield lambda row: add([_shown(row.get(name)) for name in names])


def _cracks(photograph: MeasuredPhotograph, limits: ClassLimits | None) -> Iterator[Columns]:
    for crack in photograph.measurement.cracks:
        yield crack_columns(photograph, crack, limits)


def _photographs(photograph: MeasuredPhotograph, limits: ClassLimits | None) -> Iterator[Columns]:
    yield photograph_columns(photograph, limits) | location_columns(photograph)


def _points(photograph: MeasuredPhotograph, _: ClassLimits | None) -> Iterator[Columns]:
    for crack in photograph.measurement.cracks:
        for number in range(1, len(crack.branches) + 1):
            yield from point_columns(photograph, crack, number)


def _shown(cell: Cell) -> Cell:
    """A cell as CSV shows it: ``true`` and ``false``, and no text that is a formula."""
    if isinstance(cell, bool):
        return str(cell).lower()
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
