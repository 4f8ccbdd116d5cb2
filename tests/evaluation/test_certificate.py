"""The certificate: drawn cracks are as wide as they say, and its figures are counted right."""

from dataclasses import replace

import numpy as np
import pytest

from crackseg.data.synthetic.known_cracks import EVEN, SHAPES, Conditions, draw
from crackseg.evaluation.certificate import binomial_interval, by_width, certificate, row_of
from crackseg.evaluation.known_widths import (
    JudgedCrack,
    agree_from_two_distances,
    exact_masks,
    judge,
    plan,
)
from crackseg.measurement.scale import Measured

WIDE = Conditions(
    seed=3, width=6.0, shape="straight", surface=EVEN, contrast=0.6, blur=0.8, noise=0.01
)


def a_crack(truth: list[float], value: list[float], resolved: list[bool]) -> JudgedCrack:
    return JudgedCrack(
        conditions=WIDE,
        mean=Measured(float(np.mean(value)), 3.0, 4.0),
        true_mean=float(np.mean(truth)),
        length=220.0,
        true_length=200.0,
        truth=np.array(truth),
        value=np.array(value),
        low=np.array(value) - 0.2,
        high=np.array(value) + 0.2,
        resolved=np.array(resolved),
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_drawn_crack_covers_its_width_times_its_length(shape: str) -> None:
    known = draw(replace(WIDE, shape=shape))
    area = float(np.sum(known.coverage))
    mean = float(known.widths.mean())
    # Round ends, and where branches overlap, are none of it.
    assert area == pytest.approx(mean * (known.length - mean), rel=0.05)
    assert known.image.shape == (300, 300, 3)


def test_a_drawn_crack_is_as_dark_as_its_contrast() -> None:
    known = draw(replace(WIDE, width=16.0, noise=0.0))
    inside = known.image[known.coverage == 1].mean()
    assert inside / known.image[known.coverage == 0].mean() == pytest.approx(0.4, abs=0.06)


def test_the_same_conditions_draw_the_same_pixels() -> None:
    once, again = (draw(replace(WIDE, surface="concrete")) for _ in range(2))
    assert np.array_equal(once.image, again.image)


def test_a_nearer_photograph_shows_the_same_crack_larger() -> None:
    far, near = draw(WIDE), draw(replace(WIDE, zoom=2.0))
    assert near.widths.mean() == pytest.approx(2 * far.widths.mean())
    assert near.image.shape == (600, 600, 3)


def test_the_plan_has_every_width_shape_and_noise() -> None:
    planned = plan(200, seed=0)
    assert planned == plan(200, seed=0) != plan(200, seed=1)
    assert {one.shape for one in planned} == set(SHAPES)
    assert min(one.width for one in planned) < 0.6
    assert max(one.width for one in planned) > 19
    assert sum(one.surface == EVEN for one in planned) == pytest.approx(100, abs=25)


def test_the_measured_places_are_compared_with_the_drawn_width() -> None:
    [found] = judge([WIDE])
    assert found.resolved.mean() > 0.9
    assert found.truth == pytest.approx(np.full(len(found.truth), 6.0))
    assert np.abs(found.value - found.truth).mean() < 0.25
    assert found.holds.mean() > 0.9
    assert found.length == pytest.approx(found.true_length, rel=0.01)


def test_masks_of_a_network_may_be_judged() -> None:
    def nothing(known: object) -> tuple[np.ndarray, float]:
        return np.zeros((300, 300), np.float32), 0.5

    [found] = judge([WIDE], nothing)
    assert found.mean is None
    assert len(found.value) == 0


def test_a_thin_crack_has_a_mask_of_its_fullest_pixels() -> None:
    probability, threshold = exact_masks(draw(replace(WIDE, width=0.6)))
    assert (probability > threshold).sum() > 100


def test_a_row_counts_places_and_cracks() -> None:
    cracks = [
        a_crack([3.5, 3.5], [3.6, 3.4], [True, True]),
        a_crack([4.5, 4.5], [4.8, 9.0], [True, False]),
    ]
    row = row_of("all", cracks)
    assert (row.cracks, row.places) == (2, 4)
    assert row.resolved == 0.75
    assert row.bias == pytest.approx(0.1)
    assert row.error == pytest.approx(0.5 / 3)
    assert row.covered == pytest.approx(2 / 3)
    assert row.reach == pytest.approx(0.2)
    assert row.covered_cracks == (2, 1)
    assert row.reach_cracks == 0.5
    assert row.bounds == 0.0


def test_places_are_sorted_by_their_own_width() -> None:
    """A tapering crack has places in several rows."""
    rows = {row.label: row for row in by_width([a_crack([2.5, 3.5], [2.5, 3.6], [True, True])])}
    assert rows["2 to 3 px"].places == 1
    assert rows["3 to 5 px"].places == 1
    assert rows["3 to 5 px"].bias == pytest.approx(0.1)


def test_lengths_are_compared_by_shape() -> None:
    [length] = certificate([a_crack([3.5], [3.5], [True])]).lengths
    assert (length.shape, length.count) == ("straight", 1)
    assert length.bias == pytest.approx(0.1)
    assert length.largest == pytest.approx(0.1)


def test_a_share_has_an_interval_of_its_count() -> None:
    assert binomial_interval(0, 0) == (0.0, 1.0)
    low, high = binomial_interval(95, 100)
    assert low < 0.93 < high < 1


def test_two_distances_give_the_same_width() -> None:
    assert agree_from_two_distances([WIDE]) == (1, 1)
