"""What is measured of a pair."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from crackseg.data.analysis.inspection import Inspection, Unreadable, inspect, inspect_all
from crackseg.data.discovery.pairs import Pair

GREY = np.full((40, 50, 3), 160, np.uint8)


def write(
    root: Path, mask: NDArray[np.uint8], photograph: NDArray[np.uint8] = GREY, stem: str = "a"
) -> Pair:
    pair = Pair(stem, f"images/{stem}.png", f"masks/{stem}.png")
    for name, content in ((pair.image, photograph), (pair.mask, mask)):
        (root / name).parent.mkdir(exist_ok=True)
        Image.fromarray(content).save(root / name)
    return pair


def banded(*values: int) -> NDArray[np.uint8]:
    """A mask (40, 50) of bands, each of one value."""
    return np.repeat(np.array(values, np.uint8), 40 // len(values))[:, None].repeat(50, axis=1)


def looked(root: Path, mask: NDArray[np.uint8], photograph: NDArray[np.uint8] = GREY) -> Inspection:
    found = inspect(root, write(root, mask, photograph))
    assert isinstance(found, Inspection)
    return found


def test_values_and_shares_are_counted(tmp_path: Path) -> None:
    found = looked(tmp_path, banded(0, 0, 15, 16, 127, 128, 239, 240))
    assert found.values.sum() == 40 * 50
    assert found.values[[0, 15, 240]].tolist() == [500, 250, 250]
    assert [found.crack_pixels(cut) for cut in (0, 64, 127)] == [1500, 1000, 750]
    assert found.crack_share == 3 / 8
    assert found.soft_share == 4 / 8
    assert found.mask_kind == "grey"


def test_sizes_are_height_and_width(tmp_path: Path) -> None:
    found = looked(tmp_path, banded(0, 255)[:30])
    assert (found.image_size, found.mask_size) == ((40, 50), (30, 50))


def test_a_mask_of_ones_counts_as_white(tmp_path: Path) -> None:
    found = looked(tmp_path, banded(0, 1))
    assert found.mask_kind == "zero_one"
    assert found.crack_share == 0.5


def test_contrast_is_that_of_the_marked_part_to_the_rest(tmp_path: Path) -> None:
    photograph = GREY.copy()
    photograph[20:] = 60
    assert looked(tmp_path, banded(0, 255), photograph).contrast == pytest.approx(-100)
    assert looked(tmp_path, banded(255, 0), photograph).contrast == pytest.approx(100)
    half_as_large = banded(0, 255)[::2, ::2]
    assert looked(tmp_path, half_as_large, photograph).contrast == pytest.approx(-100)


@pytest.mark.parametrize("value", [0, 255])
def test_a_uniform_mask_has_no_contrast_and_no_edge(tmp_path: Path, value: int) -> None:
    found = looked(tmp_path, banded(value))
    assert (found.contrast, found.sharpest, found.is_uniform) == (0.0, 0, True)


def test_the_sharpest_edge_is_looked_for_in_both_directions(tmp_path: Path) -> None:
    ramp = np.arange(0, 200, 4, dtype=np.uint8)[None].repeat(40, axis=0)
    assert looked(tmp_path, ramp).sharpest == 8
    assert looked(tmp_path, ramp[:, :40].T.copy()).sharpest == 8
    assert not looked(tmp_path, ramp).is_uniform
    ramp[10, 10] = 255
    assert looked(tmp_path, ramp).sharpest == 255 - 32


def test_a_mask_of_one_pixel_is_measured(tmp_path: Path) -> None:
    assert looked(tmp_path, np.zeros((1, 1), np.uint8)).sharpest == 0


def test_digests_tell_pixels_and_not_files(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    mask = banded(0, 255)
    first = looked(tmp_path, mask, noise)
    Image.fromarray(noise).save(tmp_path / "images/b.bmp")
    Image.fromarray(mask).convert("1").save(tmp_path / "masks/b.tif")
    second = inspect(tmp_path, Pair("b", "images/b.bmp", "masks/b.tif"))
    assert isinstance(second, Inspection)
    assert first.image_digest == second.image_digest
    assert first.mask_digest == second.mask_digest
    assert looked(tmp_path, mask, noise ^ np.uint8(1)).image_digest != first.image_digest
    # The same bytes in another shape are another picture.
    assert looked(tmp_path, mask.reshape(50, 40), noise).mask_digest != first.mask_digest


def test_a_photograph_without_a_mask_has_an_empty_one(tmp_path: Path) -> None:
    found = inspect(tmp_path, write(tmp_path, banded(0))._replace(mask=""))
    assert isinstance(found, Inspection)
    assert found.mask_size == (40, 50)
    assert found.crack_pixels(0) == 0


def test_damaged_files_are_told_apart(tmp_path: Path) -> None:
    pairs = [write(tmp_path, banded(0, 255), stem=stem) for stem in "abc"]
    whole = (tmp_path / pairs[1].mask).read_bytes()
    (tmp_path / pairs[0].image).write_bytes(b"no image")
    (tmp_path / pairs[1].mask).write_bytes(whole[: len(whole) // 2])
    bad_image, bad_mask, good = inspect_all(tmp_path, pairs)
    assert bad_image == Unreadable(
        pairs[0],
        "photograph cannot be decoded as an image (it is of no known format)",
    )
    assert isinstance(bad_mask, Unreadable)
    assert bad_mask.complaint.startswith("mask cannot be decoded as an image (")
    assert str(tmp_path) not in bad_mask.complaint
    assert isinstance(good, Inspection)


def test_pairs_come_back_in_their_order(tmp_path: Path) -> None:
    pairs = [write(tmp_path, banded(0, 255), stem=f"{number:02d}") for number in range(20)]
    assert [one.pair for one in inspect_all(tmp_path, pairs[::-1])] == pairs[::-1]
