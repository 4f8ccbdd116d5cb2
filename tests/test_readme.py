"""What the README and the pages in docs say can be typed."""

import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from crackseg.cli.main import _parser
from crackseg.config.search_schema import register_search_schema

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [README, *(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))]


def commands(program: str) -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", "\n".join(PAGES), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(program)]


@pytest.mark.parametrize("command", commands("python "))
def test_settings_of_a_command_exist(command: str) -> None:
    _, script, *words = shlex.split(command)
    overrides = [word for word in words if word != "-m"]
    if "-m" in words:
        # Of the values of a sweep the first stands for all.
        overrides = [word.split(",")[0] for word in overrides]
    register_search_schema()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        assert compose(Path(script).stem, overrides)


@pytest.mark.parametrize("command", commands("crackseg "))
def test_the_console_script_takes_the_command(command: str) -> None:
    assert _parser().parse_args(shlex.split(command)[1:]).run


@pytest.mark.parametrize("target", re.findall(r"(?:^|`)make ([a-z-]+)", README, re.M))
def test_make_knows_the_target(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)


@pytest.mark.parametrize("path", re.findall(r"\]\((docs/[^)]+)\)", README))
def test_pictures_and_pages_are_there(path: str) -> None:
    assert (ROOT / path).is_file()


def test_settings_of_the_table_exist() -> None:
    register_search_schema()
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        config = compose("train")
    table = re.findall(r"^\| (`.*?) \|", README, flags=re.MULTILINE)
    keys = [key for cell in table for key in re.findall(r"`([a-z_.]+)`", cell)]
    assert len(keys) >= 10
    for key in keys:
        OmegaConf.select(config, key, throw_on_missing=True)
        parent, _, name = key.rpartition(".")
        node = OmegaConf.select(config, parent) if parent else config
        assert name in node, key


def test_no_placeholder_was_left() -> None:
    for page in PAGES:
        assert not re.findall(r"^[A-Z_]{4,}$", page, re.M)
