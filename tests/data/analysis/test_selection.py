"""Which photographs are shown, and which part of them."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.selection import most_changed, spread, weakest_spot
from tests.helpers.data_sets import explored


def write_series(root: Path) -> Path:
    """Twenty photographs with a line that is one pixel wider each time, of two sources."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(20):
        mask = np.zeros((64, 64), np.uint8)
        mask[10 : 10 + number] = 255
        # A rim of grey makes the cuts differ, the more the thinner the line.
        mask[9 : 9 + (number > 0)] = 90 if number < 12 else 200
        source = "CFD" if number < 15 else "Ceramic"
        photograph = generator.integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(photograph).save(root / "images" / f"{source}_{number:02d}.png")
        Image.fromarray(mask).save(root / "masks" / f"{source}_{number:02d}.png")
    return root


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    folder = tmp_path_factory.mktemp("explored")
    return explored(write_series(folder / "walls"), folder / "cache", size=32)


def numbers(chosen: list) -> list[int]:
    return [int(one.pair.stem[-2:]) for one in chosen]


def test_a_spread_goes_from_the_least_to_the_most_cracked(series: Exploration) -> None:
    found = numbers(spread(series.measured, 6, 127))
    assert (found[0], found[-1]) == (0, 19)
    assert found == sorted(found)
    # One of each fourth between them.
    assert [(number - 1) * 4 // 18 for number in found[1:-1]] == [0, 1, 2, 3]


def test_a_spread_depends_on_its_seed_alone(series: Exploration) -> None:
    backwards = series.measured[::-1]
    assert numbers(spread(backwards, 6, 127)) == numbers(spread(series.measured, 6, 127))
    draws = {tuple(numbers(spread(series.measured, 6, 127, seed))) for seed in range(8)}
    assert len(draws) > 1


@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_spread_of_few_is_all_of_them(series: Exploration, count: int) -> None:
    assert len(spread(series.measured[:count], 6, 127)) == count


def test_the_smallest_spread_has_one_between_the_ends(series: Exploration) -> None:
    least, between, most = numbers(spread(series.measured, 3, 127))
    assert (least, most) == (0, 19)
    assert 0 < between < 19


def test_each_source_shows_what_the_cuts_change_most(series: Exploration) -> None:
    found = most_changed(series, 3)
    # The thinnest lines; of Ceramic too, which has only thick ones.
    assert numbers(found)[0] == 1
    assert sorted(one.origin.source for one in found) == ["CFD", "CFD", "Ceramic"]
    lost = [one.share_lost(0, 127) for one in found]
    assert lost == sorted(lost, reverse=True)


def test_masks_that_are_upside_down_are_no_example(tmp_path: Path) -> None:
    root = write_series(tmp_path / "walls")
    path = root / "masks" / "CFD_01.png"
    with Image.open(path) as mask:
        inverted = 255 - np.asarray(mask)
    Image.fromarray(inverted).save(path)
    found = explored(root, tmp_path / "cache", size=32)
    assert [problem.kind for problem in found.verification.problems] == ["inverted"]
    assert 1 not in numbers(most_changed(found, 20))


def test_without_a_crack_there_is_no_example(series: Exploration, tmp_path: Path) -> None:
    root = write_series(tmp_path / "walls")
    for path in (root / "masks").iterdir():
        Image.fromarray(np.zeros((64, 64), np.uint8)).save(path)
    assert most_changed(explored(root, tmp_path / "cache", size=32), 6) == []


def two_lines(thick: int, faint: int) -> np.ndarray:
    """A white line above, and a fainter one of one pixel far below it."""
    mask = np.zeros((200, 300), np.uint8)
    mask[20:25, 30:80] = thick
    cv2.line(mask, (200, 150), (280, 170), faint, 1)
    return mask


def test_the_weakest_spot_is_where_the_harsh_cut_takes_the_line() -> None:
    rows, columns = weakest_spot(two_lines(255, 90), 0, 127, 40)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (40, 40)
    assert rows.start <= 155 < rows.stop
    assert 200 <= (columns.start + columns.stop) / 2 <= 280


def test_where_nothing_is_lost_the_spot_is_on_the_crack() -> None:
    rows, columns = weakest_spot(two_lines(255, 0), 0, 127, 40)
    assert rows.start <= 22 < rows.stop
    assert 30 <= (columns.start + columns.stop) / 2 <= 80


@pytest.mark.parametrize("corner", [(0, 0), (0, 299), (199, 0), (199, 299)])
def test_a_spot_stays_within_the_mask(corner: tuple[int, int]) -> None:
    mask = np.zeros((200, 300), np.uint8)
    mask[corner] = 60
    rows, columns = weakest_spot(mask, 0, 127, 64)
    assert mask[rows, columns].shape == (64, 64)
    assert mask[rows, columns].any()


def test_a_spot_of_a_small_mask_is_the_largest_square_in_it() -> None:
    mask = np.full((9, 14), 90, np.uint8)
    assert mask[weakest_spot(mask, 0, 127, 64)].shape == (9, 9)
