"""Every row stands in one subset at most, and whole photographs stay together where they must."""

import logging
import random
import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits import stratify
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.leakage import find_leaks
from crackseg.data.splits.local_search import GroupBalance, IntArray
from crackseg.data.splits.manifest import SUBSETS, Manifest, Row
from crackseg.data.splits.name_rules import number
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.strategies import split_by_photograph, split_officially, split_randomly
from crackseg.errors import DatasetError


def rows_of(stems: Sequence[str]) -> list[Row]:
    return describe([Pair(stem, f"images/{stem}.jpg", f"masks/{stem}.png") for stem in stems])


def make_rows(count: int) -> list[Row]:
    return rows_of([f"CFD_{i}" for i in range(count)])


@pytest.mark.parametrize(
    ("total", "train", "val", "test"),
    [(6315, 5052, 631, 632), (2221, 1776, 222, 223), (10, 8, 1, 1), (19, 15, 1, 3)],
)
def test_the_counts_are_the_report_s(total: int, train: int, val: int, test: int) -> None:
    manifest = split_randomly(make_rows(total))
    assert manifest.counts == {"train": train, "val": val, "test": test}
    assert [len(manifest.subset(name)) for name in ("train", "val", "test")] == [train, val, test]


def test_every_row_stands_in_exactly_one_subset() -> None:
    rows = make_rows(101)
    manifest = split_randomly(rows)
    divided = [row for name in ("train", "val", "test") for row in manifest.subset(name)]
    assert sorted(row.stem for row in divided) == sorted(row.stem for row in rows)
    assert sorted(divided, key=lambda row: row.stem) == sorted(
        manifest.subset("all"), key=lambda row: row.stem
    )


def test_the_division_mixes_the_names() -> None:
    rows = split_randomly(make_rows(200)).rows
    in_order_of_names = [row.subset for row in rows]
    assert "test" in in_order_of_names[:100]
    assert "train" in in_order_of_names[160:]


def test_the_order_of_the_rows_does_not_matter() -> None:
    shuffled = make_rows(57)
    random.Random(1).shuffle(shuffled)
    assert split_randomly(shuffled, seed=3) == split_randomly(make_rows(57), seed=3)


def test_another_seed_divides_in_another_way() -> None:
    manifests = [split_randomly(make_rows(57), seed) for seed in range(5)]
    assert len({manifest.digest for manifest in manifests}) == 5
    assert all(manifest.counts == manifests[0].counts for manifest in manifests)


def test_counts_can_be_given() -> None:
    assert split_randomly(make_rows(10), counts=[5, 3, 2]).counts == {
        "train": 5,
        "val": 3,
        "test": 2,
    }
    assert split_randomly(make_rows(3), counts=(2, 1, 0)).counts["test"] == 0


def test_the_source_and_the_photograph_are_kept() -> None:
    described = rows_of(["DeepCrack_11215-3", "CRACK500_17", "holiday"])
    rows = {row.stem: row for row in split_randomly(described, counts=[1, 1, 1]).rows}
    told = {stem: (row.source, row.photograph) for stem, row in rows.items()}
    assert told == {
        "DeepCrack_11215-3": ("DeepCrack", "DeepCrack_11215"),
        "CRACK500_17": ("CRACK500", ""),
        "holiday": ("", ""),
    }


@pytest.mark.parametrize("counts", [[8, 1], [8, 1, 2], [5, 1, 1], [12, -1, -1], [], [4, 3, 2, 1]])
def test_counts_that_do_not_add_up_are_refused(counts: list[int]) -> None:
    message = (
        f"data.counts={counts}: they are train, val and test and must add up to the 10 pairs "
        "there are"
    )
    with pytest.raises(DatasetError, match=f"^{re.escape(message)}$"):
        split_randomly(make_rows(10), counts=counts)


@pytest.mark.parametrize(
    ("total", "counts", "train", "val"),
    [(0, None, 0, 0), (1, None, 0, 0), (9, None, 7, 0), (4, [0, 2, 2], 0, 2), (4, [4, 0, 0], 4, 0)],
)
def test_too_few_pairs_are_refused(
    total: int, counts: list[int] | None, train: int, val: int
) -> None:
    message = (
        f"{total} pairs make {train} for training and {val} for validation, and each needs at "
        "least one; add photographs, set data.counts, or judge all of them with "
        "evaluate.py subset=all"
    )
    with pytest.raises(DatasetError, match=f"^{re.escape(message)}$"):
        split_randomly(make_rows(total), counts=counts)


def make_v3() -> tuple[list[Row], list[float]]:
    """6,315 names as in the third version of CrackSeg9k, with shares of crack."""
    generator = np.random.default_rng(0)
    stems = [
        *(f"CRACK500_20160307_{i // 5:06d}_{i % 5}_1" for i in range(2160)),
        *(f"Rissbilder_for_Florian_9S6A{i // 16:04d}_0_0_{i}_1" for i in range(1880)),
        *(f"noncrack_noncrack_concrete_wall_{i // 14}_{i % 14}" for i in range(970)),
        *(f"Volker_DSC{i // 7:05d}_0_0_{i}_1" for i in range(360)),
        *(f"DeepCrack_{i // 4}-{i % 4}" for i in range(305)),
        *(f"GAPS384_train_{i:04d}_1_641" for i in range(265)),
        *(f"a_{i // 20}_{i % 20}" for i in range(165)),
        *(f"cracktree200_{i}" for i in range(120)),
        *(f"CFD_{i:03d}" for i in range(80)),
        *(f"Ceramic_{i:03d}" for i in range(10)),
    ]
    shares = generator.gamma(1.2, 0.03, len(stems))
    return rows_of(stems), [
        0.0 if stem.startswith("noncrack") else share
        for stem, share in zip(stems, shares.tolist(), strict=True)
    ]


def shares_of_sources(rows: Sequence[Row]) -> dict[str, float]:
    counted = Counter(row.source for row in rows)
    return {source: count / len(rows) for source, count in counted.items()}


def subsets_of_groups(manifest: Manifest) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in manifest.rows:
        found.setdefault(row.group, set()).add(row.subset)
    return found


def watch_parts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of groups of each part that is balanced by itself, of two balances each."""
    sizes, part = [], GroupBalance.part

    def watched(balance: GroupBalance, groups: IntArray) -> GroupBalance:
        sizes.append(len(groups))
        return part(balance, groups)

    monkeypatch.setattr(GroupBalance, "part", watched)
    return sizes


@pytest.mark.parametrize("at_once", [10_000, 400], ids=["at once", "in parts"])
def test_by_photograph_no_group_is_divided_and_the_subsets_are_alike(
    at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stratify, "_GROUPS_AT_ONCE", at_once)
    parts = watch_parts(monkeypatch)
    rows, crack = make_v3()
    assert len(rows) == 6315
    manifest = split_by_photograph(rows, crack)
    assert manifest.counts == {"train": 5052, "val": 631, "test": 632}
    groups = len({row.group for row in rows})
    assert len(parts) == (0 if groups <= at_once else -(-groups // at_once) * 2)
    assert all(len(subsets) == 1 for subsets in subsets_of_groups(manifest).values())
    assert find_leaks(manifest).is_clean
    crack_of = {row.image: share for row, share in zip(rows, crack, strict=True)}
    for name in SUBSETS:
        subset = manifest.subset(name)
        assert np.mean([crack_of[row.image] for row in subset]) == pytest.approx(
            np.mean(crack), rel=0.02
        )
        for source, share in shares_of_sources(rows).items():
            assert shares_of_sources(subset)[source] == pytest.approx(share, abs=0.01)


def make_grouped(count: int = 120) -> tuple[list[Row], list[float]]:
    """Photographs of one to seven crops, from two sources."""
    generator = np.random.default_rng(3)
    stems: list[str] = []
    while len(stems) < count:
        series, photograph = generator.choice(["a", "DeepCrack"]), len(stems)
        mark = "_" if series == "a" else "-"
        stems += [f"{series}_{photograph}{mark}{i}" for i in range(generator.integers(1, 8))]
    return rows_of(stems[:count]), generator.random(count).tolist()


def test_by_photograph_the_order_of_the_rows_does_not_matter() -> None:
    rows, crack = make_grouped()
    order = list(range(len(rows)))
    random.Random(1).shuffle(order)
    shuffled = split_by_photograph([rows[i] for i in order], [crack[i] for i in order], seed=4)
    assert shuffled == split_by_photograph(rows, crack, seed=4)


def test_by_photograph_a_division_stays_what_it_was() -> None:
    # Figures of networks that users have stand on such divisions: no change may divide anew.
    rows, crack = make_grouped()
    assert (
        split_by_photograph(rows, crack, seed=4).digest
        == "09d7188d35fd6f41d8cafea8d9dfd93bf20b4c02a1b8ad754d4542e12f43b3be"
    )


def test_by_photograph_another_seed_divides_in_another_way() -> None:
    rows, crack = make_grouped()
    manifests = [split_by_photograph(rows, crack, seed) for seed in range(4)]
    assert len({manifest.digest for manifest in manifests}) == 4
    assert all(manifest.counts == {"train": 96, "val": 12, "test": 12} for manifest in manifests)


def test_by_photograph_counts_can_be_given() -> None:
    rows, crack = make_grouped()
    assert split_by_photograph(rows, crack, counts=[60, 40, 20]).counts == {
        "train": 60,
        "val": 40,
        "test": 20,
    }
    assert split_by_photograph(rows, crack, counts=[100, 20, 0]).counts["test"] == 0
    with pytest.raises(DatasetError, match=r"^data\.counts=\[1, 2, 3\]: they are train, val and"):
        split_by_photograph(rows, crack, counts=[1, 2, 3])


def test_by_photograph_near_duplicates_stay_together() -> None:
    pairs = [Pair(f"CFD_{i}", f"i/{i}.jpg", f"m/{i}.png") for i in range(60)]
    near = [(i, i + 30) for i in range(30)]
    manifest = split_by_photograph(describe(pairs, duplicates=near), [0.1] * 60)
    assert all(len(subsets) == 1 for subsets in subsets_of_groups(manifest).values())
    assert manifest.counts == {"train": 48, "val": 6, "test": 6}


def test_a_photograph_too_large_for_the_others_trains() -> None:
    rows = rows_of([*(f"a_0_{i}" for i in range(40)), *(f"CFD_{i}" for i in range(20))])
    for seed in range(3):
        manifest = split_by_photograph(rows, [0.1] * 60, seed)
        assert subsets_of_groups(manifest)["a_0"] == {"train"}
        assert manifest.counts == {"train": 48, "val": 6, "test": 6}


def test_every_subset_gets_a_photograph_even_if_none_fits_well() -> None:
    rows = rows_of([f"a_{i}_{j}" for i in range(5) for j in range(6)])
    assert split_by_photograph(rows, [0.1] * 30).counts == {"train": 18, "val": 6, "test": 6}


@pytest.mark.parametrize(("photographs", "crops", "fitting"), [(2, 30, 0), (3, 20, 0), (2, 6, 0)])
def test_photographs_too_few_or_too_large_are_refused(
    photographs: int, crops: int, fitting: int
) -> None:
    total = photographs * crops
    rows = rows_of([f"a_{i}_{j}" for i in range(photographs) for j in range(crops)])
    with pytest.raises(DatasetError) as caught:
        split_by_photograph(rows, [0.1] * total)
    judged = total - total * 8 // 10
    assert str(caught.value) == (
        f"{total} pairs make only {photographs} groups of a photograph with its near duplicates, "
        f"the largest of {crops}, of which {fitting} are no larger than the {judged} pairs that "
        "validation and test are to have; give these more with data.counts, add photographs, or "
        "take data.split=random and mind what it leaks"
    )


def test_larger_counts_make_room_for_large_photographs() -> None:
    rows = rows_of([f"a_{i}_{j}" for i in range(3) for j in range(20)])
    manifest = split_by_photograph(rows, [0.1] * 60, counts=[20, 20, 20])
    assert manifest.counts == {"train": 20, "val": 20, "test": 20}


def make_series(count: int = 1000) -> list[Row]:
    stems = [f"CRACK500_{i:05d}" for i in range(1, count + 1) if i % 50]
    stems += [f"CFD_{i:03d}" for i in range(200)]
    pairs = [Pair(stem, f"images/{stem}.jpg", f"masks/{stem}.png") for stem in stems]
    return describe(pairs, {"CRACK500": Blocks(40, 9)})


def test_guard_bands_lie_between_runs_of_different_subsets_and_nowhere_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = make_series()
    with caplog.at_level(logging.INFO, "crackseg"):
        manifest = split_by_photograph(rows, [0.1] * len(rows), blocks={"CRACK500": Blocks(40, 9)})
    numbered = {number(r.stem): r.subset for r in manifest.rows if r.source == "CRACK500"}
    ordered = sorted((place, subset) for place, subset in numbered.items() if place is not None)
    changes = 0
    for (place, subset), (after, other) in pairwise(ordered):
        if subset != other:
            changes += 1
            assert after - place > 9
            assert place <= place // 40 * 40 + 35
    assert changes >= 4
    left_out = {number(row.stem) for row in rows if row.source == "CRACK500"} - set(numbered)
    assert all(
        place is not None and (place - 1) % 40 in {*range(4), *range(35, 40)} for place in left_out
    )
    assert caplog.messages == [
        f"{len(left_out)} pairs in guard bands between runs of different subsets, left out"
    ]
    assert find_leaks(manifest).is_clean


def test_the_guard_is_taken_from_training() -> None:
    rows = make_series()
    blocks = {"CRACK500": Blocks(40, 9)}
    for seed in range(3):
        counts = split_by_photograph(rows, [0.1] * len(rows), seed, blocks=blocks).counts
        assert counts["val"] == pytest.approx(118, abs=4)
        assert counts["test"] == pytest.approx(118, abs=4)
        assert counts["train"] < 944


def test_guard_bands_that_take_a_whole_subset_are_refused() -> None:
    stems = [f"CRACK500_{i}" for i in (8, 9, 16, 17)]
    pairs = [Pair(stem, f"{stem}.jpg", f"{stem}.png") for stem in stems]
    blocks = {"CRACK500": Blocks(8, 4)}
    with pytest.raises(DatasetError) as caught:
        split_by_photograph(describe(pairs, blocks), [0.1] * 4, counts=[1, 2, 1], blocks=blocks)
    assert str(caught.value) == (
        "guard bands leave nothing of the train subset; set larger runs or a smaller guard in "
        "data.blocks"
    )


def test_at_random_runs_only_serve_to_count_leaks() -> None:
    rows = make_series()
    manifest = split_randomly(rows)
    assert len(manifest.rows) == len(rows)
    leaks = find_leaks(manifest)
    assert leaks.val.shared > 90
    assert leaks.val.unknown == leaks.test.unknown == 0


def write_lists(root: Path, rows: Sequence[Row], **subsets: range) -> Path:
    folder = root / "Final-Dataset-Vol1" / "Final_Masks"
    folder.mkdir(parents=True)
    for subset, places in subsets.items():
        lines = [f"{rows[place].stem}.png" for place in places]
        (folder / f"{subset}.txt").write_text("\r\n".join(lines), encoding="utf-8")
    return root


def test_officially_lists_decide_and_validation_is_cut_out_by_whole_photographs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows, _ = make_grouped(100)
    write_lists(tmp_path, rows, train=range(80), test=range(80, 100))
    with caplog.at_level(logging.INFO, "crackseg"):
        manifest = split_officially(rows, [tmp_path])
    assert manifest.counts == {"train": 70, "val": 10, "test": 20}
    test = {row.stem for row in manifest.subset("test")}
    assert test == {row.stem for row in rows[80:]}
    groups = [{row.group for row in manifest.subset(name)} for name in ("train", "val")]
    assert not groups[0] & groups[1]
    assert caplog.messages == [
        "there is no ready validation subset: 10 of 80 training pairs were cut out for it, by "
        "whole photographs"
    ]
    assert split_officially(rows[::-1], [tmp_path]) == manifest
    assert split_officially(rows, [tmp_path], seed=1) != manifest


def test_officially_pairs_in_no_list_are_left_out_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = make_rows(10)
    write_lists(tmp_path, rows, train=range(6), val=range(6, 7), test=range(7, 8))
    with caplog.at_level(logging.INFO, "crackseg"):
        manifest = split_officially(rows, [tmp_path])
    assert manifest.counts == {"train": 6, "val": 1, "test": 1}
    assert caplog.messages == [
        "2 pairs are in no ready subset, left out: images/CFD_8.jpg, images/CFD_9.jpg"
    ]


def test_officially_folders_decide() -> None:
    images = [f"{('train', 'valid', 'test')[i % 3]}/images/CFD_{i}.png" for i in range(9)]
    rows = describe([Pair(Path(image).stem, image, f"m/{image}") for image in images])
    manifest = split_officially(rows, [])
    assert manifest.counts == {"train": 3, "val": 3, "test": 3}
    assert {row.stem for row in manifest.subset("val")} == {"CFD_1", "CFD_4", "CFD_7"}


def test_officially_a_training_half_alone_is_enough() -> None:
    images = [f"train_img/{i}.jpg" for i in range(20)]
    rows = describe([Pair(Path(image).stem, image, f"train_lab/{image}") for image in images])
    assert split_officially(rows, []).counts == {"train": 18, "val": 2, "test": 0}


def test_officially_without_training_is_refused() -> None:
    rows = describe([Pair("CFD_1", "test/CFD_1.png", "m.png"), Pair("x", "x.png", "n.png")])
    with pytest.raises(DatasetError) as caught:
        split_officially(rows, [])
    assert str(caught.value) == (
        "data.split=official: none of the 2 pairs is in the ready training subset; is the data set "
        "whole? Otherwise divide with data.split=grouped; to judge a test half alone, "
        "data.split=none"
    )
