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
    # Of the extras those that make setup installs, and with which the suite runs.
    extras = project()["optional-dependencies"]
    (ours,) = (one for one in map(Requirement, extras["dev"]) if one.name == "crackseg")
    with_suite = (extras[name] for name in ours.extras)
    lines = itertools.chain(project()["dependencies"], *with_suite)
    needed = promised(lines).items()
    bounds = {
        name: Version(part.version)
        for name, one in needed
        for part in one.specifier
        if part.operator == ">="
    }
    assert bounds == pinned("lowest")


def test_tested_versions_are_within_the_bounds() -> None:
    tested = pinned("tested")
    extras = itertools.chain.from_iterable(project()["optional-dependencies"].values())
    wanted = promised([*project()["dependencies"], *extras])
    # An extra may take in others.
    wanted.pop("crackseg", None)
    for name, requirement in wanted.items():
        assert tested[name] in requirement.specifier, name


def test_malicious_releases_are_shut_out() -> None:
    lightning = promised(project()["dependencies"])["lightning"].specifier
    assert not lightning.contains("2.6.2")
    assert not lightning.contains("2.6.3")


def test_one_extra_takes_in_all_that_are_not_for_development() -> None:
    extras = project()["optional-dependencies"]
    [everything] = map(Requirement, extras["all"])
    assert everything.extras == extras.keys() - {"all", "dev"}


def test_the_citation_names_the_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.findall(r"^version: (.+)$", citation, re.M) == [project()["version"]]
