"""The config groups compose to what the project promises."""

import pytest

from crackseg.config.schema import model_config
from crackseg.config.validation import check_train_config
from tests.helpers.commands import CONF
from tests.helpers.settings import composed


def choices() -> list[str]:
    """Every file of every group of a training as an override."""
    files = sorted(CONF.glob("*/*.yaml"))
    others = ("logger", "search")
    return [f"{file.parent.name}={file.stem}" for file in files if file.parent.name not in others]


@pytest.mark.parametrize("choice", [choice for choice in choices() if choice != "data=default"])
def test_every_choice_composes_and_is_valid(choice: str) -> None:
    if choice in ("model=unet_pretrained", "experiment=best"):
        pytest.importorskip("timm", reason="needs the extra pretrained")
    # A folder of one's own is wherever it is.
    check_train_config(composed(choice, *(["data.root=mine"] if choice == "data=folder" else [])))


def test_default_run_is_what_the_project_promises() -> None:
    config = composed()
    assert config.data.name == "synthetic"
    assert isinstance(config.model, model_config("unet"))
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
    assert isinstance(composed("model=unet_paper").model, model_config("unet_paper"))


def test_the_scheduler_follows_the_callbacks_monitor() -> None:
    assert composed("callbacks.monitor=val/loss").scheduler.monitor == "val/loss"
