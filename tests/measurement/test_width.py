import cv2
import numpy as np
import pytest

from crackseg.data.synthetic.known_cracks import EVEN, Conditions, draw
from crackseg.measurement.cracks import Crack, WidthSummary
from crackseg.measurement.measuring import measure
from tests.measurement.drawn import drawn_line, photographed


def widths(crack: Crack) -> WidthSummary:
    assert crack.widths is not None
    return crack.widths


@pytest.mark.parametrize("width", [3.0, 4.3, 8.0, 14.6])
def test_a_width_is_found_between_the_pixels(width: float) -> None:
    coverage = drawn_line(width, 27.0)
    [crack] = measure(photographed(coverage), coverage, 0.5).cracks
    found = widths(crack)
    assert found.mean.resolved
    assert found.resolved_share > 0.9
    assert found.mean.value == pytest.approx(width, abs=0.15)
    assert found.mean.low < width < found.mean.high
    assert found.mean.high - found.mean.low < 0.8


def test_a_hairline_is_not_resolved_and_has_bounds() -> None:
    coverage = drawn_line(1.0, 27.0)
    [crack, *_] = measure(photographed(coverage), coverage, 0.3).cracks
    found = widths(crack)
    assert not found.mean.resolved
    assert found.mean.low < 1.0 < found.mean.high < 4


def test_a_mask_that_contradicts_the_photograph_is_not_resolved() -> None:
    """The mask is that of a crack twelve pixels wider."""
    [crack] = measure(photographed(drawn_line(4.0, 27.0)), drawn_line(16.0, 27.0), 0.5).cracks
    found = widths(crack)
    assert not found.mean.resolved
    assert found.mean.low < 4.0 < 15.0 < found.mean.high


def test_a_mask_that_is_a_bit_wide_does_not_widen_the_crack() -> None:
    """Networks draw cracks a pixel wider than they are; the photograph decides."""
    [crack] = measure(photographed(drawn_line(5.0, 27.0)), drawn_line(6.2, 27.0), 0.5).cracks
    assert widths(crack).mean.resolved
    assert widths(crack).mean.value == pytest.approx(5.0, abs=0.1)


def test_a_second_crack_beside_is_not_taken_for_the_surface() -> None:
    coverage = drawn_line(5.0, 27.0)
    both = coverage + np.roll(coverage, 14, axis=0)
    cracks = measure(photographed(np.minimum(both, 1.0)), np.minimum(both, 1.0), 0.5).cracks
    assert len(cracks) == 2
    for crack in cracks:
        assert widths(crack).mean.value == pytest.approx(5.0, abs=0.15)


def test_nothing_is_measured_where_there_is_no_crack() -> None:
    empty = np.zeros((50, 60), np.float32)
    found = measure(photographed(empty), empty, 0.5)
    assert found.cracks == ()
    assert found.size == (50, 60)
    assert found.unit == "px"


def test_specks_are_no_cracks() -> None:
    speck = np.zeros((50, 60), np.float32)
    speck[20:24, 20:24] = 1.0
    assert measure(photographed(speck), speck, 0.5).cracks == ()


def test_the_longest_crack_comes_first() -> None:
    coverage = drawn_line(5.0, 0.0) + np.roll(drawn_line(5.0, 0.0, length=60.0), 60, axis=0)
    cracks = measure(photographed(coverage), coverage, 0.5).cracks
    assert [crack.number for crack in cracks] == [1, 2]
    assert cracks[0].length.value > 2 * cracks[1].length.value


def test_a_hairline_in_a_noisy_photograph_does_not_pass_as_wide() -> None:
    """Of one hairline alone, width and blur are not told apart by a noisy photograph."""
    coverage = drawn_line(0.8, 27.0)
    image = photographed(coverage, contrast=0.5, noise=0.05)
    for crack in measure(image, coverage, 0.3).cracks:
        assert crack.widths is None or crack.widths.resolved_share == 0


@pytest.mark.parametrize(
    ("seed", "width", "shape", "surface", "contrast", "blur", "noise"),
    [
        (1969861654, 0.991, "arc", EVEN, 0.51, 1.106, 0.02),
        (1456633585, 0.858, "straight", "metal", 0.799, 1.123, 0.02),
        (951016763, 0.69, "arc", EVEN, 0.781, 1.196, 0.01),
    ],
)
def test_a_hairline_that_a_network_draws_wide_is_not_resolved(
    seed: int, width: float, shape: str, surface: str, contrast: float, blur: float, noise: float
) -> None:
    known = draw(Conditions(seed, width, shape, surface, contrast, blur, noise))
    line = known.coverage > 0.3 * known.coverage.max()
    broad = cv2.dilate(line.astype(np.float32), np.ones((3, 3)))
    found = measure(known.image, cv2.GaussianBlur(broad, (0, 0), 0.7), 0.5)
    for crack in found.cracks:
        assert crack.widths is None or not crack.widths.mean.resolved
        resolved = np.concatenate([branch.widths.resolved for branch in crack.branches])
        assert resolved.mean() < 0.02


def test_no_width_is_taken_where_two_branches_are_one_in_the_mask() -> None:
    """They part at an acute angle, and would be measured as one of the width of both."""
    what = Conditions(
        968471122, 13.1, "branching", EVEN, contrast=0.7, blur=0.9, noise=0.02, zoom=1.6
    )
    known = draw(what)
    found = measure(known.image, known.coverage, 0.5)
    for branch in (branch for crack in found.cracks for branch in crack.branches):
        truth = known.width_at(branch.line.points)
        measured = np.isfinite(branch.widths.value)
        assert measured.sum() > 50
        np.testing.assert_allclose(branch.widths.value[measured], truth[measured], atol=0.6)
