"""What the plots of a data set draw."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from crackseg.data.analysis.explore import Exploration
from crackseg.reporting.exploration.plots import (
    crack_shares,
    mask_values,
    share_histograms,
    source_counts,
    width_histograms,
)
from crackseg.reporting.html.theme import DARK, LIGHT
from tests.helpers.data_sets import explored, write_by_hand

DRAWS = [source_counts, share_histograms, width_histograms, crack_shares, mask_values]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Exploration:
    """The same without any crack."""
    folder = tmp_path_factory.mktemp("empty")
    root = write_by_hand(folder / "walls")
    for path in (root / "masks").iterdir():
        Image.fromarray(np.zeros((40, 40), np.uint8)).save(path)
    return explored(root, folder / "cache")


def rows(figure: Figure) -> dict[str, list[float]]:
    """The heights of each small histogram's bars, by the name of its row."""
    return {
        axes.get_yticklabels()[0].get_text(): [bar.get_height() for bar in axes.patches]
        for axes in figure.axes
    }


def steps(figure: Figure) -> list[str]:
    return [label.get_text() for label in figure.axes[-1].get_xticklabels()]


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_bars_are_the_pairs_of_each_source(by_hand: Exploration) -> None:
    figure = source_counts(by_hand, LIGHT)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["CFD", "noncrack", "Ceramic"]
    assert [bar.get_width() for bar in axes.patches] == [2, 2, 1, 0, 2, 0]
    assert texts(figure) == ["2", "2 (2 without)", "1"]
    assert axes.get_legend() is not None


def test_no_legend_speaks_of_what_is_not_there(by_hand: Exploration) -> None:
    cracked = [one for one in by_hand.measured if one.origin.source == "CFD"]
    alone = Exploration(
        by_hand.root,
        by_hand.preprocessing,
        tuple(cracked),
        by_hand.verification,
        by_hand.divisions,
    )
    assert source_counts(alone, LIGHT).axes[0].get_legend() is None


def test_shares_of_crack_are_counted_in_their_steps(by_hand: Exploration) -> None:
    figure = share_histograms(by_hand, LIGHT)
    assert steps(figure)[0] == "none"
    assert steps(figure)[-2:] == ["5\N{EN DASH}10", "10\N{EN DASH}20"]
    drawn = rows(figure)
    assert list(drawn) == ["all", "CFD", "noncrack", "Ceramic"]
    # 5 % and 10 % each begin a step; above 127 the grey crack is none.
    assert drawn["CFD"][-2:] == [1, 1]
    assert sum(drawn["CFD"]) == 2
    assert drawn["all"][0] == 1
    assert drawn["all"][-2:] == [1 / 3, 1 / 3]
    assert texts(figure) == ["7.5\xa0%", "median", "7.5\xa0%", "-", "-"]


def test_widths_are_counted_in_their_steps(by_hand: Exploration) -> None:
    figure = width_histograms(by_hand, LIGHT)
    assert figure is not None
    drawn = dict(zip(steps(figure), rows(figure)["CFD"], strict=True))
    assert set(drawn) <= {"1", "2", "3", "4"}
    assert drawn["2"] == 1
    assert drawn["4"] > 0.8
    assert sum(rows(figure)["noncrack"]) == 0


def test_marks_are_the_shares_that_the_cuts_leave(by_hand: Exploration) -> None:
    figure = crack_shares(by_hand, LIGHT)
    assert figure is not None
    (axes,) = figure.axes
    marks = [collection.get_offsets() for collection in axes.collections[1:]]
    assert [float(found[0, 0]) for found in marks] == pytest.approx([5.0, 4.0, 3.0])
    (low, high), (least, most) = axes.get_xlim(), (marks[2][:, 0].min(), marks[0][:, 0].max())
    assert low <= least
    assert high >= most
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["> 0", "> 64", "> 127 (chosen)"]


def test_greys_are_counted_with_the_cuts_marked(by_hand: Exploration) -> None:
    figure = mask_values(by_hand, LIGHT)
    assert figure is not None
    heights = [bar.get_height() for bar in figure.axes[0].patches]
    assert sum(heights) == pytest.approx(100)
    assert heights[100 // 16] == pytest.approx(100 * 120 / 8000)
    assert heights[-1] == pytest.approx(100 * 240 / 8000)
    assert texts(figure) == ["> 0", "> 64", "> 127"]


@pytest.mark.parametrize("draw", [width_histograms, crack_shares, mask_values])
def test_without_a_crack_some_plots_are_not_drawn(draw: object, empty: Exploration) -> None:
    assert callable(draw)
    assert draw(empty, LIGHT) is None


@pytest.mark.parametrize("draw", DRAWS)
def test_light_and_dark_draw_the_same_in_other_colours(
    draw: object, by_hand: Exploration, tmp_path: Path
) -> None:
    assert callable(draw)
    pictures = []
    for theme in (LIGHT, DARK):
        figure = draw(by_hand, theme)
        figure.savefig(tmp_path / "plot.png", dpi=60)
        with Image.open(tmp_path / "plot.png") as picture:
            pictures.append(np.asarray(picture.convert("RGBA")))
    light, dark = pictures
    assert light.shape == dark.shape
    # The page is seen between what is drawn.
    assert (light[..., 3] == 0).mean() > 0.3
    for pixels, own, other in ((light, LIGHT, DARK), (dark, DARK, LIGHT)):
        # Some versions of matplotlib draw no pixel of a thin letter whole.
        drawn = {bytes(pixel[:3].tolist()).hex() for pixel in pixels[pixels[..., 3] > 128]}
        assert own.ink[1:] in drawn
        assert other.ink[1:] not in drawn
