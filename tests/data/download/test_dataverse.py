"""The list of files is read as Dataverse gives it, and nothing else is taken for one."""

import json
from dataclasses import replace
from typing import Any

import pytest

from crackseg.data.download.crackseg9k import crackseg9k
from crackseg.data.download.dataverse import RemoteFile, Source
from crackseg.errors import DownloadError

SOURCE = Source("https://example.org", "doi:10.5072/FK2/CRACKS", "4.0")
MD5 = "0123456789abcdef0123456789abcdef"


def entry(**changes: Any) -> dict[str, Any]:
    """An entry of ``data.files`` as the guide shows it."""
    data = {
        "id": 11,
        "filename": "Final-Dataset-Vol1.zip",
        "contentType": "application/zip",
        "filesize": 1000,
        "md5": MD5,
    }
    label = {"label": "Final-Dataset-Vol1.zip", "restricted": False}
    outer = {key: changes.pop(key) for key in ("label", "directoryLabel") if key in changes}
    return label | outer | {"dataFile": data | changes}


def answer(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"status": "OK", "data": {"id": 7, "versionNumber": 4, "files": list(entries)}}


def test_crackseg9k_on_harvards_dataverse() -> None:
    source = crackseg9k(4)
    assert source.metadata_url == (
        "https://dataverse.harvard.edu/api/datasets/:persistentId/versions/4.0"
        "?persistentId=doi%3A10.7910%2FDVN%2FEGIEBY&excludeFiles=false"
    )
    assert source.page == (
        "https://dataverse.harvard.edu/dataset.xhtml"
        "?persistentId=doi:10.7910/DVN/EGIEBY&version=4.0"
    )
    assert source.known == {
        "Final-Dataset-Vol1.zip": "0ee4b33617db30612184a2700116ba4d",
        "Final-Dataset-Vol2.zip": "d52bccf41c081d74fe50c9feec48ca39",
    }
    assert (crackseg9k(3).version, dict(crackseg9k(3).known)) == ("3.0", {})


def test_a_file_is_fetched_by_its_id() -> None:
    url = "https://example.org/api/access/datafile/11"
    assert SOURCE.files(answer(entry())) == [RemoteFile("Final-Dataset-Vol1.zip", url, 1000, MD5)]


def test_a_file_belongs_into_the_folder_that_is_given() -> None:
    [file] = SOURCE.files(answer(entry(directoryLabel="Images/a", label="renamed.png")))
    assert file.path == "Images/a/renamed.png"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "list indices must be integers"),
        ({"status": "OK", "data": {"id": 7}}, "no 'files'"),
        (answer({"label": "x"}), "no 'dataFile'"),
        (answer(entry(filesize=None)), "int() argument must be"),
        (answer(entry(filesize=float("inf"))), "cannot convert float infinity to integer"),
        (answer(entry(directoryLabel="d/" * 3000)), "lies below 3,000 folders"),
        (answer(entry(md5=None)), "'NoneType' object has no attribute 'lower'"),
        (answer(entry(label="../../x.zip")), "'../../x.zip' leads out of its folder"),
        (answer(entry(directoryLabel="a/../..")), "leads out of its folder"),
    ],
)
def test_another_answer_is_refused(given: object, reason: str) -> None:
    with pytest.raises(DownloadError) as caught:
        SOURCE.files(json.loads(json.dumps(given)))
    message = str(caught.value)
    assert message.startswith(f"{SOURCE.metadata_url}: this is no list of files as Dataverse gives")
    assert reason in message
    assert message.endswith(
        "or fetch its files in a browser from https://example.org/dataset.xhtml"
        "?persistentId=doi:10.5072/FK2/CRACKS&version=4.0, unzip them all into one folder, and "
        "train with data.root=FOLDER"
    )


def test_known_files_must_be_listed() -> None:
    source = replace(SOURCE, known={"a.zip": MD5, "b.zip": "ff"})
    with pytest.raises(DownloadError) as caught:
        source.files(answer(entry()))
    assert str(caught.value) == (
        f"{SOURCE.metadata_url}: the server does not list b.zip (MD5 ff), so this is not the data "
        "set that is known as doi:10.5072/FK2/CRACKS, version 4.0; nothing was fetched; look at "
        f"{SOURCE.page}"
    )
    assert replace(SOURCE, known={"a.zip": MD5}).files(answer(entry()))
    with pytest.raises(
        DownloadError, match="the server does not list any, so this is not the data"
    ):
        SOURCE.files(answer())
