"""Random crops: inside the photograph, alike in photograph and mask, on cracks as often as told."""

import numpy as np
import pytest

from crackseg.data.crops import RandomCrop
from crackseg.images.pixels import UInt8Array


def coordinates(height: int, width: int) -> tuple[UInt8Array, UInt8Array]:
    """A photograph whose pixels tell their row and column, and an empty mask."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = np.arange(height)[:, None], np.arange(width)
    return image, np.zeros((height, width), np.uint8)


def test_a_crop_is_a_window_of_both() -> None:
    image, mask = coordinates(50, 80)
    mask[:] = image[..., 0] + image[..., 1]
    crop = RandomCrop((16, 24), crack_share=0.5, mask_threshold=254)
    corners = set()
    for seed in range(50):
        cut_image, cut_mask = crop(image, mask, seed)
        top, left = int(cut_image[0, 0, 0]), int(cut_image[0, 0, 1])
        corners.add((top, left))
        assert np.array_equal(cut_image, image[top : top + 16, left : left + 24])
        assert np.array_equal(cut_mask, mask[top : top + 16, left : left + 24])
    assert len(corners) > 40


def test_every_place_occurs() -> None:
    image, mask = coordinates(10, 11)
    crop = RandomCrop((8, 8), crack_share=1, mask_threshold=127)
    corners = {tuple(crop(image, mask, seed)[0][0, 0, :2].tolist()) for seed in range(300)}
    assert corners == {(top, left) for top in range(3) for left in range(4)}


def test_equal_seeds_give_equal_windows() -> None:
    image, mask = coordinates(60, 60)
    crop = RandomCrop((16, 16), crack_share=0.5, mask_threshold=127)
    for seed in (0, 7, 2**31 - 1):
        assert np.array_equal(crop(image, mask, seed)[0], crop(image, mask, seed)[0])


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_the_wanted_share_of_crops_holds_a_crack(share: float) -> None:
    image, mask = coordinates(100, 100)
    # Hardly any window meets it by chance.
    mask[97, 2] = 255
    crop = RandomCrop((8, 8), crack_share=share, mask_threshold=127)
    held = np.mean([crop(image, mask, seed)[1].any() for seed in range(400)])
    assert held == pytest.approx(share, abs=0.08)


def test_the_crack_may_lie_anywhere_in_its_window() -> None:
    image, mask = coordinates(100, 100)
    mask[50, 50] = 255
    crop = RandomCrop((4, 4), crack_share=1, mask_threshold=127)
    places = {tuple(np.argwhere(crop(image, mask, seed)[1])[0].tolist()) for seed in range(300)}
    assert places == {(row, column) for row in range(4) for column in range(4)}


def test_grey_below_the_cut_is_no_crack_to_look_for() -> None:
    image, mask = coordinates(100, 100)
    mask[97, 2] = 100
    held = {
        threshold: np.mean(
            [RandomCrop((8, 8), 1, threshold)(image, mask, seed)[1].any() for seed in range(100)]
        )
        for threshold in (64, 127)
    }
    assert held[64] == 1
    assert held[127] < 0.1


@pytest.mark.parametrize("size", [(8, 20), (20, 8), (5, 5), (2, 3)])
def test_a_photograph_smaller_than_the_window_is_mirrored(size: tuple[int, int]) -> None:
    image, mask = coordinates(*size)
    mask[-1, -1] = 255
    cut_image, cut_mask = RandomCrop((12, 12), 1, 127)(image, mask, 3)
    assert cut_image.shape == (12, 12, 3)
    assert cut_mask.shape == (12, 12)
    assert cut_mask.any()
    # Where the mask is white, the photograph shows the pixel that the mask belongs to.
    assert {tuple(pixel) for pixel in cut_image[cut_mask > 0][:, :2].tolist()} == {
        (size[0] - 1, size[1] - 1)
    }


def test_the_given_arrays_stay_as_they_are() -> None:
    image, mask = coordinates(30, 30)
    image.flags.writeable = mask.flags.writeable = False
    cut_image, cut_mask = RandomCrop((16, 16), 0.5, 127)(image, mask, 0)
    cut_image[:] = 0
    cut_mask[:] = 1
    assert image[29, 29, 0] == 29
    assert not mask.any()


@pytest.mark.parametrize("crack_share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("size", [(3, 4), (6, 9), (8, 12)])
def test_the_crack_to_expect_is_that_of_all_windows(
    size: tuple[int, int], crack_share: float
) -> None:
    height, width = 6, 9
    mask = np.zeros((height, width), np.uint8)
    mask[1, 2:6], mask[4, 8] = 255, 200
    grown = np.pad(mask, [(0, max(size[0] - 6, 0)), (0, max(size[1] - 9, 0))], "symmetric") > 127
    starts = [
        (row, column)
        for row in range(grown.shape[0] - size[0] + 1)
        for column in range(grown.shape[1] - size[1] + 1)
    ]

    def held(row: int, column: int) -> int:
        return int(grown[row : row + size[0], column : column + size[1]].sum())

    anywhere = np.mean([held(*start) for start in starts])
    laid = np.mean(
        [
            np.mean(
                [
                    held(row, column)
                    for row, column in starts
                    if row <= y < row + size[0] and column <= x < column + size[1]
                ]
            )
            for y, x in np.argwhere(grown)
        ]
    )
    expected = crack_share * laid + (1 - crack_share) * anywhere
    crop = RandomCrop(size, crack_share, 127)
    assert crop.expected_crack_pixels(mask) == pytest.approx(expected)


def test_of_a_photograph_without_a_crack_no_crack_is_expected() -> None:
    assert RandomCrop((4, 4), 0.5, 127).expected_crack_pixels(np.zeros((9, 9), np.uint8)) == 0


def test_at_a_range_of_scales_windows_are_cut_larger_or_smaller() -> None:
    image, mask = coordinates(200, 200)
    crop = RandomCrop((32, 32), 0, 127, scales=(0.5, 2))
    reaches = []
    for seed in range(200):
        cut, cut_mask = crop(image, mask, seed)
        assert cut.shape == (32, 32, 3)
        assert cut_mask.shape == (32, 32)
        rows = cut[:, 0, 0].astype(int)
        reaches.append(rows[-1] - rows[0] + 1)
    # From 16 to 64 rows of the photograph, as often above 32 as below.
    assert min(reaches) in (15, 16, 17)
    assert max(reaches) in (62, 63, 64)
    assert np.median(reaches) == pytest.approx(32, abs=4)


def test_photograph_and_mask_are_resized_alike() -> None:
    image, mask = coordinates(200, 200)
    mask[60:140, 90:110] = 255
    image[..., 2] = mask
    crop = RandomCrop((64, 64), 1, 127, scales=(0.5, 1))
    for seed in range(20):
        cut, cut_mask = crop(image, mask, seed)
        assert np.array_equal(cut[..., 2], cut_mask)


def test_a_scale_is_raised_until_its_window_fits_the_photograph() -> None:
    image, mask = coordinates(40, 60)
    crop = RandomCrop((32, 32), 0, 127, scales=(0.1, 1))
    for seed in range(50):
        rows = crop(image, mask, seed)[0][:, 0, 0].astype(int)
        # A mirrored photograph would count down again.
        assert (np.diff(rows) >= 0).all()


def test_of_the_middle_scale_the_expected_crack_is_counted() -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:, 30:34] = 255
    wide = RandomCrop((16, 16), 0, 127, scales=(0.5, 0.5)).expected_crack_pixels(mask)
    whole = RandomCrop((32, 32), 0, 127).expected_crack_pixels(mask)
    assert wide == pytest.approx(whole / 4)
    drawn = RandomCrop((16, 16), 0, 127, scales=(0.25, 1)).expected_crack_pixels(mask)
    assert drawn == pytest.approx(wide)
