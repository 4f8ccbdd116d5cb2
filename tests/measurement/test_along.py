"""Widths of neighbouring places, taken together."""

import numpy as np
import pytest

from crackseg.measurement.profiles import EVERY
from crackseg.measurement.slits.along import Places, scatter, together

STATIONS = np.arange(0, 300, EVERY)
ONE_BRANCH = Places(STATIONS, np.zeros(100, np.int64), np.zeros(100, np.int64))


def noisy(sigma: float) -> np.ndarray:
    """Noise that is common to places of one profile's length."""
    return np.repeat(np.random.default_rng(4).normal(0, sigma, 20), 5)


def test_a_line_through_neighbours_is_surer_than_one_place() -> None:
    width, noise = together(ONE_BRANCH, 6 + noisy(0.3), np.full(100, 0.3))
    assert noise[50] == pytest.approx(0.3 / 3**0.5, rel=0.05)
    assert np.std(width) < 0.8 * np.std(noisy(0.3))


def test_a_taper_stays_as_it_is() -> None:
    taper = np.linspace(3, 9, 100)
    assert together(ONE_BRANCH, taper, np.full(100, 0.3))[0] == pytest.approx(taper)


def test_a_disturbed_place_counts_less() -> None:
    width, noise = np.full(100, 5.0), np.full(100, 0.15)
    width[50], noise[50] = 9.0, 3.0
    assert together(ONE_BRANCH, width, noise)[0] == pytest.approx(np.full(100, 5.0), abs=0.02)


def test_sure_places_stand_alone() -> None:
    width = 6 + noisy(0.3)
    found, noise = together(ONE_BRANCH, width, np.full(100, 0.05))
    assert np.array_equal(found, width)
    assert np.array_equal(noise, np.full(100, 0.05))


def test_branches_are_not_mixed() -> None:
    two = Places(STATIONS, np.repeat([0, 1], 50), np.zeros(100, np.int64))
    width = np.repeat([3.0, 8.0], 50)
    assert together(two, width, np.full(100, 0.3))[0] == pytest.approx(width)


def test_scatter_is_about_one_where_the_noise_says_it_all() -> None:
    long = Places(np.arange(0, 6000, EVERY), *np.zeros((2, 2000), np.int64))
    width = 6 + np.repeat(np.random.default_rng(4).normal(0, 0.1, 400), 5)
    found = scatter(long, width, np.full(2000, 0.1))
    assert found == pytest.approx(np.ones(2000), abs=0.15)


def test_scatter_beyond_the_noise_is_told_and_bounded() -> None:
    assert scatter(ONE_BRANCH, 6 + noisy(0.2), np.full(100, 0.1))[0] > 1.5
    assert scatter(ONE_BRANCH, 6 + noisy(9.0), np.full(100, 0.1))[0] == 2.5


def test_a_taper_does_not_scatter() -> None:
    assert scatter(ONE_BRANCH, np.linspace(3, 9, 100), np.full(100, 0.1))[0] == 1.0


def test_a_short_crack_says_nothing_of_its_scatter() -> None:
    short = Places(STATIONS[:12], np.zeros(12, np.int64), np.zeros(12, np.int64))
    assert scatter(short, 6 + noisy(9.0)[:12], np.full(12, 0.1))[0] == 1.0
