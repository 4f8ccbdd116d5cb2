"""Brush strokes brought to the width of their cracks."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from box.tightening import tightened, write_tightened
from crackseg.data.annotations.masks.stored import read_mask_and_kind
from crackseg.data.synthetic.rendering import render

_BRUSH = np.ones((7, 7), np.uint8)


def painted(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), _BRUSH).astype(bool)


def overlap(one: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("width", [2, 4, 7])
def test_a_stroke_gets_the_width_of_its_crack(width: int) -> None:
    ground = np.random.default_rng(0).normal(150, 4, (120, 120, 3))
    crack = np.zeros((120, 120), bool)
    crack[:, 60 : 60 + width] = True
    ground[crack] -= 70
    photograph = np.clip(ground, 0, 255).astype(np.uint8)
    assert overlap(tightened(photograph, painted(crack)), crack) > 0.98


def test_drawn_cracks_come_nearer_to_their_exact_masks() -> None:
    before, after = [], []
    for seed in range(6):
        photograph, mask = render("concrete", seed, 256)
        crack = mask > 127
        stroke = painted(crack)
        thin = tightened(photograph, stroke)
        assert not (thin & ~stroke).any()
        before.append(overlap(stroke, crack))
        after.append(overlap(thin, crack))
    assert np.mean(after) > np.mean(before) + 0.2


def test_nothing_to_compare_with_leaves_nothing() -> None:
    photograph = np.full((20, 20, 3), 100, np.uint8)
    everything = np.ones((20, 20), bool)
    assert not tightened(photograph, everything).any()
    assert not tightened(photograph, ~everything).any()


def test_a_set_is_written_once_and_finished_after_a_break(tmp_path: Path) -> None:
    source, target = tmp_path / "brush", tmp_path / "thin"
    for name in ("images", "masks"):
        (source / name).mkdir(parents=True)
    for seed in range(2):
        photograph, mask = render("metal", seed, 96)
        Image.fromarray(photograph).save(source / "images" / f"wall_{seed}.jpg", quality=95)
        Image.fromarray(painted(mask > 127)).save(source / "masks" / f"wall_{seed}.png")
    assert write_tightened(source, target) == target
    made = sorted(path.name for path in (target / "masks").iterdir())
    assert made == ["wall_0.png", "wall_1.png"]
    first = target / "masks" / "wall_0.png"
    written = first.stat().st_mtime_ns
    (target / "masks" / "wall_1.png").unlink()
    write_tightened(source, target)
    assert first.stat().st_mtime_ns == written
    thin, _ = read_mask_and_kind(target / "masks" / "wall_1.png")
    broad, _ = read_mask_and_kind(source / "masks" / "wall_1.png")
    assert 0 < (thin > 127).sum() < (broad > 127).sum()
    copied = (target / "images" / "wall_1.jpg").read_bytes()
    assert copied == (source / "images" / "wall_1.jpg").read_bytes()
