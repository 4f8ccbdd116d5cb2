"""A division is kept as a manifest, and a damaged or foreign one is refused by name."""

import csv
import logging
import os
import random
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.manifest import COLUMNS, Manifest, Row, read_manifest
from crackseg.data.splits.strategies import split_randomly
from crackseg.errors import ManifestError

SIX_COLUMNS = "stem,image,mask,source,photograph,subset"


def make_pairs(count: int) -> list[Pair]:
    return [Pair(f"CFD_{i}", f"images/CFD_{i}.jpg", f"masks/CFD_{i}.png") for i in range(count)]


def divide(pairs: Sequence[Pair], counts: Sequence[int] | None = None) -> Manifest:
    return split_randomly(describe(pairs), counts=counts)


def make_files(root: Path, pairs: Sequence[Pair]) -> Path:
    for pair in pairs:
        for name in (pair.image, pair.mask):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_files(tmp_path / "root", make_pairs(10))


def write_lines(path: Path, *lines: str, header: str = SIX_COLUMNS) -> Path:
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return path


def line(number: int, subset: str = "train") -> str:
    return f"CFD_{number},images/CFD_{number}.jpg,masks/CFD_{number}.png,CFD,CFD_{number},{subset}"


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
    manifest = divide(pairs, [4, 2, 1])
    manifest.write(tmp_path / "manifest.csv")
    again = read_manifest(tmp_path / "manifest.csv", root)
    assert again == manifest
    assert again.digest == manifest.digest


def test_a_manifest_is_a_csv_file_of_relative_paths(tmp_path: Path) -> None:
    pairs = make_pairs(10)
    divide(pairs).write(tmp_path / "manifest.csv")
    with (tmp_path / "manifest.csv").open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        records = list(reader)
    assert reader.fieldnames == list(COLUMNS)
    assert {(r["stem"], r["image"], r["mask"]) for r in records} == set(pairs)
    assert {r["subset"] for r in records} == {"train", "val", "test"}


def test_writing_replaces_what_was_there_and_leaves_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("an earlier run's")
    divide(make_pairs(10)).write(tmp_path / "manifest.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.csv"]
    assert (tmp_path / "manifest.csv").read_text().startswith("stem,image,mask,")


def test_a_manifest_saved_with_the_line_ends_of_windows_is_the_same(
    root: Path, tmp_path: Path
) -> None:
    manifest = divide(make_pairs(10))
    path = tmp_path / "manifest.csv"
    manifest.write(path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_manifest(path, root) == manifest


def test_the_digest_is_of_the_division_and_not_of_the_order_of_rows() -> None:
    rows = list(divide(make_pairs(10)).rows)
    digest = Manifest(tuple(rows)).digest
    assert re.fullmatch("[0-9a-f]{64}", digest)
    random.Random(1).shuffle(rows)
    assert Manifest(tuple(rows)).digest == digest


@pytest.mark.parametrize("column", SIX_COLUMNS.split(","))
def test_the_digest_changes_with_every_column(column: str) -> None:
    rows = divide(make_pairs(10)).rows
    values = {name: getattr(rows[0], name) for name in COLUMNS}
    values[column] = "val" if values["subset"] != "val" else "train"
    assert Manifest((Row(**values), *rows[1:])).digest != Manifest(rows).digest


def test_the_digest_is_the_one_that_checkpoints_of_earlier_versions_hold() -> None:
    rows = divide(make_pairs(10)).rows
    digest = "12d95b1d6e4b3f54ebf56ebc1866ab664a02685ad5ed1a3051c992e1b671e3de"
    assert Manifest(rows).digest == digest
    regrouped = tuple(replace(row, group="one") for row in rows)
    assert Manifest(regrouped).digest == digest


def test_the_digest_changes_when_a_pair_is_gone() -> None:
    rows = divide(make_pairs(10)).rows
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


@pytest.mark.parametrize("outside", ["/tmp/x/CFD_1.jpg", "images/../../CFD_1.jpg"])
@pytest.mark.parametrize("column", ["image", "mask"])
def test_paths_that_leave_the_root_are_refused(
    root: Path, tmp_path: Path, column: str, outside: str
) -> None:
    """Masks that an evaluation saves go by them, and would be written over photographs."""
    named = {"image": "images/CFD_1.jpg", "mask": "masks/CFD_1.png"}
    row = line(1).replace(named[column], outside)
    assert outside in row
    path = write_lines(tmp_path / "m.csv", line(0), row)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == (
        f"{path}, line 3: {outside} leads out of the data set; paths are relative to its root, "
        "which data.root names"
    )


@pytest.mark.skipif(os.name == "nt", reason="no names there")
@pytest.mark.parametrize("odd", ["images/a:1.jpg", "images/x\\..\\y.jpg", "C:1.jpg", "..a/..jpg"])
def test_odd_names_are_names(root: Path, tmp_path: Path, odd: str) -> None:
    (root / odd).parent.mkdir(exist_ok=True)
    (root / odd).touch()
    path = write_lines(tmp_path / "m.csv", line(1).replace("images/CFD_1.jpg", odd))
    assert [row.image for row in read_manifest(path, root).rows] == [odd]


def test_an_unknown_subset_is_named_with_its_line(root: Path, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m.csv", line(0), line(1, "trian"), line(2, "test"))
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == f"{path}, line 3: subset is 'trian'; one of train, val, test"


@pytest.mark.parametrize(
    ("header", "row", "complaint"),
    [
        (SIX_COLUMNS, "CFD_0,images/CFD_0.jpg", "line 2: the columns are {}"),
        (SIX_COLUMNS, line(0) + ",one more", "line 2: the columns are {}"),
        (
            "stem,image,mask",
            "CFD_0,images/CFD_0.jpg,masks/CFD_0.png",
            "line 1: it lacks source, photograph, subset; the columns are {}, between commas",
        ),
        (
            "stem,image,mask,source,photograph,set",
            line(0),
            "line 1: it lacks subset; the columns are {}, between commas",
        ),
        (SIX_COLUMNS.replace(",", ";"), line(0), "line 2: the columns are {}"),
    ],
)
def test_wrong_columns_are_told_with_the_right_ones(
    root: Path, tmp_path: Path, header: str, row: str, complaint: str
) -> None:
    path = write_lines(tmp_path / "m.csv", row, header=header)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    columns = "stem, image, mask, source, photograph, group, subset"
    assert str(caught.value) == f"{path}, {complaint.format(columns)}"


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


def test_a_manifest_without_groups_is_read_with_those_that_names_tell(tmp_path: Path) -> None:
    path = write_lines(
        tmp_path / "m.csv",
        "DeepCrack_1-2,i/DeepCrack_1-2.jpg,m/DeepCrack_1-2.png,DeepCrack,DeepCrack_1,train",
        "CRACK500_1,i/CRACK500_1.jpg,m/CRACK500_1.png,CRACK500,,test",
    )
    rows = read_manifest(path).rows
    assert [row.group for row in rows] == ["DeepCrack_1", "i/CRACK500_1.jpg"]
    assert [row.subset for row in rows] == ["train", "test"]


def test_groups_come_back(tmp_path: Path) -> None:
    manifest = split_randomly(describe(make_pairs(10), duplicates=[(1, 2), (2, 9)]))
    manifest.write(tmp_path / "m.csv")
    again = read_manifest(tmp_path / "m.csv")
    assert again == manifest
    assert [row.group for row in again.rows].count("CFD_1") == 3


def test_masks_that_were_sorted_by_themselves_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = divide(make_pairs(9), counts=(5, 2, 2))
    masks = [row.mask for row in manifest.rows]
    others = [*masks[1:], masks[0]]
    turned = [replace(row, mask=one) for row, one in zip(manifest.rows, others, strict=True)]
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    manifest.write(own)
    Manifest(tuple(turned)).write(other)
    with caplog.at_level(logging.WARNING):
        read_manifest(own)
        assert caplog.messages == []
        read_manifest(other)
    [told] = caplog.messages
    assert f"{other}: 9 masks bear the name of another photograph that it lists: " in told
    assert f"{turned[0].image} with {turned[0].mask}" in told


def test_an_annotation_file_of_many_photographs_is_no_exchange(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pairs = [Pair(f"a{i}", f"a{i}.jpg", f"a0.json#a{i}.jpg") for i in range(3)]
    divide(pairs, counts=(1, 1, 1)).write(tmp_path / "manifest.csv")
    with caplog.at_level(logging.WARNING):
        read_manifest(tmp_path / "manifest.csv")
    assert caplog.messages == []


def test_without_a_root_no_file_is_looked_for(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "m.csv", line(0), line(1, "test"))
    assert read_manifest(path).counts == {"train": 1, "val": 0, "test": 1}
    with pytest.raises(ManifestError, match="4 files that it lists are not below"):
        read_manifest(path, tmp_path)


def test_truth_may_stand_in_a_shared_file_or_nowhere(root: Path, tmp_path: Path) -> None:
    masks = ["all.json#images/CFD_0.jpg", "all.json#images/CFD_1.jpg", "CFD_2.json", "", ""]
    lines = [f"CFD_{i},images/CFD_{i}.jpg,{mask},CFD,CFD_{i},train" for i, mask in enumerate(masks)]
    path = write_lines(tmp_path / "m.csv", *lines)
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == (
        f"{path}: 2 files that it lists are not below {root}: all.json, CFD_2.json"
    )
    (root / "all.json").touch()
    (root / "CFD_2.json").touch()
    assert [row.mask for row in read_manifest(path, root).rows] == masks


@pytest.mark.parametrize("column", ["image", "stem"])
def test_an_empty_cell_is_named_with_its_line(root: Path, tmp_path: Path, column: str) -> None:
    cells = dict(zip(SIX_COLUMNS.split(","), line(1).split(","), strict=True)) | {column: " "}
    path = write_lines(tmp_path / "m.csv", line(0), ",".join(cells.values()))
    with pytest.raises(ManifestError) as caught:
        read_manifest(path, root)
    assert str(caught.value) == (
        f"{path}, line 3: {column} is empty; every line names a photograph"
    )
