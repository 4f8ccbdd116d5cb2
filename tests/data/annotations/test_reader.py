"""Annotation files are opened, told apart and kept."""

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crackseg.data.annotations import reader
from crackseg.data.annotations.formats.coco import parse_coco
from crackseg.data.annotations.formats.registry import Format
from crackseg.data.annotations.reader import read_annotations
from crackseg.errors import UnreadableImageError


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def coco(*names: str) -> dict[str, Any]:
    return {
        "images": [{"id": n, "file_name": name} for n, name in enumerate(names)],
        "annotations": [],
        "categories": [{"id": 1, "name": "crack"}],
    }


def test_files_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    sheet = read_annotations(write(tmp_path / "a.json", {"shapes": []}))
    assert sheet is not None
    assert not sheet.is_listing
    assert sheet.listed == []
    listing = read_annotations(write(tmp_path / "b.json", coco("x.jpg")))
    assert listing is not None
    assert listing.is_listing
    assert listing.listed == ["x.jpg"]
    for other in ({}, [], "text", {"camera": "phone"}):
        assert read_annotations(write(tmp_path / "c.json", other)) is None


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"shapes": []}', encoding="utf-8-sig")
    assert read_annotations(tmp_path / "a.json") is not None


def test_a_file_of_coco_is_parsed_once_by_all_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.json", coco("x.jpg"))
    parsed = []
    parse = parse_coco
    counting = Format("COCO", ".json", lambda *given: parsed.append(given) or parse(*given))
    monkeypatch.setattr(reader, "FORMATS", (counting,))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(read_annotations, [path] * 20))
    assert len(parsed) == 1
    assert all(one is found[0] for one in found)


def test_a_file_of_coco_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.json", coco("x.jpg"))
    assert read_annotations(path).listed == ["x.jpg"]
    stamp = path.stat().st_mtime_ns
    write(path, coco("y.jpg"))
    os.utime(path, ns=(stamp, stamp + 1))
    assert read_annotations(path).listed == ["y.jpg"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"shapes": [', b"\xff\xfe\xfa", b"[" * 100_000])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableImageError, match=f"^{re.escape(str(path))}: cannot be read as"):
        read_annotations(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone.json"
    with pytest.raises(UnreadableImageError) as caught:
        read_annotations(path)
    assert str(caught.value) == f"{path}: there is no such file"
