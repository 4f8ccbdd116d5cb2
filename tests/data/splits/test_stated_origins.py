"""The user says which source a folder is and which photograph a file was cut from."""

from dataclasses import replace
from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.grouping import describe, with_photographs
from crackseg.data.splits.leakage import find_leaks
from crackseg.data.splits.manifest import Manifest
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.stated_origins import Origins, read_origins, sources_of_folders
from crackseg.errors import DatasetError

IMAGES = ["a/CRACK500_1.jpg", "a/CRACK500_2.jpg", "b/CRACK500_3.png", "b/x.jpg", "c/x.jpg"]


def pairs() -> list[Pair]:
    return [Pair(Path(image).stem, image, "") for image in IMAGES]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_source_that_is_given_for_a_folder_comes_before_the_names() -> None:
    root = Path("data")
    sources = sources_of_folders(root, [root / "a", root / "b"], ["uav", ""])
    rows = describe(pairs(), origins=Origins(sources))
    assert [row.source for row in rows] == ["uav", "uav", "CRACK500", "", ""]
    assert sources_of_folders(root, [root], ["all"]) == {".": "all"}
    assert describe(pairs(), origins=Origins({".": "all"}))[4].source == "all"


def test_photographs_are_read_by_names_with_or_without_their_folder(tmp_path: Path) -> None:
    path = write(
        tmp_path / "crops.csv",
        "our_file,photograph,rotation",
        "CRACK500_1.jpg,p.jpg,0",
        "a/CRACK500_2.jpg,p.jpg,0",
        "CRACK500_3.jpg,q.jpg,0",
        "c/x.jpg,q.jpg,90",
    )
    assert read_origins(path, IMAGES).photographs == {
        "a/CRACK500_1.jpg": "p.jpg",
        "a/CRACK500_2.jpg": "p.jpg",
        "b/CRACK500_3.png": "q.jpg",
        "c/x.jpg": "q.jpg",
    }


def test_a_source_that_is_given_for_a_file_comes_before_that_of_its_folder(tmp_path: Path) -> None:
    path = write(
        tmp_path / "o.csv", "file,photograph,source", "CRACK500_1.jpg,p,dam", "CRACK500_2.jpg,p,"
    )
    origins = replace(read_origins(path, IMAGES), sources={"a": "uav"})
    rows = describe(pairs(), origins=origins)
    assert [row.source for row in rows] == ["dam", "uav", "CRACK500", "", ""]


def test_names_of_no_image_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write(tmp_path / "o.csv", "file,photograph", "CRACK500_1.jpg,p", "gone.jpg,p")
    assert len(read_origins(path, IMAGES).photographs) == 1
    assert f"{path}: 1 that it lists are not there: gone.jpg" in caplog.text


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("name,photo", "a,b"), "line 1: the columns are file and photograph, of which a file was"),
        (("file,photograph", "CRACK500_1.jpg,"), "line 2: file or photograph is empty"),
        (("file,photograph", "x.jpg,p"), "line 2: x.jpg may be b/x.jpg or c/x.jpg; write its"),
        (("file,photograph", "b/x.jpg,p", "b/x.jpg,q"), "line 3: b/x.jpg was given another photo"),
        (("file,photograph", "gone.jpg,p"), ": none of the 1 files that it lists is among the"),
    ],
)
def test_a_list_that_cannot_be_used_is_one_message(
    tmp_path: Path, lines: tuple[str, ...], message: str
) -> None:
    path = write(tmp_path / "o.csv", *lines)
    with pytest.raises(DatasetError) as caught:
        read_origins(path, IMAGES)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_one_photograph_is_one_group_and_a_leak_across_subsets() -> None:
    photographs = {"a/CRACK500_1.jpg": "p", "b/CRACK500_3.png": "p"}
    rows = describe(pairs(), origins=Origins({}, photographs))
    assert [row.group for row in rows] == ["p", "a/CRACK500_2.jpg", "p", "b/x.jpg", "c/x.jpg"]
    divided = [
        replace(row, subset=subset)
        for row, subset in zip(rows, ("train", "train", "test", "val", "test"), strict=True)
    ]
    assert find_leaks(Manifest(tuple(divided))).test.shared == 1


def test_the_rows_of_a_manifest_are_joined_by_their_photographs() -> None:
    rows = with_photographs(describe(pairs()), {"a/CRACK500_1.jpg": "p", "b/x.jpg": "p"})
    assert rows[0].group == rows[3].group == "p"
    assert rows[1].group == "a/CRACK500_2.jpg"


def test_a_photograph_that_is_given_comes_before_runs_of_numbers() -> None:
    blocks = {"CRACK500": Blocks(2, 1)}
    rows = describe(pairs()[:3], blocks, origins=Origins({}, {"a/CRACK500_1.jpg": "p"}))
    assert [row.photograph for row in rows] == ["p", "CRACK500_1-2", "CRACK500_3-4"]
    everything = dict.fromkeys(IMAGES[:3], "p")
    rows = describe(pairs()[:3], blocks, origins=Origins({}, everything))
    assert {row.group for row in rows} == {"p"}
