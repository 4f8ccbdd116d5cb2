"""Pictures: of the size and content asked for, whole or not there."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from matplotlib.figure import Figure
from PIL import Image

from crackseg.metrics.confusion import ConfusionCounts
from crackseg.metrics.scores import scores
from crackseg.metrics.thresholds import THRESHOLD_GRID
from crackseg.runs.history import read_history
from crackseg.visualization import plots
from crackseg.visualization.overlays import CRACK_COLOUR, as_heat, overlay
from crackseg.visualization.plots import (
    _threshold_figure,
    learning_curves,
    threshold_curves,
    threshold_picture,
)
from crackseg.visualization.sheets import contact_sheet

HISTORY_CSV = """\
epoch,step,train/crack_iou,train/loss,val/crack_iou,val/loss
0,9,,,0.125,0.75
0,9,0.0625,0.875,,
1,19,,,0.25,0.5
1,19,0.1875,0.625,,
3,39,,,0.375,1e-3
"""


def decoded(path: Path) -> npt.NDArray[np.uint8]:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def plain(colour: tuple[int, int, int], height: int = 20, width: int = 30) -> npt.NDArray[np.uint8]:
    return np.full((height, width, 3), colour, np.uint8)


def history(scale: float = 1.0) -> dict[str, dict[int, float]]:
    names = ("loss", "accuracy", "precision", "recall", "crack_iou")
    return {
        f"{stage}/{name}": {epoch: scale * (epoch + 1) / (9 + k) for epoch in range(5)}
        for k, name in enumerate(names)
        for stage in ("train", "val")
    }


# The log.


def test_history_leaves_out_blank_cells(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text(HISTORY_CSV)
    read = read_history(path)
    assert read["val/crack_iou"] == {0: 0.125, 1: 0.25, 3: 0.375}
    assert read["val/loss"] == {0: 0.75, 1: 0.5, 3: 0.001}
    assert read["train/crack_iou"] == {0: 0.0625, 1: 0.1875}
    assert read["train/loss"] == {0: 0.875, 1: 0.625}


def test_history_keeps_not_a_number(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,val/loss\n0,nan\n1,inf\n2,0.5\n")
    losses = read_history(path)["val/loss"]
    assert np.isnan(losses[0])
    assert np.isinf(losses[1])
    learning_curves({"val/loss": losses}, tmp_path / "curves.png")
    assert decoded(tmp_path / "curves.png").std() > 1


def test_log_without_rows_is_an_empty_history(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,val/loss\n")
    assert read_history(path) == {}


# Curves.


def test_learning_curves_are_drawn_in_four_panels(tmp_path: Path) -> None:
    path = tmp_path / "figures" / "curves.png"
    learning_curves(history(), path)
    picture = decoded(path)
    assert picture.shape == (770, 1100, 3)
    quarters = [half for row in np.array_split(picture, 2) for half in np.array_split(row, 2, 1)]
    blue, orange = (31, 119, 180), (255, 127, 14)
    for quarter in quarters:
        assert quarter.std() > 5
        for colour in (blue, orange):
            assert (quarter == colour).all(axis=2).sum() > 50
    assert [p.name for p in path.parent.iterdir()] == ["curves.png"]


def test_learning_curves_name_whole_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of three epochs there is no 1.25th."""
    drawn: list[Figure] = []
    monkeypatch.setattr(plots, "save_figure", lambda figure, _: drawn.append(figure))
    learning_curves({"val/loss": {0: 0.5, 1: 0.4, 2: 0.3}}, tmp_path / "curves.png")
    assert all(tick == round(tick) for tick in drawn[0].axes[0].get_xticks())


def test_learning_curves_follow_the_figures(tmp_path: Path) -> None:
    pictures = []
    for scale in (1.0, 0.5):
        learning_curves(history(scale), tmp_path / "curves.png")
        pictures.append(decoded(tmp_path / "curves.png"))
    top, bottom = (slice(0, 385), slice(385, 770))
    for panel in (top, bottom):
        assert (pictures[0][panel] != pictures[1][panel]).any()


@pytest.mark.parametrize("curve", [{}, {0: 0.5}])
def test_learning_curves_of_no_or_one_epoch_are_drawn(
    tmp_path: Path, curve: dict[int, float]
) -> None:
    learning_curves({"val/loss": curve, "val/crack_iou": curve}, tmp_path / "curves.png")
    picture = decoded(tmp_path / "curves.png")
    assert picture.shape == (770, 1100, 3)
    orange = (picture == (255, 127, 14)).all(axis=2).sum()
    learning_curves({}, tmp_path / "none.png")
    without = (decoded(tmp_path / "none.png") == (255, 127, 14)).all(axis=2).sum()
    # A single epoch is no line: it shows as a dot.
    assert orange > without if curve else orange == without


# Curves over the threshold.


def totals_of(seed: int, cracks: bool = True) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(9_999, generator=generator) < 0.1) & cracks
    counts = ConfusionCounts(THRESHOLD_GRID)
    counts.update(torch.sigmoid(torch.randn(9_999, generator=generator) + 2 * mask), mask.int())
    return counts.compute()


def test_threshold_curves_are_one_whole_picture(tmp_path: Path) -> None:
    path = tmp_path / "figures" / "threshold.png"
    totals = totals_of(0).numpy()
    threshold_curves(totals, 0.75, path)
    picture = decoded(path)
    assert picture.shape == (550, 770, 3)
    for colour in ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40)):
        assert (picture == colour).all(axis=2).sum() > 100
    assert np.array_equal(picture, threshold_picture(totals, 0.75))
    assert not np.array_equal(picture, threshold_picture(totals, 0.25))
    assert [p.name for p in path.parent.iterdir()] == ["threshold.png"]


@pytest.mark.parametrize("cracks", [True, False])
def test_threshold_curves_are_those_of_the_metrics(cracks: bool) -> None:
    totals = totals_of(1, cracks)
    *curves, mark = _threshold_figure(totals.numpy(), 0.75).axes[0].lines
    rows = [scores(row) for row in totals]
    for curve, name in zip(curves, ("crack_iou", "dice", "precision", "recall"), strict=True):
        assert np.allclose(curve.get_ydata(), [row[name] for row in rows])
        assert np.allclose(curve.get_xdata(), THRESHOLD_GRID)
    assert list(mark.get_xdata()) == [0.75, 0.75]


# Overlay and heat.


def test_overlay_colours_crack_pixels_alone() -> None:
    image = np.random.default_rng(0).integers(0, 256, (12, 17, 3)).astype(np.uint8)
    kept = image.copy()
    mask = np.zeros((12, 17), bool)
    mask[3:5, 2:9] = True
    coloured = overlay(image, mask, strength=0.6)
    assert coloured.dtype == np.uint8
    assert np.array_equal(coloured[~mask], image[~mask])
    expected = np.round(0.4 * image[mask].astype(float) + 0.6 * np.array(CRACK_COLOUR))
    assert np.abs(coloured[mask].astype(float) - expected).max() <= 1
    assert np.array_equal(image, kept)


def test_overlay_strength_goes_from_nothing_to_the_pure_colour() -> None:
    image, mask = plain((10, 200, 30)), np.ones((20, 30), bool)
    assert np.array_equal(overlay(image, mask, strength=0.0), image)
    assert (overlay(image, mask, strength=1.0) == CRACK_COLOUR).all()


def test_overlay_of_no_crack_is_the_photograph() -> None:
    image = plain((10, 200, 30))
    assert np.array_equal(overlay(image, np.zeros((20, 30), bool)), image)


def test_heat_is_grey_and_clipped() -> None:
    probability = np.array([[0.0, 0.5, 1.0], [-0.2, 0.25, 1.7]], np.float32)
    heat = as_heat(probability)
    assert heat.dtype == np.uint8
    assert heat.shape == (2, 3, 3)
    assert (heat == heat[:, :, :1]).all()
    assert heat[:, :, 0].tolist() == [[0, 128, 255], [0, 64, 255]]


# Sheets.


@pytest.mark.parametrize(
    ("count", "columns", "side", "titles"),
    [
        (1, 1, 16, ()),
        (5, 4, 31, ()),
        (8, 4, 160, ("a", "b", "c", "d")),
        (3, 3, 57, ("a", "b", "c")),
    ],
)
def test_contact_sheet_has_the_size_of_its_pictures(
    tmp_path: Path, count: int, columns: int, side: int, titles: tuple[str, ...]
) -> None:
    path = tmp_path / "figures" / "sheet.png"
    pictures = [plain((40 * k, 255 - 30 * k, 90)) for k in range(count)]
    contact_sheet(pictures, columns, path, titles, side)
    rows, head = -(-count // columns), 22 if titles else 0
    sheet = decoded(path)
    assert sheet.shape == (head + rows * (side + 4), columns * (side + 4), 3)
    assert sheet.std() > 1
    assert [p.name for p in path.parent.iterdir()] == ["sheet.png"]


def test_contact_sheet_places_pictures_row_by_row(tmp_path: Path) -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 255, 255)]
    contact_sheet([plain(c) for c in colours], 2, tmp_path / "sheet.png", side=20)
    sheet = decoded(tmp_path / "sheet.png")
    for place, colour in enumerate(colours):
        row, column = divmod(place, 2)
        tile = sheet[row * 24 : row * 24 + 20, column * 24 : column * 24 + 20]
        assert (tile == colour).all()
    assert (sheet[48:68, 24:44] == 255).all()  # the sixth place stays empty


def test_contact_sheet_keeps_a_picture_pixel_by_pixel(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    contact_sheet([picture], 1, tmp_path / "sheet.png", ("photograph",), side=40)
    sheet = decoded(tmp_path / "sheet.png")
    assert np.array_equal(sheet[22:62, :40], picture)


def test_contact_sheet_writes_its_titles_above_the_columns(tmp_path: Path) -> None:
    contact_sheet([plain((0, 0, 0))] * 2, 2, tmp_path / "sheet.png", ("", "truth"), side=80)
    head = decoded(tmp_path / "sheet.png")[:22]
    assert (head[:, :84] == 255).all()
    assert head[:, 84:].min() < 100
