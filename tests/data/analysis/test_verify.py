"""What is said of a whole data set, with every trap in it."""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from crackseg.data.analysis.verify import Verification, verify
from crackseg.data.discovery.pairs import find_pairs
from crackseg.errors import DatasetError, DatasetNotFoundError
from tests.helpers.data_sets import (
    IMAGES,
    MASKS,
    draw_pair,
    save,
    write_archive,
    write_traps,
)


@pytest.fixture(scope="module")
def trapped(tmp_path_factory: pytest.TempPathFactory) -> Verification:
    return verify([write_traps(tmp_path_factory.mktemp("trapped"))])


def images(found: Verification, kind: str) -> list[list[str]]:
    return [[Path(pair.image).stem for pair in one.pairs] for one in found.of_kind(kind)]


def test_a_sound_archive_has_no_problem(archive: Path) -> None:
    found = verify([archive])
    assert found.problems == ()
    assert not found.spoils
    assert found.exclusions == {}
    assert found.overall.pairs == 20
    assert found.sources == {"CFD": found.overall}
    assert found.image_sizes == {"64x64": 20}
    assert found.mask_kinds == {"grey": 20}
    assert found.subsets == {"": 20}


def test_every_trap_is_found_by_name(trapped: Verification) -> None:
    expected = {
        "unreadable": [["Volker_x_1_2_3_4"]],
        "no_mask": [["Ceramic_003"]],
        "wrong_size": [["Ceramic_002"]],
        "inverted": [["Ceramic_001"]],
        "borrowed_mask": [["CFD_000", "CFD_100"]],
        "across_subsets": [],
        "mostly_crack": [],
        "identical": [["CFD_001", "CFD_101"]],
        "near_duplicates": [["CFD_002", "CFD_102"]],
    }
    assert {kind: images(trapped, kind) for kind in expected} == expected
    assert trapped.images_without_mask == (f"{IMAGES}/lonely.png",)
    assert trapped.masks_without_image == (f"{MASKS}/orphan.png",)
    assert trapped.spoils


def test_masks_are_counted_by_source(trapped: Verification) -> None:
    counted = {source: summary.pairs for source, summary in trapped.sources.items()}
    assert list(counted) == ["CFD", "Ceramic", "noncrack", "Volker", "cracktree200", "masonry"]
    assert counted["CFD"] == 11
    assert {source: one.empty for source, one in trapped.sources.items() if one.empty} == {
        "noncrack": 2
    }
    # The damaged pair counts, but there is nothing to be said of its mask.
    assert trapped.sources["Volker"].pairs == 1
    assert sum(trapped.sources["Volker"].histogram) == 0
    assert trapped.overall.pairs == sum(counted.values())


def test_cuts_that_empty_masks_are_told(trapped: Verification) -> None:
    assert trapped.sources["cracktree200"].emptied == {0: 0, 64: 0, 127: 1}
    assert trapped.sources["noncrack"].emptied == {0: 0, 64: 0, 127: 0}
    # Read as 0 and 255, a mask of ones loses nothing.
    masonry = trapped.sources["masonry"]
    assert masonry.emptied[127] == 0
    assert masonry.crack_share[0] == masonry.crack_share[127] > 0
    assert trapped.mask_kinds["zero_one"] == 1


def test_values_are_counted_in_bins(tmp_path: Path) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[0, :9] = (15, 16, 64, 65, 127, 128, 240, 255, 1)
    save(draw_pair(0)[0], tmp_path / "images/wall.png")
    save(mask, tmp_path / "masks/wall.png")
    found = verify([tmp_path]).overall
    assert {place: count for place, count in enumerate(found.histogram) if count} == {
        0: 4096 - 7, 1: 1, 4: 2, 7: 1, 8: 1, 15: 2,
    }  # fmt: skip
    assert found.crack_share == {0: 9 / 4096, 64: 5 / 4096, 127: 3 / 4096}


def test_copies_across_ready_subsets_are_errors(tmp_path: Path) -> None:
    for subset, seed in (("train", 0), ("train", 1), ("test", 1), ("test", 2)):
        image, mask = draw_pair(seed)
        save(image, tmp_path / subset / "images" / f"{subset}{seed}.png")
        save(mask, tmp_path / subset / "masks" / f"{subset}{seed}.png")
    found = verify([tmp_path])
    assert found.subsets == {"test": 2, "train": 2}
    assert images(found, "across_subsets") == [["test1", "train1"]]
    assert found.spoils
    assert list(found.exclusions) == ["train/images/train1.png"]


def test_lists_of_ready_subsets_count_like_folders(tmp_path: Path) -> None:
    for name, seed in (("a", 0), ("b", 1), ("c", 1), ("d", 2)):
        image, mask = draw_pair(seed)
        save(image, tmp_path / "images" / f"{name}.png")
        save(mask, tmp_path / "masks" / f"{name}.png")
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "test.txt").write_text("c.png\n")
    found = verify([tmp_path])
    assert found.subsets == {"": 1, "test": 1, "train": 2}
    assert images(found, "across_subsets") == [["c", "b"]]


def test_lists_that_contradict_each_other_are_a_warning(tmp_path: Path) -> None:
    for seed in range(2):
        image, mask = draw_pair(seed)
        save(image, tmp_path / "images" / f"{seed}.png")
        save(mask, tmp_path / "masks" / f"{seed}.png")
    for name in ("train", "test"):
        (tmp_path / f"{name}.txt").write_text("1\n")
    found = verify([tmp_path])
    (problem,) = found.of_kind("ready_lists")
    assert problem.detail.endswith(
        "1 names stand in both, so that subsets overlap: 1; take them out of one"
    )
    assert not found.spoils
    assert found.subsets == {"": 2}
    assert found.as_dict()["problems"]["ready_lists"][0]["images"] == []


def test_several_roots_are_one_data_set_below_their_common_parent(tmp_path: Path) -> None:
    write_archive(tmp_path / "one", count=2)
    image, mask = draw_pair(0, (64, 64))
    save(cv2.resize(image, (96, 80)), tmp_path / "two/images/wall.png")
    save(cv2.resize(mask, (96, 80)), tmp_path / "two/masks/wall.png")
    found = verify([tmp_path / "one", tmp_path / "two"])
    assert found.root == str(tmp_path)
    assert found.image_sizes == {"64x64": 2, "96x80": 1}
    # The larger of the copies stays.
    assert found.exclusions == {
        f"one/{IMAGES}/CFD_000.png": "near_duplicates: copy of two/images/wall.png"
    }


def test_leaving_out_what_is_listed_leaves_nothing_that_spoils(tmp_path: Path) -> None:
    root = write_traps(tmp_path)
    for image in verify([root]).exclusions:
        (root / image).unlink()
    assert [one for one in verify([root]).problems if one.spoils] == []
    assert len(find_pairs(root).pairs) > 8


def test_no_file_is_touched(tmp_path: Path) -> None:
    root = write_traps(tmp_path)
    files = [Path(folder) / name for folder, _, names in os.walk(root) for name in names]
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in files}
    verify([root])
    after = [Path(folder) / name for folder, _, names in os.walk(root) for name in names]
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in after} == before


def test_all_of_it_can_be_written_as_json(trapped: Verification) -> None:
    plain = json.loads(json.dumps(trapped.as_dict(), allow_nan=False))
    assert plain["spoils"] is True
    assert plain["overall"]["crack_share"].keys() == {"0", "64", "127"}
    assert len(plain["sources"]["CFD"]["histogram"]) == 16
    assert plain["images_without_mask"] == [f"{IMAGES}/lonely.png"]
    assert plain["problems"]["mostly_crack"] == []
    assert plain["problems"]["wrong_size"] == [
        {
            "detail": "mask 80x80, photograph 64x64",
            "images": [f"{IMAGES}/Ceramic_002.png"],
            "masks": [f"{MASKS}/Ceramic_002.png"],
        }
    ]


def test_a_folder_without_a_pair_is_a_user_s_mistake(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="no data set here"):
        verify([tmp_path])


def test_roots_in_one_another_are_refused(archive: Path) -> None:
    with pytest.raises(DatasetError):
        verify([archive, archive / "Final-Dataset-Vol1"])


def test_where_no_pair_can_be_read_that_is_all_that_is_said(tmp_path: Path) -> None:
    save(draw_pair(0)[0], tmp_path / "images/wall.png")
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks/wall.png").write_bytes(b"")
    found = verify([tmp_path])
    assert [problem.kind for problem in found.problems] == ["unreadable"]
    assert found.image_sizes == {}
    assert found.overall.crack_share == {0: 0.0, 64: 0.0, 127: 0.0}
