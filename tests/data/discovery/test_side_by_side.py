"""Of two pictures of one name in one folder, that of a few values is the mask of the other."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.discovery import side_by_side
from crackseg.data.discovery.pairs import find_pairs
from crackseg.data.discovery.side_by_side import part_side_by_side

SIZE = (60, 90)
PATHS = [Path("x.jpg"), Path("x.png")]


def wall() -> np.ndarray:
    return np.random.default_rng(0).integers(60, 200, (*SIZE, 3)).astype(np.uint8)


def bar() -> np.ndarray:
    mask = np.zeros(SIZE, np.uint8)
    mask[5:10, 10:25] = 255
    return mask


def classes() -> Image.Image:
    """Crack and void in a palette, as in sets of PASCAL VOC's form."""
    numbers = bar() // 255
    numbers[30:, :20] = 2
    picture = Image.fromarray(numbers)
    picture.putpalette([0, 0, 0, 128, 0, 0, 224, 224, 192])
    return picture


def masks_of(root: Path, other: Image.Image) -> list[Path]:
    """Those of a photograph x.jpg and another picture x.png."""
    Image.fromarray(wall()).save(root / "x.jpg")
    other.save(root / "x.png")
    return part_side_by_side(root, PATHS, PATHS).masks


@pytest.mark.parametrize(
    "mask",
    [
        lambda: Image.fromarray(bar()),
        lambda: Image.fromarray(bar() > 0),
        lambda: Image.fromarray(bar() // 255),
        lambda: Image.fromarray(bar() // 2),
        lambda: Image.fromarray(bar().astype(np.uint16) * 257),
        lambda: Image.fromarray(np.dstack([bar(), 0 * bar(), 0 * bar()])),
        lambda: Image.fromarray(np.dstack([bar()] * 4)),
        lambda: Image.fromarray(bar()).convert("P"),
        lambda: Image.fromarray(0 * bar()),
        classes,
    ],
    ids=[
        "black and white",
        "1 bit",
        "0 and 1",
        "dark",
        "deep",
        "red",
        "painted",
        "palette",
        "one",
        "classes",
    ],
)
def test_a_few_values_of_any_kind_are_a_mask(
    tmp_path: Path, mask: Callable[[], Image.Image]
) -> None:
    assert masks_of(tmp_path, mask()) == [Path("x.png")]


@pytest.mark.parametrize(
    "other",
    [
        lambda: Image.fromarray(np.tile(np.arange(90, dtype=np.uint8), (60, 1))),
        lambda: Image.fromarray(wall()).quantize(200),
        lambda: Image.fromarray(wall()).resize((900, 600)).quantize(3),
        lambda: Image.fromarray(bar()).resize((45, 30)),
    ],
    ids=["grey", "palette", "few colours", "another size"],
)
def test_other_pictures_are_none(tmp_path: Path, other: Callable[[], Image.Image]) -> None:
    """A palette, of any number of colours, was taken for two values."""
    assert masks_of(tmp_path, other()) == []


def test_damaged_pictures_are_none(tmp_path: Path) -> None:
    for path in PATHS:
        (tmp_path / path).write_bytes(b"no picture")
    assert part_side_by_side(tmp_path, PATHS, PATHS).masks == []


@pytest.mark.parametrize(
    "other",
    [lambda: Image.fromarray(wall()), lambda: Image.fromarray(bar()).resize((45, 30))],
    ids=["large file", "another size"],
)
def test_what_is_no_mask_by_its_header_is_not_decoded(
    tmp_path: Path, other: Callable[[], Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Photographs of some megapixels, each twice, would be decoded at every start."""
    decoded: list[Path] = []
    monkeypatch.setattr(side_by_side, "read_stored_mask", decoded.append)
    assert masks_of(tmp_path, other()) == []
    assert decoded == []


@pytest.mark.parametrize(("other", "truth"), [(bar, "x_crack.png"), (wall, "")])
def test_a_picture_named_after_its_crack_is_the_mask_where_it_has_a_few_values(
    tmp_path: Path, other: Callable[[], np.ndarray], truth: str
) -> None:
    """Else it is a closer photograph of the crack."""
    Image.fromarray(wall()).save(tmp_path / "x.jpg")
    Image.fromarray(other()).save(tmp_path / "x_crack.png")
    pairs = find_pairs(tmp_path, "crack_free").pairs
    assert [(pair.image, pair.mask) for pair in pairs][:1] == [("x.jpg", truth)]
    assert len(pairs) == (1 if truth else 2)
