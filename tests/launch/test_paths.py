"""Paths are taken as typed, whatever letters and signs they have."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from crackseg.config.overrides import hydra_override
from crackseg.errors import ConfigError
from crackseg.launch.arguments import expand_resume
from crackseg.launch.paths import quote_paths

NAMES = (
    "My Drive/Cracks (1)",
    "新加卷/裂缝",
    "lr=0.1,run=2",
    "Fotos Süd & Nord",
    "a[1]{b}",
    "50%",
    "O'Brien",
    "$HOME_x",
    "a${b}c",
    "~tilde",
    "#1 site",
    "trail ",
    "[a,b]",
    'said "so"',
    "back\\",
    "2024",
    "null",
    "1e5",
    "a:b",
)


def read(argument: str) -> object:
    """What a setting is once Hydra and OmegaConf have read it."""
    override = OverridesParser.create().parse_override(argument)
    assert not override.is_sweep_override()
    value = override.value()
    config = OmegaConf.create({"value": str(value) if not isinstance(value, list) else value})
    return OmegaConf.to_container(config, resolve=True)["value"]  # type: ignore[index, call-overload]


@pytest.mark.parametrize(
    "key", ["checkpoint", "init_from", "root", "data.root", "data.origins", "hydra.run.dir"]
)
@pytest.mark.parametrize("name", NAMES)
def test_a_path_that_exists_is_taken_as_typed(
    name: str, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for typed in (name, str(tmp_path / name)):
        (argument,) = quote_paths([f"{key}={typed}"])
        assert read(argument) == typed
        assert quote_paths([argument]) == [argument]


@pytest.mark.parametrize("name", NAMES)
def test_what_a_message_tells_to_type_is_read_as_the_path(name: str) -> None:
    argument = hydra_override("data.root", Path(name))
    assert read(argument) == name
    assert quote_paths([argument]) == [argument]


def test_a_list_of_paths_is_taken_as_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("新", "a,b", "c d"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    (argument,) = quote_paths(["data.root=[新,a,b,c d]"])
    assert read(argument) == ["新", "a,b", "c d"]


def test_folders_to_sweep_over_are_taken_as_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("新", "c d"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert quote_paths(["data.root=新,c d"]) == ['data.root="新","c d"']


def test_a_list_that_can_be_read_in_two_ways_is_left_to_hydra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "a,b"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    assert quote_paths(["data.root=[a,b]"]) == ["data.root=[a,b]"]


@pytest.mark.parametrize("path", ["裂缝/best.ckpt", "2024_01", "1e3"])
def test_a_path_that_is_not_there_can_be_read_and_named(path: str) -> None:
    (argument,) = quote_paths([f"checkpoint={path}"])
    assert read(argument) == path


@pytest.mark.parametrize("text", ["runs/lr=0.1,run=2", "裂缝", "[1]"])
def test_a_folder_to_be_made_is_taken_as_typed(text: str) -> None:
    (argument,) = quote_paths([f"hydra.run.dir={text}"])
    assert read(argument) == text


def test_the_home_folder_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "walls").mkdir()
    assert quote_paths(["data.root=~/walls"]) == [f"data.root={tmp_path}/walls"]
    assert quote_paths(["hydra.run.dir=~/new"]) == [f"hydra.run.dir={tmp_path}/new"]


@pytest.mark.parametrize("argument", ["hydra.run.dir=", "hydra.sweep.dir=''", 'hydra.run.dir=" "'])
def test_a_folder_to_write_to_has_a_name(argument: str) -> None:
    with pytest.raises(ConfigError, match=r"hydra.*: empty; name a folder, such as hydra"):
        quote_paths([argument])


@pytest.mark.parametrize("argument", ["model.depth=3", "data.root=[a,b]", "loss.terms={dice:1}"])
def test_other_settings_are_left_to_hydra(argument: str) -> None:
    assert quote_paths([argument]) == [argument]


@pytest.mark.parametrize("name", [name for name in NAMES if "${" not in name])
def test_a_run_in_any_folder_goes_on(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir(parents=True)
    for file in ("config.yaml", "last.ckpt"):
        (folder / file).write_text("")
    (folder / "run.json").write_text('{"state": "interrupted"}')
    for typed in (f"resume={folder}", hydra_override("resume", folder)):
        checkpoint, place = quote_paths(expand_resume([typed]))
        assert (read(checkpoint), read(place)) == (str(folder / "last.ckpt"), str(folder))
