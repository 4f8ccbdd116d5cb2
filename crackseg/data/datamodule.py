"""Data of a run: pairs, subsets, class weights, batches."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
from lightning import LightningDataModule
from torch.utils.data import DataLoader, default_collate

from crackseg.config.schema import DataConfig
from crackseg.config.settings import DataSettings, data_settings
from crackseg.data.augmentation import Augmentation
from crackseg.data.crops import RandomCrop
from crackseg.data.dataset import CrackDataset, PairTransform, Sample
from crackseg.data.loaders import build_loader, one_by_one, refuse_idle_workers, stop_workers
from crackseg.data.prepare import PreparedData, prepare
from crackseg.data.readers import PairReader, PredictionScaleReader
from crackseg.data.samplers import EvaluationBatches, TrainingSampler
from crackseg.data.splits.leakage import Leaks, SubsetOverlap
from crackseg.data.splits.manifest import SUBSETS, Manifest, Row
from crackseg.data.synthetic.dataset import write_dataset
from crackseg.data.training_order import class_weights, training_sampler
from crackseg.errors import DatasetError
from crackseg.preprocessing import Preprocessing

log = logging.getLogger(__name__)

_OVERFIT_STEPS = 20


class CrackDataModule(LightningDataModule):
    """Photographs and masks in batches ``{"image", "mask", "stem"}``.

    Args:
        config: Settings under ``data``, which are checked and converted here, once.
        seed: Seed of the order and of the augmentation of training photographs.
        test_subset: Subset that a test judges.
        test_scale: Scale at which a test shows the network photographs that it judges at their
            own size; None judges them at the size of training.

    Attributes:
        settings: Settings under ``data`` in their final form.
        preprocessing: Preprocessing of every photograph, also in prediction.
        content: Photographs, read and divided; exists after :meth:`setup`.
        softened: Source of training pairs with grey masks, not to be cut; None without a teacher.

    Raises:
        ConfigError: Settings are out of range or contradict each other.
    """

    content: PreparedData

    def __init__(
        self,
        config: DataConfig,
        seed: int = 0,
        test_subset: str = "test",
        test_scale: float | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings = data_settings(config)
        self.seed = seed
        # Crops are cut from photographs at their own size.
        size = None if settings.crop_size else settings.image_size
        self.preprocessing = Preprocessing(
            size, settings.resize, settings.mask_threshold, settings.white_level
        )
        self._test_subset = test_subset
        self._test_scale = test_scale
        # With the folder that synthetic photographs are in, not the one they are made below.
        self._where = settings
        self._loaders: list[DataLoader[Sample]] = []
        self.softened: PairReader | None = None
        self.begun_from = ""

    def prepared(self) -> Self:
        """Says which data it reads, and does all that comes before the first batch.

        Raises:
            CrackSegError: The data are at fault, see :meth:`setup`.
        """
        _announce(self.settings)
        self.prepare_data()
        self.setup()
        return self

    def prepare_data(self) -> None:
        """Makes the synthetic photographs if they are wanted and do not exist yet."""
        if self.settings.name == "synthetic":
            root = write_dataset(self.settings.roots[0], count=self.settings.count or 0)
            self._where = replace(self.settings, roots=(root,))

    def setup(self, stage: str | None = None) -> None:
        """Finds, reads and divides the pairs, once for all stages.

        Raises:
            CrackSegError: The data are at fault, see :func:`crackseg.data.prepare.prepare`.
        """
        if hasattr(self, "content"):
            return
        self.content = prepare(self._where, self.preprocessing)
        if self.settings.overfit_batch:
            log.info(
                "one batch to be learned by heart: training (%d steps an epoch), validation and "
                "test are all the same %d training photographs, without augmentation",
                _OVERFIT_STEPS,
                len(self._rows("train")),
            )

    def close(self) -> None:
        """Ends the worker processes of its loaders, however the work ended."""
        while self._loaders:
            stop_workers(self._loaders.pop())

    @property
    def root(self) -> Path:
        """Folder that the manifest's paths are relative to."""
        return self.content.root

    @property
    def manifest(self) -> Manifest:
        """Manifest of the division: the subset of each pair."""
        return self.content.manifest

    @property
    def leaks(self) -> Leaks:
        """Overlap of validation and test with training."""
        if not self.settings.overfit_batch:
            return replace(self.content.leaks, begun_from=self.begun_from)
        count = len(self._rows("train"))
        return Leaks(SubsetOverlap(count, count, 0), SubsetOverlap(count, count, 0))

    @property
    def training_size(self) -> tuple[int, int]:
        """Size (H, W) of a training batch in pixels."""
        return self.settings.crop_size or self.settings.image_size

    @property
    def counts(self) -> dict[str, int]:
        """Number of photographs in each subset."""
        if not self.settings.overfit_batch:
            return self.manifest.counts
        return {subset: len(self._rows(subset)) for subset in SUBSETS}

    @property
    def scale(self) -> float:
        """Training pixels per photograph pixel: the median over the training photographs."""
        found = self.content.statistics_of(self._rows("train"))
        return float(np.median([one.scale for one in found]))

    @cached_property
    def class_weights(self) -> tuple[float, float]:
        """Weights of background and crack over the training subset as the network sees it.

        Where it sees crops, they are weights over all possible crops; each photograph counts as
        often as it is shown.
        """
        rows, cut_at = self._rows("train"), self.preprocessing.mask_threshold
        crop, often = None, None
        if not self.settings.overfit_batch:
            crop = None if self.settings.crop_size is None else self._crop(cut_at)
            often = self._sampler(rows).frequencies(len(rows))
        return class_weights(self.content, rows, cut_at, crop, often)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Loads training photographs in random order, cropped and augmented as the settings say.

        Raises:
            ConfigError: There are more workers than photographs.
            DatasetError: There is no training photograph.
        """
        rows = self._rows("train")
        refuse_idle_workers(self.settings.num_workers, len(rows))
        if self.settings.overfit_batch:
            return self._one_batch(rows)
        # A photograph that is cropped several times is in the list several times.
        dataset = self._dataset(rows * self.settings.crops, self._changes())
        sampler = self._sampler(rows)
        sampler.set_epoch(self._epochs_done())
        # torch's types know only samplers of indices; ours also give a seed.
        order = cast(Any, sampler)
        return self._loader(dataset, sampler=order, batch_size=self.settings.batch_size)

    def val_dataloader(self) -> DataLoader[Sample]:
        """Loads validation photographs in order, each once."""
        return self.evaluation_dataloader("val")

    def test_dataloader(self) -> DataLoader[Sample]:
        """Loads photographs of the test's subset in order, each once."""
        if self._test_scale is None:
            return self.evaluation_dataloader(self._test_subset)
        how, white = self.settings.resize, self.settings.white_level
        own_size = PredictionScaleReader(self.root, self._test_scale, how, white)
        return self.evaluation_dataloader(self._test_subset, own_size)

    def evaluation_dataloader(
        self, subset: str, pixels: PairReader | None = None
    ) -> DataLoader[Sample]:
        """Loads photographs of a subset in order, without augmentation.

        Args:
            subset: Subset ``train``, ``val``, ``test`` or ``all``.
            pixels: Source of the pixels; None for that of training.

        Raises:
            DatasetError: The subset is empty, or has fewer photographs than there are processes.
        """
        rows = self._rows(subset)
        rank, world_size = self._place()
        if len(rows) < world_size:
            raise DatasetError(
                f"the {subset} subset has {len(rows)} photographs for {world_size} processes; set "
                "trainer.devices=1"
            )
        # Photographs of different sizes make no batch.
        mixed = pixels is not None or self.preprocessing.image_size is None
        batch_size = 1 if mixed else self.settings.batch_size
        batches = EvaluationBatches(len(rows), batch_size, rank, world_size)
        dataset = CrackDataset(
            pixels or self.content.pixels, rows, self.preprocessing.mask_threshold
        )
        collate = one_by_one if mixed else default_collate
        return self._loader(dataset, batch_sampler=batches, collate_fn=collate)

    def _sampler(self, rows: tuple[Row, ...]) -> TrainingSampler:
        return training_sampler(
            self.settings, self.content, self.preprocessing, rows, self.seed, self._place()
        )

    def _one_batch(self, rows: tuple[Row, ...]) -> DataLoader[Sample]:
        batches = EvaluationBatches(len(rows), len(rows), *self._place())
        # Validation and checkpoints after an epoch cost more than a step.
        repeated = list(batches) * _OVERFIT_STEPS
        return self._loader(self._dataset(rows), batch_sampler=repeated)

    def _dataset(
        self, rows: tuple[Row, ...], changes: Sequence[PairTransform] = ()
    ) -> CrackDataset:
        cut, pixels = self.preprocessing.mask_threshold, self.softened or self.content.pixels
        return CrackDataset(pixels, rows, cut, changes, soft=self.softened is not None)

    def _changes(self) -> list[PairTransform]:
        """Random changes of a pair in training."""
        changes: list[PairTransform] = []
        if self.settings.crop_size is not None:
            # A mask that a teacher has a say in was cut before.
            changes.append(self._crop(127 if self.softened else self.settings.mask_threshold))
        if self.settings.augment:
            changes.append(Augmentation(self.training_size, self.settings.augment))
        return changes

    def _crop(self, cut: int) -> RandomCrop:
        own = self.settings
        return RandomCrop(self.training_size, own.crack_crops, cut, own.scales, own.resize)

    def _rows(self, subset: str) -> tuple[Row, ...]:
        if self.settings.overfit_batch:
            rows = self.manifest.subset("train")[: self.settings.batch_size]
        else:
            rows = self.manifest.subset(subset)
        if not rows:
            raise DatasetError(
                f"the {subset} subset of {self.root} is empty; counts: {self.manifest.counts}"
            )
        return rows

    def _loader(self, dataset: CrackDataset, **batching: Any) -> DataLoader[Sample]:
        loader = build_loader(dataset, self.settings.num_workers, self._on_cuda(), **batching)
        self._loaders.append(loader)
        return loader

    def _place(self) -> tuple[int, int]:
        """Number of this process, from 0, and number of processes."""
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)

    def _epochs_done(self) -> int:
        """Epochs done before a resumed training; workers read before Lightning sets the epoch."""
        if self.trainer is None:
            return 0
        progress: Any = self.trainer.fit_loop.epoch_progress.current
        return int(progress.processed)

    def _on_cuda(self) -> bool:
        return self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"


def _announce(data: DataSettings) -> None:
    """Logs which data a run reads, and how to choose others."""
    other = (
        "your own: data=folder data.root=FOLDER"
        if data.name == "synthetic"
        else "others: data=synthetic, or data.root=FOLDER"
    )
    where = " and ".join(map(str, data.roots))
    log.info("data: %s, below %s (%s)", data.name, where, other)
