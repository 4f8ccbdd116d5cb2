"""Outlines keep their area and place."""

import math
import re

import numpy as np
import pytest

from crackseg.data.annotations.drawings import Polygons
from crackseg.data.annotations.polygons import (
    LINE_WIDTH,
    circle,
    fill,
    points,
    rectangle,
    refuse_far,
    stroke,
)

SIZE = (60, 80)


def bar(width: float, angle: float, length: float = 50) -> np.ndarray:
    """A rectangle around the middle of the picture, turned."""
    along = np.array([math.cos(angle), math.sin(angle)]) * length / 2
    across = np.array([-math.sin(angle), math.cos(angle)]) * width / 2
    middle = np.array([40.0, 30.0])
    return middle + np.array([-along - across, along - across, along + across, -along + across])


def test_a_rectangle_on_pixel_borders_fills_exactly_its_pixels() -> None:
    mask = fill([rectangle(np.array([[10.0, 5.0], [14.0, 7.0]]))], SIZE)
    expected = np.zeros(SIZE, np.uint8)
    expected[5:7, 10:14] = 255
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, expected)


@pytest.mark.parametrize("width", [1.5, 2, 3, 6])
def test_a_thin_crack_keeps_its_width(width: float) -> None:
    areas = [(fill([bar(width, angle)], SIZE) > 0).sum() for angle in np.arange(0.05, 1.5, 0.1)]
    assert areas == pytest.approx([50 * width] * len(areas), rel=0.2)
    assert np.mean(areas) == pytest.approx(50 * width, rel=0.03)


def test_polygons_that_overlap_are_joined() -> None:
    one, other = bar(4, 0), bar(4, math.pi / 2)
    assert np.array_equal(fill([one, other], SIZE), fill([one], SIZE) | fill([other], SIZE))
    assert not fill([], SIZE).any()


def test_a_circle_goes_through_its_second_point() -> None:
    mask = fill([circle(np.array([[40.0, 30.0], [40.0, 20.0]]))], SIZE)
    assert (mask > 0).sum() == pytest.approx(math.pi * 100, rel=0.02)
    rows, columns = np.nonzero(mask)
    assert (rows.mean() + 0.5, columns.mean() + 0.5) == pytest.approx((30, 40), abs=0.1)


def test_a_line_has_the_documented_width_and_keeps_its_place() -> None:
    mask = fill(stroke(np.array([[10.0, 30.5], [70.0, 30.5]])), SIZE)
    assert np.unique(mask).tolist() == [0, 255]
    rows = np.flatnonzero(mask[:, 40])
    assert len(rows) == LINE_WIDTH
    assert rows.mean() == 30


def test_a_line_between_two_points_in_one_place_is_a_dot() -> None:
    mask = fill(stroke(np.full((2, 2), 20.5)), SIZE)
    assert (mask > 0).sum() == pytest.approx(math.pi * (LINE_WIDTH / 2) ** 2, abs=2)
    assert mask[20, 20]


def test_a_line_goes_through_all_its_points() -> None:
    corners = np.array([[10.5, 10.5], [40.5, 50.5], [70.5, 10.5]])
    mask = fill(stroke(corners), SIZE)
    assert all(mask[int(y), int(x)] for x, y in corners)
    assert mask[30, 25]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (None, "its points are no pairs of x and y"),
        ([[1, 2, 3]], "its points are no pairs of x and y"),
        ([1, 2, 3, 4], "its points are no pairs of x and y"),
        ([["a", "b"]], "its points are no pairs of x and y"),
        ([[1, 2], [3]], "its points are no pairs of x and y"),
        ([[1, 2], [3, 4]], "it has 2 points and needs 3"),
        ([[1, 2], [3, 4], [900, 5]], "its point (900, 5) lies far outside of the photograph"),
        ([[1, 2], [3, 4], [float("nan"), 5]], "its points are no pairs of x and y"),
        ([[1, 2], [3, 4], [1, 1e12]], "its point (1, 1e+12) lies far outside"),
    ],
)
def test_points_that_cannot_be_are_refused(given: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        refuse_far(points(given, 3), SIZE)


def test_shares_of_the_sides_are_no_pixels() -> None:
    shares = points([[0.1, 0.2], [0.9, 0.4], [1, 1]], 3)
    with pytest.raises(ValueError, match="as shares of the photograph's sides do; write them in"):
        Polygons([shares], shares).draw(SIZE)
    pixels = shares + np.array([1.0, 0.0])
    assert Polygons([pixels], pixels).draw(SIZE).shape == SIZE
    corner = points([[0, 0], [1, 0], [1, 1], [0, 1]], 3)
    assert Polygons([corner], corner).draw(SIZE).sum() == 255


def test_a_little_beyond_the_border_is_cut_off() -> None:
    beyond = points([[-4, -4], [84, -4], [84, 64], [-4, 64]], 3)
    refuse_far(beyond, SIZE)
    assert (fill([beyond], SIZE) == 255).all()
