"""Whatever stands in an annotation file for a value, it is drawn or refused in words."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crackseg.data.annotations.formats.coco import parse_coco
from crackseg.data.annotations.formats.labelme import parse_labelme
from crackseg.data.annotations.formats.supervisely import parse_supervisely
from crackseg.errors import CrackSegError
from tests.data.annotations.formats.test_coco import SIZE, SQUARE, document, runs
from tests.data.annotations.formats.test_labelme import encoded
from tests.data.discovery.test_formats import bitmap, exterior

CORNERS = [[10, 5], [25, 5], [25, 10]]


def of_coco() -> dict[str, Any]:
    content = document([SQUARE], runs(True), {"size": list(SIZE), "counts": [5, 2395]})
    content["annotations"][0]["bbox"] = [10, 5, 10, 10]
    return content


def of_labelme() -> dict[str, Any]:
    shapes: list[dict[str, Any]] = [
        {"shape_type": kind, "points": CORNERS} for kind in ("polygon", "circle", "linestrip")
    ]
    shapes.append(
        {"shape_type": "mask", "points": CORNERS, "mask": encoded(np.ones((6, 16), bool))}
    )
    for shape in shapes:
        shape["label"] = "crack"
    return {"imageHeight": SIZE[0], "imageWidth": SIZE[1], "shapes": shapes}


def of_supervisely() -> dict[str, Any]:
    hole = [[12, 6], [20, 6], [20, 8]]
    objects = [bitmap(), exterior("polygon", CORNERS, hole), exterior("line", CORNERS[:2])]
    size = {"height": SIZE[0], "width": SIZE[1]}
    return {"size": size, "objects": [{**one, "classTitle": "crack"} for one in objects]}


FORMATS = {
    parse_coco: of_coco,
    parse_labelme: of_labelme,
    parse_supervisely: of_supervisely,
}
# JSON has all of them; Python reads Infinity too.
VALUES = [None, "60", 60.5, 1e300, float("inf"), 10**400, [1]]


def places(content: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    entries = ()
    if isinstance(content, dict):
        entries = content.items()
    elif isinstance(content, list):
        entries = enumerate(content)
    for key, value in entries:
        yield (*above, key)
        yield from places(value, (*above, key))


# A stroke through a point without end is refused when it is drawn.
@pytest.mark.filterwarnings("error", "ignore:overflow")
@pytest.mark.parametrize(
    "value", VALUES, ids=["null", "text", "share", "far", "infinity", "huge", "list"]
)
@pytest.mark.parametrize("parse", FORMATS, ids=lambda parse: parse.__name__)
def test_odd_values_are_drawn_or_refused_in_words(parse: Any, value: object) -> None:
    content = FORMATS[parse]()
    outcomes = set()
    for *above, key in places(content):
        odd = copy.deepcopy(content)
        within = odd
        for one in above:
            within = within[one]
        within[key] = value
        for mask in drawn_or_refused(parse, odd):
            if isinstance(mask, str):
                assert "x.json" in mask
                assert "\n" not in mask
            else:
                assert (mask.shape, mask.dtype) == (SIZE, np.uint8)
                assert np.isin(mask, (0, 255)).all()
            outcomes.add(type(mask))
    # Some values do not matter, and some do.
    assert outcomes == {str, np.ndarray}


def drawn_or_refused(parse: Any, content: Any) -> Iterator[np.ndarray | str]:
    """The masks of all photographs, or the words that refuse them."""
    try:
        found = parse(Path("x.json"), content)
    except CrackSegError as error:
        yield str(error)
        return
    for name in found.photographs if found else ():
        try:
            yield found.draw(name, {"crack"}, SIZE)
        except CrackSegError as error:
            yield str(error)
