"""The versions that were tested are the versions that are promised."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def pinned(name: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(.+)$", text, re.M)
    return {package.lower().replace("_", "-"): Version(version) for package, version in pins}


def promised() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {one.name: one for one in map(Requirement, project["dependencies"])}


def test_lower_bounds_are_the_versions_that_were_tested() -> None:
    bounds = {name: Version(next(iter(one.specifier)).version) for name, one in promised().items()}
    assert bounds == pinned("lowest")


def test_tested_versions_are_within_the_bounds() -> None:
    tested = pinned("tested")
    for name, requirement in promised().items():
        assert tested[name] in requirement.specifier, name
