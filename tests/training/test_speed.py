"""The speed of a training, over all of its parts."""

import time
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from crackseg.training.watching.speed import Throughput


def trained(speed: Throughput, processes: int, clock: list[float]) -> None:
    """Five batches of ten images for each process, a second each."""
    trainer: Any = SimpleNamespace(world_size=processes)
    module: Any = None
    speed.on_train_epoch_start(trainer, module)
    for number in range(5):
        clock[0] += 1.0
        speed.on_train_batch_end(trainer, module, None, {"image": torch.zeros(10, 1)}, number)


def test_a_training_goes_on_with_another_number_of_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: clock[0])
    first, second = Throughput(), Throughput()
    trained(first, 1, clock)
    second.load_state_dict(first.state_dict())
    trained(second, 2, clock)
    assert second.figures() == {
        "training_seconds": 10.0,
        "training_images_per_second": pytest.approx((50 + 100) / 10),
    }
