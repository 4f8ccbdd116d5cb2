"""Tables are read as spreadsheets save them."""

from pathlib import Path

import pytest

from crackseg.data.splits.tables import read_table
from crackseg.errors import DatasetError

TABLE = 'file,photograph\nw_0.jpg,"A, north"\nw_1.jpg,B\n'
SEMICOLONS = "file;photograph\nw_0.jpg;A, north\nw_1.jpg;B\n"


@pytest.mark.parametrize(
    "stored",
    [
        TABLE.encode(),
        TABLE.encode("utf-8-sig"),
        TABLE.replace("\n", "\r\n").encode("utf-16"),
        SEMICOLONS.encode("utf-8-sig"),
        SEMICOLONS.replace(";", "\t").encode("utf-16"),
        f"sep=;\r\n{SEMICOLONS}".encode(),
        TABLE.replace("file,", " file , ", 1).replace("\n", ",\n").encode() + b",,\n,,\n\n",
    ],
    ids=["plain", "mark", "utf-16", "semicolons", "tabs", "separator line", "blank cells"],
)
def test_tables_of_spreadsheets(tmp_path: Path, stored: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(stored)
    columns, records = read_table(path, "list", DatasetError)
    assert columns[:2] == ("file", "photograph")
    assert [(one["file"], one["photograph"]) for _, one in records] == [
        ("w_0.jpg", "A, north"),
        ("w_1.jpg", "B"),
    ]
    first = 3 if stored.startswith(b"sep") else 2
    assert [line for line, _ in records] == [first, first + 1]


@pytest.mark.parametrize(
    ("stored", "what_to_do"),
    [
        ("file,photograph\nMauer Süd.jpg,A\n".encode("cp1252"), "save it as CSV in UTF-8"),
        (b"PK\x03\x04 a workbook", "is a workbook; save it as CSV"),
    ],
)
def test_what_is_no_table_is_refused_with_the_remedy(
    tmp_path: Path, stored: bytes, what_to_do: str
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(stored)
    with pytest.raises(DatasetError, match=what_to_do):
        read_table(path, "list", DatasetError)
