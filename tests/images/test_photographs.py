"""Photographs of every kind are opened alike in training and prediction, or refused in words."""

import logging
import os
import re
import struct
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.errors import UnreadableImageError
from crackseg.images import conversion, notices, photographs, pixels
from crackseg.images.location import read_location
from crackseg.images.photographs import (
    as_photograph,
    open_photograph,
    read_photograph,
    size_of_photograph,
    visible_part,
)
from crackseg.images.tiff.exif import DAMAGES
from crackseg.measurement.photograph import Location

Log = pytest.LogCaptureFixture


def wall(height: int = 40, width: int = 60) -> np.ndarray:
    """Colours from dark to bright."""
    return np.random.default_rng(0).integers(20, 236, (height, width, 3)).astype(np.uint8)


@pytest.fixture
def warned(caplog: Log, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    notices._warned.clear()
    return caplog


@pytest.mark.parametrize("suffix", ["tif", "png"])
@pytest.mark.parametrize(("bits", "told"), [(16, False), (12, True), (10, True)])
def test_colours_of_more_than_8_bits_are_those_of_8_bits(
    tmp_path: Path, suffix: str, bits: int, told: bool, warned: Log
) -> None:
    rgb = wall()
    rgb[0, 0] = 255
    deep = (rgb.astype(np.float64) / 255 * (2**bits - 1)).round().astype(np.uint16)
    cv2.imwrite(str(tmp_path / f"x.{suffix}"), deep[..., ::-1])
    read = read_photograph(tmp_path / f"x.{suffix}")
    assert np.abs(read.astype(int) - rgb).max() <= 1
    assert (
        any(f"read as {bits} bits deep; another white is set by" in w for w in warned.messages)
        == told
    )


def test_grey_of_12_bits_in_a_file_of_16_is_not_black(tmp_path: Path, warned: Log) -> None:
    grey = np.array([[0, 2048, 4095]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "x.png")
    assert read_photograph(tmp_path / "x.png")[0, :, 0].tolist() == [0, 127, 255]
    assert read_photograph(tmp_path / "x.png", white_level=65535)[0, :, 0].tolist() == [0, 7, 15]
    assert len(warned.messages) == 1
    assert warned.messages[0].startswith(
        f"{tmp_path / 'x.png'}: its brightest value is 4095: read as 12"
    )


def test_arrays_are_read_as_files_are() -> None:
    deep = np.array([[0, 4095]], np.uint16)
    assert as_photograph(deep).rgb[0, :, 0].tolist() == [0, 255]
    assert as_photograph(deep, white_level=65535).rgb[0, :, 0].tolist() == [0, 15]


@pytest.mark.parametrize(
    ("kind", "white"),
    [("u1", 255), ("u2", 65535), (">u2", 65535), ("i8", 255), ("f2", 1), ("f4", 1), ("f8", 255)],
)
def test_arrays_of_every_type_and_number_of_channels_are_taken(kind: str, white: int) -> None:
    rgb = wall()
    rgb[0, 0] = 255
    given = (rgb.astype(np.float64) * white / 255).astype(kind)
    thrice = np.repeat(rgb[:, :, :1], 3, axis=2)
    for array, wanted in ((given, rgb), (given[:, :, :1], thrice), (given[:, :, 0], thrice)):
        found = as_photograph(array)
        assert np.abs(found.rgb.astype(int) - wanted).max() <= 1
        assert found.visible is None


def test_views_are_copied() -> None:
    rgb = wall()
    for view in (rgb[::-1, ::2], np.asfortranarray(rgb), rgb.transpose(1, 0, 2)):
        found = as_photograph(view).rgb
        assert np.array_equal(found, view)
        assert found.flags.c_contiguous
        assert found.flags.writeable
        assert not np.shares_memory(found, rgb)


@pytest.mark.parametrize(("kind", "white"), [("u1", 255), ("u2", 65535), ("f4", 1)])
def test_transparent_arrays_are_handled_as_transparent_files(kind: str, white: int) -> None:
    rgba = np.dstack([np.full((30, 40, 3), 150, np.uint8), np.full((30, 40), 255, np.uint8)])
    rgba[:, :20] = 0
    given = (rgba.astype(np.float64) * white / 255).astype(kind)
    found = as_photograph(given)
    assert (np.abs(found.rgb.astype(int) - 150) <= 1).all()
    assert found.visible is not None
    assert not found.visible[:, : 20 + conversion.RIM_PIXELS].any()
    assert found.visible[:, 20 + conversion.RIM_PIXELS :].all()


@pytest.mark.parametrize("shape", [(5,), (4, 4, 2), (4, 4, 5), (0, 4, 3), (4, 0), (2, 4, 4, 3)])
def test_arrays_of_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    came = (*shape, 1) if len(shape) == 2 else shape
    message = f"an image is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), not {came}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        as_photograph(np.zeros(shape, np.uint8))


def test_channels_that_come_first_are_refused_with_the_remedy() -> None:
    message = r"not \(3, 40, 60\); its channels come first: transpose\(1, 2, 0\) puts them last$"
    with pytest.raises(ValueError, match=message):
        as_photograph(wall().transpose(2, 0, 1))


@pytest.mark.parametrize("dtype", ["bool", "complex64", "object", "U1"])
def test_arrays_of_other_types_are_refused(dtype: str) -> None:
    message = f"an image is of whole numbers or floats, not {np.dtype(dtype)}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        as_photograph(np.zeros((4, 4, 3), dtype))


def test_transparent_parts_take_the_colour_beside_them(tmp_path: Path) -> None:
    rgba = np.dstack([np.full((30, 40, 3), 150, np.uint8), np.full((30, 40), 255, np.uint8)])
    rgba[:, :20] = 0
    Image.fromarray(rgba).save(tmp_path / "x.png")
    found = open_photograph(tmp_path / "x.png")
    assert (found.rgb == 150).all()
    assert found.visible is not None
    assert not found.visible[:, : 20 + conversion.RIM_PIXELS].any()
    assert found.visible[:, 20 + conversion.RIM_PIXELS :].all()


@pytest.mark.parametrize("opacity", [0, 200, 255])
def test_an_opacity_that_is_the_same_everywhere_hides_nothing(tmp_path: Path, opacity: int) -> None:
    rgb = wall()
    alpha = np.full(rgb.shape[:2], opacity, np.uint8)
    Image.fromarray(np.dstack([rgb, alpha])).save(tmp_path / "x.png")
    found = open_photograph(tmp_path / "x.png")
    assert found.visible is None
    assert np.array_equal(found.rgb, rgb)


@pytest.mark.parametrize(("kind", "orientation"), [(2, "6"), (3, 0), (3, 9), (12, 3.5)])
def test_an_orientation_that_makes_no_sense_is_none(
    tmp_path: Path, kind: int, orientation: object
) -> None:
    tags = ImageFileDirectory_v2()
    tags.tagtype[274] = kind
    tags[274] = orientation
    Image.fromarray(wall()).save(tmp_path / "x.tif", tiffinfo=tags)
    assert read_photograph(tmp_path / "x.tif").shape == (40, 60, 3)
    assert size_of_photograph(tmp_path / "x.tif") == (40, 60)
    assert read_mask_and_kind(tmp_path / "x.tif")[0].shape == (40, 60)


# A phone's photograph lies on its side and has another tag, which cannot be written anew.
SIDEWAYS = (274, 3, struct.pack(">H", 6))
ODD = {
    "a resolution below 0": (282, 10, struct.pack(">ii", -72, 1)),
    "a width below 0": (256, 9, struct.pack(">i", -5)),
    "a number of bits as text": (258, 2, b"8,8\0"),
}


def exif_of(*tags: tuple[int, int, bytes]) -> bytes:
    """EXIF data of single values: number, kind and bytes of each."""
    sizes = {2: 1, 3: 2, 9: 4, 10: 8}
    directory, behind = struct.pack(">H", len(tags)), b""
    place = 8 + 2 + 12 * len(tags) + 4
    for number, kind, value in sorted(tags):
        stored = value.ljust(4, b"\0")
        if len(value) > 4:
            stored, behind = struct.pack(">I", place + len(behind)), behind + value
        directory += struct.pack(">HHI", number, kind, len(value) // sizes[kind]) + stored
    return b"Exif\0\0MM\0*\0\0\0\x08" + directory + bytes(4) + behind


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_exif_data_keep_no_photograph_from_being_turned(
    tmp_path: Path, suffix: str, odd: tuple[int, int, bytes]
) -> None:
    Image.fromarray(wall()).save(tmp_path / f"x.{suffix}", exif=exif_of(SIDEWAYS, odd))
    stored = np.asarray(Image.open(tmp_path / f"x.{suffix}").convert("RGB"))
    read = read_photograph(tmp_path / f"x.{suffix}")
    assert np.array_equal(read, np.rot90(stored, -1))
    assert size_of_photograph(tmp_path / f"x.{suffix}") == (60, 40)
    assert read_mask_and_kind(tmp_path / f"x.{suffix}")[0].shape == (60, 40)


@pytest.mark.parametrize("damage", DAMAGES, ids=str)
def test_whatever_a_damaged_file_raises_is_said_in_words(
    tmp_path: Path, damage: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.jpg"
    Image.fromarray(wall()).save(path)

    def fail(*_: object) -> None:
        raise damage

    with monkeypatch.context() as patched:
        patched.setattr(Image.Image, "getexif", fail)
        assert read_photograph(path).shape == (40, 60, 3)
        assert size_of_photograph(path) == (40, 60)
        assert read_location(path) == Location(None, None, None)
    monkeypatch.setattr(Image, "open", fail)
    assert size_of_photograph(path) == (0, 0)
    assert read_location(path) == Location(None, None, None)
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError, match=r"x\.jpg: "):
            read(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.png")
    with pytest.raises(UnreadableImageError, match="is a pipe, socket or device, not a file"):
        read_photograph(tmp_path / "x.png")
    with pytest.raises(UnreadableImageError, match="is a pipe, socket or device, not a file"):
        read_mask_and_kind(tmp_path / "x.png")
    assert size_of_photograph(tmp_path / "x.png") == (0, 0)


def test_a_photograph_too_large_for_the_memory_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(wall()).save(tmp_path / "x.png")
    monkeypatch.setattr(pixels, "available_memory", lambda: 1000)
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError) as refused:
            read(tmp_path / "x.png")
        assert (
            "x.png: too large for the memory; cut it into parts, or make it smaller (60 x 40"
            in str(refused.value)
        )


@pytest.mark.parametrize("bands", [1, 3, 4])
def test_a_deep_png_asks_for_the_memory_that_it_takes(
    tmp_path: Path, bands: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    side, path = 1000, tmp_path / "x.png"
    values = np.full((side, side, bands), 4000, np.uint16)
    values[:99] = 50_000
    cv2.imwrite(str(path), values)
    asked: list[float] = []
    monkeypatch.setattr(photographs, "refuse_too_large", lambda *given: asked.append(given[2]))
    tracemalloc.start()
    open_photograph(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # What Pillow itself holds is not traced: up to 4 bytes a pixel.
    assert peak / side**2 + 4 <= asked[0] <= 3 * (peak / side**2 + 4)


def test_further_pages_are_told(tmp_path: Path, warned: Log) -> None:
    pages = [Image.fromarray(wall()) for _ in range(3)]
    pages[0].save(tmp_path / "x.tif", save_all=True, append_images=pages[1:])
    read_photograph(tmp_path / "x.tif")
    pages = "has 3 pages, only the first one is looked at; save the others as files"
    assert warned.messages == [f"{tmp_path / 'x.tif'}: {pages}"]


def test_many_alike_are_not_all_named(tmp_path: Path, warned: Log) -> None:
    for place in range(8):
        Image.fromarray(np.array([[0, 900]], np.uint16)).save(tmp_path / f"{place}.png")
        for _ in range(2):
            read_photograph(tmp_path / f"{place}.png")
    assert len(warned.messages) == 5
    assert warned.messages[-1].endswith("; further ones like it are not named")


def test_deep_tiff_whose_zero_is_white_is_turned_round(tmp_path: Path) -> None:
    path = tmp_path / "inverted.tif"
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(path, tiffinfo={262: 0})

    assert read_photograph(path)[0, :, 0].tolist() == [255, 0]


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 1200, dtype=np.float32).reshape(20, 20, 3),
        np.linspace(0, 1, 400, dtype=np.float16).reshape(20, 20),
        np.linspace(0, 1, 400, dtype=np.float64).reshape(20, 20),
        np.arange(400, dtype=np.uint16).reshape(20, 20),
        np.zeros((20, 20, 3), np.uint8),
    ],
)
def test_what_is_visible_is_known_of_every_file_that_is_read(
    tmp_path: Path, values: np.ndarray
) -> None:
    colours = {"photometric": "rgb"} if values.ndim == 3 else {}
    tifffile.imwrite(tmp_path / "a.tif", values, **colours)
    assert visible_part(tmp_path / "a.tif") is None
    if values.dtype.kind == "f":
        values[:8] = np.nan
        tifffile.imwrite(tmp_path / "b.tif", values, **colours)
        visible = visible_part(tmp_path / "b.tif")
        assert visible is not None
        assert not visible[:8].any()
