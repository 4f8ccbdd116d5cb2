"""A student trains on masks between truth and teacher; a teacher is asked once."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import crackseg
from crackseg.checkpoint import Origin, read_checkpoint
from crackseg.config.schema import TrainConfig
from crackseg.config.validation import check_train_config
from crackseg.data.augmentation import Augmentation
from crackseg.data.crops import RandomCrop
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.dataset import CrackDataset
from crackseg.data.splits.manifest import Row
from crackseg.distillation.reader import DistilledReader
from crackseg.distillation.teacher import TeacherMaps, teacher_maps
from crackseg.errors import CheckpointError, ConfigError
from crackseg.images.pixels import UInt8Array, resize
from crackseg.inference.predictor import Predictor
from crackseg.losses import bce
from crackseg.preprocessing import Preprocessing
from crackseg.workflows.teaching import open_teacher, taught
from crackseg.workflows.train import TrainResult, train

ROW = Row("a", "images/a.png", "masks/a.png", "CFD", "a", "a", "train")


class Given:
    """A pair whose pixels are given."""

    def __init__(self, mask: Sequence[Sequence[int]]) -> None:
        self.mask = np.array(mask, np.uint8)

    def read(self, row: Row) -> tuple[UInt8Array, UInt8Array]:
        return np.zeros((*self.mask.shape, 3), np.uint8), self.mask


class Says(TeacherMaps):
    """A teacher whose map is given."""

    def __init__(self, probability: Sequence[Sequence[int]]) -> None:
        self.probability = np.array(probability, np.uint8)

    def read(self, row: Row) -> UInt8Array:
        return self.probability


def test_a_mask_is_between_cut_truth_and_teacher() -> None:
    reader = DistilledReader(Given([[0, 120, 130, 255]]), Says([[0, 255, 0, 51]]), 0.4, 127)
    _, mask = reader.read(ROW)
    # .4 of the teacher: 0, .4 * 255, .6 * 255, .6 * 255 + .4 * 51
    assert mask.tolist() == [[0, 102, 153, 173]]
    alone = DistilledReader(Given([[0, 255]]), Says([[9, 77]]), 1.0, 127)
    assert alone.read(ROW)[1].tolist() == [[9, 77]]


def test_the_cross_entropy_of_a_mixed_mask_is_the_mean_of_both() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn((2, 1, 5, 5), generator=generator)
    truth = (torch.rand((2, 1, 5, 5), generator=generator) > 0.7).float()
    teacher = torch.rand((2, 1, 5, 5), generator=generator)
    mixed = bce(logits, 0.7 * truth + 0.3 * teacher)
    torch.testing.assert_close(mixed, 0.7 * bce(logits, truth) + 0.3 * bce(logits, teacher))


def test_soft_masks_stay_grey_through_crops_and_augmentation() -> None:
    truth, says = np.eye(64, dtype=int) * 255, np.full((64, 64), 51)
    reader = DistilledReader(Given(truth.tolist()), Says(says.tolist()), 0.5, 127)
    changes = (RandomCrop((32, 32), 1.0, 127), Augmentation((32, 32), "flips"))
    soft = CrackDataset(reader, [ROW], 127, changes, soft=True)[0, 3]["mask"]
    # Background .1, crack .6, in 255ths.
    assert set((soft * 255).round().unique().tolist()) == {26, 153}
    hard = CrackDataset(reader, [ROW], 127)[0]["mask"]
    assert set(hard.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("image_size", [None, (32, 24)])
def test_a_teacher_is_asked_once(
    image_size: tuple[int, int] | None,
    trained: TrainResult,
    archive: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    teacher = crackseg.load(trained.checkpoint)
    images = sorted(archive.rglob("Images/*.png"))[:3]
    rows = [Row(one.stem, str(one.relative_to(archive)), "", "", "", "", "train") for one in images]
    seen = Preprocessing(image_size, "area", 127)
    maps = teacher_maps(teacher, archive, rows[:2], seen, tmp_path)
    probability = teacher.predict(images[1]).probability
    wanted = np.rint(probability * 255).astype(np.uint8)
    wanted = wanted if image_size is None else resize(wanted, image_size)
    assert np.array_equal(maps.read(rows[1]), wanted)

    asked: list[Path] = []
    predict = teacher.predict

    def watched(image: Path) -> Any:
        asked.append(image)
        return predict(image)

    monkeypatch.setattr(teacher, "predict", watched)
    again = teacher_maps(teacher, archive, rows, seen, tmp_path)
    # Only what was missing.
    assert asked == [images[2]]
    assert np.array_equal(again.read(rows[1]), wanted)
    # Another data set may have files of the same names, sizes and times.
    other = shutil.copytree(archive, tmp_path / "other")
    teacher_maps(teacher, other, rows[:1], seen, tmp_path)
    assert asked[1:] == [other / rows[0].image]


def teach(config: TrainConfig, data: CrackDataModule, former: Origin | None = None) -> Origin:
    teacher = open_teacher(config.distill)
    assert teacher is not None
    return taught(teacher, config, data, former)


def test_a_student_learns_what_its_teacher_says(
    trained: TrainResult, train_config: TrainConfig, tmp_path: Path
) -> None:
    train_config.distill, train_config.distill_share = str(trained.checkpoint), 1.0
    train_config.trainer.max_epochs = 1
    result = train(train_config, tmp_path / "student")
    said = read_checkpoint(result.checkpoint).parameters.teacher
    assert said is not None
    assert said.path == str(trained.checkpoint)
    data = CrackDataModule(train_config.data).prepared()
    before = next(iter(data.train_dataloader()))["mask"]
    assert set(before.unique().tolist()) == {0, 1}
    teach(train_config, data)
    after = next(iter(data.train_dataloader()))["mask"]
    assert len(after.unique()) > 2
    # Validation is judged by the truth.
    judged = next(iter(data.val_dataloader()))["mask"]
    assert set(judged.unique().tolist()) <= {0, 1}
    data.close()


def test_a_run_without_a_teacher_names_none(trained: TrainResult) -> None:
    assert read_checkpoint(trained.checkpoint).parameters.teacher is None


def test_a_teacher_of_other_subsets_is_said(
    trained: TrainResult, train_config: TrainConfig, caplog: pytest.LogCaptureFixture
) -> None:
    train_config.distill = str(trained.checkpoint)
    for seed, warned in ((train_config.data.split_seed, False), (7, True)):
        train_config.data.split_seed = seed
        caplog.clear()
        teach(train_config, CrackDataModule(train_config.data).prepared())
        assert ("may know photographs that this run validates" in caplog.text) == warned


def test_a_resumed_run_learns_from_the_same_teacher_alone(
    trained: TrainResult, train_config: TrainConfig
) -> None:
    train_config.distill = str(trained.checkpoint)
    data = CrackDataModule(train_config.data).prepared()
    first = teach(train_config, data)
    assert teach(train_config, data, first) == first
    other = Origin(first.path, "0" * 64)
    with pytest.raises(ConfigError, match="not the network that this run has learned from so far"):
        teach(train_config, data, other)


def test_a_teacher_sees_photographs_as_the_run_does(
    trained: TrainResult, train_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_config.distill, train_config.data.white_level = str(trained.checkpoint), 4095
    asked: list[int | None] = []

    def maps(teacher: Predictor, *_: object) -> TeacherMaps:
        asked.append(teacher.white_level)
        return Says([[0]])

    monkeypatch.setattr("crackseg.workflows.teaching.teacher_maps", maps)
    teach(train_config, CrackDataModule(train_config.data).prepared())
    assert asked == [4095]


def test_the_licence_of_a_teacher_goes_along(filled_box: Path, train_config: TrainConfig) -> None:
    train_config.distill = "research"
    origin = teach(train_config, CrackDataModule(train_config.data).prepared())
    assert origin.licence == "for research only"


def test_crops_are_laid_around_cracks_of_a_mask_that_was_cut_before(
    trained: TrainResult, train_config: TrainConfig
) -> None:
    """At a mask threshold of 0 any doubt of a teacher would be a crack."""
    train_config.data.mask_threshold, train_config.data.crop_size = 0, 32
    data = CrackDataModule(train_config.data).prepared()

    def cut() -> int:
        [crop] = [one for one in data._changes() if isinstance(one, RandomCrop)]
        return crop.mask_threshold

    assert cut() == 0
    data.softened = data.content.pixels
    assert cut() == 127


def test_a_damaged_teacher_is_refused_before_the_photographs_are_read(
    train_config: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cut.ckpt").write_bytes(b"PK")
    train_config.distill = str(tmp_path / "cut.ckpt")
    monkeypatch.delattr(CrackDataModule, "prepared")
    with pytest.raises(CheckpointError, match="not a checkpoint, or truncated or damaged"):
        train(train_config, tmp_path / "run")


def test_a_teacher_that_is_none_is_refused(train_config: TrainConfig, tmp_path: Path) -> None:
    train_config.distill = str(tmp_path / "none.ckpt")
    with pytest.raises(CheckpointError, match="there is no such file"):
        train(train_config, tmp_path / "run")
    train_config.data.overfit_batch = True
    train_config.distill_share = 0.0
    with pytest.raises(
        ConfigError, match=r"distill_share=0\.0: greater than 0 and at most 1"
    ) as refused:
        check_train_config(train_config)
    assert "distill: a batch that is learned by heart" in str(refused.value)
