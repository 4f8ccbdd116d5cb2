"""LabelMe: outlines to be corrected by hand, beside a copy of the photograph.

The copy has the pixels that the network saw, upright and in 8 bits, and nothing of the file's other
data, such as the place where it was taken. The folder is a data set: ``data=folder`` reads the
outlines back to the very same masks. Each file keeps a digest of the outlines that were written, by
which those are told that somebody has corrected since.
"""

import json
from pathlib import Path

import numpy as np

from crackseg.data.annotations.formats.labelme import WRITTEN, digest_of, is_as_written
from crackseg.formats.notes import notes
from crackseg.formats.outlines import outline
from crackseg.formats.parts import Part, parts
from crackseg.formats.result import Result
from crackseg.images.png import write_png
from crackseg.measurement.classes import ClassLimits
from crackseg.system.files import write_text

# Version of the program whose files have this form.
_VERSION = "5.5.0"
_UNITS = "Points in pixels, x to the right and y down from the upper left corner"


def write(result: Result, paths: tuple[Path, ...], _: ClassLimits | None = None) -> None:
    """Writes both files, see :meth:`crackseg.formats.registry.PhotographFormat.write`."""
    path, picture = paths
    photograph = result.photograph
    height, width = photograph.measurement.size
    shapes = [_shape(part) for part in parts(result.mask(), photograph.measurement)]
    document: dict[str, object] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": picture.name,
        "imageData": None,
        "imageHeight": height,
        "imageWidth": width,
        "about": list(notes(photograph.method, None, _UNITS)),
        WRITTEN: digest_of(shapes),
    }
    write_png(result.image(), picture)
    write_text(path, json.dumps(document) + "\n")


def is_corrected(paths: tuple[Path, ...]) -> bool:
    """Whether there are outlines that are not just as :func:`write` wrote them.

    So are those of earlier versions, which kept no digest, and files that cannot be read.

    Args:
        paths: Paths of the files, see :func:`write`.
    """
    return paths[0].exists() and not is_as_written(paths[0])


def _shape(part: Part) -> dict[str, object]:
    corners = outline(part.pixels) + np.array([part.left, part.top])
    return {
        "label": "crack",
        "points": corners.tolist(),
        "group_id": part.crack,
        "description": "" if part.crack is None else f"crack {part.crack}",
        "shape_type": "polygon",
        "flags": {},
        "mask": None,
    }
