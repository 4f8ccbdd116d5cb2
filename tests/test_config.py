"""The config groups compose, and what is wrong in them is said."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from crackseg.config import (
    PaperUNetConfig,
    TrainConfig,
    UNetConfig,
    check_train_config,
    image_size,
    register_schemas,
)
from crackseg.errors import ConfigError

CONF = Path(__file__).parents[1] / "conf"


def composed(*overrides: str, name: str = "train") -> TrainConfig:
    register_schemas()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = OmegaConf.to_object(compose(name, list(overrides)))
    assert isinstance(config, TrainConfig)
    return config


def choices() -> list[str]:
    """Every file of every group as an override."""
    files = sorted(CONF.glob("*/*.yaml"))
    return [f"{file.parent.name}={file.stem}" for file in files if file.parent.name != "logger"]


@pytest.mark.parametrize("choice", [choice for choice in choices() if choice != "data=default"])
def test_every_choice_composes_and_is_valid(choice: str) -> None:
    check_train_config(composed(choice))


def test_default_run_is_what_the_project_promises() -> None:
    config = composed()
    assert config.data.name == "synthetic"
    assert isinstance(config.model, UNetConfig)
    assert config.model.dropout == 0.1
    assert config.loss.terms == {"weighted_bce": 1.0}
    assert config.loss.class_weights == "auto"
    assert (config.optimizer.lr, config.optimizer.weight_decay) == (1e-3, 1e-4)
    assert (config.scheduler.factor, config.scheduler.patience) == (0.5, 3)
    assert config.scheduler.min_lr == 1e-6
    assert config.callbacks.patience == 10
    assert config.callbacks.monitor == config.scheduler.monitor == "val/best_crack_iou"
    assert config.trainer.max_epochs == 100
    assert config.logger.tensorboard
    assert config.logger.csv
    assert config.seed == 0


def test_paper_network_has_its_own_schema() -> None:
    assert isinstance(composed("model=unet_paper").model, PaperUNetConfig)


def test_the_scheduler_follows_the_callbacks_monitor() -> None:
    assert composed("callbacks.monitor=val/loss").scheduler.monitor == "val/loss"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.dropout=1.5", "model.dropout=1.5: at least 0 and below 1"),
        ("data.image_size=0", "data.image_size=0: it is one side or"),
        ("data.image_size=[96]", "data.image_size=[96]: it is one side or"),
        ("data.image_size=100", "the nearest that fit are 96x96 and 112x112"),
        ("data.mask_threshold=255", "data.mask_threshold=255: between 0 and 254"),
        ("data.resize=cubic", "data.resize=cubic: one of area, bilinear"),
        ("data.split=grouped", "data.split=grouped: one of random, manifest"),
        ("data.split=manifest", "data.manifest: goes with data.split=manifest"),
        ("data.manifest=a.csv", "data.manifest: goes with data.split=manifest"),
        ("data.counts=[1,2]", "data.counts=[1, 2]: three numbers"),
        ("data.batch_size=0", "data.batch_size=0: at least 1"),
        ("data.count=3", "data.count=3: at least 10"),
        ("data.count=null", "data.count: how many photographs to make"),
        ("optimizer.lr=0", "optimizer.lr=0.0: greater than 0"),
        ("scheduler.factor=1", "scheduler.factor=1.0: between 0 and 1"),
        ("trainer.max_epochs=0", "trainer.max_epochs=0: at least 1"),
        ("trainer.precision=8", "trainer.precision=8: one of auto, 32-true"),
        ("callbacks.monitor=val/typo", "callbacks.monitor=val/typo: one of val/best_crack_iou"),
        ("callbacks.pictures_every=0", "callbacks.pictures_every=0: at least 1"),
        ("callbacks.patience=-1", "callbacks.patience=-1: at least 0"),
        ("seed=-1", "seed=-1: at least 0"),
        ("model.activation=gelu", "model.activation=gelu: one of leaky_relu, relu"),
        ("loss.class_weights=null", "loss.class_weights: missing"),
        ("runtime.threads=0", "runtime.threads=0: at least 1, or null"),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed(override))
    assert message in str(caught.value)


def test_weights_for_a_loss_that_ignores_them_are_refused() -> None:
    with pytest.raises(ConfigError, match="no term of bce uses class weights"):
        check_train_config(composed("loss=bce", "loss.class_weights=[1,2]"))


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed("model.dropout=2", "optimizer.lr=-1", "data.batch_size=0"))
    told = str(caught.value).splitlines()
    assert len(told) == 3


@pytest.mark.parametrize(("value", "size"), [(128, (128, 128)), ([96, 160], (96, 160))])
def test_image_size_is_a_side_or_height_and_width(
    value: int | list[int], size: tuple[int, int]
) -> None:
    assert image_size(value) == size


@pytest.mark.parametrize("value", [0, -1, 1.5, "128", True, [1, 2, 3], [0, 4], None])
def test_other_image_sizes_are_refused(value: object) -> None:
    with pytest.raises(ConfigError, match="such as 128 or"):
        image_size(value)
