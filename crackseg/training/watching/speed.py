"""Measures the speed of a training."""

import time
from typing import Any

from lightning import Callback, LightningModule, Trainer


class Throughput(Callback):
    """Measures the speed of training, with loading of batches and without validation.

    Attributes:
        seconds: Seconds spent on training epochs.
        images: Number of images seen in them by all processes.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.images = 0
        self._since = 0.0

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the clock."""
        self._since = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Stops the clock after every batch, as no hook comes between the last and validation."""
        now = time.perf_counter()
        self.seconds += now - self._since
        # All processes have batches of one size; a resumed training may have others than before.
        self.images += len(batch["image"]) * trainer.world_size
        self._since = now

    def state_dict(self) -> dict[str, Any]:
        """Values that a resumed run adds to."""
        return {"seconds": self.seconds, "images": self.images}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores these values."""
        self.seconds, self.images = float(state_dict["seconds"]), int(state_dict["images"])

    def figures(self) -> dict[str, float]:
        """Seconds of training and images per second over all processes."""
        return {
            "training_seconds": self.seconds,
            "training_images_per_second": self.images / self.seconds if self.seconds else 0.0,
        }
