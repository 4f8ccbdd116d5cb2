"""Records every image that a test judges, in whatever batches and processes it comes."""

import multiprocessing
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
import torch.distributed
from lightning import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader

from crackseg.data.dataset import CrackDataset
from crackseg.data.splits.manifest import Row
from crackseg.errors import WorkerKilledError
from crackseg.evaluation.records import ImageRecord, measure_image
from crackseg.metrics.histogram import ProbabilityHistogram
from crackseg.system.processes import signals_held_back, usable_cores

# Number of waiting images for each worker: enough to keep all busy, little memory.
_WAITING = 4
# Pixels of all images that wait or are measured; measuring takes some 33 bytes a pixel.
_PIXELS_AT_ONCE = 64_000_000
# Smallest number of images for each worker, since it takes seconds to start.
_WORTH_A_WORKER = 50

BoolArray = npt.NDArray[np.bool_]
ImageHook = Callable[[Row, npt.NDArray[np.float32], BoolArray], None]
Visible = Callable[[Row], BoolArray | None]


class EvaluationCallback(Callback):
    """Measures every image of a test in worker processes while the network continues.

    Every image is measured once, for the process that judged it. At the end all processes of a
    distributed run hold all records.

    Args:
        threshold: Threshold of masks.
        marked: Function that says whether a row's mask file marks any crack.
        look: Function that is called with every row, probability (H, W) and truth (H, W), for
            example to save them.
        visible: Function that gives the pixels (H, W) of a row's photograph that show something,
            or None for all; nothing is found elsewhere, as in a prediction. None where all of each
            photograph is judged.

    Attributes:
        records: Records of all images, in order of their paths; exist after the test.
        histogram: Sum of the images' histograms.
    """

    def __init__(
        self,
        threshold: float,
        marked: Callable[[Row], bool],
        look: ImageHook | None = None,
        visible: Visible | None = None,
    ) -> None:
        self.threshold = threshold
        self.records: list[ImageRecord] = []
        self.histogram: ProbabilityHistogram | None = None
        self._marked = marked
        self._look = look
        self._visible = visible
        self._pool: ProcessPoolExecutor | None = None
        self._workers = 0
        self._waiting: deque[Future[tuple[ImageRecord, ProbabilityHistogram]]] = deque()
        self._batches: list[list[int]] = []
        self._rows: tuple[Row, ...] = ()

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Starts the workers, and finds out which images come in which batch."""
        loader = trainer.test_dataloaders
        assert isinstance(loader, DataLoader)
        assert isinstance(loader.dataset, CrackDataset)
        self._rows = loader.dataset.rows
        self._batches = list(loader.batch_sampler or [])
        cores = max(usable_cores() // trainer.num_devices, 1)
        self._workers = min(cores, sum(map(len, self._batches)) // _WORTH_A_WORKER)
        if self._workers:
            # A fork of a process with torch's threads may hang. A worker has one core. It
            # would import Lightning, for six seconds, to find a function of this module.
            self._pool = ProcessPoolExecutor(
                self._workers,
                multiprocessing.get_context("spawn"),
                initializer=cv2.setNumThreads,
                initargs=(0,),
            )

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Measures the batch's images, or hands them to the workers."""
        masks = (mask.reshape(mask.shape[-2:]) for mask in batch["mask"])
        indices = self._batches[batch_idx]
        for index, found, mask in zip(indices, outputs["probability"], masks, strict=True):
            row = self._rows[index]
            probability, truth = found[0].cpu().numpy(), mask.cpu().numpy() > 0.5
            shown = None if self._visible is None else self._visible(row)
            if shown is not None:
                probability = np.where(shown, probability, np.float32(0))
            if self._look is not None:
                self._look(row, probability, truth)
            asked = (row, probability, truth, self.threshold, self._marked(row))
            if self._pool is None:
                self._add(*measure_image(*asked))
            else:
                # It starts its processes as they are needed.
                with signals_held_back():
                    self._waiting.append(self._pool.submit(measure_image, *asked))
                at_once = min(_WAITING * self._workers, _PIXELS_AT_ONCE // truth.size)
                self._collect(at_most=max(at_once, 1))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Waits for the last images, and collects those of the other processes."""
        self._collect(at_most=0)
        self._close()
        if trainer.world_size > 1:
            parts: list[Any] = [None] * trainer.world_size
            torch.distributed.all_gather_object(parts, (self.records, self.histogram))
            self.records = [record for records, _ in parts for record in records]
            self.histogram = sum((histogram for _, histogram in parts[1:]), start=parts[0][1])
        self.records.sort(key=lambda record: record.image)

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        """Ends the workers."""
        self._close()

    def _collect(self, at_most: int) -> None:
        """Waits until the workers hold at most ``at_most`` images."""
        while len(self._waiting) > at_most:
            try:
                measured = self._waiting.popleft().result()
            except BrokenProcessPool as error:
                raise WorkerKilledError(
                    "a process that measures images was killed, perhaps for lack of memory; free "
                    "some, or judge at --resolution training"
                ) from error
            self._add(*measured)

    def _add(self, record: ImageRecord, histogram: ProbabilityHistogram) -> None:
        self.records.append(record)
        self.histogram = histogram if self.histogram is None else self.histogram + histogram

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
