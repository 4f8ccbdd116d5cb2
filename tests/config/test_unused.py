"""Settings that the others make no use of are refused where they are typed, and said in a file."""

from pathlib import Path

import pytest

from crackseg.config.schema import TrainConfig
from crackseg.config.unused import ignored_overrides, ignored_values, unused_settings
from crackseg.workflows.train import train
from tests.helpers.settings import composed


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (
            "scheduler=cosine scheduler.patience=3",
            "scheduler=cosine goes by no figure; it is for scheduler=plateau",
        ),
        (
            "scheduler=one_cycle ++scheduler.monitor=val/loss",
            "scheduler=one_cycle goes by no figure; it is for scheduler=plateau",
        ),
        ("scheduler.name=cosine scheduler.factor=0.1", "scheduler=cosine goes by no figure; it is"),
        ("data.crack_crops=0.5", "it is for crops; they have data.crop_size"),
        ("data.crop_size=64 data.image_size=96", "crops of data.crop_size=64 are seen"),
        ("model.activation=relu model.negative_slope=0.2", "model.activation=relu is zero there"),
    ],
)
def test_what_is_typed_and_has_no_effect_is_refused(overrides: str, reason: str) -> None:
    typed = ["seed=1", *overrides.split()]
    (line,) = ignored_overrides(typed, composed(*typed))
    assert line.startswith(f"{typed[-1]}: would be ignored, {reason}")
    assert line.endswith("; leave it out")


@pytest.mark.parametrize(
    "overrides",
    [
        "scheduler.patience=5 scheduler.factor=0.1 scheduler.monitor=val/loss",
        "scheduler=cosine scheduler.warmup=1 scheduler.min_lr=0 callbacks.patience=5",
        "data.crop_size=64 data.crack_crops=0.1",
        "data.image_size=96 model.negative_slope=0.2",
        "model=unet_paper",
    ],
)
def test_what_has_an_effect_is_not(overrides: str) -> None:
    config = composed(*overrides.split())
    assert ignored_overrides(overrides.split(), config) == []
    assert list(ignored_values(config)) == []


def test_what_a_file_says_to_no_effect_is_told() -> None:
    config = composed("experiment=best", "debug=overfit")
    assert list(ignored_values(config)) == [
        "scheduler.patience=50 is ignored, scheduler=cosine goes by no figure; it is for "
        "scheduler=plateau",
        "data.image_size=64 is ignored, crops of data.crop_size=256 are seen",
    ]


@pytest.mark.parametrize(
    "overrides", ["", "experiment=best", "scheduler=one_cycle", "model=unet_paper"]
)
def test_defaults_without_effect_are_not_told(overrides: str) -> None:
    config = composed(*overrides.split())
    assert unused_settings(config)
    assert list(ignored_values(config)) == []


def test_a_training_says_what_has_no_effect(
    train_config: TrainConfig, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    train_config.scheduler.name, train_config.scheduler.patience = "cosine", 7
    train_config.trainer.max_epochs = 1
    train(train_config, tmp_path / "run")
    said = [message for message in log.messages if message.startswith("scheduler.patience=7 is")]
    assert len(said) == 1
