"""Compares outlines of a COCO file with their boxes, which tell exchanged coordinates.

Some programs write y before x, or run-length codes row by row where COCO has columns. Such outlines
are drawn elsewhere on the photograph, and nothing else in the file tells.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crackseg.data.annotations.drawings import Drawing, Polygons, Runs
from crackseg.data.annotations.shapes import Shape
from crackseg.errors import DatasetError
from crackseg.images.pixels import UInt8Array

# Left, top, right and bottom.
Box = npt.NDArray[np.float64]
_LOOKED_AT = 50
# Pixels by which programs' boxes differ from their outlines: half ones, whole ones, a rim.
_NEAR = 3.0
_MOST_PIXELS = 100_000_000


def refuse_exchanged(
    path: Path, outlines: Iterable[tuple[Mapping[str, Any], Sequence[Shape]]]
) -> None:
    """Refuses a file most of whose outlines fit into their boxes with x and y exchanged alone.

    Args:
        path: File for messages.
        outlines: Annotations, each with the parts of its segmentation.

    Raises:
        DatasetError: It is one.
    """
    fits = (_fits(entry, parts) for entry, parts in outlines)
    looked_at = list(islice((one for one in fits if one is not None), _LOOKED_AT))
    right = sum(as_written for as_written, _ in looked_at)
    exchanged = sum(other and not as_written for as_written, other in looked_at)
    if exchanged > max(right, 1):
        raise DatasetError(
            f"{path}: x and y of its outlines are exchanged, as {exchanged} of {len(looked_at)} "
            "fit their own boxes (bbox) only so; export it anew with x before y, and run-length "
            "codes column by column, as COCO has them"
        )


def _fits(entry: Mapping[str, Any], parts: Sequence[Shape]) -> tuple[bool, bool] | None:
    """Whether an outline fits its box as it is written, and exchanged; None where nothing tells."""
    box, found = _box_of(entry.get("bbox")), [_bounds(part.drawing) for part in parts]
    pairs = [pair for pair in found if pair is not None]
    if box is None or not pairs or len(pairs) < len(found):
        return None
    written, other = (_around([pair[way] for pair in pairs]) for way in (0, 1))
    return bool(np.abs(written - box).max() <= _NEAR), bool(np.abs(other - box).max() <= _NEAR)


def _box_of(value: Any) -> Box | None:
    if not isinstance(value, list) or len(value) != 4:
        return None
    if not all(isinstance(number, int | float) for number in value):
        return None
    left, top, width, height = value
    try:
        return np.array([left, top, left + width, top + height], np.float64)
    except OverflowError:
        return None


def _around(boxes: Sequence[Box]) -> Box:
    corners = np.stack(boxes)
    return np.concatenate([corners[:, :2].min(axis=0), corners[:, 2:].max(axis=0)])


def _bounds(drawing: Drawing | str) -> tuple[Box, Box] | None:
    """Boxes of a drawing as it is written, and with x and y exchanged; None without pixels."""
    if isinstance(drawing, Polygons):
        box = np.concatenate([drawing.given.min(axis=0), drawing.given.max(axis=0)])
        return box, box[[1, 0, 3, 2]]
    if not isinstance(drawing, Runs) or math.prod(drawing.size) > _MOST_PIXELS:
        return None
    turned = Runs(drawing.counts, drawing.size[::-1])
    try:
        written, other = (_box_of_mask(one.draw(one.size)) for one in (drawing, turned))
    except ValueError:
        # Whoever draws it says so.
        return None
    return None if written is None or other is None else (written, other[[1, 0, 3, 2]])


def _box_of_mask(mask: UInt8Array) -> Box | None:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float64)
