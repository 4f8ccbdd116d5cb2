"""``crackseg data verify``: what it writes and how it ends."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackseg.cli.main import main
from crackseg.data.splits.exclusions import read_exclusions
from tests.helpers.data_sets import draw_pair


@pytest.fixture
def spoiled(archive: Path, tmp_path: Path) -> Path:
    """The archive with an inverted mask."""
    root = tmp_path / "spoiled"
    shutil.copytree(archive, root)
    path = root / "Final-Dataset-Vol1/Final_Masks/Masks/CFD_003.png"
    Image.fromarray(255 - draw_pair(3)[1]).save(path)
    return root


def test_a_sound_archive_ends_with_0(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", str(archive)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{archive}: 20 pairs\n")
    assert out.endswith("nothing here would spoil a training\n")


def test_what_spoils_ends_with_1_and_is_listed(
    spoiled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, told = tmp_path / "new" / "exclude.csv", tmp_path / "new" / "verify.json"
    options = ["--exclude", str(listed), "--json", str(told)]
    assert main(["data", "verify", str(spoiled), *options]) == 1
    image = "Final-Dataset-Vol2/Images-2/CFD_003.png"
    assert list(read_exclusions(listed)) == [image]
    assert json.loads(told.read_text())["problems"]["inverted"][0]["images"] == [image]
    out = capsys.readouterr().out
    assert "error   masks that look inverted: 1; invert them, so that cracks are white" in out
    assert out.endswith(f"1 photographs to leave out: {listed}\n")


def test_warnings_alone_end_with_0(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(archive, root)
    (root / "Final-Dataset-Vol1/Final_Masks/Masks/CFD_003.png").unlink()
    assert main(["data", "verify", str(root)]) == 0


def test_a_list_that_is_there_is_kept(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = tmp_path / "exclude.csv"
    listed.write_text("mine")
    assert main(["data", "verify", str(archive), "--exclude", str(listed)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"error: {listed}: is there already and may have been edited; remove it or name another "
        "file\n"
    )
    assert listed.read_text() == "mine"


def test_a_missing_root_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "verify", str(tmp_path / "none")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {tmp_path / 'none'}: no data set here")
    assert said.err.count("\n") == 1


def test_several_roots_are_taken(archive: Path, tmp_path: Path) -> None:
    root = tmp_path / "own"
    for name, content in (("images", draw_pair(50)[0]), ("masks", draw_pair(50)[1])):
        (root / name).mkdir(parents=True)
        Image.fromarray(np.asarray(content)).save(root / name / "wall.png")
    assert main(["data", "verify", str(archive), str(root)]) == 0


def test_a_json_file_that_cannot_be_written_ends_with_2(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "verify.json"
    assert main(["data", "verify", str(archive), "--json", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"error: {path.parent}: cannot be written, ")


def test_photographs_without_a_mask_can_be_taken_as_crack_free(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clean = tmp_path / "clean_walls"
    clean.mkdir()
    for number in range(3):
        Image.fromarray(draw_pair(100 + number)[0]).save(clean / f"wall{number}.png")
    roots = [str(archive), str(clean)]
    assert main(["data", "verify", *roots]) == 2
    assert f"error: {clean}: no data set here (3 images and 0 masks" in capsys.readouterr().err
    assert main(["data", "verify", *roots, "--without-mask", "crack_free"]) == 0
    out = capsys.readouterr().out
    assert "23 pairs" in out
    assert "none, taken as crack-free" in out
    assert out.endswith("nothing here would spoil a training\n")
