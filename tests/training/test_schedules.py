"""The learning rate of every step, and trainings that end in time."""

import logging
import math
import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.trainer.states import TrainerFn
from torch.optim.lr_scheduler import CosineAnnealingLR

from crackseg.config.schema import TrainConfig
from crackseg.errors import ConfigError
from crackseg.launch.job import _refuse_finished
from crackseg.runs.record import recording
from crackseg.training.schedules import TimeLimit, planned_epochs, rate_factor
from crackseg.training.segmenter import CrackSegmenter
from crackseg.training.watching.progress import ProgressLine
from crackseg.workflows.train import train
from tests.helpers.trainings import before_each_step, in_halves, same_state

FLOOR = 1e-3
# Of an epoch of the small training: 16 photographs, 4 at a time.
STEPS = 4


def factors(name: str, steps: int, warmup: int) -> list[float | None]:
    return [rate_factor(name, step, steps, warmup, FLOOR) for step in range(steps)]


def test_the_cosine_is_that_of_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = CosineAnnealingLR(optimizer, T_max=20, eta_min=FLOOR)
    wanted = []
    for _ in range(20):
        wanted.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    assert factors("cosine", 20, 0) == pytest.approx(wanted)


def test_a_warm_up_is_a_line_that_ends_at_the_full_rate() -> None:
    assert factors("cosine", 20, 4)[:5] == [0.25, 0.5, 0.75, 1, 1]
    assert factors("plateau", 20, 4)[:5] == [0.25, 0.5, 0.75, 1, None]
    assert factors("plateau", 20, 0) == [None] * 20


def test_one_cycle_goes_up_and_down_on_cosines() -> None:
    rates = factors("one_cycle", 20, 6)
    rise = [1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * step / 6)) / 2 for step in range(1, 7)]
    assert rates[:6] == pytest.approx(rise)
    assert rates[6:] == pytest.approx(factors("cosine", 14, 0))


@pytest.fixture
def rates(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The learning rate of every step of what is trained in a test."""
    seen: list[float] = []

    def note(segmenter: CrackSegmenter) -> None:
        seen.append(segmenter.trainer.optimizers[0].param_groups[0]["lr"])

    before_each_step(monkeypatch, note)
    return seen


def test_a_training_goes_by_its_schedule(
    train_config: TrainConfig, tmp_path: Path, rates: list[float]
) -> None:
    train_config.scheduler.name, train_config.scheduler.warmup = "cosine", 0.25
    train_config.trainer.max_epochs = 3
    train(train_config, tmp_path / "run")
    lr, floor = train_config.optimizer.lr, train_config.scheduler.min_lr / train_config.optimizer.lr
    steps = 3 * STEPS
    wanted = [rate_factor("cosine", step, steps, 3, floor) for step in range(steps)]
    assert rates == [lr * factor for factor in wanted if factor is not None]


def test_a_plateau_is_awaited_after_the_warm_up(
    train_config: TrainConfig, tmp_path: Path, rates: list[float]
) -> None:
    train_config.scheduler.warmup, train_config.scheduler.patience = 2, 0
    # Zero from the first epoch on: no epoch makes progress.
    train_config.scheduler.monitor, train_config.optimizer.lr = "val/recall", 1e-30
    train_config.scheduler.min_lr = 0
    train_config.trainer.max_epochs = 5
    train(train_config, tmp_path / "run")
    lr = train_config.optimizer.lr
    whole = [rate / lr for rate in rates]
    assert whole[: 2 * STEPS] == pytest.approx([step / 8 for step in range(1, 9)])
    assert whole[2 * STEPS : 3 * STEPS] == [1] * STEPS


def test_a_schedule_goes_on_where_it_was(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_config.scheduler.name, train_config.scheduler.warmup = "cosine", 1.5
    train_config.trainer.max_epochs, train_config.trainer.gradient_clip = 4, 0.1
    train(train_config, tmp_path / "whole")
    in_halves(train_config, tmp_path / "halves", monkeypatch)
    one, other = (tmp_path / name / "last.ckpt" for name in ("whole", "halves"))
    assert same_state(one, other, "state_dict", "optimizer_states", "lr_schedulers", "loops")


def test_a_gradient_is_shortened_to_the_norm(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms = []

    def note(self: CrackSegmenter, optimizer: object) -> None:
        gradients = [one.grad for one in self.parameters() if one.grad is not None]
        if gradients:
            norms.append(float(torch.nn.utils.get_total_norm(gradients)))

    # The gradients of the step before, as they were used.
    monkeypatch.setattr(CrackSegmenter, "on_before_zero_grad", note)
    train_config.trainer.max_epochs = 1
    train(train_config, tmp_path / "free")
    assert min(norms) > 0.02
    norms.clear()
    train_config.trainer.gradient_clip = 0.01
    train(train_config, tmp_path / "clipped")
    assert norms == pytest.approx([0.01] * len(norms), rel=1e-3)
    assert norms


@pytest.fixture
def minutes(monkeypatch: pytest.MonkeyPatch, rates: list[float]) -> None:
    """A clock by which a training step takes a minute and all else nothing."""
    clock = SimpleNamespace(perf_counter=lambda: 60.0 * len(rates))
    monkeypatch.setattr("crackseg.training.schedules.time", clock)


def test_a_training_ends_before_its_time_is_over(
    train_config: TrainConfig,
    tmp_path: Path,
    rates: list[float],
    minutes: None,
    log: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    train_config.scheduler.name = "cosine"
    train_config.trainer.max_epochs, train_config.trainer.max_time = 50, 3 * STEPS + 2
    result = train(train_config, tmp_path / "run")
    told = "training ends after epoch 3: trainer.max_time=14 minutes leaves no room for another one"
    assert told in log.messages
    assert ", as trainer.max_time=14 minutes leaves no room for more" in capsys.readouterr().out
    assert result.metrics["epochs"] == 3
    assert (result.metrics["stopped_early"], result.metrics["max_time"]) == (False, 14)
    assert "test" in result.metrics
    assert result.checkpoint.is_file()
    assert rates[-1] < 0.1 * train_config.optimizer.lr, "the cosine was to come down in time"

    (tmp_path / "run" / "metrics.json").unlink()
    again = train(train_config, tmp_path / "run", tmp_path / "run/last.ckpt")
    assert again.metrics == result.metrics
    assert len(rates) == 3 * STEPS


def test_a_training_that_time_ended_goes_on_with_more(
    train_config: TrainConfig, tmp_path: Path, rates: list[float], minutes: None
) -> None:
    train_config.trainer.max_epochs, train_config.trainer.max_time = 50, 0.5
    with recording(tmp_path / "run", []):
        assert train(train_config, tmp_path / "run").metrics["epochs"] == 1
    with pytest.raises(ConfigError, match=r"trainer.max_time=0.5 ended it after 1 epochs; to tra"):
        _refuse_finished(train_config, tmp_path / "run")
    train_config.trainer.max_time = 2 * STEPS
    again = train(train_config, tmp_path / "run", tmp_path / "run/last.ckpt")
    assert again.metrics["epochs"] == 2


class Minutes:
    """A clock that a test sets, in minutes."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        clock = SimpleNamespace(perf_counter=lambda: 60 * self.now)
        for module in ("schedules", "watching.progress"):
            patch.setattr(f"crackseg.training.{module}.time", clock)


def trainer_of(batches: int) -> Any:
    return SimpleNamespace(
        strategy=SimpleNamespace(broadcast=lambda value: value),
        current_epoch=0,
        max_epochs=1000,
        num_training_batches=batches,
        should_stop=False,
    )


def test_the_first_epoch_learns_from_its_batches_how_long_the_training_will_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, trainer, limit, module = Minutes(monkeypatch), trainer_of(100), TimeLimit(95), Any
    limit.on_train_start(trainer, module)  # type: ignore[arg-type]
    planned = []
    for batch in range(100):
        # The first one waits for workers.
        clock.now += 0.1 if batch else 1.1
        limit.on_train_batch_end(trainer, module, None, None, batch)  # type: ignore[arg-type]
        planned.append(limit.epochs)
    assert planned[:15] == [None] * 15
    assert planned[15:63:16] == [5, 6, 6]
    assert planned[63:] == [7] * 37
    assert not trainer.should_stop


def test_a_log_tells_the_time_until_the_training_ends_in_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    clock, trainer, limit = Minutes(monkeypatch), trainer_of(4), TimeLimit(10)
    trainer.current_epoch, trainer.callback_metrics = 0, {"val/best_crack_iou": 0.5}
    trainer.state = SimpleNamespace(fn=TrainerFn.FITTING)
    line = ProgressLine(limit)
    monkeypatch.setattr(line, "_console", SimpleNamespace(is_terminal=False))
    limit.on_train_start(trainer, Any)  # type: ignore[arg-type]
    line.on_train_start(trainer, Any)  # type: ignore[arg-type]
    with caplog.at_level(logging.INFO):
        # As Lightning does, validation ends before its epoch of training does.
        for epoch in range(2):
            trainer.current_epoch = epoch
            clock.now += 1
            line.on_validation_end(trainer, Any)  # type: ignore[arg-type]
            limit.on_train_epoch_end(trainer, Any)  # type: ignore[arg-type]
    assert planned_epochs(trainer, limit) == 9  # type: ignore[arg-type]
    first, second = (one for one in caplog.messages if "to go" in one)
    assert first.startswith("epoch 1/1000 ")
    assert first.endswith("60 s so far, at most 540 s to go")
    assert second.startswith("epoch 2/9 ")
    assert second.endswith("120 s so far, at most 420 s to go")


def test_a_schedule_has_come_down_where_time_ends_the_training(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where epochs are of unequal length, and the time for one more comes and goes."""
    drawn, before = random.Random(0), []
    for _ in range(200):
        clock, trainer, limit = (
            Minutes(monkeypatch),
            trainer_of(4),
            TimeLimit(drawn.uniform(25, 80)),
        )
        limit.on_train_start(trainer, Any)  # type: ignore[arg-type]
        while not trainer.should_stop:
            planned = limit.epochs
            clock.now += drawn.uniform(9.8, 10.2)
            limit.on_train_epoch_end(trainer, Any)  # type: ignore[arg-type]
            trainer.current_epoch += 1
        assert clock.now <= 1.01 * limit.minutes, "the last epoch may take a little longer"
        before.append(planned == trainer.current_epoch)
    assert all(before)
