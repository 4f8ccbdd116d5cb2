"""Which texts are YOLO's segments."""

import time
from pathlib import Path

import pytest

from crackseg.data.annotations.formats.yolo import parse_yolo


@pytest.mark.parametrize(
    "text", ["0 .1 0.1 1 0 1e-1 .25", "0 -0.01 0 1 1 0 1", "3 0.5 0.5 1.02 0.5 0.5 2.5E-1"]
)
def test_a_class_and_corners_are_segments(tmp_path: Path, text: str) -> None:
    assert parse_yolo(tmp_path / "x.txt", text) is not None


@pytest.mark.parametrize("text", ["crack 0 0 1 1 0 1", "0 0 0 1", "0 1. 1- 1 1 0 1", "1 2 3"])
def test_other_texts_are_none(tmp_path: Path, text: str) -> None:
    assert parse_yolo(tmp_path / "x.txt", text) is None


def test_a_long_line_of_numbers_and_a_word_is_told_at_once(tmp_path: Path) -> None:
    before = time.perf_counter()
    assert parse_yolo(tmp_path / "log.txt", "1 " + "123456 " * 500 + "metres") is None
    assert time.perf_counter() - before < 1
