"""Writes the checkpoints of a training, and finds them again when it is resumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lightning import LightningModule, Trainer
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import ModelCheckpoint

from crackseg.checkpoint import Origin, read_checkpoint, write_checkpoint
from crackseg.data.splits.manifest import Manifest
from crackseg.errors import CheckpointError, DatasetError
from crackseg.metrics.scores import monitor_mode
from crackseg.runs.record import BEST, LAST


def best_epoch(folder: str, monitor: str) -> ModelCheckpoint:
    """Keeps ``best.ckpt``, the epoch with the best ``monitor``."""
    return _Kept(folder, Path(BEST).stem, monitor, mode=monitor_mode(monitor))


def last_epoch(folder: str) -> ModelCheckpoint:
    """Keeps ``last.ckpt``, from which a run is resumed."""
    return _Kept(folder, Path(LAST).stem)


class SafeCheckpointIO(TorchCheckpointIO):
    """Writes checkpoints completely or not at all, and reads them without running code."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        """Writes to a temporary name first, see :mod:`crackseg.checkpoint`."""
        write_checkpoint(checkpoint, Path(path))

    def load_checkpoint(self, path: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        """Reads and checks a checkpoint, see :mod:`crackseg.checkpoint`."""
        return dict(read_checkpoint(path).content)


class _Kept(ModelCheckpoint):
    """Finds its files in a run's folder that was moved, where Lightning would start anew."""

    def __init__(self, folder: str, name: str, monitor: str | None = None, mode: str = "min"):
        super().__init__(folder, name, monitor, mode=mode, enable_version_counter=False)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Writes the epoch's figures, and then its checkpoint; Lightning would do it after that.

        A process may be killed in between. A row without its checkpoint is dropped by the resumed
        run, which writes it again; a checkpoint without its row would leave a gap.
        """
        if self.monitor is None:
            _log_training(trainer)
        super().on_train_epoch_end(trainer, pl_module)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the state, with its paths changed to the one file that is kept here."""
        path = str(Path(self.dirpath or "") / f"{self.filename}.ckpt")
        scores = list(state_dict["best_k_models"].values())
        kept = {path: scores[0]} if scores else {}
        state = {
            "dirpath": self.dirpath,
            "best_model_path": path if state_dict["best_model_path"] else "",
            "kth_best_model_path": path if kept else "",
            "last_model_path": "",
            "best_k_models": kept,
        }
        super().load_state_dict({**state_dict, **state})


def _log_training(trainer: Trainer) -> None:
    """Writes the training's figures of an epoch, at the step of its last batch."""
    logged = trainer.callback_metrics.items()
    row = {name: float(figure) for name, figure in logged if name.startswith("train/")}
    for logger in trainer.loggers:
        logger.log_metrics({**row, "epoch": trainer.current_epoch}, trainer.global_step - 1)
        logger.save()


@dataclass(frozen=True)
class Start:
    """The point at which a resumed training starts.

    Attributes:
        checkpoint: Checkpoint to load.
        epoch: Number of complete epochs before it.
        step: Number of optimizer steps before it.
        init_from: Origin of the weights that the training began with.
        teacher: Origin of the network that it learns from beside the truth.
        begun_from: Name of a network of other subsets that it began from; empty for none.
        class_weights: Weights of background and crack that it was trained with so far.
    """

    checkpoint: Path
    epoch: int
    step: int
    init_from: Origin | None
    teacher: Origin | None
    begun_from: str
    class_weights: tuple[float, float]


def read_start(checkpoint: Path, manifest: Manifest) -> Start:
    """Reads from a checkpoint where a training is resumed.

    Args:
        checkpoint: Checkpoint of the run.
        manifest: Manifest of the data as they are now.

    Raises:
        CheckpointError: The checkpoint cannot be used, see
            :func:`crackseg.checkpoint.read_checkpoint`.
        DatasetError: The photographs or their subsets are no longer the same.
    """
    content = read_checkpoint(checkpoint)
    data = content.parameters.data
    if data.manifest_hash != manifest.digest:
        raise DatasetError(
            f"{checkpoint}: the photographs or their subsets have changed since this run began "
            f"(there {data.counts}, now {manifest.counts}); restore them, or begin a new run"
        )
    _require_best(checkpoint, content.content)
    return Start(
        checkpoint,
        content.epoch + 1,
        content.step,
        init_from=content.parameters.init_from,
        teacher=content.parameters.teacher,
        begun_from=content.parameters.begun_from,
        class_weights=data.class_weights,
    )


def _require_best(checkpoint: Path, content: Mapping[str, Any]) -> None:
    """Checks that the best epoch so far is there: no later one may be better."""
    states = content.get("callbacks")
    kept = states.values() if isinstance(states, Mapping) else ()
    named = [one.get("best_model_path") for one in kept if isinstance(one, Mapping)]
    best = checkpoint.with_name(BEST)
    if any(isinstance(one, str) and Path(one).name == BEST for one in named) and not best.is_file():
        raise CheckpointError(
            f"{best}: it is gone, and may stay the best epoch of this run; put it back, or begin a "
            f"new run in another folder with init_from={checkpoint}"
        )
