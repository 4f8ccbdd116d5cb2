"""Photographs of every kind are opened alike in training and prediction, or refused in words."""

import logging
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from crackseg.errors import UnreadableImageError
from crackseg.images import photographs
from crackseg.images.photographs import (
    as_rgb,
    open_photograph,
    read_photograph,
    size_of_photograph,
)
from crackseg.images.pixels import read_mask_and_kind

Log = pytest.LogCaptureFixture


def wall(height: int = 40, width: int = 60) -> np.ndarray:
    """Colours from dark to bright."""
    return np.random.default_rng(0).integers(20, 236, (height, width, 3)).astype(np.uint8)


@pytest.fixture
def warned(caplog: Log, monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    photographs._warned.clear()
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


def test_unsigned_numbers_of_32_bits_are_not_negative(tmp_path: Path) -> None:
    tifffile = pytest.importorskip("tifffile")
    values = np.array([[0, 2**31, 2**32 - 1]], np.uint32)
    tifffile.imwrite(tmp_path / "x.tif", values)
    assert read_photograph(tmp_path / "x.tif")[0, :, 0].tolist() == [0, 127, 255]


def test_arrays_are_read_as_files_are() -> None:
    assert as_rgb(np.array([[0, 4095]], np.uint16))[0, :, 0].tolist() == [0, 255]
    assert as_rgb(np.array([[0, 4095]], np.uint16), white_level=65535)[0, :, 0].tolist() == [0, 15]


def test_transparent_parts_take_the_colour_beside_them(tmp_path: Path) -> None:
    rgba = np.dstack([np.full((30, 40, 3), 150, np.uint8), np.full((30, 40), 255, np.uint8)])
    rgba[:, :20] = 0
    Image.fromarray(rgba).save(tmp_path / "x.png")
    found = open_photograph(tmp_path / "x.png")
    assert (found.rgb == 150).all()
    assert found.visible is not None
    assert not found.visible[:, : 20 + photographs.RIM_PIXELS].any()
    assert found.visible[:, 20 + photographs.RIM_PIXELS :].all()


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
    monkeypatch.setattr(photographs, "available_memory", lambda: 1000)
    with pytest.raises(UnreadableImageError) as refused:
        read_photograph(tmp_path / "x.png")
    assert "x.png: too large for the memory; cut it into parts, or make it smaller (60 x 40" in str(
        refused.value
    )


def test_further_pages_are_told(tmp_path: Path, warned: Log) -> None:
    pages = [Image.fromarray(wall()) for _ in range(3)]
    pages[0].save(tmp_path / "x.tif", save_all=True, append_images=pages[1:])
    read_photograph(tmp_path / "x.tif")
    pages = "has 3 pages, only the first one is looked at; save the others as files"
    assert warned.messages == [f"{tmp_path / 'x.tif'}: {pages}"]


def test_many_alike_are_not_all_named(tmp_path: Path, warned: Log) -> None:
    Image.fromarray(np.array([[0, 900]], np.uint16)).save(tmp_path / "x.png")
    for _ in range(8):
        read_photograph(tmp_path / "x.png")
    assert len(warned.messages) == 5
    assert warned.messages[-1].endswith("; further ones like it are not named")


def test_deep_tiff_whose_zero_is_white_is_turned_round(tmp_path: Path) -> None:
    path = tmp_path / "inverted.tif"
    Image.fromarray(np.array([[0, 65535]], np.uint16)).save(path, tiffinfo={262: 0})

    assert read_photograph(path)[0, :, 0].tolist() == [255, 0]
