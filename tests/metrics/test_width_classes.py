"""Crack width on lines whose width is known."""

import cv2
import numpy as np
import pytest

from crackseg.metrics.width_classes import CLASSES, median_width, width_class


def band(width: int, size: tuple[int, int] = (60, 90), start: int = 20) -> np.ndarray:
    mask = np.zeros(size, bool)
    mask[start : start + width, 5:85] = True
    return mask


@pytest.mark.parametrize("width", range(1, 16))
def test_straight_lines_measure_exactly(width: int) -> None:
    assert median_width(band(width)) == width
    assert median_width(band(width).T) == width


@pytest.mark.parametrize("width", [1, 2, 5, 8])
@pytest.mark.parametrize("start", [0, "end"])
def test_a_crack_along_the_rim_is_as_wide_as_is_seen(width: int, start: int | str) -> None:
    place = 60 - width if start == "end" else 0
    assert median_width(band(width, start=place)) == width


@pytest.mark.parametrize("width", [5, 9, 14])
@pytest.mark.parametrize("angle", [15, 30, 45, 77])
def test_slanting_lines_measure_within_a_pixel(width: int, angle: float) -> None:
    along = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
    across = np.array([-along[1], along[0]])
    rows, columns = np.mgrid[:160, :160] - 80
    mask = (abs(columns * along[0] + rows * along[1]) < 65) & (
        abs(columns * across[0] + rows * across[1]) < width / 2
    )
    assert median_width(mask) == pytest.approx(width, abs=1.1)


def test_width_of_two_cracks_is_that_of_the_longer() -> None:
    mask = band(3)
    mask[40:52, 10:40] = True
    assert median_width(mask) == 3


def test_edge_cases() -> None:
    assert median_width(np.zeros((30, 40), bool)) == 0
    single = np.zeros((30, 40), bool)
    single[0, 0] = True
    assert median_width(single) == 1
    assert median_width(np.ones((30, 40), bool)) == 30


def test_doubling_a_photograph_doubles_its_width() -> None:
    mask = np.zeros((100, 100), np.uint8)
    cv2.line(mask, (10, 20), (90, 80), 1, 6)
    doubled = cv2.resize(mask, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    assert median_width(doubled > 0) == pytest.approx(2 * median_width(mask > 0), abs=2)


@pytest.mark.parametrize(
    ("width", "name"),
    [
        (0, "no crack"),
        (1, "<3 px"),
        (2.99, "<3 px"),
        (3, "3-6 px"),
        (5.99, "3-6 px"),
        (6, "6-12 px"),
        (12, ">=12 px"),
        (200, ">=12 px"),
    ],
)
def test_classes_hold_their_lower_edges(width: float, name: str) -> None:
    assert width_class(width) == name
    assert name in CLASSES
