"""What pages are made of beside code."""

import tomllib
from pathlib import Path


def test_an_installed_package_has_all_parts_of_its_pages() -> None:
    root = Path(__file__).parents[3]
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    folder = root / "crackseg" / "reporting"
    patterns = settings["tool"]["setuptools"]["package-data"]["crackseg.reporting"]
    packed = {path for pattern in [*patterns, "*/*.py"] for path in folder.glob(pattern)}
    found = {path for path in folder.glob("*/*") if path.is_file()}
    assert {path for path in found if path.parent.name != "__pycache__"} == packed
