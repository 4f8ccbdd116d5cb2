"""What is printed reaches its reader, or does no harm."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crackseg.system import output
from crackseg.system.console import Terminal
from crackseg.system.output import reader_is_gone, say, told_if_read


def test_a_line_is_said_from_within_another_one(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Python refuses to print while a signal's handler has interrupted it printing."""

    class Busy(io.StringIO):
        def write(self, text: str) -> int:
            raise RuntimeError("reentrant call")

    monkeypatch.setattr(sys, "stderr", Busy())
    say("interrupted")
    assert capfd.readouterr().err == "\ninterrupted\n"


def test_children_say_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(output, "parent_process", object)
    say("interrupted")
    assert capsys.readouterr().err == ""


@contextmanager
def unread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Output whose reader is gone, as ``head`` once it has its lines."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stream)
        yield
        # What is left in the buffer cannot be written either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), writer)


def test_tables_meet_a_missing_reader_as_all_that_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By themselves they would end the process with exit code 1."""
    with unread(monkeypatch):
        with pytest.raises(BrokenPipeError) as broken:
            Terminal(file=sys.stdout).print("a table")
        assert reader_is_gone(broken.value)


def test_what_is_done_stays_done_without_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    done = []
    with unread(monkeypatch):
        with told_if_read():
            print("done")
        done.append(1)
        with told_if_read():
            print("again", flush=True)
    assert done == [1]


def test_another_broken_pipe_is_a_bug() -> None:
    assert not reader_is_gone(BrokenPipeError())
    with pytest.raises(BrokenPipeError), told_if_read():
        raise BrokenPipeError
