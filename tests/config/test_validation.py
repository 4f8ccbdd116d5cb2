"""Values out of range and settings that contradict each other are said, all together."""

import pytest
import torch

from crackseg.config import validation
from crackseg.config.validation import OBJECTIVES, check_train_config
from crackseg.errors import ConfigError
from crackseg.models.limits import outline
from tests.helpers.settings import composed


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.dropout=1.5", "model.dropout=1.5: at least 0 and below 1"),
        ("data.image_size=0", "data.image_size=0: it is one side or"),
        ("data.image_size=[96]", "data.image_size=[96]: it is one side or"),
        (
            "data.augment=strnog",
            "data.augment=strnog: one of true, false, flips, standard, strong; did you mean "
            "strong?",
        ),
        (
            "data.image_size=100",
            "data.image_size=100 with model=unet: an image of 100x100 pixels (H x W) does not "
            "fit: this network is trained on multiples of 16; the nearest that fit are 96x96 and "
            "112x112",
        ),
        ("data.mask_threshold=255", "data.mask_threshold=255: at least 0 and at most 254"),
        ("data.resize=cubic", "data.resize=cubic: one of area, bilinear"),
        (
            "data.split=group",
            "data.split=group: one of random, grouped, official, manifest, none; did you mean",
        ),
        ("data.split=manifest", "data.split=manifest: it goes by a file; add data.manifest=FILE"),
        ("data.manifest=a.csv", "data.manifest=a.csv: goes with data.split=manifest"),
        ("data.counts=[1,2]", "data.counts=[1, 2]: three numbers"),
        ("data.batch_size=0", "data.batch_size=0: at least 1"),
        ("data.count=3", "data.count=3: at least 10"),
        ("data.count=null", "data.count: how many photographs to make"),
        ("optimizer.lr=0", "optimizer.lr=0.0: greater than 0"),
        ("scheduler.factor=1", "scheduler.factor=1.0: between 0 and 1"),
        ("scheduler.name=cosin", "scheduler.name=cosin: one of plateau, cosine, one_cycle; did"),
        ("scheduler.warmup=-1", "scheduler.warmup=-1.0: at least 0"),
        ("trainer.max_epochs=0", "trainer.max_epochs=0: at least 1"),
        ("trainer.precision=8", "trainer.precision=8: one of auto, 32-true"),
        ("callbacks.monitor=val/typo", "callbacks.monitor=val/typo: one of val/best_crack_iou"),
        ("callbacks.pictures_every=0", "callbacks.pictures_every=0: at least 1"),
        ("callbacks.patience=-1", "callbacks.patience=-1: at least 0"),
        ("seed=-1", "seed=-1: at least 0"),
        ("model.activation=gelu", "model.activation=gelu: one of leaky_relu, relu"),
        ("loss.class_weights=null", "loss.class_weights: missing"),
        ("runtime.threads=0", "runtime.threads=0: at least 1 and at most 256, or null"),
        (
            "sweep.objective=val/loss",
            "sweep.objective=val/loss: one of val/crack_iou, val/mean_iou",
        ),
        ("sweep.objective=val/crack_iuo", "; did you mean val/crack_iou?"),
        ("trainer.profiler=torch", "one of simple, pytorch; did you mean pytorch?"),
        ("trainer.accelerator=gpuu", "one of auto, cpu, gpu, cuda, mps, tpu; did you mean gpu?"),
        ("trainer.devices=two", "trainer.devices=two: auto, how many (such as 2), or which"),
        ("trainer.devices=0", "trainer.devices=0: auto, how many"),
        ("trainer.devices=[0,-1]", "trainer.devices=[0, -1]: auto, how many"),
    ],
)
def test_a_value_out_of_range_is_named_with_what_is_allowed(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed(override))
    assert message in str(caught.value)


def test_weights_for_a_loss_that_ignores_them_are_refused() -> None:
    with pytest.raises(ConfigError, match="no term of bce uses class weights"):
        check_train_config(composed("loss=bce", "loss.class_weights=[1,2]"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            "scheduler.warmup=5 trainer.max_epochs=5",
            "scheduler.warmup=5: less than the 5 epochs of trainer.max_epochs",
        ),
        (
            "scheduler=one_cycle scheduler.warmup=0",
            "scheduler.warmup=0: scheduler=one_cycle begins with a rise; .3 is a share",
        ),
        (
            "scheduler=cosine scheduler.min_lr=0.1",
            "scheduler.min_lr=0.1: at most optimizer.lr=0.001, from where scheduler=cosine comes",
        ),
        (
            "scheduler=plateau optimizer.lr=1e-7",
            "scheduler.min_lr=1e-06: at most optimizer.lr=1e-07, from where scheduler=plateau",
        ),
    ],
)
def test_a_schedule_fits_its_training(overrides: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed(*overrides.split()))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            "optimizer.freeze=[encodr]",
            "optimizer.freeze=encodr: model=unet has the parts encoder, bottom, decoder, head; did "
            "you mean encoder?",
        ),
        (
            "optimizer.freeze=[bottom] model=unet_paper",
            "optimizer.freeze=bottom: model=unet_paper has the parts encoder, decoder, head",
        ),
        (
            "optimizer.freeze=[encoder,bottom,decoder,head]",
            "optimizer.freeze: nothing of model=unet is left to train",
        ),
        (
            "optimizer.freeze=[encoder] optimizer.encoder_lr_factor=0.1",
            "optimizer.encoder_lr_factor=0.1: the encoder is frozen, leave it at 1",
        ),
    ],
)
def test_parts_are_those_of_the_network(overrides: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed(*overrides.split()))
    assert str(caught.value) == message


def test_all_faults_are_reported_together() -> None:
    with pytest.raises(ConfigError) as caught:
        check_train_config(composed("model.dropout=2", "optimizer.lr=-1", "data.batch_size=0"))
    told = str(caught.value).splitlines()
    assert len(told) == 3


@pytest.mark.parametrize(
    "override",
    [
        "data.image_size=[96,160]",
        "data.augment=strong",
        "trainer.devices=2",
        "trainer.devices=-1",
        "trainer.devices=[0,1]",
        "trainer.devices='0,1'",
        "trainer.profiler=simple",
        *(f"sweep.objective={name}" for name in OBJECTIVES),
    ],
)
def test_what_is_allowed_passes(override: str) -> None:
    check_train_config(composed(override))


def test_calibration_needs_a_last_layer_to_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    config = composed("calibrate=true")
    check_train_config(config)
    other = outline("unet", {})
    other.head = torch.nn.Conv2d(16, 1, 1, bias=False)
    monkeypatch.setattr(validation, "outline", lambda name, arguments: other)
    with pytest.raises(ConfigError, match="calibrate=true: model=unet has no last layer head with"):
        check_train_config(config)
