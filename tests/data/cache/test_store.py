"""The store: the same pixels as the files', whole or not there, no larger than it may be."""

import json
import logging
import multiprocessing
import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image

from crackseg.data.cache import store as storing
from crackseg.data.cache.store import GIGABYTE, NoRoomError, Store, open_store
from crackseg.data.cache.survey import PairStatistics
from crackseg.data.discovery.pairs import Pair, find_pairs
from crackseg.data.readers import FileReader
from crackseg.data.splits.manifest import Row
from crackseg.errors import CrackSegError
from crackseg.preprocessing import Preprocessing
from tests.helpers.data_sets import draw_pair, write_archive

SMALL = Preprocessing(image_size=(32, 48), resize="area", mask_threshold=127)
NATIVE = Preprocessing(image_size=None, resize="area", mask_threshold=127)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_archive(tmp_path / "root", count=4)


def opened(root: Path, preprocessing: Preprocessing = SMALL, limit: float = 1.0) -> Store:
    pairs, cache = find_pairs(root).pairs, root.parent / "cache"
    return open_store(root, pairs, preprocessing, cache, limit)[1]


def found_in(root: Path) -> list[PairStatistics]:
    return open_store(root, find_pairs(root).pairs, SMALL, root.parent / "cache", 1.0)[0]


def rows_of(root: Path) -> list[Row]:
    return [Row(*pair, "", "", "", "train") for pair in find_pairs(root).pairs]


def folders(root: Path) -> list[Path]:
    return [one for one in (root.parent / "cache" / "store").iterdir() if one.is_dir()]


def held_in(root: Path) -> int:
    return sum(file.stat().st_size for one in folders(root) for file in one.iterdir())


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pairs each building of a store decodes from here on."""
    counts: list[int] = []
    decode_all = storing.decode_all

    def count(root: Path, pairs: list[Pair], preprocessing: Preprocessing) -> object:
        counts.append(len(pairs))
        return decode_all(root, pairs, preprocessing)

    monkeypatch.setattr(storing, "decode_all", count)
    return counts


@pytest.mark.parametrize("preprocessing", [SMALL, NATIVE])
def test_a_store_holds_what_the_files_hold(root: Path, preprocessing: Preprocessing) -> None:
    larger, mask = draw_pair(9, (96, 80))
    Image.fromarray(larger).save(root / "Final-Dataset-Vol1" / "Images" / "CFD_000.png")
    Image.fromarray(mask).save(
        root / "Final-Dataset-Vol1" / "Final_Masks" / "Masks" / "CFD_000.png"
    )
    store, files = opened(root, preprocessing), FileReader(root, preprocessing)
    for row in reversed(rows_of(root)):
        for stored, read in zip(store.read(row), files.read(row), strict=True):
            assert np.array_equal(stored, read)


def test_its_findings_are_those_of_a_survey(root: Path) -> None:
    statistics = found_in(root)
    assert [found.size for found in statistics] == [(64, 64)] * 4
    assert all(found.pixels == 32 * 48 and found.crack_pixels(127) > 0 for found in statistics)


def test_a_store_is_made_once(root: Path, decoded: list[int]) -> None:
    before = opened(root).read(rows_of(root)[0])[0].copy()
    assert np.array_equal(opened(root).read(rows_of(root)[0])[0], before)
    assert decoded == [4]


@pytest.mark.parametrize("change", ["file", "size", "resize", "pairs"])
def test_whatever_changes_its_bytes_makes_another(
    root: Path, decoded: list[int], change: str
) -> None:
    opened(root)
    preprocessing = SMALL
    if change == "file":
        os.utime(root / "Final-Dataset-Vol1" / "Images" / "CFD_000.png", ns=(1, 1))
    elif change == "size":
        preprocessing = NATIVE
    elif change == "resize":
        preprocessing = Preprocessing((32, 48), "bilinear", 127)
    else:
        (root / "Final-Dataset-Vol1" / "Images" / "CFD_000.png").unlink()
    opened(root, preprocessing)
    assert len(decoded) == 2


def test_another_cut_of_the_masks_needs_no_other_store(root: Path, decoded: list[int]) -> None:
    opened(root)
    opened(root, Preprocessing((32, 48), "area", 0))
    assert decoded == [4]


@pytest.mark.parametrize("name", ["images.bin", "masks.bin", "index.json", "statistics.npz"])
@pytest.mark.parametrize("damage", ["truncated", "changed", "missing"])
def test_a_damaged_store_is_made_anew(
    root: Path,
    decoded: list[int],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    damage: str,
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    whole = [np.array(pixels) for pixels in opened(root).read(rows_of(root)[1])]
    file = folders(root)[0] / name
    content = bytearray(file.read_bytes())
    if damage == "missing":
        file.unlink()
    elif damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    else:
        content[len(content) // 2] ^= 255
        file.write_bytes(content)
    again = opened(root).read(rows_of(root)[1])
    assert all(np.array_equal(one, other) for one, other in zip(again, whole, strict=True))
    assert decoded == [4, 4]
    assert "damaged, made anew" in caplog.text


def test_what_a_killed_process_left_is_cleared_away(root: Path) -> None:
    opened(root)
    (folder,) = folders(root)
    shutil.move(folder, f"{folder}.part")
    assert len(found_in(root)) == 4
    assert folders(root) == [folder]


def test_two_runs_at_once_make_one_store(root: Path, decoded: list[int]) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: opened(root), range(2))
    assert np.array_equal(first.read(rows_of(root)[2])[0], second.read(rows_of(root)[2])[0])
    assert decoded == [4]


def test_an_unreadable_pair_takes_no_room(root: Path) -> None:
    bad = root / "Final-Dataset-Vol1" / "Images" / "CFD_002.png"
    bad.write_bytes(b"a letter")
    assert [bool(found.unreadable) for found in found_in(root)] == [False, False, True, False]
    store = opened(root)
    last = rows_of(root)[3]
    assert np.array_equal(store.read(last)[0], FileReader(root, SMALL).read(last)[0])


def _first_photograph(store: Store, row: Row) -> np.ndarray:
    return np.array(store.read(row)[0])


def test_another_process_maps_the_files_itself(root: Path) -> None:
    store, row = opened(root), rows_of(root)[0]
    # The photographs alone are 24 kB.
    assert len(pickle.dumps(store)) < 2_000
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        there = pool.apply(_first_photograph, (store, row))
    assert np.array_equal(there, store.read(row)[0])


def test_a_store_that_is_gone_before_a_process_maps_it_is_named(root: Path) -> None:
    """Where processes are not forked, each opens the files by itself."""
    store, row = opened(root), rows_of(root)[0]
    sent = pickle.loads(pickle.dumps(store))
    shutil.rmtree(store.folder)
    assert store.read(row)[0].any()
    message = r"images\.bin: is gone; another run has made room .* a larger data\.store_limit"
    with pytest.raises(CrackSegError, match=message):
        sent.read(row)


def test_a_store_above_its_limit_is_refused(root: Path) -> None:
    with pytest.raises(NoRoomError, match=r"need 0\.0 GB, and data\.store_limit is .*; raise it"):
        opened(root, limit=1e-6)
    assert not folders(root)


def test_the_store_not_used_for_longest_makes_room(root: Path) -> None:
    sizes = [(32, 32), (32, 48), (32, 64)]
    first, second, third = (Preprocessing(size, "area", 127) for size in sizes)
    opened(root, first)
    opened(root, second)
    held = held_in(root)
    oldest = next(one for one in folders(root) if _shapes(one)[0] == [32, 48])
    os.utime(oldest, (1, 1))
    opened(root, third, limit=(held + 1000) / GIGABYTE)
    assert sorted(_shapes(one)[0] for one in folders(root)) == [[32, 32], [32, 64]]


@pytest.fixture
def two_stores(root: Path) -> Path:
    """Of photographs at two sizes; the folder of the older one."""
    opened(root, Preprocessing((32, 32), "area", 127))
    (older,) = folders(root)
    opened(root, Preprocessing((32, 48), "area", 127))
    os.utime(older, (1, 1))
    return older


def test_a_full_disk_makes_old_stores_go_too(
    root: Path, two_stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capacity = GIGABYTE + held_in(root) + 4 * 4 * 32 * 64 - 1000

    def usage(path: Path) -> SimpleNamespace:
        return SimpleNamespace(free=capacity - held_in(root))

    monkeypatch.setattr(storing.shutil, "disk_usage", usage)
    opened(root, Preprocessing((32, 64), "area", 127))
    assert sorted(_shapes(one)[0] for one in folders(root)) == [[32, 48], [32, 64]]


def test_a_disk_that_is_too_small_in_any_case_costs_no_store(
    root: Path, two_stores: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing.shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    with pytest.raises(NoRoomError, match=r"has 0\.0 GB free, of which 1 GB is left alone"):
        opened(root, Preprocessing((32, 64), "area", 127))
    assert len(folders(root)) == 2


def test_a_store_that_another_run_opens_just_now_stays(root: Path, two_stores: Path) -> None:
    limit = (held_in(root) + 1000) / GIGABYTE
    with FileLock(f"{two_stores}.lock"):
        opened(root, Preprocessing((32, 64), "area", 127), limit)
        assert sorted(_shapes(one)[0] for one in folders(root)) == [[32, 32], [32, 64]]
        newer = next(one for one in folders(root) if one != two_stores)
        with FileLock(f"{newer}.lock"), pytest.raises(NoRoomError, match="other runs use them"):
            opened(root, Preprocessing((32, 48), "area", 127), limit)
    assert len(folders(root)) == 2


def _shapes(folder: Path) -> list[list[int]]:
    shapes: list[list[int]] = json.loads((folder / "index.json").read_text())["shapes"]
    return shapes


def test_a_disk_without_room_is_said_before_anything_is_written(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = SimpleNamespace(free=GIGABYTE)
    monkeypatch.setattr(storing.shutil, "disk_usage", lambda path: full)
    with pytest.raises(NoRoomError, match=r"has 1\.0 GB free, of which 1 GB is left alone; free"):
        opened(root)
    assert not folders(root)


def test_a_disk_that_fills_leaves_nothing_behind(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storing, "write_statistics", full)
    with pytest.raises(NoRoomError, match="the disk is full"):
        opened(root)
    assert not folders(root)
