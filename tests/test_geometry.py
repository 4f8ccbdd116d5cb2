"""How wide cracks are measured to be."""

import cv2
import numpy as np
import pytest

from crackseg.geometry import crack_widths, middle_line


@pytest.mark.parametrize("width", range(1, 10))
@pytest.mark.parametrize("upright", [False, True])
def test_a_line_along_an_axis_is_as_wide_as_it_is(width: int, upright: bool) -> None:
    crack = np.zeros((40, 60), bool)
    crack[15 : 15 + width] = True
    widths = crack_widths(crack.T if upright else crack)
    assert widths.dtype == np.float32
    assert np.median(widths) == width
    # A pixel at its ends may be a pixel off.
    assert (widths == width).mean() > 0.9
    assert len(widths) == pytest.approx(60, abs=width)


@pytest.mark.parametrize("angle", [10, 30, 45, 70])
@pytest.mark.parametrize("width", [2, 4, 7, 12])
def test_a_slanted_line_is_measured_to_about_a_pixel(angle: int, width: int) -> None:
    y, x = np.mgrid[:200, :200] - 100
    slope = np.deg2rad(angle)
    widths = crack_widths(np.abs(x * np.sin(slope) - y * np.cos(slope)) < width / 2)
    assert np.median(widths) == pytest.approx(width, abs=1.1)


def test_a_line_that_widens_is_measured_all_along() -> None:
    drawn = np.zeros((60, 300), np.uint8)
    cv2.fillPoly(drawn, [np.array([[0, 30], [299, 20], [299, 40]], np.int32)], 1)
    widths = crack_widths(drawn.astype(bool))
    assert widths.min() <= 2
    assert 18 <= widths.max() <= 21


def test_a_pixel_is_one_wide() -> None:
    crack = np.zeros((9, 9), bool)
    crack[4, 4] = True
    assert crack_widths(crack).tolist() == [1.0]


def test_nothing_is_measured_without_crack() -> None:
    assert crack_widths(np.zeros((8, 8), bool)).shape == (0,)


def test_outside_of_the_picture_is_no_crack() -> None:
    assert crack_widths(np.ones((8, 20), bool)).max() == 8


def test_the_middle_line_is_one_pixel_thin_and_inside() -> None:
    crack = np.zeros((20, 50), bool)
    crack[5:12] = True
    line = middle_line(crack)
    assert (line & ~crack).sum() == 0
    assert set(line.sum(axis=0)[5:-5].tolist()) == {1}
