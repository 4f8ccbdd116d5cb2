"""Which value of a deep picture is white."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.images.bit_depth import (
    Levels,
    find_levels,
    is_measured,
    png_white,
    to_8_bits,
)
from crackseg.images.tiff.header import read_tiff_header


@pytest.mark.parametrize(
    ("highest", "white"),
    [(200, 255), (1000, 1023), (4000, 4095), (16000, 16383), (65000, 65535), (2**20, 2**24 - 1)],
)
def test_white_is_that_of_the_bits_in_use(highest: int, white: int) -> None:
    levels = find_levels(np.array([0, highest]))
    assert (levels.black, levels.white) == (0, white)
    assert bool(levels.note) == (white != 65535)


def test_what_the_file_declares_is_believed_without_a_word() -> None:
    assert find_levels(np.array([0, 900]), declared=4095.0) == (0, 4095, "")


def test_what_the_file_declares_is_not_believed_where_values_are_larger() -> None:
    assert find_levels(np.array([0, 60000]), declared=4095.0).white == 65535


def test_the_user_overrules_everything() -> None:
    assert find_levels(np.array([0, 900]), declared=4095.0, white_level=800) == (0, 800, "")


def test_floats_from_0_to_1_and_to_255_are_ordinary() -> None:
    assert find_levels(np.array([0.0, 0.5])) == (0, 1, "")
    assert find_levels(np.array([0.0, 200.5])) == (0, 255, "")
    assert find_levels(np.array([0.0, 65535.0])).white == 65535


def test_what_is_not_a_number_decides_nothing() -> None:
    values = np.array([np.nan, np.inf, -np.inf, 0.5, 1.0])
    assert to_8_bits(values, find_levels(values)).tolist() == [0, 255, 0, 127, 255]


def test_negative_values_are_stretched_and_told() -> None:
    levels = find_levels(np.array([-100, 0, 100], np.int16))
    assert (levels.black, levels.white) == (-100, 100)
    assert "negative values: read from -100 (black) to 100 (white)" in levels.note
    assert to_8_bits(np.array([-100, 0, 100], np.int16), levels).tolist() == [0, 127, 255]


def test_whole_numbers_are_scaled_exactly() -> None:
    values = np.arange(65536, dtype=np.uint16)
    scaled = to_8_bits(values, find_levels(values))
    assert np.array_equal(scaled, values // 257)


def test_tiff_and_png_declare_their_white(tmp_path: Path) -> None:
    values = np.array([[0, 100, 4095]], np.uint16)
    Image.fromarray(values).save(tmp_path / "x.tif", tiffinfo={281: 4095})
    Image.fromarray(values).save(tmp_path / "plain.png")
    data = (tmp_path / "plain.png").read_bytes()
    chunk = b"sBIT" + bytes([12])
    chunk = bytes([0, 0, 0, 1]) + chunk + zlib.crc32(chunk).to_bytes(4, "big")
    # Behind the signature and the header chunk.
    (tmp_path / "x.png").write_bytes(data[:33] + chunk + data[33:])
    tiff = read_tiff_header(tmp_path / "x.tif")
    assert tiff is not None
    assert tiff.declared_white == 4095.0
    assert png_white(tmp_path / "x.png") == 4095.0
    assert png_white(tmp_path / "plain.png") is None


def picture(white: float, kind: str) -> np.ndarray:
    """Values from black to nearly white, as many as a small picture has."""
    return (np.linspace(0, 0.9, 5000) * white).astype(kind)


@pytest.mark.parametrize("hot", [4096, 16383, 65535])
def test_faulty_pixels_do_not_turn_a_picture_dark(hot: int) -> None:
    values = picture(4095, "u2")
    values[7] = hot
    levels = find_levels(values)
    assert levels.white == 4095
    assert levels.note == (
        f"it is read from 0 (black) to 4095 (white), and 1 of its values, from 0 to {hot}, are "
        "beyond that"
    )
    assert to_8_bits(values, levels)[7] == 255


@pytest.mark.parametrize("share", [0.0012, 0.007, 0.25])
@pytest.mark.parametrize(
    ("drawn", "kind", "scale", "white"),
    [
        (65535, "u2", 2800, 4095),
        (32767, "u2", 2800, 4095),
        (255, "f4", 0.8, 1),
        (9999, "f4", 0.8, 1),
        (1e20, "f4", 0.8, 1),
    ],
)
def test_what_is_drawn_on_a_picture_does_not_turn_it_dark(
    drawn: float, kind: str, scale: float, white: int, share: float
) -> None:
    """A scale bar, a border, saturated pixels."""
    picture = (np.random.default_rng(0).random(40_000) * scale).astype(kind)
    picture[: int(share * picture.size)] = drawn
    levels = find_levels(picture)
    assert levels.white == white
    assert f"{int(share * picture.size):,} of its values, {drawn:g} and more" in levels.note


def test_bright_lights_and_masks_are_not_drawn_on_a_picture() -> None:
    falling = np.geomspace(1, 65535, 40_000).astype(np.uint16)
    mask = np.repeat(np.array([0, 1, 2, 65535], np.uint16), 10_000)
    assert find_levels(falling).white == find_levels(mask).white == 65535


def test_a_photograph_that_was_exposed_for_too_long_stays_as_it_is() -> None:
    wall = np.full(100_000, 65535, np.uint16)
    wall[:3_000] = np.linspace(1_000, 15_000, 3_000)
    assert find_levels(wall) == (0.0, 65535.0, "")


@pytest.mark.parametrize(("kind", "white"), [("i1", 127), ("i2", 32767)])
def test_the_bit_of_the_sign_is_not_of_the_depth(kind: str, white: int) -> None:
    assert find_levels(picture(white, kind)) == (0, white, "")


@pytest.mark.parametrize("beyond", [1.02, 1.8, 900, -0.01])
def test_floats_a_little_beyond_black_and_white_are_clipped_and_told(beyond: float) -> None:
    values = picture(1, "f4")
    values[7] = beyond
    levels = find_levels(values)
    assert (levels.black, levels.white) == (0, 1)
    assert "1 of its values" in levels.note


def test_floats_that_sharpening_made_larger_than_1_are_not_those_of_8_bits() -> None:
    assert find_levels(np.array([-0.1, 0.5, 1.3], np.float32))[:2] == (0, 1)


@pytest.mark.parametrize("missing", [-9999, -32768, -3.4028235e38, 3.4028235e38])
def test_number_for_missing_data_does_not_move_black_or_white(missing: float) -> None:
    values = np.array([0, 100, 200, missing], np.float32)

    levels = find_levels(values)

    assert (levels.black, levels.white) == (0, 255)
    assert to_8_bits(values, levels)[:3].tolist() == [0, 100, 200]


@pytest.mark.parametrize("missing", [-9999, -10000, -32767, -32768, -99999])
def test_numbers_of_missing_data_are_no_darkness(missing: float) -> None:
    values = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    values[:5] = missing
    assert find_levels(values) == Levels(0.0, 1.0, "")
    assert not is_measured(values)[:5].any()


@pytest.mark.parametrize(
    ("low", "high", "black"), [(20, 30, 20.0), (1, 100, 0.0), (290, 315, 290.0)]
)
def test_floats_that_measure_something_are_read_over_their_range_and_told(
    low: float, high: float, black: float
) -> None:
    """Temperatures and shares in per cent came out nearly black, or all of one grey."""
    values = np.linspace(low, high, 400, dtype=np.float32).reshape(20, 20)
    levels = find_levels(values)
    assert (levels.black, levels.white) == (black, high)
    assert levels.note == (
        "its values are floats neither from 0 to 1 nor to 255: read from "
        f"{black:g} (black) to {high:g} (white), which differs between files"
    )


@pytest.mark.parametrize("high", [1.0, 1.5, 200.0, 255.0, 4095.0, 65535.0])
def test_floats_of_usual_ranges_are_read_as_before(high: float) -> None:
    values = np.linspace(high / 2, high, 400, dtype=np.float32)
    assert "neither" not in find_levels(values).note
