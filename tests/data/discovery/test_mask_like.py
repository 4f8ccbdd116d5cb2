"""What is a mask, or shows cracks by its folder's name, is never taken as crack-free."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from crackseg.data.discovery import mask_like
from crackseg.data.discovery.pairs import find_pairs
from crackseg.errors import DatasetNotFoundError
from tests.helpers.data_sets import save, save_photograph

SIZE = (60, 80)


def mask() -> np.ndarray:
    drawn = np.zeros(SIZE, np.uint8)
    drawn[20:24, 10:70] = 255
    return drawn


MASKS = {
    "black and white": mask(),
    "zeros and ones": mask() // 255,
    "coloured": np.where(mask()[:, :, None] > 0, (253, 231, 36), (68, 1, 84)).astype(np.uint8),
    "painted": np.dstack([mask()] * 4),
}


@pytest.mark.parametrize("pixels", MASKS.values(), ids=MASKS)
@pytest.mark.parametrize(
    "names",
    [
        ("Bilder/{}.jpg", "Masken/{}.png"),
        ("图片/{}.jpg", "标注/{}.png"),
        ("input/{}.png", "output/{}.png"),
        ("all/{}.jpg", "all/{}_bw.png"),
        ("task/{}.jpg", "task/task-{}-annotation-3-tag-crack-0.png"),
    ],
)
def test_masks_of_unknown_names_leave_no_photograph_crack_free(
    tmp_path: Path, names: tuple[str, str], pixels: np.ndarray
) -> None:
    for number in range(2):
        save_photograph(tmp_path / names[0].format(number), SIZE)
        save(pixels, tmp_path / names[1].format(number))
    first = names[1].format(0)
    for without_mask in ("leave_out", "crack_free"):
        with pytest.raises(DatasetNotFoundError, match="2 images and 0 masks") as refused:
            find_pairs(tmp_path, without_mask)  # type: ignore[arg-type]
        assert "2 pictures hold a few values only" in str(refused.value)
        assert first in str(refused.value)
        assert "say data.without_mask=crack_free" not in str(refused.value)


def test_lossy_masks_of_unknown_names_too(tmp_path: Path) -> None:
    wide = cv2.resize(mask(), (800, 600), interpolation=cv2.INTER_NEAREST)
    for number in range(2):
        noise = np.random.default_rng(number).integers(60, 200, (600, 800, 3), dtype=np.uint8)
        save(noise, tmp_path / f"fotos/{number}.jpg")
        save(wide, tmp_path / f"maschere/{number}.jpg")
    with pytest.raises(DatasetNotFoundError, match="2 images and 0 masks"):
        find_pairs(tmp_path, "crack_free")


def test_photographs_elsewhere_stay_crack_free(tmp_path: Path) -> None:
    """Black frames too: one value alone is no mask."""
    for number in range(2):
        save_photograph(tmp_path / f"a/{number}.jpg", SIZE)
        save(mask(), tmp_path / f"a/{number}_mask.png")
        save_photograph(tmp_path / f"c/Bilder/{number}.jpg", SIZE)
        save(mask(), tmp_path / f"c/Masken/{number}.png")
    save(np.zeros(SIZE, np.uint8), tmp_path / "a/black.png")
    inventory = find_pairs(tmp_path, "crack_free")
    assert inventory.crack_free == ("a/black.png",)
    assert any("2 pictures hold a few values only" in note for note in inventory.notes)


def test_photographs_in_folders_of_cracks_are_not_crack_free(tmp_path: Path) -> None:
    for number in range(2):
        save_photograph(tmp_path / f"Negative/{number}.jpg", SIZE)
        save_photograph(tmp_path / f"Positive/{number + 10}.jpg", SIZE)
        save_photograph(tmp_path / f"walls/cracked/{number + 20}.jpg", SIZE)
        save_photograph(tmp_path / f"walls/uncracked/{number + 30}.jpg", SIZE)
    inventory = find_pairs(tmp_path, "crack_free")
    assert {Path(image).parent.name for image in inventory.crack_free} == {"Negative", "uncracked"}
    assert any("4 photographs without a mask lie in folders" in note for note in inventory.notes)


def test_a_folder_of_cracks_is_crack_free_where_it_is_named(tmp_path: Path) -> None:
    save_photograph(tmp_path / "positive/1.jpg", SIZE)
    with pytest.raises(DatasetNotFoundError, match="folders whose names say"):
        find_pairs(tmp_path, "crack_free")
    assert find_pairs(tmp_path / "positive", "crack_free").crack_free == ("1.jpg",)


@pytest.mark.parametrize("name", ["x.json.bak", "x.json~", "x.txt.old", "x.json.tmp"])
def test_what_an_annotation_was_before_keeps_its_photograph_from_being_crack_free(
    tmp_path: Path, name: str
) -> None:
    save_photograph(tmp_path / "x.jpg", SIZE)
    (tmp_path / name).write_text("{}")
    with pytest.raises(DatasetNotFoundError, match=f"not understood.*{name}"):
        find_pairs(tmp_path, "crack_free")


@pytest.mark.parametrize("name", ["x.jpg_original", "x.jpg.bak", "x.jpg~", "x.xmp.bak"])
def test_what_a_photograph_was_before_is_harmless(tmp_path: Path, name: str) -> None:
    save_photograph(tmp_path / "x.jpg", SIZE)
    (tmp_path / name).write_bytes((tmp_path / "x.jpg").read_bytes())
    assert find_pairs(tmp_path, "crack_free").crack_free == ("x.jpg",)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
@pytest.mark.parametrize(("low", "high"), [(100, 106), (0, 12), (240, 255), (250, 255)])
def test_flat_photographs_of_few_levels_are_no_masks(
    tmp_path: Path, low: int, high: int, suffix: str
) -> None:
    """Fog, painted steel, a tunnel without light, an overexposed wall."""
    levels = np.random.default_rng(low).integers(low, high, (15, 20), np.uint8)
    save(cv2.resize(levels, SIZE[::-1]), tmp_path / f"flat.{suffix}")
    save_photograph(tmp_path / "x.jpg", SIZE)
    assert find_pairs(tmp_path, "crack_free").crack_free == (f"flat.{suffix}", "x.jpg")


def test_negatives_beside_masks_in_a_folder_named_cracks_are_crack_free(tmp_path: Path) -> None:
    save_photograph(tmp_path / "cracks/1.jpg", SIZE)
    save(mask(), tmp_path / "cracks/1_mask.png")
    save_photograph(tmp_path / "cracks/2.jpg", SIZE)
    assert find_pairs(tmp_path, "crack_free").crack_free == ("cracks/2.jpg",)


def test_of_many_photographs_some_are_looked_at_and_all_where_one_is_a_mask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    real = mask_like._looks_like_a_mask
    monkeypatch.setattr(mask_like, "_SAMPLE", 4)
    monkeypatch.setattr(
        mask_like, "_looks_like_a_mask", lambda path: looked.append(path.name) or real(path)
    )
    for number in range(8):
        save_photograph(tmp_path / f"a/{number}.png", SIZE)
        save_photograph(tmp_path / f"b/{number}.png", SIZE)
        save(mask(), tmp_path / f"b/{number}_bw.png")
    inventory = find_pairs(tmp_path, "crack_free")
    assert len(inventory.crack_free) == 8
    assert {Path(image).parent.name for image in inventory.crack_free} == {"a"}
    assert len(looked) == 4 + 4 + 8
