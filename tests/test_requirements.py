"""The versions that were tested are the versions that are promised."""

import itertools
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]


def pinned(name: str) -> dict[str, Version]:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(.+)$", text, re.M)
    return {package.lower().replace("_", "-"): Version(version) for package, version in pins}


def project() -> dict[str, Any]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text)["project"])


def promised(lines: Iterable[str]) -> dict[str, Requirement]:
    return {one.name: one for one in map(Requirement, lines)}


def test_lower_bounds_are_the_versions_that_were_tested() -> None:
    needed = promised(project()["dependencies"]).items()
    bounds = {name: Version(next(iter(one.specifier)).version) for name, one in needed}
    assert bounds == pinned("lowest")


def test_tested_versions_are_within_the_bounds() -> None:
    tested = pinned("tested")
    extras = itertools.chain.from_iterable(project()["optional-dependencies"].values())
    wanted = promised([*project()["dependencies"], *extras])
    # An extra may take in another one.
    wanted.pop("crackseg", None)
    for name, requirement in wanted.items():
        assert tested[name] in requirement.specifier, name
