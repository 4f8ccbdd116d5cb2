"""Memory that is left, as a container says it."""

from pathlib import Path

import pytest

from crackseg.system import memory
from crackseg.system.memory import available_memory

GIB = 2**30


def container(
    folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str, taken: int, stat: str | None
) -> None:
    """Makes the files of a container those that this process reads, and the only ones."""
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{taken}\n")
    if stat is not None:
        (folder / "memory.stat").write_text(stat)
    [version_2, _] = memory._CGROUPS
    monkeypatch.setattr(memory, "_CGROUPS", (version_2._replace(folder=folder),))
    monkeypatch.setattr(memory, "_of_system", lambda: None)
    monkeypatch.setattr(memory, "_of_shell", lambda: None)


@pytest.mark.parametrize(
    ("stat", "left"),
    [
        ("anon 1\ninactive_file 6442450944\n", 7 * GIB),
        ("anon 1\n", GIB),
        ("nothing that is understood", GIB),
        (None, GIB),
    ],
)
def test_what_a_container_keeps_of_files_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stat: str | None, left: int
) -> None:
    container(tmp_path, monkeypatch, str(8 * GIB), 7 * GIB, stat)
    assert available_memory() == left


def test_a_container_without_a_limit_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container(tmp_path, monkeypatch, "max", GIB, "inactive_file 5\n")
    assert available_memory() is None
