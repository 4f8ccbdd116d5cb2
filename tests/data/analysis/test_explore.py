"""What is measured of a data set, against one drawn by hand."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.data.analysis.explore import Exploration, read_pair
from crackseg.data.discovery.pairs import Pair
from crackseg.errors import DatasetError, DatasetNotFoundError
from tests.helpers.data_sets import DRAWN, explored, measured, write_by_hand


def test_every_pair_is_measured_at_both_sizes(by_hand: Exploration) -> None:
    assert [one.pair.stem for one in by_hand.measured] == sorted(DRAWN)
    thick = measured(by_hand, "CFD_001")
    assert thick.crack_share(127) == 0.1
    assert thick.small.crack_pixels(127) == 40
    assert np.median(thick.widths) == 4
    assert np.median(measured(by_hand, "CFD_002").widths) == 2


def test_a_grey_crack_is_measured_as_the_cut_leaves_it(
    by_hand: Exploration, tmp_path: Path
) -> None:
    grey = measured(by_hand, "Ceramic_001")
    assert (grey.crack_share(64), grey.crack_share(127)) == (0.075, 0.0)
    assert grey.widths.size == 0
    gentle = explored(by_hand.root, tmp_path, cut=64)
    assert np.median(measured(gentle, "Ceramic_001").widths) == 3


def test_what_a_harsher_cut_takes_is_the_mean_of_both_sizes(by_hand: Exploration) -> None:
    grey = measured(by_hand, "Ceramic_001")
    # At its own size nothing; at 20x20 the second of two rows is half as grey.
    assert grey.share_lost(0, 64) == 0.25
    assert grey.share_lost(0, 127) == 1.0
    assert measured(by_hand, "noncrack_noncrack_wall_1_1").share_lost(0, 127) == 0.0


def test_sources_come_largest_first(by_hand: Exploration) -> None:
    counts = {source: len(ones) for source, ones in by_hand.sources.items()}
    assert list(counts.items()) == [("CFD", 2), ("noncrack", 2), ("Ceramic", 1)]


def test_the_chosen_cut_stands_among_the_usual_ones(by_hand: Exploration, tmp_path: Path) -> None:
    assert by_hand.mask_thresholds == (0, 64, 127)
    assert explored(by_hand.root, tmp_path, cut=30).mask_thresholds == (0, 30, 64, 127)


def test_too_few_pairs_to_divide_are_said(by_hand: Exploration) -> None:
    for division in by_hand.divisions.values():
        assert division.counts == {}
        assert "5 pairs make 4 for training and 0 for validation" in division.line


def test_divisions_are_counted_with_their_leaks(tmp_path: Path) -> None:
    # 10 photographs of 4 crops each.
    generator = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (tmp_path / "walls" / folder).mkdir(parents=True)
    for place in range(40):
        for folder, shape in (("images", (32, 32, 3)), ("masks", (32, 32))):
            name = f"a_{place // 4}_{place % 4}.png"
            noise = generator.integers(0, 256, shape).astype(np.uint8)
            Image.fromarray(noise).save(tmp_path / "walls" / folder / name)
    found = explored(tmp_path / "walls", tmp_path / "cache").divisions
    assert found["random"].counts == {"train": 32, "val": 4, "test": 4}
    assert found["random"].line.startswith("LEAK: ")
    assert found["grouped"].counts == {"train": 32, "val": 4, "test": 4}
    assert found["grouped"].line.startswith("no leak: none of 4 val and 4 test items")


def test_copies_stay_together_in_a_grouped_division(tmp_path: Path, archive: Path) -> None:
    """Twenty photographs under names that tell them apart, and each once more."""
    for folder in ("images", "masks"):
        (tmp_path / "walls" / folder).mkdir(parents=True)
    images = sorted(archive.rglob("Images*/*.png"))
    for image in images:
        mask = next(archive.rglob(f"Masks/{image.name}"))
        for name in (image.name, image.name.replace("CFD", "Ceramic")):
            (tmp_path / "walls/images" / name).write_bytes(image.read_bytes())
            (tmp_path / "walls/masks" / name).write_bytes(mask.read_bytes())
    found = explored(tmp_path / "walls", tmp_path / "cache").divisions
    assert found["random"].line.startswith("LEAK: ")
    assert found["grouped"].line.startswith("no leak: ")


def test_unreadable_pairs_are_left_out_and_known(tmp_path: Path) -> None:
    root = write_by_hand(tmp_path / "walls")
    (root / "images" / "CFD_001.png").write_bytes(b"no picture")
    (root / "masks" / "CFD_002.png").write_bytes(b"")
    found = explored(root, tmp_path / "cache")
    assert [one.pair.stem for one in found.measured] == sorted(DRAWN)[2:]
    assert len(found.verification.of_kind("unreadable")) == 2


def test_a_folder_of_unreadable_files_is_an_error(tmp_path: Path) -> None:
    root = write_by_hand(tmp_path / "walls")
    for path in (root / "masks").iterdir():
        path.write_bytes(b"")
    with pytest.raises(DatasetError) as error:
        explored(root, tmp_path / "cache")
    assert str(error.value) == (
        f"{root}: none of its 5 pairs can be read; crackseg data verify says why"
    )


def test_a_folder_without_pairs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError):
        explored(tmp_path, tmp_path / "cache")


def test_a_mask_is_read_at_the_photographs_size(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((40, 30, 3), np.uint8)).save(tmp_path / "a.png")
    Image.fromarray(np.full((80, 60), 255, np.uint8)).save(tmp_path / "b.png")
    photograph, mask = read_pair(tmp_path, Pair("a", "a.png", "b.png"))
    assert photograph.shape == (40, 30, 3)
    assert mask.shape == (40, 30)
    assert (mask == 255).all()
