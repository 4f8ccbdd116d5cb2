"""A way of adapting is judged by photographs that it has not seen."""

from collections.abc import Sequence

import numpy as np
import pytest

from crackseg.adaptation import choosing
from crackseg.adaptation.choosing import (
    MOST_FITS,
    LeftOut,
    at,
    chosen_threshold,
    ious_left_out,
    ious_of,
    with_threshold_of_others,
)
from crackseg.adaptation.photographs import Labelled
from crackseg.inference.looks import Looking
from crackseg.inference.torch_engine import TorchEngine
from crackseg.metrics.thresholds import THRESHOLD_GRID
from crackseg.models import SkipNetwork, build_network

GRID = len(THRESHOLD_GRID)


def peaked(*thresholds: float) -> choosing.Ious:
    """Photographs whose crack IoU is .8 at one threshold and .3 at all others."""
    ious = np.full((len(thresholds), GRID), 0.3)
    for row, threshold in zip(ious, thresholds, strict=True):
        row[THRESHOLD_GRID.index(threshold)] = 0.8
    return ious


def test_the_threshold_is_the_best_on_average_over_photographs() -> None:
    assert chosen_threshold(peaked(0.2, 0.2, 0.9)) == 0.2
    # Among equals the one nearest to .5.
    assert chosen_threshold(peaked(0.2, 0.6)) == 0.6


def test_a_photograph_has_no_say_in_its_own_threshold() -> None:
    ious = peaked(0.2, 0.2, 0.9)
    # By its own, the last one would have .8.
    assert with_threshold_of_others(ious).tolist() == [0.8, 0.8, 0.3]
    assert with_threshold_of_others(peaked(0.2, 0.2, 0.2)).tolist() == [0.8, 0.8, 0.8]
    assert at(ious, 0.9).tolist() == [0.3, 0.3, 0.8]


def test_the_interval_is_students_over_photographs() -> None:
    left_out = LeftOut(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.6]))
    low, high = left_out.interval
    assert left_out.gain == pytest.approx(0.2)
    # 4.303 is the 97.5th percentile of Student's t with two degrees of freedom.
    assert high - left_out.gain == pytest.approx(4.3027 * 0.1 / np.sqrt(3), rel=1e-4)
    assert left_out.gain - low == pytest.approx(high - left_out.gain)


class Bright:
    """Looks at photographs and finds crack where they are bright."""

    def probability(self, image: np.ndarray) -> np.ndarray:
        return np.where(image[..., 0] > 127, 0.9, 0.1).astype(np.float32)


def window(name: str, bright: int, crack: int, weight: float = 1.0) -> Labelled:
    """A photograph of 10 pixels, of which the first are bright, and the first are crack."""
    image, truth = np.zeros((1, 10, 3), np.uint8), np.zeros((1, 10), np.bool_)
    image[:, :bright], truth[:, :crack] = 255, True
    return Labelled(name, image, truth, weight)


def test_windows_of_a_photograph_count_together() -> None:
    photographs = [window("a", 2, 4), window("b", 0, 0), window("a", 3, 1), window("c", 1, 0)]
    ious = at(ious_of(Bright(), photographs), 0.5)  # type: ignore[arg-type]
    # a: 2 + 1 hits of a union of 4 + 3; b: nothing, and nothing found; c: found and not there.
    assert ious.tolist() == [3 / 7, 1.0, 0.0]


def test_a_part_counts_as_often_as_it_stands_for_others() -> None:
    photographs = [window("a", 2, 4), window("a", 1, 0, weight=0.5), window("a", 3, 3, weight=2)]
    ious = at(ious_of(Bright(), photographs), 0.5)  # type: ignore[arg-type]
    assert ious.tolist() == [(2 + 2 * 3) / (4 + 0.5 + 2 * 3)]


@pytest.mark.parametrize("count", [3, 23])
def test_no_network_is_judged_by_what_it_was_fitted_to(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fitted network stands for the names that it has seen."""
    photographs = [window(f"p{number}", 1, 1) for number in range(count)] + [window("p0", 1, 1)]
    fits: list[set[str]] = []

    def fit(given: Sequence[Labelled]) -> SkipNetwork:
        fits.append({one.photograph for one in given})
        return build_network("unet", {"base_channels": 1, "depth": 1})

    def look(network: SkipNetwork) -> Looking:
        return Looking(TorchEngine(network, "cpu"), (1.0,), "area")

    def judged(looking: Looking, given: Sequence[Labelled]) -> choosing.Ious:
        names = dict.fromkeys(one.photograph for one in given)
        assert not fits[-1] & set(names)
        return np.array([np.full(GRID, int(name[1:])) for name in names], np.float64)

    monkeypatch.setattr(choosing, "ious_of", judged)
    found = ious_left_out(photographs, fit, look)
    assert found[:, 0].tolist() == list(range(count))
    assert len(fits) == min(count, MOST_FITS)
