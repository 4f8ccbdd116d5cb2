"""Messages about command lines: one line, with what to do."""

import argparse

import pytest

from crackseg.cli.main import main
from crackseg.cli.parser import from_to, number


def refused(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a command is refused with."""
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (
            "predict photos --modle open",
            "crackseg: error: unknown: --modle open; did you mean --model?",
        ),
        (
            "measure photos --mm_per_pixel=0.2",
            "crackseg: error: unknown: --mm_per_pixel=0.2; did you mean --mm-per-pixel?",
        ),
        (
            "data verify photos --exlude list.txt",
            "crackseg: error: unknown: --exlude list.txt; did you mean --exclude?",
        ),
        (
            "predict photos -z",
            "crackseg: error: unknown: -z; --help after the command names its options",
        ),
        (
            "measure photos --mm-per-pixel 0,2",
            "crackseg measure: error: argument --mm-per-pixel: '0,2' is no number; write 0.2",
        ),
        (
            "predict photos --threshold much",
            "crackseg predict: error: argument --threshold: 'much' is no number",
        ),
        (
            "calibrate",
            "crackseg calibrate: error: the following arguments are required: FOLDER, --output",
        ),
    ],
)
def test_a_command_line_is_refused_in_one_line_that_says_what_is_meant(
    command: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(command, capsys) == line


def test_a_command_that_is_not_there_is_refused_with_those_that_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = refused("predikt photos", capsys)
    assert "predikt: there is no such command; did you mean predict? known: predict, meas" in line
    assert "vreify: there is no such command; did you mean verify?" in refused(
        "data vreify", capsys
    )
    assert "xyz: there is no such command; known: predict, measure" in refused("xyz", capsys)


@pytest.mark.parametrize(("command", "known"), [("", "predict, measure"), ("data", "verify")])
def test_no_command_is_answered_with_those_that_there_are(
    command: str, known: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(command, capsys)
    assert "error: which command? " in line
    assert known in line
    assert f"crackseg {command}".strip() + " --help says more" in line


def test_numbers_are_read_as_python_writes_them() -> None:
    assert [number(text) for text in ("0.2", "-1e3", "5")] == [0.2, -1000.0, 5.0]
    with pytest.raises(argparse.ArgumentTypeError, match=r"^'1,2,3' is no number$"):
        number("1,2,3")


def test_whole_numbers_have_bounds() -> None:
    assert from_to(1, 5)("5") == 5
    with pytest.raises(argparse.ArgumentTypeError, match="'6' is no whole number from 1 to 5"):
        from_to(1, 5)("6")


@pytest.mark.parametrize(
    "given",
    [
        ["predict", ""],
        ["predict", "--overwrite", ""],
        ["measure", "a.jpg", ""],
        ["data", "verify", "--", ""],
        ["data", "verify", "a", "--json", ""],
        ["predict", "a.jpg", "--output", ""],
        ["predict", "a.jpg", "--output="],
        ["measure", "a.jpg", "--checkpoint", ""],
        ["certify", "--profiles", ""],
        ["runs", ""],
        ["export", "", "--output", "model.onnx"],
    ],
)
def test_an_empty_path_is_refused(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It would stand for the current folder, with all photographs below it."""
    with pytest.raises(SystemExit):
        main(given)
    assert "a path is empty, as a variable of the shell that is not set" in capsys.readouterr().err
