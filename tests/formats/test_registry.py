"""What formats say of themselves."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from crackseg.errors import MissingLibraryError
from crackseg.formats.registry import FORMATS, FolderFormat, PhotographFormat


@pytest.mark.parametrize("name", FORMATS)
def test_a_module_writes_each_format(name: str) -> None:
    pytest.importorskip(FORMATS[name].module, reason="needs an extra")
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
