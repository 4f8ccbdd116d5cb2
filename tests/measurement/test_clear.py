"""Where along a crack no width is taken."""

from dataclasses import replace

import numpy as np
import pytest

from crackseg.measurement.centreline import Centreline
from crackseg.measurement.clear import clear_of_others
from crackseg.measurement.graph import BoolArray
from crackseg.measurement.profiles import ALONG, Stations

HALF, LENGTH = 3.5, 120
# One beside the other, of which the upper one is measured: they touch as far as here.
TOUCH = 60


def band(first: int, last: int) -> BoolArray:
    mask = np.zeros((40, LENGTH), np.bool_)
    mask[first:last] = True
    return mask


def along(free: tuple[bool, bool], closed: bool = False) -> tuple[Stations, Centreline]:
    """A straight crack in rows 10 to 16, from left to right."""
    points = np.stack([np.arange(LENGTH), np.full(LENGTH, 13.0)], axis=1)
    nothing = np.zeros(LENGTH, np.int64)
    normals, half = np.tile([0.0, 1.0], (LENGTH, 1)), np.full(LENGTH, HALF)
    line = Centreline(points, free, closed, 0, LENGTH - 1.0)
    return Stations(points, normals, nothing, nothing, half), line


def first_clear(clear: BoolArray) -> int:
    return int(np.argmax(clear))


ALONE = band(10, 17)
BESIDE = ALONE | (band(17, 24) & (np.arange(LENGTH) < TOUCH))


def test_ends_and_junctions_are_left_out_by_the_width_of_the_crack() -> None:
    where, line = along((True, False))
    clear = clear_of_others(where, [line], ALONE)
    assert first_clear(clear) == 8  # half a width and 4 pixels
    assert first_clear(clear[::-1]) == 14  # three quarters of a width and 8 pixels


def test_where_another_branch_runs_beside_it_no_width_is_taken_from_a_junction_on() -> None:
    where, line = along((False, True))
    assert first_clear(clear_of_others(where, [line], ALONE)) == 14
    # No profile, a mean of several stations, touches the other branch.
    assert first_clear(clear_of_others(where, [line], BESIDE)) == TOUCH + ALONG // 2
    backwards = clear_of_others(where, [replace(line, free=(True, False))], BESIDE[:, ::-1])
    assert first_clear(backwards[::-1]) == TOUCH + ALONG // 2


def test_a_crack_beside_it_is_no_branch_of_it() -> None:
    where, line = along((False, True))
    apart = ALONE | band(18, 25)
    assert first_clear(clear_of_others(where, [line], apart)) == 14


@pytest.mark.parametrize("mask", [ALONE, BESIDE])
def test_a_ring_is_clear_all_around(mask: BoolArray) -> None:
    where, line = along((False, False), closed=True)
    assert clear_of_others(where, [line], mask).all()


def test_a_branch_that_is_one_with_another_all_along_has_no_width() -> None:
    where, line = along((False, False))
    assert not clear_of_others(where, [line], ALONE | band(17, 24)).any()


def test_a_branch_shorter_than_what_its_ends_take_has_no_width() -> None:
    where, line = along((False, False))
    short = Stations(*(getattr(where, name)[:20] for name in Stations.__dataclass_fields__))
    assert not clear_of_others(short, [line], ALONE).any()
