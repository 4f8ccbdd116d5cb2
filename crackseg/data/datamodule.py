"""Everything about data that a run needs: pairs, subsets, class weights, batches."""

import logging
import signal
from pathlib import Path
from typing import Any, cast

import torch
from lightning import LightningDataModule
from torch.utils.data import DataLoader

from crackseg.checks import check_data_config, image_size
from crackseg.config import DataConfig
from crackseg.data.archive import Pair, find_pairs
from crackseg.data.dataset import CrackDataset, Preprocessing, Sample
from crackseg.data.samplers import EvaluationBatches, TrainingSampler
from crackseg.data.splits import SUBSETS, Manifest, Row, read_manifest, split_randomly
from crackseg.data.survey import Finding, class_weights, survey
from crackseg.data.synthetic import write_dataset
from crackseg.data.transforms import Augmentation
from crackseg.errors import ConfigError, DatasetError, UnreadableImageError
from crackseg.pixels import Resize

log = logging.getLogger(__name__)

_OVERFIT_STEPS = 20


def leave_signals_to_parent(worker: int) -> None:
    """Lets a loader's worker outlive a Ctrl-C, which a terminal sends to all processes at once."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


class CrackDataModule(LightningDataModule):
    """Photographs and masks in batches ``{"image", "mask", "stem"}``.

    Args:
        config: the settings under ``data``.
        seed: of the order and the augmentation of training photographs.

    Attributes:
        preprocessing: what is done to every photograph, also in prediction.
        manifest: which pair is in which subset; after :meth:`setup`.
        test_subset: what a test judges.

    Raises:
        ConfigError: settings that are out of range or contradict each other.
    """

    manifest: Manifest

    def __init__(self, config: DataConfig, seed: int = 0) -> None:
        super().__init__()
        check_data_config(config)
        self.config = config
        self.seed = seed
        self.root = Path(config.root)
        self.preprocessing = Preprocessing(
            image_size(config.image_size), cast(Resize, config.resize), config.mask_threshold
        )
        self.test_subset = "test"
        self._findings: dict[str, Finding] = {}

    def prepare_data(self) -> None:
        """Makes the synthetic photographs where they are asked for and not there yet."""
        if self.config.name == "synthetic":
            self.root = write_dataset(Path(self.config.root), count=self.config.count or 0)

    def setup(self, stage: str | None = None) -> None:
        """Finds, reads and divides the pairs, once for all stages.

        Raises:
            DatasetNotFoundError: no pairs under the root.
            ManifestError: a given manifest that does not fit the files.
            UnreadableImageError: a given manifest lists a file that cannot be decoded.
        """
        if hasattr(self, "manifest"):
            return
        if self.config.manifest is not None:
            manifest = read_manifest(Path(self.config.manifest), self.root)
            pairs = [Pair(row.stem, row.image, row.mask) for row in manifest.rows]
            self._survey(pairs)
            self._refuse_unreadable()
        else:
            inventory = find_pairs(self.root)
            self._survey(inventory.pairs)
            inventory = inventory.without(
                [finding.unreadable for finding in self._findings.values() if finding.unreadable]
            )
            inventory.warn_of_left_out()
            manifest = split_randomly(inventory.pairs, self.config.split_seed, self.config.counts)
        self.manifest = manifest
        self._say_what_is_there()
        if self.config.overfit_batch:
            log.info(
                "one batch to be learned by heart: training (%d steps an epoch), validation and "
                "test are all the same %d training photographs, without augmentation",
                _OVERFIT_STEPS,
                len(self._rows("train")),
            )

    @property
    def counts(self) -> dict[str, int]:
        """How many photographs each subset has."""
        if not self.config.overfit_batch:
            return self.manifest.counts
        return {subset: len(self._rows(subset)) for subset in SUBSETS}

    @property
    def scale(self) -> float:
        """Training pixels per photograph pixel: the median over the training photographs."""
        scales = [self._findings[row.image].scale for row in self._rows("train")]
        return float(torch.tensor(scales, dtype=torch.float64).median())

    @property
    def class_weights(self) -> tuple[float, float]:
        """Weights of background and crack over the training subset at training size."""
        found = [self._findings[row.image] for row in self._rows("train")]
        return class_weights(found, self.preprocessing.image_size)

    def train_dataloader(self) -> DataLoader[Sample]:
        """Shuffled, augmented if the settings say so.

        Raises:
            ConfigError: more workers than photographs.
            DatasetError: there is nothing to train on.
        """
        rows = self._rows("train")
        self._refuse_idle_workers(len(rows))
        if self.config.overfit_batch:
            return self._one_batch(rows)
        augment = Augmentation(self.preprocessing.image_size) if self.config.augment else None
        dataset = CrackDataset(self.root, rows, self.preprocessing, augment)
        sampler = TrainingSampler(len(rows), self.seed, *self._place())
        sampler.set_epoch(self._epochs_done())
        # torch's types know samplers of indices alone; ours also say how to augment.
        return self._loader(dataset, sampler=cast(Any, sampler), batch_size=self.config.batch_size)

    def val_dataloader(self) -> DataLoader[Sample]:
        """In order, each photograph once."""
        return self.evaluation_dataloader("val")

    def test_dataloader(self) -> DataLoader[Sample]:
        """In order, each photograph once; of another subset where ``test_subset`` says so."""
        return self.evaluation_dataloader(self.test_subset)

    def evaluation_dataloader(self, subset: str) -> DataLoader[Sample]:
        """``train``, ``val``, ``test`` or ``all``, in order, without augmentation.

        Raises:
            DatasetError: the subset is empty, or has fewer photographs than there are processes.
        """
        rows = self._rows(subset)
        dataset = CrackDataset(self.root, rows, self.preprocessing)
        rank, world_size = self._place()
        if len(rows) < world_size:
            raise DatasetError(
                f"the {subset} subset has {len(rows)} photographs for {world_size} processes; set "
                "trainer.devices=1"
            )
        batches = EvaluationBatches(len(rows), self.config.batch_size, rank, world_size)
        return self._loader(dataset, batch_sampler=batches)

    def _one_batch(self, rows: tuple[Row, ...]) -> DataLoader[Sample]:
        batches = EvaluationBatches(len(rows), len(rows), *self._place())
        # What follows an epoch, validation and checkpoints, costs more than a step.
        repeated = list(batches) * _OVERFIT_STEPS
        return self._loader(
            CrackDataset(self.root, rows, self.preprocessing), batch_sampler=repeated
        )

    def _rows(self, subset: str) -> tuple[Row, ...]:
        if self.config.overfit_batch:
            rows = self.manifest.subset("train")[: self.config.batch_size]
        else:
            rows = self.manifest.subset(subset)
        if not rows:
            raise DatasetError(
                f"the {subset} subset of {self.root} is empty; counts: {self.manifest.counts}"
            )
        return rows

    def _refuse_idle_workers(self, photographs: int) -> None:
        workers = self.config.num_workers
        if workers > photographs:
            raise ConfigError(
                f"data.num_workers={workers}: there are only {photographs} training photographs, "
                f"and each worker needs one at least; set data.num_workers={photographs} or lower"
            )

    def _loader(self, dataset: CrackDataset, **batching: Any) -> DataLoader[Sample]:
        workers = self.config.num_workers
        return DataLoader(
            dataset,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=self._on_cuda(),
            worker_init_fn=leave_signals_to_parent,
            # Its own: a loader draws a seed for its workers, and dropout's numbers would depend
            # on when it does.
            generator=torch.Generator(),
            **batching,
        )

    def _place(self) -> tuple[int, int]:
        """Rank and number of processes."""
        trainer = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer is not None else (0, 1)

    def _epochs_done(self) -> int:
        """Of a resumed training: workers begin to read before Lightning names the epoch."""
        if self.trainer is None:
            return 0
        progress: Any = self.trainer.fit_loop.epoch_progress.current
        return int(progress.processed)

    def _on_cuda(self) -> bool:
        return self.trainer is not None and self.trainer.strategy.root_device.type == "cuda"

    def _survey(self, pairs: "list[Pair] | tuple[Pair, ...]") -> None:
        findings = survey(self.root, pairs, self.preprocessing, Path(self.config.cache))
        self._findings = {pair.image: found for pair, found in zip(pairs, findings, strict=True)}

    def _refuse_unreadable(self) -> None:
        for finding in self._findings.values():
            if finding.unreadable:
                path = self.root / finding.unreadable
                raise UnreadableImageError(f"{path}: cannot be decoded, but the manifest lists it")

    def _found(self, subset: str) -> list[Finding]:
        return [self._findings[row.image] for row in self.manifest.subset(subset)]

    def _say_what_is_there(self) -> None:
        counts = self.manifest.counts
        parts = ", ".join(f"{subset} {counts[subset]}" for subset in SUBSETS)
        log.info("%d pairs below %s: %s", sum(counts.values()), self.root, parts)
        emptied = {subset: sum(f.emptied for f in self._found(subset)) for subset in SUBSETS}
        if any(emptied.values()):
            height, width = self.preprocessing.image_size
            log.warning(
                "resizing to %dx%d and cutting at >%d emptied %d masks (%s)",
                height,
                width,
                self.preprocessing.mask_threshold,
                sum(emptied.values()),
                ", ".join(f"{subset} {emptied[subset]}" for subset in SUBSETS),
            )
