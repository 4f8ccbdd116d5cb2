"""Large TIFF files read by windows give the pixels that the whole file gives."""

import gc
import os
import struct
import tracemalloc
import weakref
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from crackseg.errors import UnreadableImageError
from crackseg.images import windows
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import resize
from crackseg.images.windows import WindowedPhotograph, open_by_rows
from tests.helpers.data_sets import draw_pair


@pytest.fixture(autouse=True)
def every_file_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "WINDOWED_PIXELS", 1)


def write(path: Path, size: tuple[int, int] = (150, 210), **options: object) -> np.ndarray:
    pixels = draw_pair(3, size)[0]
    stored = pixels[:, :, 0] if options.get("photometric") == "minisblack" else pixels
    tifffile.imwrite(path, stored, **{"photometric": "rgb", **options})
    return stored


STORED = [
    {"rowsperstrip": 7},
    {"rowsperstrip": 150},
    {"tile": (64, 48)},
    {"tile": (64, 48), "compression": "zlib", "predictor": 2},
    {"rowsperstrip": 32, "compression": "zlib", "photometric": "minisblack"},
]


@pytest.mark.parametrize("options", STORED)
def test_rows_are_those_of_the_whole_file(tmp_path: Path, options: dict[str, object]) -> None:
    write(tmp_path / "x.tif", **options)
    whole = read_photograph(tmp_path / "x.tif")
    photograph = open_by_rows(tmp_path / "x.tif")
    assert isinstance(photograph, WindowedPhotograph)
    assert photograph.size == whole.shape[:2]
    for start, stop in ((0, 1), (0, 150), (60, 70), (149, 150)):
        np.testing.assert_array_equal(photograph.rows(start, stop), whole[start:stop])


def test_nothing_of_a_photograph_stays_once_it_is_done(tmp_path: Path) -> None:
    """Of a folder of them each would keep its last windows, and a file open."""
    write(tmp_path / "x.tif", tile=(32, 32))
    photograph = open_by_rows(tmp_path / "x.tif")
    assert isinstance(photograph, WindowedPhotograph)
    photograph.rows(0, 150)
    gone = weakref.ref(photograph)
    gc.disable()
    del photograph
    gc.enable()
    assert gone() is None
    if Path("/proc/self/fd").is_dir():
        open_files = [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]
        assert str((tmp_path / "x.tif").resolve()) not in open_files


@pytest.mark.parametrize("how", ["area", "bilinear"])
@pytest.mark.parametrize("size", [(75, 105), (48, 67), (50, 70), (150, 210), (149, 30), (300, 99)])
def test_windows_shrink_as_the_whole_does(tmp_path: Path, size: tuple[int, int], how: str) -> None:
    pixels = write(tmp_path / "x.tif", tile=(32, 32))
    wanted = resize(pixels, size, how)
    found = open_by_rows(tmp_path / "x.tif").resized(size, how).rows(0, size[0])
    assert found.shape == wanted.shape
    differences = np.abs(found.astype(int) - wanted)
    # A mean that lies between two numbers may be rounded to either.
    assert differences.max() <= 1
    assert (differences > 0).mean() < 1e-3


@pytest.mark.parametrize("kind", ["deep", "opacity", "turned", "planar", "jpg", "white is zero"])
def test_other_files_are_decoded_as_a_whole(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("x.jpg" if kind == "jpg" else "x.tif")
    pixels = draw_pair(3, (40, 60))[0]
    if kind == "jpg":
        Image.fromarray(pixels).save(path)
    elif kind == "turned":
        tifffile.imwrite(path, pixels, photometric="rgb", extratags=[(274, "H", 1, 6, True)])
    elif kind == "planar":
        planes = pixels.transpose(2, 0, 1)
        tifffile.imwrite(path, planes, photometric="rgb", planarconfig="separate")
    elif kind == "white is zero":
        tifffile.imwrite(path, pixels[:, :, 0], photometric="miniswhite")
    elif kind == "deep":
        tifffile.imwrite(path, pixels.astype(np.uint16) * 257, photometric="rgb")
    else:
        rgba = np.dstack([pixels, np.full((40, 60), 255, np.uint8)])
        tifffile.imwrite(path, rgba, photometric="rgb", extrasamples=["unassalpha"])
    photograph = open_by_rows(path)
    assert not isinstance(photograph, WindowedPhotograph)
    whole = read_photograph(path)
    np.testing.assert_array_equal(photograph.rows(0, len(whole)), whole)


@pytest.mark.parametrize("compression", ["tiff_lzw", "packbits"])
def test_compressions_that_may_need_another_package_give_the_same(
    tmp_path: Path, compression: str
) -> None:
    pixels = draw_pair(3, (60, 90))[0]
    Image.fromarray(pixels).save(tmp_path / "x.tif", compression=compression)
    np.testing.assert_array_equal(open_by_rows(tmp_path / "x.tif").rows(10, 60), pixels[10:])


def test_a_damaged_window_is_named(tmp_path: Path) -> None:
    write(tmp_path / "x.tif", rowsperstrip=16, compression="zlib")
    data = bytearray((tmp_path / "x.tif").read_bytes())
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        start = file.pages.first.dataoffsets[5]
    data[start : start + 40] = bytes(40)
    (tmp_path / "x.tif").write_bytes(data)
    photograph = open_by_rows(tmp_path / "x.tif")
    with pytest.raises(UnreadableImageError, match=r"x\.tif: .*its part 6 of 10 is damaged"):
        photograph.rows(70, 90)


def test_a_window_that_swells_is_refused_before_it_takes_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    write(path, rowsperstrip=16, compression="zlib")
    with tifffile.TiffFile(path) as file:
        tags = file.pages.first.tags
        places = [tags[name].valueoffset for name in ("StripOffsets", "StripByteCounts")]
        sizes = [tags[name].dtype for name in ("StripOffsets", "StripByteCounts")]
        order = file.byteorder
    bomb = zlib.compress(bytes(1 << 28))
    data = bytearray(path.read_bytes())
    for place, kind, value in zip(places, sizes, (len(data), len(bomb)), strict=True):
        form = order + {3: "H", 4: "I"}[kind]
        struct.pack_into(form, data, place + 5 * struct.calcsize(form), value)
    path.write_bytes(bytes(data) + bomb)
    photograph = open_by_rows(path)
    tracemalloc.start()
    with pytest.raises(
        UnreadableImageError, match=r"its part 6 of 10 .* more than its 10,080 bytes"
    ):
        photograph.rows(0, 150)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.zeros((8, 8, 3), np.uint8), photometric="rgb")
    with tifffile.TiffFile(tmp_path / "x.tif", mode="r+b") as file:
        for name in ("ImageWidth", "ImageLength"):
            file.pages.first.tags[name].overwrite(100_000)
    message = (
        r"x\.tif: its 100,000 x 100,000 pixels are more than the 1,000 megapixels that are read at "
        r"most; cut it into parts, or raise --max-megapixels"
    )
    with pytest.raises(UnreadableImageError, match=message):
        open_by_rows(tmp_path / "x.tif")


def test_a_photograph_of_the_largest_size_is_read(tmp_path: Path) -> None:
    Image.new("RGB", (100, 100)).save(tmp_path / "x.png")
    assert open_by_rows(tmp_path / "x.png", max_megapixels=0.01).size == (100, 100)
    Image.new("RGB", (100, 101)).save(tmp_path / "x.png")
    with pytest.raises(UnreadableImageError, match=r"more than the 0\.01 megapixels"):
        open_by_rows(tmp_path / "x.png", max_megapixels=0.01)


@pytest.mark.parametrize(
    ("name", "mode", "bytes_per_pixel"),
    [("x.jpg", "RGB", 8 + 3), ("x.png", "RGBA", 8 + 32 + 3), ("x.tif", "RGB", 3)],
)
def test_memory_is_asked_for_before_it_is_taken(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    mode: str,
    bytes_per_pixel: int,
) -> None:
    Image.new(mode, (100, 50)).save(tmp_path / name)
    needed = 100 * 50 * bytes_per_pixel
    monkeypatch.setattr("crackseg.images.pixels.available_memory", lambda: needed)
    assert open_by_rows(tmp_path / name, bytes_per_pixel=3).size == (50, 100)
    monkeypatch.setattr("crackseg.images.pixels.available_memory", lambda: needed - 1)
    with pytest.raises(UnreadableImageError, match="too large for the memory"):
        open_by_rows(tmp_path / name, bytes_per_pixel=3)
