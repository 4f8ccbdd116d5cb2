"""The list of photographs to leave out, written and read."""

from pathlib import Path

import pytest

from crackseg.data.discovery.pairs import Inventory, Pair
from crackseg.data.splits.exclusions import read_exclusions, without_excluded, write_exclusions
from crackseg.errors import CrackSegError, DatasetError

ROWS = {"images/a.png": "inverted: 95% of it is crack", 'images/b, "c".png': "identical: copy of ä"}


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "exclude.csv"
    write_exclusions(path, ROWS)
    assert read_exclusions(path) == ROWS
    assert path.read_text(encoding="utf-8").splitlines()[0] == "image,reason"


def test_a_list_of_nothing_is_a_list(tmp_path: Path) -> None:
    write_exclusions(tmp_path / "exclude.csv", {})
    assert read_exclusions(tmp_path / "exclude.csv") == {}


def test_what_a_spreadsheet_saves_is_read(tmp_path: Path) -> None:
    path = written(tmp_path / "exclude.csv", "\ufeffimage,reason\r\nimages/a.png,\r\n")
    assert read_exclusions(path) == {"images/a.png": ""}


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    path = written(tmp_path / "exclude.csv", "mine")
    with pytest.raises(CrackSegError) as raised:
        write_exclusions(path, ROWS)
    assert str(raised.value) == (
        f"{path}: is there already and may have been edited; remove it or name another file"
    )
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "file", "") / "exclude.csv"
    with pytest.raises(CrackSegError, match=rf"^{path}: cannot be written, there is a file"):
        write_exclusions(path, ROWS)


def test_a_missing_list_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "exclude.csv"
    with pytest.raises(DatasetError) as raised:
        read_exclusions(path)
    assert str(raised.value) == f"{path}: there is no such list of exclusions"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", ", line 1: the columns are image, reason"),
        ("stem,image\na,b\n", ", line 1: the columns are image, reason"),
        ("image,reason\na\n", ", line 2: the columns are image, reason"),
        ("image,reason\na,b,c\n", ", line 2: the columns are image, reason"),
        ("image,reason\n,b\n", ", line 2: the columns are image, reason"),
        ("image,reason\na,b\na,c\n", ", line 3: a is listed twice"),
        ('image,reason\n"a', ": cannot be read as a list of exclusions (unexpected end of data)"),
    ],
)
def test_a_damaged_list_is_refused_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    path = written(tmp_path / "exclude.csv", text)
    with pytest.raises(DatasetError) as raised:
        read_exclusions(path)
    assert str(raised.value) == f"{path}{complaint}"


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exclude.csv"
    path.write_bytes(b"\x89PNG\xff\x00")
    with pytest.raises(DatasetError, match="cannot be read as a list of exclusions"):
        read_exclusions(path)


def test_a_list_of_all_photographs_is_refused(tmp_path: Path) -> None:
    pairs = tuple(Pair(stem, f"images/{stem}.png", f"masks/{stem}.png") for stem in "ab")
    inventory, path = Inventory(tmp_path, pairs), tmp_path / "exclude.csv"
    write_exclusions(path, {pair.image: "" for pair in pairs[:1]})
    assert without_excluded(inventory, path).pairs == pairs[1:]
    path.unlink()
    write_exclusions(path, {pair.image: "" for pair in pairs})
    with pytest.raises(DatasetError) as raised:
        without_excluded(inventory, path)
    assert str(raised.value) == (
        f"{path}: it lists all 2 pairs below {tmp_path}, so that none is left; take those out of "
        "it that are to be used"
    )
