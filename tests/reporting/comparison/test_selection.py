"""Which photographs a report shows."""

import numpy as np

from crackseg.reporting.comparison.evaluations import Images
from crackseg.reporting.comparison.selection import choose_failures, choose_scenes


def images(counts: list[tuple[int, ...]], **more: np.ndarray) -> Images:
    """Counts are true and false positives and false negatives; the rest is nothing."""
    rows = np.array([(*row, 1000) for row in counts], np.int64)
    given = {
        "names": tuple(f"images/{letter}.png" for letter in "abcdefgh"[: len(counts)]),
        "sources": ("",) * len(counts),
        "units": ("",) * len(counts),
        "widths": np.where(rows[:, 0] + rows[:, 2] > 0, 2.0, 0.0),
        "vanished": np.zeros(len(counts), bool),
        "counts": rows,
        "thin": np.zeros((len(counts), 16), np.int64),
        "strays": np.zeros((len(counts), 2), np.int64),
    }
    return Images(**{**given, **more})


def places(found: Images) -> dict[str, str]:
    return {one.place: one.image[7] for one in choose_scenes(found)}


def test_best_median_worst_and_the_worst_crack_free_one() -> None:
    found = images([(5, 5, 0), (9, 1, 0), (0, 0, 9), (0, 3, 0), (0, 7, 0), (3, 3, 3), (6, 4, 0)])
    assert places(found) == {"best": "b", "median": "a", "worst": "c", "without any crack": "e"}


def test_no_photograph_is_shown_twice() -> None:
    assert places(images([(5, 5, 0)])) == {"best": "a"}
    assert places(images([(5, 5, 0), (1, 5, 0)])) == {"best": "a", "worst": "b"}


def test_a_crack_free_set_shows_its_worst_alone() -> None:
    assert places(images([(0, 5, 0), (0, 0, 0)])) == {"without any crack": "a"}


def test_cracks_that_vanished_are_not_shown_as_crack_free() -> None:
    found = images([(5, 5, 0), (0, 9, 0), (0, 2, 0)], vanished=np.array([False, True, False]))
    assert places(found)["without any crack"] == "c"
    assert "b" not in places(found).values()


def test_cracks_that_vanished_are_not_joints_taken_for_cracks() -> None:
    strays = np.array([(0, 192), (0, 25), (0, 0)])
    found = images([(0, 192, 0), (5, 25, 0), (0, 0, 0)], strays=strays)
    gone = images([(0, 192, 0), (5, 25, 0)], strays=strays[:2], vanished=np.array([True, False]))
    totals = [choose_failures(one)[1].total for one in (found, gone)]
    assert totals == [217, 25]


def test_failures_are_ordered_by_what_was_measured() -> None:
    thin = np.zeros((4, 4, 4), np.int64)
    # Centre lines: length, and how much of it was found.
    thin[:, 1, 2], thin[:, 1, 3] = (50, 60, 70, 80), (50, 40, 20, 0)
    found = images(
        [(5, 5, 5)] * 4,
        thin=thin.reshape(4, 16),
        widths=np.array([2.0, 3.0, 5.9, 6.0]),
        strays=np.array([(1, 0), (9, 20), (0, 30), (4, 0)]),
    )
    missed, mistaken, thick = choose_failures(found)
    assert missed.worst == (("images/c.png", 50), ("images/b.png", 20))
    assert missed.total == 70
    assert mistaken.worst == (("images/c.png", 30), ("images/b.png", 20))
    assert [image for image, _ in thick.worst] == ["images/b.png", "images/d.png", "images/a.png"]
    assert thick.total == 14


def test_what_does_not_happen_is_no_failure() -> None:
    assert [one.worst for one in choose_failures(images([(5, 0, 0)]))] == [(), (), ()]
