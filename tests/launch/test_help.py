"""``--help`` says what there is, as the files in ``conf/`` have it."""

import re
from pathlib import Path
from string import Template

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from crackseg.config.search_schema import register_search_schema
from tests.helpers.commands import CONF, run

# They go on working, and are not offered any more.
OLD_NAMES = ("adam",)
DOORS = ["train", "evaluate", "tune"]


def composed(door: str) -> DictConfig:
    register_search_schema()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose(door, return_hydra_config=True)


def section(door: str, title: str) -> str:
    """The lines of the help below a heading that begins so."""
    text = Template(composed(door).hydra.help.template).substitute()
    found = re.search(rf"^== {title}.*? ==\n(.*?)(\n\n|\Z)", text, re.M | re.S)
    assert found is not None
    return found[1]


def listed(door: str) -> dict[str, list[str]]:
    """The choices of each group as the help lists them, defaults with their mark."""
    entries = re.findall(r"^  (\w+) +(\S.*(?:\n {4,}\S.*)*)", section(door, "Groups"), re.M)
    without_remarks = {group: re.sub(r"\(.*?\)|;.*", "", text) for group, text in entries}
    return {
        group: [choice.strip() for choice in text.rpartition(":")[2].split(",")]
        for group, text in without_remarks.items()
    }


def there(group: str) -> set[str]:
    """The files of a group but for old names and those that others of it only build on."""
    files = {
        file.relative_to(CONF / group).with_suffix("").as_posix(): OmegaConf.load(file)
        for file in (CONF / group).rglob("*.yaml")
        if file.stem not in OLD_NAMES
    }
    bases = {
        entry
        for content in files.values()
        for entry in content.get("defaults", [])
        if isinstance(entry, str)
    }
    # Others build on these, which are also for themselves.
    return set(files) - (bases - {"best", "best_small"})


@pytest.mark.parametrize("door", DOORS)
def test_the_help_is_ours_and_fits_a_terminal(door: str) -> None:
    text = Template(composed(door).hydra.help.template).substitute()
    assert "powered by Hydra" not in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_every_group_is_listed_with_each_of_its_choices() -> None:
    groups = {folder.name for folder in CONF.iterdir() if folder.is_dir()} - {"hydra", "search"}
    assert {
        group: {choice.rstrip("*") for choice in choices}
        for group, choices in listed("train").items()
    } == {group: there(group) for group in groups}


def test_the_marked_choices_are_the_default_ones() -> None:
    config = composed("train")
    chosen = {group: {choice} for group, choice in config.hydra.runtime.choices.items()}
    chosen["logger"] = {name for name in there("logger") if config.logger[name]}
    for group, choices in listed("train").items():
        marked = {choice.rstrip("*") for choice in choices if choice.endswith("*")}
        assert marked == chosen[group] - {None}


@pytest.mark.parametrize(("door", "count"), [("train", 10), ("evaluate", 9), ("tune", 8)])
def test_the_settings_have_the_defaults_that_the_help_gives(door: str, count: int) -> None:
    config = composed(door)
    given = re.findall(r"^  ([\w.]+=\S+)  +\w", section(door, "The settings"), re.M)
    assert len(given) == count
    for override in OverridesParser.create().parse_overrides(given):
        assert OmegaConf.select(config, override.key_or_group) == override.value()


def test_commands_say_how_to_go_on_and_where_things_go(tmp_path: Path) -> None:
    done = run("train.py", "--help", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for text in (
        "resume=latest",
        "-m optimizer.lr=1e-3,1e-4",
        "-m sweep.resume=FOLDER",
        "debug=smoke",
        "tensorboard --logdir outputs",
        "outputs/runs/DATE_TIME",
        "outputs/sweeps/DATE_TIME",
        "--cfg job",
    ):
        assert text in done.stdout
    assert "weight_decay" not in done.stdout


def test_every_search_is_listed() -> None:
    text = section("tune", "Groups")
    names = {file.stem for file in (CONF / "search").glob("*.yaml")} - {"default"}
    listed = re.search(r"^  search +(.*?); write", text, re.M | re.S)
    assert listed is not None
    assert set(re.findall(r"(\w+)\*?(?: \(.*?\))?(?:,|$)", listed[1])) == names
