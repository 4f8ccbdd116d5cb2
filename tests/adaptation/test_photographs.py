"""Labelled photographs are taken whole, or as windows that hold what matters."""

import numpy as np

from crackseg.adaptation.photographs import (
    WHOLE_PIXELS,
    WINDOW,
    WINDOWS,
    Labelled,
    drawn_places,
    windows_of,
)


def labelled(height: int, width: int) -> Labelled:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Labelled("wall", image, np.zeros((height, width), np.bool_))


def test_a_small_photograph_is_taken_as_it_is() -> None:
    photograph = labelled(100, 120)
    assert windows_of(photograph, seed=0) == [photograph]
    assert WHOLE_PIXELS >= 1280 * 1280


def test_windows_of_a_large_one_hold_its_cracks_first() -> None:
    photograph = labelled(1500, 1400)
    photograph.crack[1200:1210, 700:900] = True
    photograph.crack[40:44, 10:60] = True
    windows = windows_of(photograph, seed=0)
    assert len(windows) == WINDOWS
    assert {one.image.shape for one in windows} == {(WINDOW, WINDOW, 3)}
    assert [int(one.crack.sum()) for one in windows[:2]] == [2000, 200]
    assert {one.photograph for one in windows} == {"wall"}
    again = windows_of(photograph, seed=0)
    assert all(np.array_equal(a.image, b.image) for a, b in zip(windows, again, strict=True))
    # The cracks of a window are those of its pixels.
    first = windows[0]
    row, column = np.argwhere(first.crack)[0]
    at = np.argwhere(photograph.crack)
    top, left = at[at[:, 0] > 1000][0] - (row, column)
    assert np.array_equal(first.image, photograph.image[top : top + WINDOW, left : left + WINDOW])


def test_windows_of_a_large_one_without_crack_are_drawn() -> None:
    windows = windows_of(labelled(1300, 1400), seed=0)
    assert len(windows) == WINDOWS
    assert not any(one.crack.any() for one in windows)
    first, second = (one.image for one in windows[:2])
    assert not np.array_equal(first, second)


def test_a_window_is_no_larger_than_a_narrow_photograph() -> None:
    assert {one.crack.shape for one in windows_of(labelled(300, 6000), 0)} == {(300, WINDOW)}


def test_drawn_places_reach_every_place() -> None:
    places = drawn_places((5, 4), (4, 4), 50, seed=0)
    assert set(places) == {(0, 0), (1, 0)}
