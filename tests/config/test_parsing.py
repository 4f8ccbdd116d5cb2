"""Settings that may be written in several ways."""

from pathlib import Path
from typing import Any

import pytest

from crackseg.config.parsing import augment, blocks, crop_size, image_size, root_sources, roots
from crackseg.errors import ConfigError


@pytest.mark.parametrize(
    ("value", "size"), [(96, (96, 96)), ([96, 160], (96, 160)), ((1, 2), (1, 2))]
)
def test_sizes(value: Any, size: tuple[int, int]) -> None:
    assert image_size(value) == crop_size(value) == size


def test_no_crop_size_is_none() -> None:
    assert crop_size(None) is None


@pytest.mark.parametrize("value", [0, -1, "96", [96], [96, 0], [1, 2, 3], 1.5, [True, 1], {}])
def test_what_is_no_size_is_refused_by_its_key(value: Any) -> None:
    for read, key in ((image_size, "data.image_size"), (crop_size, "data.crop_size")):
        with pytest.raises(ConfigError) as error:
            read(value)
        assert str(error.value) == (
            f"{key}={value}: it is one side or [height, width], in whole pixels greater than 0, "
            "such as 128 or [96,160]"
        )


@pytest.mark.parametrize(
    ("value", "name"),
    [(True, "standard"), (False, None), ("flips", "flips"), ("standard", "standard")],
)
def test_an_augmentation_is_a_name_or_yes_or_no(value: Any, name: str | None) -> None:
    assert augment(value) == name


@pytest.mark.parametrize("value", [None, "", 1, 0, "yes", ["a"], {"a": 1}])
def test_what_is_no_augmentation_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError) as error:
        augment(value)
    known = "true, false, flips, standard, strong"
    assert str(error.value) == f"data.augment={value}: one of {known}"


@pytest.mark.parametrize(
    ("value", "folders"),
    [("walls", ["walls"]), (["a", "b/c"], ["a", "b/c"]), (2024, ["2024"]), (["x"], ["x"])],
)
def test_folders(value: Any, folders: list[str]) -> None:
    assert roots(value) == [Path(folder) for folder in folders]


@pytest.mark.parametrize("value", [None, "", [], [None], ["a", ""], {"a": ""}, {}, 1.5])
def test_what_is_no_folder_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^data\.root=.*: a folder, or several as \[FOLDER,"):
        roots(value)


def test_folders_with_their_sources() -> None:
    given = {"uav": "a", "walls": "b"}
    assert roots(given) == [Path("a"), Path("b")]
    assert root_sources(given) == ["uav", "walls"]
    assert root_sources(["a", "b"]) == ["", ""]
    with pytest.raises(ConfigError, match=r"^data\.root=.*: the name of a source is empty$"):
        root_sources({" ": "a"})


def test_blocks() -> None:
    assert blocks(None) == {}
    assert blocks({"CRACK500": [64, 16], "CFD": (8, 1)}) == {"CRACK500": (64, 16), "CFD": (8, 1)}


@pytest.mark.parametrize("value", ["CRACK500", [64, 16], {"A": 64}, {"A": [64]}, {"A": [64, 0]}])
def test_what_is_no_block_is_refused(value: Any) -> None:
    with pytest.raises(ConfigError, match=r"data\.blocks=.* such as \{CRACK500:\[64,16\]\}"):
        blocks(value)


def test_a_home_folder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    assert roots("~/walls") == [Path("/home/me/walls")]
