"""Sums over pairs, against a data set drawn by hand."""

from pathlib import Path

import pytest

from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.statistics import balance, profile
from tests.helpers.data_sets import explored


def test_a_profile_is_of_the_pairs_that_were_drawn(by_hand: Exploration) -> None:
    found = profile(by_hand.measured, 127)
    # The two crops of a wall without cracks are of one photograph.
    assert (found.pairs, found.photographs, found.unknown, found.crack_free) == (5, 4, 0, 2)
    # Of 10 % and 5 %; the grey crack is none above 127.
    assert found.crack_share == pytest.approx(0.075)
    assert found.widths is not None
    assert found.widths[0] == 2
    assert found.widths[2] == 4
    assert found.below_a_pixel == 0


def test_a_crack_may_be_thinner_than_a_pixel_at_training_size(
    by_hand: Exploration, tmp_path: Path
) -> None:
    found = explored(by_hand.root, tmp_path, size=10)
    thin = [one for one in found.measured if one.pair.stem == "CFD_002"]
    assert profile(thin, 127).below_a_pixel == 1.0
    assert 0.4 < profile(found.measured, 127).below_a_pixel < 0.6


def test_a_profile_of_no_crack_has_no_medians(by_hand: Exploration) -> None:
    found = profile(by_hand.sources["noncrack"], 127)
    assert (found.crack_share, found.widths, found.below_a_pixel) == (None, None, 0.0)


@pytest.mark.parametrize(
    ("cut", "own", "small", "crack"),
    [
        (0, (360 / 8000, 0), (100 / 2000, 0), 100),
        (64, (360 / 8000, 0), (80 / 2000, 0), 80),
        (127, (240 / 8000, 1), (60 / 2000, 1), 60),
    ],
)
def test_a_balance_is_of_the_pixels_that_were_drawn(
    by_hand: Exploration,
    cut: int,
    own: tuple[float, int],
    small: tuple[float, int],
    crack: int,
) -> None:
    found = balance(by_hand.measured, cut)
    assert found.cut == cut
    assert found.own == own
    assert found.small == small
    assert found.weights == (2000 / (2 * (2000 - crack)), 2000 / (2 * crack))
