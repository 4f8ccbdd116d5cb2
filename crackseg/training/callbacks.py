"""Callbacks of a training: progress, pictures and speed."""

import logging
import time
from typing import Any

import torch
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.trainer.states import TrainerFn
from rich.progress import (
    BarColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from torch import Tensor
from torch.nn.functional import interpolate
from torch.utils.data import DataLoader
from torchvision.utils import make_grid

from crackseg.config.schema import CallbacksConfig
from crackseg.data.dataset import CrackDataset
from crackseg.metrics.scores import monitor_mode
from crackseg.system.console import Terminal
from crackseg.training.averaging import RunningAverage
from crackseg.training.checkpointing import best_epoch, last_epoch
from crackseg.training.segmenter import CrackSegmenter

log = logging.getLogger(__name__)

_SHOWN = "val/best_crack_iou"


def build_callbacks(config: CallbacksConfig, folder: str) -> list[Callback]:
    """Makes the callbacks of a training.

    Args:
        config: Settings under ``callbacks``.
        folder: Folder of ``best.ckpt`` and ``last.ckpt``.
    """
    mode = monitor_mode(config.monitor)
    return [
        best_epoch(folder, config.monitor),
        last_epoch(folder),
        Patience(config.monitor, mode=mode, patience=config.patience, check_finite=False),
        ProgressLine(),
        Pictures(config.pictures_every, config.pictures),
        *([] if config.average is None else [RunningAverage(config.average)]),
    ]


class Patience(EarlyStopping):
    """Stops a training that makes no progress; it stays stopped when it is resumed."""

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Stops a resumed training that had stopped, which Lightning does not remember."""
        trainer.should_stop = bool(self.stopped_epoch)


class Throughput(Callback):
    """Measures the speed of training, with loading of batches and without validation.

    Attributes:
        seconds: Seconds spent on training epochs.
        images: Number of images seen in them by this process.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.images = 0
        self._since = 0.0
        self._processes = 1

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._processes = trainer.world_size
        self._since = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stops the clock after every batch, as no hook comes between the last and validation."""
        now = time.perf_counter()
        self.seconds += now - self._since
        self.images += len(batch["image"])
        self._since = now

    def state_dict(self) -> dict[str, Any]:
        """Values that a resumed run adds to."""
        return {"seconds": self.seconds, "images": self.images}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores these values."""
        self.seconds, self.images = float(state_dict["seconds"]), int(state_dict["images"])

    def figures(self) -> dict[str, float]:
        """Seconds of training and images per second over all processes."""
        images = self.images * self._processes
        return {
            "training_seconds": self.seconds,
            "training_images_per_second": images / self.seconds if self.seconds else 0.0,
        }


class ProgressLine(Callback):
    """Shows a bar over the whole training with the time left, or in a log a line for each epoch."""

    def __init__(self) -> None:
        self._console = Terminal(stderr=True)
        self._progress: Progress | None = None
        self._started = 0.0
        self._first = 0
        self._last = 0.0
        self._best: float | None = None

    def state_dict(self) -> dict[str, Any]:
        """The best figure, with which a resumed run is compared."""
        return {"best": self._best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores the best figure."""
        best = state_dict["best"]
        self._best = None if best is None else float(best)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the bar."""
        self._started = time.perf_counter()
        # The bar of a resumed training starts in its middle.
        self._first = trainer.current_epoch
        batches = int(trainer.num_training_batches)
        self._start(trainer, "Training", batches * (trainer.max_epochs or 0), batches * self._first)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Moves the bar."""
        self._advance(f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs} {self._standing()}")

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Updates the best figure; in a log, writes the epoch's line."""
        value = trainer.callback_metrics.get(_SHOWN)
        if trainer.state.fn != TrainerFn.FITTING or value is None:
            return
        self._last = float(value)
        self._best = max(self._best or 0.0, self._last)
        if not self._console.is_terminal:
            self._write_line(trainer)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the bar."""
        self._stop()

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Ends the bar, so that the message is on a line of its own."""
        self._stop()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts a bar over the test."""
        self._start(trainer, "Testing", sum(int(n) for n in trainer.num_test_batches))

    def on_test_batch_end(self, *arguments: Any, **named: Any) -> None:
        """Moves the test's bar."""
        self._advance("")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Ends the test's bar."""
        self._stop()

    def _standing(self) -> str:
        if self._best is None:
            return ""
        return f"{_SHOWN} {self._last:.4f} (best {self._best:.4f})"

    def _write_line(self, trainer: Trainer) -> None:
        spent = time.perf_counter() - self._started
        done, planned = trainer.current_epoch + 1, trainer.max_epochs or 0
        log.info(
            "epoch %d/%d %s, %.0f s so far, at most %.0f s to go",
            done,
            planned,
            self._standing(),
            spent,
            spent / (done - self._first) * (planned - done),
        )

    def _start(self, trainer: Trainer, what: str, total: int, done: int = 0) -> None:
        if not self._console.is_terminal or not trainer.is_global_zero:
            return
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("at most"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[standing]}"),
            console=self._console,
        )
        self._progress.start()
        self._progress.add_task(what, total=total, completed=done, standing="")

    def _advance(self, standing: str) -> None:
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], advance=1, standing=standing)

    def _stop(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


class Pictures(Callback):
    """Draws the same validation photographs, with truth and probability, every few epochs.

    Args:
        every: Number of epochs between two drawings.
        count: Number of photographs to draw, spread over the validation subset.
    """

    def __init__(self, every: int, count: int) -> None:
        self.every = every
        self.count = count

    @torch.no_grad()
    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Draws the photographs if there is a TensorBoard log."""
        boards = [board for board in trainer.loggers if isinstance(board, TensorBoardLogger)]
        due = trainer.state.fn == TrainerFn.FITTING and trainer.current_epoch % self.every == 0
        if not boards or not due or not trainer.is_global_zero:
            return
        loader = trainer.val_dataloaders
        assert isinstance(pl_module, CrackSegmenter)
        assert isinstance(loader, DataLoader)
        dataset = loader.dataset
        assert isinstance(dataset, CrackDataset)
        grid = self._draw(dataset, pl_module)
        for board in boards:
            # The step of the epoch's figures, which Lightning logs at the last step taken.
            step = trainer.global_step - 1
            board.experiment.add_image("val/photograph_truth_probability", grid, step)

    def _draw(self, dataset: CrackDataset, segmenter: CrackSegmenter) -> Tensor:
        step = max(len(dataset) // self.count, 1)
        samples = [dataset[index] for index in range(0, len(dataset), step)][: self.count]
        rows = [self._row(sample["image"], sample["mask"], segmenter) for sample in samples]
        height, width = rows[0].shape[-2:]
        # Photographs may differ in size; a grid's pictures may not.
        pictures = [interpolate(row, (height, width), mode="area") for row in rows]
        grid: Tensor = make_grid(torch.cat(pictures), nrow=3, padding=2, pad_value=0.5)
        return grid

    def _row(self, image: Tensor, mask: Tensor, segmenter: CrackSegmenter) -> Tensor:
        """Photograph, truth and probability as one tensor (3, 3, H, W)."""
        height, width = image.shape[-2:]
        logits = segmenter.logits_at_size(image[None].to(segmenter.device), (height, width))
        probability = torch.sigmoid(logits.float())[0].cpu()
        return torch.stack([image, mask.expand_as(image), probability.expand_as(image)])
