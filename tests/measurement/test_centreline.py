from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage.morphology import skeletonize

from crackseg.data.synthetic.known_cracks import EVEN, Conditions, draw
from crackseg.measurement.measuring import Parts, measure, middle_line
from tests.measurement.drawn import drawn_arc, drawn_line, drawn_path, photographed


@pytest.mark.parametrize("angle", [0, 7, 20, 33, 45, 60, 81, 90, 120, 170])
def test_a_line_is_as_long_at_any_angle(angle: float) -> None:
    coverage = drawn_line(5.0, angle)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert crack.length.value == pytest.approx(150, rel=0.01)
    assert crack.length.low < 150 < crack.length.high


@pytest.mark.parametrize("radius", [40.0, 70.0, 100.0])
def test_a_ring_is_as_long_as_its_circle(radius: float) -> None:
    coverage = drawn_arc(4.0, radius)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert crack.length.value == pytest.approx(2 * np.pi * radius, rel=0.01)


@pytest.mark.parametrize("width", [5, 10])
def test_the_interval_of_a_small_ring_holds_its_circle(width: int) -> None:
    coverage = drawn_arc(float(width), 15.0, 60)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert crack.length.low < 2 * np.pi * 15 < crack.length.high


@pytest.mark.parametrize(("amplitude", "wave", "width"), [(5, 40, 3), (3, 20, 2), (10, 60, 4)])
@pytest.mark.parametrize("angle", [0, 30, 45])
def test_the_interval_of_a_crack_of_short_waves_holds_what_smoothing_took(
    amplitude: float, wave: float, width: int, angle: float
) -> None:
    along = np.linspace(-170, 170, 10000)
    away = amplitude * np.sin(2 * np.pi * along / wave)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    points = 200 + np.stack([cos * along - sin * away, sin * along + cos * away], axis=1)
    length = float(np.hypot(*np.diff(points, axis=0).T).sum()) + width
    coverage = drawn_path(points, width, 401)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert crack.length.low < length < crack.length.high


@pytest.mark.parametrize("angle", [0, 7, 45, 80])
def test_smoothing_a_straight_line_once_more_takes_nothing_away(angle: float) -> None:
    """Else its steps of pixels would widen the interval of its length."""
    coverage = drawn_line(4.0, angle)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    [branch] = crack.branches
    assert branch.line.smoothed_away < 0.1


def test_a_loop_at_one_junction_is_no_part_of_the_tortuosity() -> None:
    """A straight stem with a ring at its end, which has no straight distance of its ends."""
    coverage = np.zeros((240, 400), np.float32)
    coverage[:, 160:] = drawn_arc(5.0, 40.0)
    coverage[117:122, 40:242] = np.maximum(coverage[117:122, 40:242], 1)
    coverage[117:122, 242:] = drawn_arc(5.0, 40.0)[117:122, 82:]
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert sorted(branch.line.comes_back for branch in crack.branches) == [False, True]
    assert not any(branch.line.closed for branch in crack.branches)
    assert crack.tortuosity == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("x", "y"), [(1.0, 1e-9), (1.0, -1e-9), (1.0, 3e-7), (-1.0, 3e-7)])
def test_a_level_crack_has_no_orientation_of_180_degrees(x: float, y: float) -> None:
    along = np.linspace(0.0, 50.0, 51)[:, None]
    coverage = drawn_line(5.0, 0)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    [branch] = crack.branches
    level = replace(branch, line=replace(branch.line, points=along * (x, y)))
    assert replace(crack, branches=(level,)).orientation == 0.0


@pytest.mark.parametrize("angle", [10, 80, 135])
def test_orientation_is_counted_counter_clockwise(angle: float) -> None:
    coverage = drawn_line(5.0, angle)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    assert crack.orientation == pytest.approx(angle, abs=0.5)
    assert crack.tortuosity == pytest.approx(1.0, abs=0.01)
    assert crack.area == pytest.approx(750, rel=0.05)


@pytest.mark.parametrize("leaving", [45, 60, 90])
def test_a_branch_is_as_long_as_from_the_middle_of_the_crack_that_it_leaves(leaving: int) -> None:
    """Thinning alone bends both towards each other, and begins the branch too late."""
    whole, width, arm = np.zeros((260, 260), np.uint8), 17, 100
    turned = np.radians(leaving)
    tip = (round(120 + arm * np.cos(turned)), round(150 - arm * np.sin(turned)))
    cv2.line(whole, (20, 150), (230, 150), 1, width)
    cv2.line(whole, (120, 150), tip, 1, width)
    [crack] = measure(255 - 200 * whole, whole.astype(np.float32), 0.5).cracks
    assert len(crack.branches) == 3
    # The ends of both are round.
    assert crack.length.value == pytest.approx(210 + arm + 3 * width / 2, rel=0.015)


def test_a_diagonal_line_of_two_pixels_keeps_its_ends() -> None:
    mask = np.zeros((120, 120), np.float32)
    for step in range(100):
        mask[10 + step, 10 + step : 12 + step] = 1
    image = np.full((120, 120, 3), 128, np.uint8)
    [crack] = measure(image, mask, 0.5).cracks
    assert crack.length.value == pytest.approx(100 * np.sqrt(2), abs=2)


def test_a_junction_at_an_acute_angle_is_where_the_middle_lines_meet() -> None:
    """Thinning puts it 9 pixels ahead of there, where two broad branches part."""
    what = Conditions(1939911609, 10.1, "branching", EVEN, contrast=0.64, blur=1.1, noise=0.05)
    known = draw(what)
    found = measure(known.image, known.coverage, 0.5)
    total = sum(crack.length.value for crack in found.cracks)
    assert total == pytest.approx(known.length, rel=0.01)


def test_each_part_of_a_mask_is_thinned_as_in_the_whole() -> None:
    """Also where the boxes of parts overlap, and where pixels touch at a corner."""
    mask = np.zeros((90, 120), np.bool_)
    mask[10:80, 10:16] = mask[74:80, 10:100] = True
    mask[20:26, 30:90] = mask[40:60, 40:60] = True
    mask[60, 60] = mask[0, 0] = mask[89, 110:] = True
    whole = skeletonize(mask, method="lee")
    np.testing.assert_array_equal(middle_line(Parts.of(mask)) > 0, whole)
