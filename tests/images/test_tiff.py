"""TIFF files of every depth, sign, order of bytes and bands are read as what they hold."""

import logging
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.errors import UnreadableImageError
from crackseg.images import notices
from crackseg.images.conversion import is_opaque
from crackseg.images.photographs import open_photograph, read_photograph, size_of_photograph


def wall() -> np.ndarray:
    """Colours (40, 60, 3) from dark to bright."""
    return np.random.default_rng(0).integers(20, 236, (40, 60, 3)).astype(np.uint8)


GREY: Mapping[str, Any] = {}
RGB: Mapping[str, Any] = {"photometric": "rgb"}
PLANAR = {**RGB, "planarconfig": "separate"}


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (lambda rgb: (rgb[..., 0] // 2).astype(np.int8), GREY),
        (lambda rgb: rgb[..., 0].astype(np.int16) * 128, GREY),
        (lambda rgb: rgb.astype(np.int16) * 128, RGB),
        (lambda rgb: rgb[..., 0].astype(np.int32) * 257, GREY),
        (lambda rgb: rgb[..., 0].astype(np.int64) * 257, GREY),
        (lambda rgb: rgb[..., 0].astype(np.uint32), GREY),
        (lambda rgb: rgb[..., 0].astype(np.uint32) * 16843009, {"byteorder": ">"}),
        (lambda rgb: rgb.astype(np.uint32) * 16843009, RGB),
        (lambda rgb: rgb[..., 0].astype(np.uint16) * 257, {"byteorder": ">"}),
        (lambda rgb: rgb.astype(np.uint16) * 257, {**RGB, "byteorder": ">"}),
        (lambda rgb: rgb.astype(np.uint16) * 257, {**RGB, "bigtiff": True}),
        (lambda rgb: rgb.astype(np.uint16) * 257, {**RGB, "tile": (32, 32)}),
        (lambda rgb: rgb.astype(np.uint16) * 257, {**RGB, "compression": "zlib"}),
        (lambda rgb: rgb.transpose(2, 0, 1), PLANAR),
        (lambda rgb: rgb.transpose(2, 0, 1).astype(np.uint16) * 257, PLANAR),
        (lambda rgb: (rgb[..., 0] / 255).astype(np.float16), GREY),
        (lambda rgb: rgb[..., 0].astype(np.float16), GREY),
        (lambda rgb: rgb[..., 0] / 255, GREY),
        (lambda rgb: rgb[..., 0].astype(np.float64), GREY),
        (lambda rgb: (rgb / 255).astype(np.float32), RGB),
        (lambda rgb: 65535 - rgb[..., 0].astype(np.uint16) * 257, {"photometric": "miniswhite"}),
        (
            lambda rgb: 2**32 - 1 - rgb[..., 0].astype(np.uint32) * 16843009,
            {"photometric": "miniswhite"},
        ),
    ],
)
def test_values_of_every_kind_are_those_of_8_bits(
    tmp_path: Path, values: Callable[[np.ndarray], np.ndarray], options: Mapping[str, Any]
) -> None:
    rgb = wall()
    rgb[0, :2] = 255
    given = values(rgb)
    tifffile.imwrite(tmp_path / "x.tif", given, **options)
    wanted = rgb if 3 in given.shape else np.repeat(rgb[:, :, :1], 3, axis=2)
    assert np.abs(read_photograph(tmp_path / "x.tif").astype(int) - wanted).max() <= 2


def test_a_band_is_the_opacity_only_if_the_file_says_so(tmp_path: Path) -> None:
    rgb = wall().astype(np.uint16) * 257
    half = np.full((40, 60, 1), 65535, np.uint16)
    half[:, :30] = 0
    for name, extra in (("unassalpha", False), ("unspecified", True)):
        bands = np.concatenate([rgb, half], axis=2)
        tifffile.imwrite(tmp_path / "x.tif", bands, photometric="rgb", extrasamples=[name])
        assert (open_photograph(tmp_path / "x.tif").visible is None) == extra
        grey = np.concatenate([rgb[..., :1], half], axis=2)
        tifffile.imwrite(
            tmp_path / "x.tif",
            grey,
            photometric="minisblack",
            planarconfig="contig",
            extrasamples=[name],
        )
        assert (open_photograph(tmp_path / "x.tif").visible is None) == extra
    bands = np.concatenate([rgb, half, half], axis=2)
    tifffile.imwrite(tmp_path / "x.tif", bands, photometric="rgb", extrasamples=["unspecified"] * 2)
    assert np.array_equal(read_photograph(tmp_path / "x.tif"), wall())


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float16])
def test_files_that_lie_on_their_side_are_turned_once(
    tmp_path: Path, orientation: int, kind: type[np.generic]
) -> None:
    turned = {
        1: lambda upright: upright,
        2: np.fliplr,
        3: lambda upright: np.rot90(upright, 2),
        4: np.flipud,
        5: np.transpose,
        6: np.rot90,
        7: lambda upright: np.rot90(upright, 2).T,
        8: lambda upright: np.rot90(upright, -1),
    }[orientation]
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 51
    scale = 257 if kind is np.uint16 else 1
    tifffile.imwrite(
        tmp_path / "x.tif",
        np.ascontiguousarray(turned(upright)).astype(kind) * kind(scale),
        extratags=[(274, 3, 1, orientation, True)],
    )
    assert np.array_equal(read_photograph(tmp_path / "x.tif")[:, :, 0], upright)
    assert np.array_equal(read_mask_and_kind(tmp_path / "x.tif")[0], upright)
    assert size_of_photograph(tmp_path / "x.tif") == (2, 3)


@pytest.mark.parametrize(
    ("kind", "missing", "tags"),
    [
        ("f4", np.nan, []),
        ("f4", -9999, []),
        ("f4", -3.4e38, []),
        ("i2", -9999, []),
        ("u2", 65535, [(42113, 2, 0, "65535", True)]),
        ("u2", 0, [(42113, 2, 0, "0", True)]),
        ("u1", 255, [(42113, 2, 0, "255", True)]),
    ],
)
def test_parts_of_a_map_without_data_are_not_looked_at(
    tmp_path: Path, kind: str, missing: float, tags: list[Any]
) -> None:
    values = wall()[:, :, 0].astype(kind)
    values[20, 30] = 0
    whole = values.copy()
    values[:, :20] = missing
    tifffile.imwrite(tmp_path / "x.tif", values, extratags=tags)
    found = open_photograph(tmp_path / "x.tif")
    assert found.visible is not None
    assert not found.visible[:, :20].any()
    assert found.visible[:, 25:].all()
    assert np.array_equal(found.rgb[:, 25:, 0], whole[:, 25:].astype(np.uint8))


@pytest.mark.parametrize("bands", [2, 5])
def test_bands_of_which_none_is_said_to_be_a_colour_are_refused(tmp_path: Path, bands: int) -> None:
    path = tmp_path / "x.tif"
    values = np.zeros((8, 8, bands), np.uint16)
    tifffile.imwrite(path, values, photometric="minisblack", planarconfig="contig")
    if bands == 2:
        # A second band beside grey is no colour either, and is passed over.
        assert read_photograph(path).shape == (8, 8, 3)
        return
    message = (
        f"{path}: cannot be decoded as an image (it is a TIFF file of 16-bit whole numbers, bands: "
        "5, compression: raw, and damaged or of a kind that is not read; save it as RGB or grey of "
        "8 or 16 bits)"
    )
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError, match=f"^{re.escape(message)}$"):
            read(path)


@pytest.mark.parametrize("options", [GREY, PLANAR, RGB])
@pytest.mark.parametrize("kind", ["u2", "f2", "f8"])
def test_truncated_deep_files_are_refused_without_noise(
    tmp_path: Path, kind: str, options: Mapping[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    shape = (40, 60) if options is GREY else (3, 40, 60) if options is PLANAR else (40, 60, 3)
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.ones(shape, kind), **options)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(UnreadableImageError, match="cannot be decoded as an image"):
        read_photograph(path)
    assert "OpenCV" not in capfd.readouterr().err


def test_damage_within_compressed_bands_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    values = np.stack([wall()[:, :, 0]] * 3).astype(np.uint16)
    tifffile.imwrite(path, values, **PLANAR, compression="zlib")
    data = bytearray(path.read_bytes())
    data[-2000:-1000] = bytes(1000)
    path.write_bytes(data)
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError, match=r"x\.tif: cannot be decoded as an image"):
            read(path)


def masked(path: Path, values: np.ndarray, shows: np.ndarray) -> Path:
    """A file with GDAL's mask in it, and smaller copies of both."""
    with tifffile.TiffWriter(path) as file:
        kind = "rgb" if values.ndim == 3 else "minisblack"
        file.write(values, photometric=kind)
        file.write(shows, photometric="mask", subfiletype=4)
        file.write(values[::2, ::2], photometric=kind, subfiletype=1)
        file.write(shows[::2, ::2], photometric="mask", subfiletype=5)
    return path


@pytest.mark.parametrize("kind", ["colours", "deep"])
def test_the_mask_of_a_map_hides_what_it_does_not_show(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    shows = np.ones((40, 60), bool)
    shows[:, :7] = False
    values = wall() if kind == "colours" else wall()[..., 0].astype(np.uint16) * 257
    with caplog.at_level(logging.WARNING):
        found = open_photograph(masked(tmp_path / "map.tif", values, shows))
    assert found.visible is not None
    # What is left beside it is no longer sure either.
    assert not found.visible[~shows].any()
    assert found.visible[:, 12:].all()
    np.testing.assert_array_equal(found.rgb[:, 12:, 0], wall()[:, 12:, 0])
    assert caplog.messages == []


def test_smaller_copies_are_no_pages(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with tifffile.TiffWriter(tmp_path / "cog.tif") as file:
        file.write(wall(), photometric="rgb")
        file.write(wall()[::2, ::2], photometric="rgb", subfiletype=1)
    with caplog.at_level(logging.WARNING):
        found = open_photograph(tmp_path / "cog.tif")
    np.testing.assert_array_equal(found.rgb, wall())
    assert found.visible is None
    assert caplog.messages == []


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "map.tif") as file:
        file.write(wall(), photometric="rgb")
        file.write(np.ones((5, 6), bool), photometric="mask", subfiletype=4)
    with pytest.raises(UnreadableImageError, match="mask of what is shown has another size"):
        open_photograph(tmp_path / "map.tif")


def test_further_pages_of_deep_files_are_told_and_those_of_masks_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    notices._warned.clear()
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, np.ones((3, 8, 8), np.int16), photometric="minisblack")
    read_photograph(path)
    told = f"{path}: has 3 pages, only the first one is looked at; save the others as files"
    assert [message for message in caplog.messages if "has" in message] == [told]
    with pytest.raises(UnreadableImageError, match="has 3 pages, and which of them shows cracks"):
        read_mask_and_kind(path)


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (lambda mask: mask.astype(np.int8), GREY),
        (lambda mask: -mask.astype(np.int8), GREY),
        (lambda mask: mask.astype(np.int64), GREY),
        (lambda mask: mask.astype(np.uint32) * 255, {"byteorder": ">"}),
        (lambda mask: mask * 255.0, GREY),
        (lambda mask: np.stack([mask] * 3).astype(np.uint16) * 65535, PLANAR),
        (lambda mask: 65535 - mask.astype(np.uint16) * 65535, {"photometric": "miniswhite"}),
    ],
)
def test_masks_of_every_depth(
    tmp_path: Path, values: Callable[[np.ndarray], np.ndarray], options: Mapping[str, Any]
) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:8] = 1
    tifffile.imwrite(tmp_path / "x.tif", values(mask), **options)
    assert np.array_equal(read_mask_and_kind(tmp_path / "x.tif")[0], mask * 255)


def test_masks_with_negative_values_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", np.array([[-4, 4]], np.float32))
    with pytest.raises(UnreadableImageError, match="holds negative values, which mean nothing in"):
        read_mask_and_kind(tmp_path / "x.tif")


def test_transparent_grey_of_16_bits(tmp_path: Path) -> None:
    values = np.full((30, 40), 30000, np.uint16)
    values[:, :20] = 7
    Image.fromarray(values).save(tmp_path / "x.png", transparency=7)
    found = open_photograph(tmp_path / "x.png")
    assert found.visible is not None
    assert not found.visible[:, :20].any()
    assert (found.rgb == 30000 // 257).all()


def test_colours_of_16_bits_in_a_png_file_on_its_side_are_turned(tmp_path: Path) -> None:
    upright = wall()
    stored = np.ascontiguousarray(np.rot90(upright)).astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (1, 1)).save(tmp_path / "tag.png", exif=exif)
    cv2.imwrite(str(tmp_path / "x.png"), stored[..., ::-1])
    data, tag = ((tmp_path / name).read_bytes() for name in ("x.png", "tag.png"))
    start = tag.index(b"eXIf") - 4
    chunk = tag[start : start + 12 + int.from_bytes(tag[start : start + 4], "big")]
    (tmp_path / "x.png").write_bytes(data[:33] + chunk + data[33:])
    assert np.array_equal(read_photograph(tmp_path / "x.png"), upright)


def test_opacity_of_fewer_bits_than_its_type_has() -> None:
    """Those of 12 bits stand in 16, where 4095 is less than half."""
    alpha = np.array([[4095, 2048, 2047, 0]], np.uint16)
    assert is_opaque(alpha, bits=12).tolist() == [[True, True, False, False]]
    assert not is_opaque(alpha).any()


def test_a_damaged_part_of_a_packed_file_is_refused(tmp_path: Path) -> None:
    """OpenCV gives back what it could read, and noise for the rest."""
    path = tmp_path / "deep.tif"
    rows = np.random.default_rng(3).integers(30000, 30400, (240, 320), np.uint16)
    tifffile.imwrite(path, rows, compression="zlib", rowsperstrip=48)
    assert read_photograph(path).shape == (240, 320, 3)
    with tifffile.TiffFile(path) as file:
        page = file.pages.first
        start = page.dataoffsets[4] + page.databytecounts[4] // 2
    content = bytearray(path.read_bytes())
    content[start : start + 300] = bytes(300)
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=r"part 5 of its picture is damaged"):
        read_photograph(path)


def test_a_file_of_complex_numbers_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "radar.tif", (wall()[..., 0] * (1 + 2j)).astype(np.complex64))
    with pytest.raises(UnreadableImageError, match=r"radar\.tif: cannot be decoded"):
        read_photograph(tmp_path / "radar.tif")


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "packbits"])
@pytest.mark.parametrize("damage", [bytes(200), b"\xff" * 200])
def test_a_damaged_part_of_8_bits_is_refused(
    tmp_path: Path, compression: str, damage: bytes
) -> None:
    """Pillow stops at the last pixel of a part and does not look at its end."""
    path, mask = tmp_path / "x.tif", np.kron(wall()[..., 0] > 128, np.ones((6, 6)))
    for pixels in (
        np.random.default_rng(3).integers(0, 9, (240, 320, 3), np.uint8),
        mask.astype(np.uint8) * 255,
    ):
        Image.fromarray(pixels).save(path, compression=compression)
        np.testing.assert_array_equal(np.array(Image.open(path)), pixels)
        with tifffile.TiffFile(path) as file:
            start, length = file.pages.first.dataoffsets[0], file.pages.first.databytecounts[0]
        content = bytearray(path.read_bytes())
        damaged = damage[: length // 2]
        content[start + length // 4 : start + length // 4 + len(damaged)] = damaged
        path.write_bytes(content)
        for read in (read_photograph, read_mask_and_kind):
            with pytest.raises(UnreadableImageError, match="part 1 of its picture is damaged"):
                read(path)


@pytest.mark.parametrize("kind", [0, 1])
@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_smaller_copy_before_the_photograph_is_not_taken_for_it(
    tmp_path: Path, kind: int, depth: type
) -> None:
    for subifds in (0, 1):
        with tifffile.TiffWriter(tmp_path / "scan.tif") as file:
            small = wall()[::4, ::4].astype(depth)
            file.write(small, photometric="rgb", subfiletype=kind, subifds=subifds)
            file.write(wall().astype(depth), photometric="rgb")
        height, width = wall().shape[:2]
        for read in (read_photograph, read_mask_and_kind):
            with pytest.raises(UnreadableImageError, match=f"another one in it, {width}x{height};"):
                read(tmp_path / "scan.tif")
