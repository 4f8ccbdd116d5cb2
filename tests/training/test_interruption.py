import pickle
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.demos.boring_classes import BoringModel

from crackseg.system.exits import Interrupted
from crackseg.system.processes import SIGNALS
from crackseg.training.interruption import (
    StopBetweenBatches,
    graceful_signals,
    keep_lightning_from_signals,
)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_noted_and_told_at_the_end(number: signal.Signals) -> None:
    before = [*map(signal.getsignal, SIGNALS)]
    with pytest.raises(Interrupted) as left, graceful_signals() as came:  # noqa: PT012
        signal.raise_signal(number)
        assert came[0] == number
    assert left.value.code == 128 + number
    assert [*map(signal.getsignal, SIGNALS)] == before


def test_a_second_ctrl_c_stops_at_once() -> None:
    steps = []
    with pytest.raises(Interrupted), graceful_signals():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        steps.append("went on")
        signal.raise_signal(signal.SIGINT)
        steps.append("never")
    assert steps == ["went on"]


def test_the_other_processes_of_a_run_leave_ctrl_c_to_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    with graceful_signals() as came:
        signal.raise_signal(signal.SIGINT)
    assert came == []
    with pytest.raises(Interrupted), graceful_signals():
        signal.raise_signal(signal.SIGTERM)


class Strategy:
    """Of a run of two processes, the other of which says what it was asked."""

    def __init__(self, other: bool) -> None:
        self.other = other

    def reduce_boolean_decision(self, decision: bool, all: bool) -> bool:  # noqa: A002 - the strategy's own name
        return (decision and self.other) if all else (decision or self.other)


@pytest.mark.parametrize("hook", ["train", "validation", "test"])
def test_all_processes_stop_at_the_batch_at_which_one_is_asked(hook: str) -> None:
    def before_batch(came: list[int], other: bool) -> None:
        trainer = SimpleNamespace(strategy=Strategy(other))
        getattr(StopBetweenBatches(came), f"on_{hook}_batch_start")(trainer, None, None, 0)

    before_batch([], other=False)
    with pytest.raises(Interrupted) as here:
        before_batch([signal.SIGINT], other=False)
    assert here.value.number == signal.SIGINT
    with pytest.raises(Interrupted) as elsewhere:
        before_batch([], other=True)
    assert elsewhere.value.number == signal.SIGTERM


def test_lightning_does_not_take_the_signals(tmp_path: Path) -> None:
    seen = []

    class Look(Callback):
        def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            seen.append(signal.getsignal(signal.SIGTERM))

    trainer = Trainer(
        accelerator="cpu",
        logger=False,
        callbacks=[Look()],
        limit_test_batches=1,
        default_root_dir=tmp_path,
        enable_progress_bar=False,
    )
    trainer.test(BoringModel(), verbose=False)
    keep_lightning_from_signals(trainer)
    trainer.test(BoringModel(), verbose=False)
    assert seen[0] is not signal.SIG_DFL
    assert seen[1] is signal.SIG_DFL


def test_an_interruption_goes_from_process_to_process_unchanged() -> None:
    assert pickle.loads(pickle.dumps(Interrupted(15))).code == 143
