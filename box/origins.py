"""Says of every photograph of the box which one it was cut from, and its source.

The sets' SOURCE.txt say how names tell that; crops of one photograph, and tiles of one scene, are
to be in one subset.
"""

import csv
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from box.recipes import (
    CCIC,
    CORPUS,
    CRACK500,
    CRACKMAP,
    DEEPCRACK,
    NONCRACK,
    UAV,
    UNTRACED,
    Source,
)
from crackseg.system.files import write_table

COLUMNS = ("file", "photograph", "source")
# Numbers of overlapping tiles by scene: first, last, and single pictures of the same one.
_SCENES = (
    (30, 189, (90,)),
    (276, 619, (690,)),
    (742, 756, ()),
    (772, 779, ()),
    (785, 839, ()),
    (841, 886, ()),
    (1014, 1342, (1760,)),
    (1361, 1520, (1980, 2040)),
)
# Neighbours in number may show one piece of concrete.
_CCIC_NEIGHBOURS = 200
Row = tuple[str, str, str]


def write_origins(data: Path, sources: Collection[Source], path: Path) -> None:
    """Writes the table that ``data.origins`` takes.

    Args:
        data: Folder of all sets.
        sources: Sets that it is to tell about.
        path: Path of the table.
    """
    write_table(path, COLUMNS, sorted(origins(data, sources)))


def origins(data: Path, sources: Collection[Source]) -> Iterator[Row]:
    """File, photograph and source of every photograph whose name alone does not tell them."""
    if CORPUS in sources:
        yield from _crops_of_crack500(data)
    for source, name, photograph in (rule for rule in _RULES if rule[0] in sources):
        folder = data / source.folder
        # A set that is read alone has no folder above it; DeepCrack's are like no others.
        base = folder if len(sources) == 1 or source is DEEPCRACK else folder.parent
        files = (path for path in folder.rglob("*") if path.suffix in (".jpg", ".png"))
        for file in (one for one in files if one.parent.name in ("images", "train_img")):
            yield file.relative_to(base).as_posix(), photograph(file.stem), name


def _crops_of_crack500(data: Path) -> Iterator[Row]:
    """The crops of the corpus by the photographs that they were traced to."""
    table = data / CRACK500.folder / "crops.csv"
    with table.open(encoding="utf-8", newline="") as file:
        traced = {row["our_file"]: row["photograph"] for row in csv.DictReader(file)}
    for crop in (data / CORPUS.folder).rglob("CRACK500_*.jpg"):
        known = traced.get(crop.name)
        yield crop.name, known or crop.stem, "CRACK500" if known else UNTRACED


def scene(stem: str) -> str:
    """Scene of a picture from the air.

    >>> scene("DJI0090"), scene("31"), scene("5000")
    ('uav_30', 'uav_30', 'uav_5000')
    """
    digits = re.search(r"\d+", stem)
    number = int(digits[0]) if digits else -1
    single = stem.startswith("DJI")
    for first, last, others in _SCENES:
        if number in others if single else first <= number <= last:
            return f"uav_{first}"
    return f"uav_{stem}"


_RULES = (
    (UAV, "uav", scene),
    (CRACK500, "Crack500_whole", lambda stem: f"{stem}.jpg"),
    (CRACKMAP, "crackmap", lambda stem: f"crackmap_{stem.split('_')[0]}"),
    (NONCRACK, "noncrack", lambda stem: f"wall_{stem.split('_')[1]}"),
    (CCIC, "ccic", lambda stem: f"ccic_{int(stem) // _CCIC_NEIGHBOURS}"),
    (DEEPCRACK, "DeepCrack537", lambda stem: f"DeepCrack_{stem.rsplit('-', 1)[0]}"),
)
