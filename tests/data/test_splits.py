"""Every pair stands in exactly one subset, and a manifest brings the same division back."""

import csv
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from crackseg.data.archive import Pair
from crackseg.data.splits import COLUMNS, Manifest, Row, read_manifest, split_randomly
from crackseg.errors import DatasetError, ManifestError


def make_pairs(count: int) -> list[Pair]:
    return [Pair(f"CFD_{i}", f"images/CFD_{i}.jpg", f"masks/CFD_{i}.png") for i in range(count)]


def make_files(root: Path, pairs: Sequence[Pair]) -> Path:
    for pair in pairs:
        for name in (pair.image, pair.mask):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_files(tmp_path / "root", make_pairs(10))


def write_lines(path: Path, *lines: str, header: str = ",".join(COLUMNS)) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def line(number: int, subset: str = "train") -> str:
    return f"CFD_{number},images/CFD_{number}.jpg,masks/CFD_{number}.png,CFD,CFD_{number},{subset}"


@pytest.mark.parametrize(
    ("total", "train", "val", "test"),
    [(6315, 5052, 631, 632), (2221, 1776, 222, 223), (10, 8, 1, 1), (19, 15, 1, 3)],
)
def test_the_counts_are_the_report_s(total: int, train: int, val: int, test: int) -> None:
    manifest = split_randomly(make_pairs(total))
    assert manifest.counts == {"train": train, "val": val, "test": test}
    assert [len(manifest.subset(name)) for name in ("train", "val", "test")] == [train, val, test]


def test_every_pair_stands_in_exactly_one_subset() -> None:
    pairs = make_pairs(101)
    manifest = split_randomly(pairs)
    divided = [row for name in ("train", "val", "test") for row in manifest.subset(name)]
    assert sorted(Pair(row.stem, row.image, row.mask) for row in divided) == sorted(pairs)
    assert sorted(divided, key=lambda row: row.stem) == sorted(
        manifest.subset("all"), key=lambda row: row.stem
    )


def test_the_division_mixes_the_names() -> None:
    rows = split_randomly(make_pairs(200)).rows
    in_order_of_names = [row.subset for row in rows]
    assert "test" in in_order_of_names[:100]
    assert "train" in in_order_of_names[160:]


def test_the_order_of_the_pairs_does_not_matter() -> None:
    shuffled = make_pairs(57)
    random.Random(1).shuffle(shuffled)
    assert split_randomly(shuffled, seed=3) == split_randomly(make_pairs(57), seed=3)


def test_another_seed_divides_in_another_way() -> None:
    manifests = [split_randomly(make_pairs(57), seed) for seed in range(5)]
    assert len({manifest.digest for manifest in manifests}) == 5
    assert all(manifest.counts == manifests[0].counts for manifest in manifests)


def test_counts_can_be_given() -> None:
    assert split_randomly(make_pairs(10), counts=[5, 3, 2]).counts == {
        "train": 5,
        "val": 3,
        "test": 2,
    }
    assert split_randomly(make_pairs(3), counts=(2, 1, 0)).counts["test"] == 0


def test_the_source_and_the_photograph_are_kept() -> None:
    names = ("DeepCrack_11215-3", "CRACK500_17", "holiday")
    pairs = [Pair(name, f"images/{name}.jpg", f"masks/{name}.png") for name in names]
    rows = {row.stem: row for row in split_randomly(pairs, counts=[1, 1, 1]).rows}
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
        split_randomly(make_pairs(10), counts=counts)


@pytest.mark.parametrize(
    ("total", "counts", "train", "val"),
    [(0, None, 0, 0), (1, None, 0, 0), (9, None, 7, 0), (4, [0, 2, 2], 0, 2), (4, [4, 0, 0], 4, 0)],
)
def test_too_few_pairs_are_refused(
    total: int, counts: list[int] | None, train: int, val: int
) -> None:
    message = (
        f"{total} pairs make {train} for training and {val} for validation, and each needs at "
        "least one; add photographs or set data.counts"
    )
    with pytest.raises(DatasetError, match=f"^{re.escape(message)}$"):
        split_randomly(make_pairs(total), counts=counts)


def test_a_manifest_comes_back_as_it_was_written(tmp_path: Path) -> None:
    names = [
        "plain",
        "with, comma",
        'with "quotes"',
        "Brücke-Süd",
        "亀裂 1",
        " blanks ",
        "semi;colon",
    ]
    pairs = [Pair(name, f"images/{name}.jpg", f"masks/{name}.png") for name in names]
    root = make_files(tmp_path / "root", pairs)
    manifest = split_randomly(pairs, counts=[4, 2, 1])
    manifest.write(tmp_path / "manifest.csv")
    again = read_manifest(tmp_path / "manifest.csv", root)
    assert again == manifest
    assert again.digest == manifest.digest


def test_a_manifest_is_a_csv_file_of_relative_paths(tmp_path: Path) -> None:
    pairs = make_pairs(10)
    split_randomly(pairs).write(tmp_path / "manifest.csv")
    with (tmp_path / "manifest.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        records = list(reader)
    assert reader.fieldnames == ["stem", "image", "mask", "source", "photograph", "subset"]
    assert {(r["stem"], r["image"], r["mask"]) for r in records} == set(pairs)
    assert {r["subset"] for r in records} == {"train", "val", "test"}


def test_writing_replaces_what_was_there_and_leaves_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("an earlier run's")
    split_randomly(make_pairs(10)).write(tmp_path / "manifest.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]
    assert (tmp_path / "manifest.csv").read_text().startswith("stem,image,mask,")


def test_a_manifest_saved_with_the_line_ends_of_windows_is_the_same(
    root: Path, tmp_path: Path
) -> None:
    manifest = split_randomly(make_pairs(10))
    path = tmp_path / "manifest.csv"
    manifest.write(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_manifest(path, root) == manifest


def test_the_digest_is_of_the_division_and_not_of_the_order_of_rows() -> None:
    rows = list(split_randomly(make_pairs(10)).rows)
    digest = Manifest(tuple(rows)).digest
    assert re.fullmatch("[0-9a-f]{64}", digest)
    random.Random(1).shuffle(rows)
    assert Manifest(tuple(rows)).digest == digest


@pytest.mark.parametrize("column", COLUMNS)
def test_the_digest_changes_with_every_column(column: str) -> None:
    rows = split_randomly(make_pairs(10)).rows
    values = {name: getattr(rows[0], name) for name in COLUMNS}
    values[column] = "val" if values["subset"] != "val" else "train"
    assert Manifest((Row(**values), *rows[1:])).digest != Manifest(rows).digest


def test_the_digest_changes_when_a_pair_is_gone() -> None:
    rows = split_randomly(make_pairs(10)).rows
    assert Manifest(rows[1:]).digest != Manifest(rows).digest


def test_a_missing_manifest_is_named(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "gone.csv"
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == f"{path}: there is no such manifest"


@pytest.mark.parametrize("column", ["image", "mask"])
def test_a_file_in_two_subsets_is_refused(root: Path, tmp_path: Path, column: str) -> None:
    suffix = {"image": "jpg", "mask": "png"}[column]
    twice = f"{column}s/CFD_1.{suffix}"
    path = write_lines(
        tmp_path / "m.csv",
        line(0),
        line(1),
        line(2, "test").replace(f"{column}s/CFD_2.{suffix}", twice),
    )
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    message = str(caught.value)
    assert message.startswith(f"{path}: 1 times the same {column} stands in it more than once")
    assert "subsets overlap" in message
    assert message.endswith(twice)


def test_a_file_that_is_not_there_is_named_with_the_root(root: Path, tmp_path: Path) -> None:
    (root / "images/CFD_3.jpg").unlink()
    (root / "masks/CFD_4.png").unlink()
    path = write_lines(tmp_path / "m.csv", *(line(number) for number in range(6)))
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == (
        f"{path}: 2 files that it lists are not below {root}: images/CFD_3.jpg, masks/CFD_4.png"
    )


def test_an_unknown_subset_is_named_with_its_line(root: Path, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m.csv", line(0), line(1, "trian"), line(2, "test"))
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == f"{path}, line 3: subset is 'trian'; one of train, val, test"


@pytest.mark.parametrize(
    ("header", "row", "number"),
    [
        ("stem,image,mask", "CFD_0,images/CFD_0.jpg,masks/CFD_0.png", 2),
        ("stem,image,mask,source,photograph,set", line(0), 2),
        (",".join(COLUMNS), "CFD_0,images/CFD_0.jpg", 2),
        (",".join(COLUMNS), line(0) + ",one more", 2),
    ],
)
def test_wrong_columns_are_told_with_the_right_ones(
    root: Path, tmp_path: Path, header: str, row: str, number: int
) -> None:
    path = write_lines(tmp_path / "m.csv", row, header=header)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    columns = "stem, image, mask, source, photograph, subset"
    assert str(caught.value) == f"{path}, line {number}: the columns are {columns}"


@pytest.mark.parametrize("content", ["", "\n", ",".join(COLUMNS) + "\n"])
def test_an_empty_manifest_is_refused(root: Path, tmp_path: Path, content: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(content)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == f"{path}: the manifest lists no pair"


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 4, b"\x89PNG\r\n\x1a\n" + b"\0" * 99, b'stem,image\n"never closed,'],
)
def test_what_is_no_csv_file_is_refused_by_name(root: Path, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value).startswith(f"{path}: cannot be read as a manifest (")


def test_a_folder_is_no_manifest(root: Path, tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="cannot be read as a manifest"):
        read_manifest(tmp_path, root)
