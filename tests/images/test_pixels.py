"""Decoding whatever a user may have, resizing it and cutting masks."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.annotations.masks.stored import MaskKind, read_mask_and_kind
from crackseg.errors import UnreadableImageError
from crackseg.images.photographs import read_photograph
from crackseg.images.pixels import Resize, binarize, resize


def noise(height: int = 48, width: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def quadrants() -> NDArray[np.uint8]:
    """An upright picture (32, 48, 3) in which no turn or mirror image equals another."""
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :24] = (250, 10, 10)
    upright[:16, 24:] = (10, 250, 10)
    upright[16:, :24] = (10, 10, 250)
    upright[16:, 24:] = (250, 250, 250)
    return upright


# What a camera stores so that a viewer that heeds the orientation shows the upright picture.
STORED = {
    1: lambda upright: upright,
    2: lambda upright: upright[:, ::-1],
    3: lambda upright: upright[::-1, ::-1],
    4: lambda upright: upright[::-1],
    5: lambda upright: upright.swapaxes(0, 1),
    6: lambda upright: np.rot90(upright, 1),
    7: lambda upright: upright.swapaxes(0, 1)[::-1, ::-1],
    8: lambda upright: np.rot90(upright, -1),
}


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif", "webp"])
def test_lossless_rgb_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    pixels, path = noise(), tmp_path / f"x.{suffix}"
    Image.fromarray(pixels).save(path, **({"lossless": True} if suffix == "webp" else {}))
    read = read_photograph(path)
    assert read.dtype == np.uint8
    assert np.array_equal(read, pixels)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tif"])
def test_grey_fills_all_three_channels(tmp_path: Path, suffix: str) -> None:
    grey, path = noise()[:, :, 0], tmp_path / f"x.{suffix}"
    Image.fromarray(grey).save(path)
    assert np.array_equal(read_photograph(path), np.stack([grey] * 3, axis=2))
    assert np.array_equal(read_mask_and_kind(path)[0], grey)


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    indexed = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    indexed.putpalette([0, 0, 0, 200, 10, 20, 30, 40, 250])
    indexed.save(tmp_path / "x.png")
    expected = [[[0, 0, 0], [200, 10, 20]], [[30, 40, 250], [200, 10, 20]]]
    assert read_photograph(tmp_path / "x.png").tolist() == expected


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "x.jpg", quality=95)
    read = read_photograph(tmp_path / "x.jpg")
    assert read.shape == (16, 16, 3)
    assert read[..., 0].min() > 240
    assert read[..., 1:].max() < 15


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_one_bit_becomes_black_and_white(tmp_path: Path, suffix: str) -> None:
    bits = np.array([[True, False, True], [False, False, True]])
    Image.fromarray(bits).save(tmp_path / f"x.{suffix}")
    assert np.array_equal(read_mask_and_kind(tmp_path / f"x.{suffix}")[0], bits * np.uint8(255))
    assert np.array_equal(read_photograph(tmp_path / f"x.{suffix}")[..., 2], bits * np.uint8(255))


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_grey_is_scaled_over_its_full_range(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"x.{suffix}"
    Image.fromarray(np.array([[0, 257, 32768, 65535]], np.uint16)).save(path)
    assert read_photograph(path)[0, :, 0].tolist() == pytest.approx([0, 1, 127.5, 255], abs=0.5)
    assert np.array_equal(read_mask_and_kind(path)[0], read_photograph(path)[..., 1])


def test_thirty_two_bit_grey_is_taken_for_the_range_that_it_fills(tmp_path: Path) -> None:
    for name, values in (("deep", [0, 32768, 65535]), ("shallow", [0, 128, 255])):
        Image.fromarray(np.array([values], np.int32)).save(tmp_path / f"{name}.tif")
        read = read_mask_and_kind(tmp_path / f"{name}.tif")[0][0].tolist()
        assert read == pytest.approx([0, 127.5, 255], abs=0.5), name


def test_float_grey_is_taken_for_0_to_1_or_for_0_to_255(tmp_path: Path) -> None:
    for name, values in (("unit", [0, 0.5, 1]), ("bytes", [0, 127.5, 255])):
        Image.fromarray(np.array([values], np.float32)).save(tmp_path / f"{name}.tif")
        read = read_mask_and_kind(tmp_path / f"{name}.tif")[0][0].tolist()
        assert read == pytest.approx([0, 127.5, 255], abs=0.5), name
        assert read_photograph(tmp_path / f"{name}.tif").shape == (1, 3, 3)


@pytest.mark.parametrize("orientation", STORED)
def test_exif_orientation_turns_a_jpeg_upright(tmp_path: Path, orientation: int) -> None:
    stored = np.ascontiguousarray(STORED[orientation](quadrants()))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "x.jpg"
    Image.fromarray(stored).save(path, quality=95, subsampling=0, exif=exif)
    read = read_photograph(path)
    assert read.shape == quadrants().shape
    assert np.abs(read.astype(int) - quadrants()).max() < 20
    Image.fromarray(stored[:, :, 0]).save(path, quality=95, exif=exif)
    assert np.abs(read_mask_and_kind(path)[0].astype(int) - quadrants()[:, :, 0]).max() < 20


def test_a_mask_is_not_cut_when_it_is_read(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    Image.fromarray(grey).save(tmp_path / "x.png")
    assert np.array_equal(read_mask_and_kind(tmp_path / "x.png")[0], grey)


def kind_of(path: Path) -> tuple[list[list[int]], MaskKind]:
    grey, kind = read_mask_and_kind(path)
    assert grey.dtype == np.uint8
    assert np.array_equal(read_mask_and_kind(path)[0], grey)
    return grey.tolist(), kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 128, 255], "grey"),
        ([1, 254, 1], "grey"),
        ([0, 255, 0], "binary"),
        ([0, 0, 0], "binary"),
    ],
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA"])
def test_a_mask_between_black_and_white_is_grey_else_binary(
    tmp_path: Path, values: list[int], kind: MaskKind, mode: str
) -> None:
    Image.fromarray(np.array([values], np.uint8)).convert(mode).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([values], kind)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("values", [[0, 1, 0], [1, 1, 1]])
def test_a_mask_of_zeros_and_ones_is_not_black(
    tmp_path: Path, mode: str, values: list[int]
) -> None:
    image = Image.fromarray(np.array([values], np.uint8))
    if mode == "P":
        image.putpalette([0, 0, 0, 1, 1, 1])
    image.convert(mode).save(tmp_path / "x.png")
    white = [value * 255 for value in values]
    assert kind_of(tmp_path / "x.png") == ([white], "zero_one")


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float32])
def test_zeros_and_ones_of_every_depth_are_not_black(
    tmp_path: Path, dtype: type[np.generic]
) -> None:
    Image.fromarray(np.array([[0, 1, 0]], dtype)).save(tmp_path / "x.tif")
    assert kind_of(tmp_path / "x.tif") == ([[0, 255, 0]], "zero_one")


@pytest.mark.parametrize(
    ("values", "expected", "kind"),
    [
        ([0, 255, 0], [0, 255, 0], "binary"),
        ([0, 100, 255], [0, 100, 255], "grey"),
        ([0, 0, 0], [0, 0, 0], "binary"),
        ([0, 0, 65535], [0, 0, 255], "binary"),
        ([0, 0, 300], [0, 0, 1], "grey"),
    ],
)
def test_a_sixteen_bit_mask_that_holds_eight_bits_is_taken_for_them(
    tmp_path: Path, values: list[int], expected: list[int], kind: MaskKind
) -> None:
    Image.fromarray(np.array([values], np.uint16)).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([expected], kind)


def test_a_float_mask_between_0_and_1_is_grey(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 0.5, 1]], np.float32)).save(tmp_path / "x.tif")
    assert kind_of(tmp_path / "x.tif") == ([[0, 127, 255]], "grey")


def test_one_bit_is_binary(tmp_path: Path) -> None:
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([[255, 0]], "binary")


def indexed(path: Path, colours: list[int], **options: int | bytes) -> Path:
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    image.putpalette(colours)
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("colours", "expected"),
    [
        ([255, 255, 255, 0, 0, 0, 90, 90, 90], [[255, 0], [90, 0]]),
        ([0, 0, 0, 128, 0, 0, 0, 128, 0], [[0, 255], [255, 255]]),
        ([0, 0, 0, 10, 10, 12, 20, 20, 20], [[0, 255], [255, 255]]),
        # A colour that no pixel has decides nothing.
        ([0, 0, 0, 200, 200, 200, 7, 7, 7, 250, 0, 0], [[0, 200], [7, 200]]),
    ],
)
def test_a_palette_of_greys_is_looked_up_and_one_of_colours_names_classes(
    tmp_path: Path, colours: list[int], expected: list[list[int]]
) -> None:
    assert kind_of(indexed(tmp_path / "x.png", colours)) == (expected, "palette")


def test_a_palette_whose_entries_are_transparent_in_part_is_painted(tmp_path: Path) -> None:
    colours = [200, 0, 0, 0, 0, 0, 250, 0, 0]
    painted = indexed(tmp_path / "x.png", colours, transparency=1)
    assert kind_of(painted) == ([[255, 0], [255, 0]], "alpha")
    opaque = indexed(tmp_path / "y.png", colours, transparency=b"\x80\x80\x80")
    assert kind_of(opaque) == ([[0, 255], [255, 255]], "palette")


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_cracks_painted_on_transparency_are_where_it_is_opaque(tmp_path: Path, mode: str) -> None:
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[0, :, :3] = 255
    rgba[:, 0, 3] = (255, 90)
    Image.fromarray(rgba).convert(mode).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([[255, 0], [90, 0]], "alpha")


@pytest.mark.parametrize("opacity", [0, 128, 255])
def test_an_opacity_that_is_the_same_everywhere_is_dropped(tmp_path: Path, opacity: int) -> None:
    rgba = np.full((1, 3, 4), opacity, np.uint8)
    rgba[0, :, :3] = [[0], [255], [70]]
    Image.fromarray(rgba).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([[0, 255, 70]], "grey")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK"])
def test_a_pure_colour_is_as_much_crack_as_white(tmp_path: Path, mode: str) -> None:
    rgb = np.array([[[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    suffix = "tif" if mode == "CMYK" else "png"
    Image.fromarray(rgb).convert(mode).save(tmp_path / f"x.{suffix}")
    assert kind_of(tmp_path / f"x.{suffix}") == ([[0, 255, 255, 255]], "colour")


def test_a_dark_colour_is_a_mask_of_zeros_and_ones(tmp_path: Path) -> None:
    Image.fromarray(np.array([[[0, 0, 0], [1, 0, 0]]], np.uint8)).save(tmp_path / "x.png")
    assert kind_of(tmp_path / "x.png") == ([[0, 255]], "zero_one")


@pytest.mark.parametrize("read", [read_photograph, read_mask_and_kind])
@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "bmp", "webp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file_is_refused_by_name(
    tmp_path: Path, read: Callable[[Path], NDArray[np.uint8]], suffix: str, share: float
) -> None:
    path = tmp_path / f"crack 7.{suffix}"
    Image.fromarray(noise()).save(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    start = re.escape(f"{path}: cannot be decoded as an image (")
    with pytest.raises(UnreadableImageError, match=f"^{start}.+\\)$") as caught:
        read(path)
    assert str(caught.value).count(str(path)) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no photograph at all\n", "it is of no known format"),
        (b"", "it is empty"),
        (b"PK\x03\x04 and so on", "it is an archive: unpack it, and name the folder"),
        (b"\n<!DOCTYPE html><p>404", "it is a web page, as a failed download leaves"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "it is a film: save single frames of it"),
        (b"RIFF\x10\0\0\0AVI LIST", "it is a film"),
        (b"\0\0\0\x1cftypavif", "it is an AVIF picture: save it as JPEG or PNG"),
        (b"%PDF-1.7", "it is a PDF document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4", "it is a pointer of Git LFS"),
    ],
)
def test_what_is_no_image_is_refused_by_what_it_is(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "wall.jpg"
    path.write_bytes(content)
    message = re.escape(f"{path}: cannot be decoded as an image ({said}")
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError, match=f"^{message}"):
            read(path)


@pytest.mark.parametrize("ending", ["tif", "gif"])
def test_a_mask_of_several_pages_is_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"classes.{ending}"
    rust, crack = (Image.fromarray(np.eye(8, k=k, dtype=np.uint8) * 255) for k in (0, 3))
    rust.save(path, save_all=True, append_images=[crack])
    message = f"{path}: has 2 pages, and which of them shows cracks is not known; save that one"
    with pytest.raises(UnreadableImageError, match=f"^{re.escape(message)}"):
        read_mask_and_kind(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "gone.png"
    for read in (read_photograph, read_mask_and_kind):
        with pytest.raises(UnreadableImageError) as caught:
            read(path)
        assert str(caught.value) == f"{path}: there is no such file"


def test_a_folder_named_like_an_image_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "folder.png"
    path.mkdir()
    with pytest.raises(UnreadableImageError, match=f"^{re.escape(str(path))}: is a folder"):
        read_photograph(path)


def test_area_takes_the_mean_when_it_shrinks() -> None:
    image = noise(12, 18)
    shrunk = resize(image, (4, 6))
    means = image.reshape(4, 3, 6, 3, 3).mean(axis=(1, 3))
    assert shrunk.dtype == np.uint8
    assert np.abs(shrunk - means).max() <= 0.51


def test_area_is_linear_when_it_grows() -> None:
    grown = resize(np.array([[0, 100]], np.uint8), (1, 4))
    assert grown.tolist() == [[0, 25, 75, 100]]
    image = noise(6, 8)
    assert np.array_equal(resize(image, (11, 24)), resize(image, (11, 24), "bilinear"))


def test_area_takes_the_mean_of_one_side_and_is_linear_on_the_other() -> None:
    # The means of four rows are 1; the bilinear samples between the two middle ones are 0.
    rows = np.array([2, 0, 0, 2, 2, 0, 0, 2], np.uint8)
    columns = np.array([0, 100], np.uint8)
    image = np.outer(rows, columns)
    assert resize(image, (2, 4)).tolist() == [[0, 25, 75, 100]] * 2
    assert resize(image.T, (4, 2)).T.tolist() == [[0, 25, 75, 100]] * 2
    assert not resize(image, (2, 4), "bilinear").any()


def test_bilinear_samples_four_neighbours_where_area_averages_all() -> None:
    image = noise(64, 64)
    sampled = resize(image, (16, 16), "bilinear").astype(int)
    # The centre of four pixels lies between the second and the third.
    four = image.reshape(16, 4, 16, 4, 3)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    assert np.abs(sampled - four).max() <= 1
    assert np.abs(sampled - resize(image, (16, 16), "area")).mean() > 10


def test_a_thin_crack_fades_by_area_and_vanishes_by_bilinear() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 32] = 255
    faded = resize(mask, (16, 16), "area")
    assert faded[:, 8].tolist() == [64] * 16
    assert faded.sum() == 64 * 16
    assert not resize(mask, (16, 16), "bilinear").any()


@pytest.mark.parametrize("how", ["area", "bilinear"])
def test_the_same_size_is_left_untouched(how: Resize) -> None:
    image = noise(16, 24)
    assert np.array_equal(resize(image, (16, 24), how), noise(16, 24))


@pytest.mark.parametrize("how", ["area", "bilinear"])
@pytest.mark.parametrize("size", [(10, 20), (100, 120), (10, 120), (100, 20), (1, 1)])
def test_resize_gives_height_then_width(how: Resize, size: tuple[int, int]) -> None:
    assert resize(noise(), size, how).shape == (*size, 3)
    assert resize(noise()[..., 0], size, how).shape == size


@pytest.mark.parametrize("threshold", [0, 127, 254])
def test_the_cut_is_crack_only_above_the_threshold(threshold: int) -> None:
    mask = np.arange(256, dtype=np.uint8).reshape(16, 16)
    crack = binarize(mask, threshold)
    assert crack.dtype == np.bool_
    assert crack.sum() == 255 - threshold
    assert not crack.flat[threshold]
    assert crack.flat[threshold + 1]


def zeroed(content: bytes, share: float) -> bytes:
    kept = round(len(content) * share)
    return content[:kept] + bytes(len(content) - kept)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"exif": True}])
def test_a_jpeg_file_whose_end_never_came_is_refused(
    tmp_path: Path, share: float, options: dict[str, bool]
) -> None:
    """As a download or a memory card leaves it; it was read as grey from there on."""
    path = tmp_path / "wall.jpg"
    if options.pop("exif", False):
        # A thumbnail in it has an end of its own.
        exif = Image.Exif()
        exif[0x010E] = "\xff\xd8 small \xff\xd9"
        options["exif"] = exif  # type: ignore[assignment]
    Image.fromarray(noise(240, 320)).save(path, quality=95, **options)
    whole = path.read_bytes()
    path.write_bytes(zeroed(whole, share))
    with pytest.raises(UnreadableImageError, match=r"wall\.jpg: cannot be decoded"):
        read_photograph(path)
    # What some programs add behind the end does no harm.
    path.write_bytes(whole + bytes(4096))
    assert read_photograph(path).shape == (240, 320, 3)
