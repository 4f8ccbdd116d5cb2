"""The state of a training in a checkpoint is compared with a fresh one before it is restored."""

import copy
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning import Trainer
from lightning.pytorch.plugins import MixedPrecision

from crackseg.checkpoint import Checkpoint, read_checkpoint
from crackseg.config.schema import CallbacksConfig, TrainConfig
from crackseg.errors import CheckpointError
from crackseg.training.callbacks import build_callbacks
from crackseg.training.restoring import restoring, state_faults
from crackseg.training.segmenter import CrackSegmenter
from crackseg.training.trainer import build_trainer
from crackseg.training.watching.speed import Throughput
from crackseg.workflows.train import TrainResult, train
from tests.helpers.checkpoints import put

NAN = math.nan


@pytest.fixture(scope="module")
def last(trained: TrainResult) -> Checkpoint:
    return read_checkpoint(trained.checkpoint.with_name("last.ckpt"))


@pytest.fixture(scope="module")
def fresh(last: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A trainer and a module as they are before a training goes on."""
    folder = str(tmp_path_factory.mktemp("fresh"))
    callbacks = [Throughput(), *build_callbacks(CallbacksConfig(), Path(folder))]
    trainer = build_trainer(callbacks=callbacks, logger=False, accelerator="cpu")
    return trainer, CrackSegmenter(last.parameters)


def changed(last: Checkpoint, place: str, value: object) -> dict[str, Any]:
    """A checkpoint's content with another value; callbacks by the beginning of their names."""
    content = copy.deepcopy(dict(last.content))
    names = {f"callbacks/{name.partition('{')[0]}": name for name in content["callbacks"]}
    for short, name in names.items():
        if place == short or place.startswith(f"{short}/"):
            target, key = content["callbacks"], place[len(short) + 1 :]
            if key:
                target[name][key] = value
            else:
                target[name] = value
            return content
    put(content, place, value)
    return content


def test_the_state_of_a_training_is_right(last: Checkpoint, fresh: Any) -> None:
    assert state_faults(last.content, *fresh) == []


def test_callbacks_that_an_earlier_version_did_not_have_start_anew(
    last: Checkpoint, fresh: Any
) -> None:
    content = changed(last, "seen", 1)
    del content["callbacks"]["ProgressLine"]
    content["callbacks"]["FormerCallback"] = {"anything": [1]}
    assert state_faults(content, *fresh) == []


STATE = "optimizer_states/0/state/0"
GROUP = "optimizer_states/0/param_groups/0"
EPOCHS = "loops/fit_loop/epoch_progress"
BATCHES = "loops/fit_loop/epoch_loop.batch_progress"


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        *(
            (key, value, f"{key}=")
            for key in ("optimizer_states", "lr_schedulers", "loops", "callbacks")
            for value in (None, "x", torch.zeros(2))
        ),
        ("optimizer_states", [], "optimizer_states=a list: a list of 1"),
        (STATE, None, "optimizer_states.0.state.0=None: a table of values by name"),
        (STATE, {}, "it lacks optimizer_states.0.state.0.step"),
        ("optimizer_states/0/state", {}, "it lacks optimizer_states.0.state.0"),
        (f"{STATE}/more", 1, "optimizer_states.0.state.0: more values than a training writes"),
        (f"{STATE}/exp_avg", torch.zeros(7), "optimizer_states.0.state.0.exp_avg=a tensor: not"),
        (f"{STATE}/exp_avg", None, "optimizer_states.0.state.0.exp_avg=None: not what"),
        (f"{STATE}/step", torch.tensor(NAN), "optimizer_states.0.state.0.step=a tensor: not"),
        (f"{STATE}/step", torch.tensor(-1.0), "optimizer_states.0.state.0.step=a tensor: not"),
        (f"{STATE}/step", 3, "optimizer_states.0.state.0.step=3: not what a training writes"),
        (f"{GROUP}/lr", "x", "optimizer_states.0.param_groups.0.lr='x': not what"),
        (f"{GROUP}/lr", 1e300, "a learning rate of 1e+300, not 0.001"),
        (f"{GROUP}/lr", -1.0, "a learning rate of -1.0, not 0.001"),
        (f"{GROUP}/betas", (5.0, 5.0), "param_groups.0.betas=a list: a list in this run"),
        (f"{GROUP}/capturable", True, "param_groups.0.capturable=True: False in this run"),
        (f"{GROUP}/foreach", "x", "param_groups.0.foreach='x': None in this run"),
        (f"{GROUP}/params", [0], "optimizer_states.0.param_groups.0.params=a list: "),
        ("lr_schedulers/0/factor", 5.0, "lr_schedulers.0.factor=5.0: 0.5 in this run"),
        ("lr_schedulers/0/best", NAN, "lr_schedulers.0.best=nan: not what"),
        ("lr_schedulers/0/mode", "x", "lr_schedulers.0.mode='x': 'max' in this run"),
        ("lr_schedulers/0/step", 1, "lr_schedulers.0: more values than a training writes"),
        ("lr_schedulers/0/last_epoch", -1, "lr_schedulers.0.last_epoch=-1: not what"),
        ("loops/fit_loop", {}, "it lacks loops.fit_loop.state_dict"),
        (EPOCHS, "x", "loops.fit_loop.epoch_progress='x': a table of values by name"),
        *(
            (f"{EPOCHS}/current/completed", value, "epoch_progress.current.completed=")
            for value in (-1, 1.5, "x", None, 2**62)
        ),
        (f"{EPOCHS}/current/processed", 0, "loops: not the end of epoch 6"),
        (f"{EPOCHS}/total/ready", 10**9, "loops: not the end of epoch 6"),
        (f"{BATCHES}/current/completed", 0, "loops: not the end of epoch 6"),
        (f"{BATCHES}/is_last_batch", False, "loops: not the end of epoch 6"),
        (f"{BATCHES}/is_last_batch", 1, "is_last_batch=1: not what"),
        ("callbacks/Throughput/images", "x", "callbacks.Throughput.images='x': not what"),
        ("callbacks/Throughput/seconds", NAN, "callbacks.Throughput.seconds=nan: not what"),
        ("callbacks/ProgressLine/best", [1], "callbacks.ProgressLine.best=a list: not what"),
        (
            "callbacks/Patience/wait_count",
            -1,
            "callbacks.Patience.wait_count=-1: not what",
        ),
        ("callbacks/Patience/best_score", "x", ".best_score='x': not what a training writes"),
        ("callbacks/Patience", "x", "='x': a table of values by name"),
        ("callbacks/_Kept/best_k_models", {"a": 1}, ".best_k_models: other values than figures"),
        ("callbacks/_Kept/best_model_path", None, ".best_model_path=None: not what a training"),
        ("state_dict/network.head.bias", torch.zeros(7), "state_dict.network.head.bias=a tensor"),
    ],
)
def test_another_state_is_named(
    last: Checkpoint, fresh: tuple[Trainer, CrackSegmenter], place: str, value: object, message: str
) -> None:
    faults = state_faults(changed(last, place, value), *fresh)
    assert any(message in fault for fault in faults), faults


def resumed(trained: TrainResult, config: TrainConfig, folder: Path, **changes: object) -> None:
    """Goes on with a copy of a run whose checkpoint was changed."""
    run = Path(shutil.copytree(trained.checkpoint.parent, folder / "run"))
    content = dict(read_checkpoint(run / "last.ckpt").content)
    for place, value in changes.items():
        content = changed(read_checkpoint(run / "last.ckpt"), place.replace("__", "/"), value)
    torch.save(content, run / "last.ckpt")
    config.trainer.max_epochs = 7
    train(config, run, run / "last.ckpt")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("lr_schedulers", None, "lr_schedulers=None: a list of 1"),
        ("callbacks__Patience__stopping_reason", 99, "ValueError: 99 is not a valid"),
        ("callbacks__ProgressLine__best", "x", "ValueError: could not convert string to float"),
    ],
)
def test_a_training_does_not_go_on_with_another_state(
    trained: TrainResult,
    train_config: TrainConfig,
    tmp_path: Path,
    place: str,
    value: object,
    message: str,
) -> None:
    with pytest.raises(CheckpointError) as caught:
        resumed(trained, train_config, tmp_path, **{place: value})
    told = str(caught.value)
    assert told.startswith(f"{tmp_path / 'run' / 'last.ckpt'}: refused, ")
    assert told.endswith("; take another checkpoint")
    assert message in told
    assert "\n" not in told


def test_a_bug_after_the_restoring_keeps_its_traceback(fresh: Any) -> None:
    with pytest.raises(ZeroDivisionError), restoring(fresh[0], Path("last.ckpt")):
        raise ZeroDivisionError


def test_the_state_of_mixed_precision_is_compared_too(
    last: Checkpoint, fresh: tuple[Trainer, CrackSegmenter]
) -> None:
    plugin = MixedPrecision("16-mixed", "cpu", torch.amp.GradScaler("cpu"))
    trainer = build_trainer(logger=False, accelerator="cpu", plugins=[plugin])
    scaler = trainer.precision_plugin.state_dict()
    assert scaler["scale"] > 1
    content = {**last.content, "MixedPrecision": scaler}
    assert state_faults(content, trainer, fresh[1]) == []
    content["MixedPrecision"] = {**scaler, "scale": "x"}
    (fault,) = state_faults(content, trainer, fresh[1])
    assert fault.startswith("MixedPrecision.scale='x': not what a training writes")
    assert state_faults(content, *fresh) == []
