"""What formats say of themselves."""

import importlib
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from crackseg.errors import MissingLibraryError
from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat
from crackseg.formats.result import Result
from tests.formats.measured import result


@pytest.mark.parametrize("name", FORMATS)
def test_a_module_writes_each_format_and_needs_no_extra_to_be_imported(name: str) -> None:
    assert callable(importlib.import_module(FORMATS[name].module).write)


def test_no_two_formats_write_the_same_file() -> None:
    output = Path("out")
    paths = [
        path
        for one in FORMATS.values()
        for path in (
            one.paths(output)
            if isinstance(one, FolderFormat)
            else one.paths(output, Path("sub/wall.1"))
        )
    ]
    assert len(set(paths)) == len(paths)


def test_a_missing_library_is_refused_with_its_extra() -> None:
    needing = PhotographFormat(
        name="x", about="", module="", extra="gis", libraries=("no_such",), suffixes=()
    )
    with pytest.raises(MissingLibraryError, match=r"^format x: needs the library no_such; pip"):
        needing.require()


def test_formats_are_listed_without_heavy_imports() -> None:
    code = "import sys, crackseg.formats.registry; print({'numpy', 'torch'} & set(sys.modules))"
    listed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert listed.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "name", [name for name, one in FORMATS.items() if isinstance(one, FolderFormat)]
)
def test_only_one_photograph_at_a_time_is_kept(name: str, tmp_path: Path) -> None:
    """A folder of thousands would not fit into memory."""
    chosen = FORMATS[name]
    assert isinstance(chosen, FolderFormat)
    for library in chosen.libraries:
        pytest.importorskip(library, reason=f"needs the extra {chosen.extra}")
    alive: weakref.WeakSet[Result] = weakref.WeakSet()
    most = 0

    def one_by_one() -> Iterator[Result]:
        nonlocal most
        for number in range(5):
            one = result(f"{number}.jpg")
            alive.add(one)
            most = max(most, len(alive))
            yield one
            del one

    chosen.write(one_by_one(), chosen.paths(tmp_path))
    assert most <= 2
