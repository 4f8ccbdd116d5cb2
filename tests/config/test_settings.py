from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from crackseg.config.schema import DataConfig
from crackseg.config.settings import data_settings
from crackseg.errors import ConfigError

CONFIG = DataConfig(name="folder", root="walls")


def test_each_setting_has_one_form() -> None:
    blocks = {"CRACK500": [64, 16]}
    given = replace(CONFIG, image_size=96, crop_size=[64, 32], blocks=blocks, exclude="bad.txt")
    settings = data_settings(given)
    assert settings.roots == (Path("walls"),)
    assert settings.image_size == (96, 96)
    assert settings.crop_size == (64, 32)
    assert settings.augment == "standard"
    assert settings.blocks == {"CRACK500": (64, 16)}
    assert settings.exclude == Path("bad.txt")
    assert settings.cache == Path("outputs/cache")


def test_several_folders_stay_in_order() -> None:
    settings = data_settings(replace(CONFIG, root=["b", "a"]))
    assert settings.roots == (Path("b"), Path("a"))


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        data_settings(CONFIG).batch_size = 1  # type: ignore[misc]


def test_all_faults_are_said_together() -> None:
    with pytest.raises(ConfigError, match=r"data.image_size=0.*\n.*data.batch_size=0"):
        data_settings(replace(CONFIG, image_size=0, batch_size=0))
