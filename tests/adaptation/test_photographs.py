"""Labelled photographs are taken whole, or by parts that stand for all of them."""

import numpy as np

from crackseg.adaptation.photographs import (
    PARTS,
    Labelled,
    drawn_parts,
    grid_of,
    parts_of,
    side_of_parts,
)


def labelled(height: int, width: int) -> Labelled:
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Labelled("wall", image, np.zeros((height, width), np.bool_))


def test_a_part_is_half_as_large_again_as_the_largest_crop() -> None:
    assert side_of_parts((256, 256), 0.4) == 960
    # A network that saw photographs as small pictures takes nearly all of one.
    assert side_of_parts((128, 96), 0.04) == 4800


def test_a_grid_leaves_nothing_out_and_takes_nothing_twice() -> None:
    count = np.zeros((1000, 1310), int)
    for part in grid_of(count.shape, 300):
        count[part] += 1
        assert max(count[part].shape) <= 450
    assert (count == 1).all()
    assert len(grid_of((100, 90), 300)) == 1


def test_a_small_photograph_is_taken_as_it_is() -> None:
    photograph = labelled(200, 210)
    assert parts_of(photograph, 100, seed=0) == [photograph]
    assert len(drawn_parts(photograph.image, 100, seed=0)) == 1


def test_parts_stand_for_all_of_their_kind() -> None:
    photograph = labelled(500, 400)
    photograph.crack[10:20, :250] = True
    parts = parts_of(photograph, 100, seed=0)
    # Three of the twenty parts hold the crack: the third one 50 columns of it.
    assert [one.weight for one in parts] == [1.5, 1.5, 8.5, 8.5]
    assert [bool(one.crack.any()) for one in parts] == [True, True, False, False]
    assert sum(one.weight * one.crack.size for one in parts) == 500 * 400
    assert {one.photograph for one in parts} == {"wall"}
    for one in parts:
        rows = range(0, 500, 100)
        places = [(r, c) for r in rows for c in range(0, 400, 100)]
        where = [
            (r, c)
            for r, c in places
            if np.array_equal(photograph.image[r : r + 100, c : c + 100], one.image)
        ]
        [(row, column)] = where
        assert np.array_equal(photograph.crack[row : row + 100, column : column + 100], one.crack)


def test_crack_pixels_are_right_on_average_over_draws() -> None:
    photograph = labelled(600, 600)
    photograph.crack[:, 300:303] = True
    photograph.crack[40:60, :] = True
    drawn = [
        sum(one.weight * one.crack.sum() for one in parts_of(photograph, 100, seed))
        for seed in range(400)
    ]
    assert abs(np.mean(drawn) / photograph.crack.sum() - 1) < 0.1


def test_a_large_one_of_one_kind_takes_half_as_many_parts() -> None:
    parts = parts_of(labelled(600, 600), 100, seed=0)
    assert [one.weight for one in parts] == [18, 18]
    assert len(parts) == PARTS // 2


def test_drawn_parts_differ() -> None:
    parts = drawn_parts(labelled(600, 600).image, 100, seed=0)
    assert len(parts) == PARTS
    assert len({part.tobytes() for part in parts}) == PARTS
