"""Pictures of pairs, cuts and problems."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.analysis.explore import Exploration
from crackseg.data.analysis.problems import Problem
from crackseg.data.discovery.pairs import Pair
from crackseg.images.pixels import UInt8Array
from crackseg.reporting.exploration.pictures import (
    beside,
    enlarged,
    of_problem,
    preview,
    squared,
    strips,
    with_overlay,
    write_rows,
)
from crackseg.reporting.html.data_uris import embed
from crackseg.visualization.overlays import CRACK_COLOUR
from tests.helpers.data_sets import measured


def plain(height: int, width: int, value: int = 90) -> UInt8Array:
    return np.full((height, width, 3), value, np.uint8)


def pair(stem: str) -> Pair:
    return Pair(stem, f"images/{stem}.png", f"masks/{stem}.png")


@pytest.mark.parametrize(
    ("size", "shown"),
    [((64, 96), (64, 96)), ((512, 512), (256, 256)), ((300, 3000), (51, 512)), ((9, 9), (9, 9))],
)
def test_a_preview_keeps_the_proportions_and_never_grows(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert preview(plain(*size)).shape[:2] == shown


def test_the_overlay_colours_the_crack_alone(by_hand: Exploration) -> None:
    photograph, coloured = with_overlay(by_hand.root, pair("CFD_001"), 127)
    changed = (photograph != coloured).any(axis=2)
    assert changed[10:14].mean() > 0.95
    assert not changed[:10].any()
    assert not changed[14:].any()
    expected = 0.4 * photograph[10:14].astype(float) + 0.6 * np.array(CRACK_COLOUR)
    assert np.abs(coloured[10:14] - expected).max() <= 1


def test_pictures_stand_beside_each_other_on_white() -> None:
    joined = beside(plain(10, 20, 0), plain(6, 5, 0))
    assert joined.shape == (10, 29, 3)
    assert (joined[:, 20:24] == 255).all()
    assert (joined[6:, 24:] == 255).all()
    assert (joined[:6, 24:] == 0).all()


def test_a_square_is_white_around_the_picture() -> None:
    square = squared(plain(4, 10, 0))
    assert square.shape == (10, 10, 3)
    assert (square[3:7] == 0).all()
    assert (square[:3] == 255).all()


def test_enlarged_pixels_keep_their_values() -> None:
    small = np.zeros((2, 2, 3), np.uint8)
    small[0, 1] = 200
    assert set(np.unique(enlarged(small)).tolist()) == {0, 200}


def test_strips_show_the_same_place_at_both_sizes(by_hand: Exploration) -> None:
    own, small = strips(by_hand, measured(by_hand, "Ceramic_001"))
    assert (own.size, small.size) == ((40, 40), (20, 20))
    assert own.photograph.shape == own.mask.shape == (40, 40, 3)
    assert small.photograph.shape == small.mask.shape == (20, 20, 3)
    assert {cut: share for cut, (_, share) in own.cuts.items()} == {0: 0.075, 64: 0.075, 127: 0}
    assert {cut: share for cut, (_, share) in small.cuts.items()} == {0: 0.1, 64: 0.05, 127: 0}
    assert (own.cuts[0][0][10:13] == 255).all()
    assert own.cuts[0][0].sum() == 3 * 40 * 3 * 255
    assert (own.mask[10:13] == 100).all()


def test_a_problem_is_shown_as_what_it_is(by_hand: Exploration) -> None:
    root, pairs = by_hand.root, (pair("CFD_001"), pair("CFD_002"))
    copies = of_problem(root, Problem("near_duplicates", pairs, ""), 127)
    for shown, one in zip(copies, pairs, strict=True):
        assert np.array_equal(shown, _read(root, one))
    shared = of_problem(root, Problem("borrowed_mask", pairs, ""), 127)
    assert len(shared) == 2
    assert not np.array_equal(shared[0], _read(root, pairs[0]))
    photograph, mask = of_problem(root, Problem("inverted", pairs[:1], ""), 127)
    assert np.array_equal(photograph, _read(root, pairs[0]))
    assert (mask[10:14] == 255).all()
    assert of_problem(root, Problem("unreadable", pairs[:1], ""), 127) == []


def test_many_copies_are_shown_by_some(by_hand: Exploration) -> None:
    problem = Problem("identical", (pair("CFD_001"),) * 9, "")
    assert len(of_problem(by_hand.root, problem, 127)) == 3


def test_rows_of_different_lengths_make_one_sheet(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    write_rows([[plain(10, 10, 0)], [plain(5, 10, 0)] * 3], path, ("a", "b", "c"))
    with Image.open(path) as sheet:
        pixels = np.asarray(sheet.convert("RGB"))
    assert pixels.shape == (22 + 2 * 260, 3 * 260, 3)
    assert (pixels[22 : 22 + 256, :256] == 0).all()
    assert (pixels[22 : 22 + 256, 260:] == 255).all()


def test_an_exact_picture_is_embedded_pixel_by_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (12, 17, 3)).astype(np.uint8)
    shown = embed(picture, "noise", "a", exact=True)
    kind, _, content = shown.address.partition(",")
    assert kind == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as decoded:
        assert np.array_equal(np.asarray(decoded.convert("RGB")), picture)
    assert (shown.width, shown.height, shown.alt, shown.caption) == (17, 12, "noise", ("a",))


def _read(root: Path, one: Pair) -> UInt8Array:
    with Image.open(root / one.image) as picture:
        return np.asarray(picture.convert("RGB"))
