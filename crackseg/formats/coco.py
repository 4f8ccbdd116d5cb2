"""COCO: one file of all photographs, an annotation a crack, as a run-length code.

What is too short to be measured is one annotation more, so that all annotations of a photograph are
its mask. Run-length codes hold it to the pixel, holes included; outlines of COCO cannot.
"""

import json
import math
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, groupby
from pathlib import Path
from typing import IO

import numpy as np
from pycocotools import mask as coco_mask

from crackseg.formats.notes import notes
from crackseg.formats.parts import Part, parts
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.graph import IntArray
from crackseg.system.files import atomic_write

_CATEGORY = {"id": 1, "name": "crack", "supercategory": "crack"}
_UNITS = "Boxes and areas in pixels, x to the right and y down from the upper left corner"


def write(results: Iterable[Result], paths: tuple[Path, ...], _: ClassLimits | None = None) -> None:
    """Writes the file, see :meth:`crackseg.formats.registry.FolderFormat.write`."""
    [path] = paths
    numbers, about = count(1), _UNITS
    # Annotations stand behind all images, and those of thousands do not fit into memory.
    with atomic_write(path) as name, name.open("w") as file, tempfile.TemporaryFile("w+") as behind:
        file.write('{"images": [')
        for image_id, result in enumerate(results, 1):
            about = "; ".join(notes(result.photograph.method, None, _UNITS))
            _add(file, {"id": image_id, **_image(result)})
            for annotation in _annotations(result):
                _add(behind, {"id": next(numbers), "image_id": image_id, **annotation})
        file.write('],\n"annotations": [')
        behind.seek(0)
        file.writelines(behind)
        ending = {"categories": [_CATEGORY], "info": {"description": about}}
        file.write(f"],\n{json.dumps(ending)[1:]}\n")


def _add(file: IO[str], entry: Mapping[str, object]) -> None:
    """Adds an entry to a list, the first of which is number 1."""
    file.write(f"{'' if entry['id'] == 1 else ','}\n{json.dumps(entry)}")


def _image(result: Result) -> dict[str, object]:
    height, width = result.photograph.measurement.size
    return {"file_name": result.photograph.name, "width": width, "height": height}


def _annotations(result: Result) -> Iterator[dict[str, object]]:
    measurement = result.photograph.measurement
    found = sorted(parts(result.mask(), measurement), key=lambda part: part.crack or math.inf)
    for crack, those in groupby(found, key=lambda part: part.crack):
        code, box = _run_lengths(list(those), measurement.size)
        yield {
            "category_id": _CATEGORY["id"],
            "segmentation": code | {"counts": code["counts"].decode()},
            "area": int(coco_mask.area(code)),
            "bbox": box,
            "iscrowd": 0,
            "attributes": {"crack": crack},
        }


def _run_lengths(those: list[Part], size: tuple[int, int]) -> tuple[dict[str, bytes], list[float]]:
    """Run-length code of parts, and the box around them."""
    places = np.sort(np.concatenate([_places(part, size[0]) for part in those]))
    starts = np.flatnonzero(np.diff(places, prepend=-2) > 1)
    ends = np.append(starts[1:], len(places)) - 1
    borders = np.stack([places[starts], places[ends] + 1], axis=1).ravel()
    runs = np.diff(np.concatenate([[0], borders, [size[0] * size[1]]]))
    code = coco_mask.frPyObjects({"counts": runs.tolist(), "size": list(size)}, *size)
    return code, coco_mask.toBbox(code).tolist()


def _places(part: Part, height: int) -> IntArray:
    """Places of a part's pixels, counted down the columns."""
    columns, rows = np.nonzero(part.pixels.T)
    return np.asarray((columns + part.left) * height + rows + part.top, np.int64)
