"""The sentence beside each plot."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.analysis.explore import Exploration
from crackseg.reporting.exploration import statements
from tests.helpers.data_sets import explored, write_by_hand


def redrawn(folder: Path, grey: int | None, size: int = 20) -> Exploration:
    """The walls drawn by hand, or all of their masks in one grey."""
    root = write_by_hand(folder / "walls")
    if grey is not None:
        for path in (root / "masks").iterdir():
            Image.fromarray(np.full((40, 40), grey, np.uint8)).save(path)
    return explored(root, folder / "cache", size=size)


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    return redrawn(tmp_path_factory.mktemp("drawn"), None)


@pytest.fixture(scope="module")
def black(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    return redrawn(tmp_path_factory.mktemp("black"), 0)


@pytest.fixture(scope="module")
def white(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    return redrawn(tmp_path_factory.mktemp("white"), 255)


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


def test_the_largest_source_is_named(by_hand: Exploration) -> None:
    said = plain(statements.of_sources(by_hand))
    assert said.startswith("A training sees most of CFD, 40 % of all pairs; ")


def test_a_source_that_no_name_tells_is_said_to_be_alone(tmp_path: Path) -> None:
    root = write_by_hand(tmp_path / "walls")
    for path in [*root.glob("images/*"), *root.glob("masks/*")]:
        path.rename(path.with_name(path.name.replace("_", "-")))
    found = explored(root, tmp_path / "cache")
    assert list(found.sources) == [""]
    assert statements.of_sources(found).startswith("All pairs are of one source")


def test_the_share_of_crack_is_set_against_a_network_that_finds_none(
    by_hand: Exploration, black: Exploration, white: Exploration
) -> None:
    assert plain(statements.of_shares(by_hand)) == (
        "In half of the photographs with a crack it takes less than 7.5 % of the pixels; a network "
        "that finds none at all is still right about 92 % of them."
    )
    assert statements.of_shares(black).startswith("No photograph here shows any crack")
    assert statements.of_shares(white).endswith("which is more than any real crack does.")


def test_widths_are_set_against_training_size(tmp_path: Path, black: Exploration) -> None:
    said = plain(statements.of_widths(redrawn(tmp_path, None, size=10)))
    assert said.startswith("Half of the cracks' length is less than ")
    assert " pixels wide; at 10 \N{MULTIPLICATION SIGN} 10, " in said
    assert said.endswith(" % of it is thinner than a single pixel.")
    assert statements.of_widths(black) == "There is no crack whose width could be measured."


def test_the_source_on_which_the_cuts_differ_most_is_named(
    by_hand: Exploration, black: Exploration
) -> None:
    assert statements.of_balance(by_hand).endswith(
        "of Ceramic, a cut at 127 leaves no crack at all."
    )
    assert statements.of_balance(black) == "The cuts make no difference here."


def test_two_cuts_are_compared_by_what_they_take(tmp_path: Path) -> None:
    root = write_by_hand(tmp_path / "walls")
    mask = np.zeros((40, 40), np.uint8)
    mask[10:12], mask[12:14] = 255, 90
    Image.fromarray(mask).save(root / "masks" / "Ceramic_001.png")
    said = statements.of_balance(explored(root, tmp_path / "cache"))
    assert said.endswith("of Ceramic, a cut at 0 takes 2 times as much for crack as one at 127.")


def test_greys_are_weighed_against_what_is_not_black(
    by_hand: Exploration, black: Exploration, white: Exploration
) -> None:
    # 120 grey pixels and 240 white ones.
    assert plain(statements.of_mask_values(by_hand)).startswith("33 % of what is not black is grey")
    assert statements.of_mask_values(black) == "All masks are black."
    assert statements.of_mask_values(white).startswith("The masks are black and white")
