"""Maps that leave out parts which show nothing, as GDAL writes them by SPARSE_OK."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.errors import UnreadableImageError
from crackseg.images import windows
from crackseg.images.conversion import RIM_PIXELS
from crackseg.images.photographs import open_photograph, read_photograph, visible_part
from crackseg.images.windows import open_by_rows

SIZE = (64, 96)
TILES: Mapping[str, Any] = {"tile": (32, 32)}
STRIPS: Mapping[str, Any] = {"rowsperstrip": 32}
COLOURS = np.random.default_rng(0).integers(20, 236, (*SIZE, 3)).astype(np.uint8)
GREY = COLOURS[:, :, 0]
RGB: Mapping[str, Any] = {"photometric": "rgb"}


def sparse(path: Path, values: np.ndarray, **options: Any) -> Path:
    """Writes a TIFF file without its first part, which has neither a place nor a size."""
    tifffile.imwrite(path, values, metadata=None, **options)
    content = bytearray(path.read_bytes())
    with tifffile.TiffFile(path) as file:
        for tag in file.pages.first.tags:
            if tag.name.endswith(("Offsets", "ByteCounts")):
                size = {3: 2, 4: 4, 16: 8}[tag.dtype]
                content[tag.valueoffset : tag.valueoffset + size] = bytes(size)
    path.write_bytes(content)
    return path


def left_out(part: Mapping[str, Any]) -> np.ndarray:
    gap = np.zeros(SIZE, bool)
    gap[:32, : 32 if part is TILES else SIZE[1]] = True
    return gap


@pytest.mark.parametrize("compression", [None, "zlib", "packbits"])
@pytest.mark.parametrize("part", [TILES, STRIPS], ids=["tiles", "strips"])
@pytest.mark.parametrize(
    ("values", "options", "wanted"),
    [
        (COLOURS, RGB, COLOURS),
        (GREY, {}, GREY),
        (GREY, {"photometric": "miniswhite"}, 255 - GREY),
        (COLOURS, {**RGB, "bigtiff": True}, COLOURS),
        (COLOURS.astype(np.uint16) * 257, RGB, COLOURS),
        (np.dstack([COLOURS, 255 + 0 * GREY]), {**RGB, "extrasamples": ["unassalpha"]}, COLOURS),
    ],
    ids=["rgb", "grey", "white is zero", "bigtiff", "deep", "opacity"],
)
def test_parts_that_are_left_out_show_nothing_and_the_others_are_as_they_are(
    tmp_path: Path,
    values: np.ndarray,
    options: Mapping[str, Any],
    wanted: np.ndarray,
    part: Mapping[str, Any],
    compression: str | None,
) -> None:
    if compression == "packbits":
        pytest.importorskip("imagecodecs", reason="packing so needs the extra geo")
    path = sparse(tmp_path / "map.tif", values, compression=compression, **part, **options)
    found, gap = open_photograph(path), left_out(part)
    shown = found.rgb if wanted.ndim == 3 else found.rgb[:, :, 0]
    visible = found.visible
    assert visible is not None
    assert not visible[gap].any()
    assert visible[32 + RIM_PIXELS :].all()
    assert np.array_equal(shown[visible], wanted[visible])
    seen = visible_part(path)
    assert seen is not None
    assert np.array_equal(seen, visible)


def test_a_turned_map_has_its_gap_in_its_place(tmp_path: Path) -> None:
    turn: list[tuple[Any, ...]] = [(274, "H", 1, 6, True)]
    path = sparse(tmp_path / "map.tif", COLOURS, extratags=turn, **TILES, **RGB)
    visible = open_photograph(path).visible
    assert visible is not None
    assert visible.shape == SIZE[::-1]
    assert not visible[:32, -32:].any()
    assert visible[32 + RIM_PIXELS :].all()


@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_a_part_that_a_mask_leaves_out_has_no_cracks(
    tmp_path: Path, white: int, compression: str | None
) -> None:
    crack = GREY > 128
    values = crack.astype(np.uint16 if white > 255 else np.uint8) * white
    path = sparse(tmp_path / "mask.tif", values, compression=compression, **TILES)
    mask, kind = read_mask_and_kind(path)
    assert np.array_equal(mask > 127, crack & ~left_out(TILES))
    assert (kind == "zero_one") == (white == 1)


def test_kinds_of_which_pillow_would_make_pixels_are_refused_with_a_remedy(tmp_path: Path) -> None:
    colours: list[tuple[Any, ...]] = [(320, "H", 768, tuple(range(768)), True)]
    path = sparse(tmp_path / "map.tif", GREY, photometric="palette", extratags=colours, **TILES)
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError, match=r"left out.*: gdal_translate -co SPARSE_OK"):
            read(path)


def test_a_large_map_is_read_as_a_small_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOWED_PIXELS", 1)
    path = sparse(tmp_path / "map.tif", COLOURS, compression="zlib", **TILES, **RGB)
    small, large = open_photograph(path), open_by_rows(path)
    assert np.array_equal(large.rows(0, 64), small.rgb)
    visible = large.visible_rows(0, 64)
    assert visible is not None
    assert not visible[left_out(TILES)].any()
