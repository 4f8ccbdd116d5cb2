"""The commands ``crackseg data ...``."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from crackseg.cli.main import main
from crackseg.config.schema import DataConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.discovery.pairs import Pair, find_pairs
from crackseg.data.splits.grouping import describe
from crackseg.data.splits.manifest import Manifest
from crackseg.data.splits.strategies import split_by_photograph, split_randomly
from tests.helpers.data_sets import write_archive

pytestmark = pytest.mark.usefixtures("no_terminal")


def stems_of_crops() -> list[str]:
    return [f"a_{i}_{j}" for i in range(10) for j in range(3)] + [f"CFD_{i}" for i in range(10)]


def written(path: Path, manifest: Manifest) -> str:
    manifest.write(path / "manifest.csv")
    return str(path / "manifest.csv")


def described(stems: list[str]) -> list[Pair]:
    return [Pair(stem, f"images/{stem}.jpg", f"masks/{stem}.png") for stem in stems]


def test_leaks_of_a_random_division_are_one_line_a_table_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = split_randomly(describe(described(stems_of_crops())))
    assert main(["data", "leaks", written(tmp_path, manifest)]) == 1
    line, heading, _, *table = capsys.readouterr().out.splitlines()
    assert line.startswith("LEAK: ")
    assert line.endswith("share a photograph or a near duplicate with training")
    assert heading.split() == ["source", "val", "shared", "unknown", "test", "shared", "unknown"]
    assert [row.split()[0] for row in table] == ["CFD", "masonry"]
    totals = [sum(int(row.split()[column]) for row in table) for column in (1, 4)]
    assert totals == [4, 4]


def test_no_leaks_are_exit_code_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = describe(described(stems_of_crops()))
    manifest = split_by_photograph(rows, [0.1] * len(rows))
    assert main(["data", "leaks", written(tmp_path, manifest)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == (
        "no leak: none of 4 val and 4 test items shares a photograph or a near duplicate with "
        "training"
    )


def test_unknown_photographs_are_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = split_randomly(describe(described([f"wall{i}" for i in range(10)])))
    assert main(["data", "leaks", written(tmp_path, manifest)]) == 1
    line, _, _, row = capsys.readouterr().out.splitlines()
    assert line == (
        "UNKNOWN: of 1 of 1 val and 1 of 1 test items the photograph is not known, and any of them "
        "may leak; so it is of 8 training items, which any may share"
    )
    assert row.split() == ["(unknown)", "1", "0", "1", "1", "0", "1"]


def test_a_division_without_validation_and_test_has_no_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = split_randomly(describe(described(["CFD_1", "CFD_2"])), counts=[1, 1, 0])
    assert main(["data", "leaks", written(tmp_path, Manifest(manifest.subset("train")))]) == 0
    assert capsys.readouterr().out == "no leak: there are no val and no test items\n"


def test_a_manifest_without_groups_is_not_called_safe_until_its_photographs_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root = write_archive(tmp_path / "root")
    pairs = find_pairs(root).pairs
    manifest = split_randomly(describe(pairs))
    path = written(tmp_path, Manifest(tuple(replace(row, group="") for row in manifest.rows)))
    assert main(["data", "leaks", path]) == 1
    line, *_, hint = capsys.readouterr().out.splitlines()
    assert line == (
        "UNKNOWN: by their names none of 2 val and 2 test items shares a photograph with training, "
        "but 20 items were not compared for near duplicates"
    )
    assert hint == "--root FOLDER compares them: name the folder of the photographs"
    assert main(["data", "leaks", path, "--root", str(root)]) == 0
    line, *table = capsys.readouterr().out.splitlines()
    assert line.startswith("no leak: none of 2 val and 2 test items shares a photograph or a near")
    assert len(table) == 3
    first, tested = (manifest.subset(subset)[0].image for subset in ("train", "test"))
    shutil.copyfile(root / first, root / tested)
    assert main(["data", "leaks", path, "--root", str(root)]) == 1
    assert capsys.readouterr().out.startswith("LEAK: 0 of 2 val and 1 of 2 test items share")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, ": there is no such manifest"),
        ("", ": the manifest lists no pair"),
        (
            "stem,image\nCFD_1,i.png\n",
            ", line 1: it lacks mask, source, photograph, subset; the columns are stem, ",
        ),
        ('stem,image\n"never closed,', ": cannot be read as a manifest ("),
    ],
)
def test_a_missing_or_damaged_manifest_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    path = tmp_path / "m.csv"
    if content is not None:
        path.write_text(content)
    assert main(["data", "leaks", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {path}{message}")
    assert said.err.count("\n") == 1


def drawn(root: Path, *arguments: str) -> int:
    return main(["data", "draw", "--root", str(root), "--count", "6", "--size", "64", *arguments])


def test_drawn_photographs_are_a_folder_to_train_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn(tmp_path) == 0
    folder = tmp_path / "synthetic-v1-n6-s0-64px"
    assert len(find_pairs(folder).pairs) == 6
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first == f"6 photographs and their masks: {folder}"
    assert last.endswith(f"train.py data=folder data.root={folder}")


def test_crack_free_photographs_are_drawn_to_stand_beside_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert drawn(tmp_path, "--crack-free", "--seed", "3") == 0
    folder = tmp_path / "synthetic-v1-free-n6-s3-64px"
    assert capsys.readouterr().out.splitlines()[1:] == [
        f"beside yours: 'data.root=[MY_PHOTOGRAPHS,{folder}]'"
    ]
    write_archive(tmp_path / "mine", 10)
    config = DataConfig(
        name="folder",
        root=[str(tmp_path / "mine"), str(folder)],
        split="grouped",
        image_size=32,
        cache=str(tmp_path / "cache"),
    )
    datamodule = CrackDataModule(config).prepared()
    found = datamodule.content.statistics_of(datamodule.manifest.rows)
    assert sum(one.crack_pixels(127) == 0 for one in found) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--count", "0"), "argument --count: '0' is no whole number from 1 to 1000000"),
        (("--size", "63"), "argument --size: '63' is no whole number from 64 to 4096"),
        (("--seed", "-1"), "argument --seed: '-1' is no whole number from 0 to 4294967295"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    tmp_path: Path,
    arguments: tuple[str, str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["data", "draw", "--root", str(tmp_path), *arguments])
    assert ended.value.code == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
