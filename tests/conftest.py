"""What many tests share: a small data set on disk, and one small training on it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from crackseg.config.schema import DataConfig, LossConfig, TrainConfig, UNetConfig
from crackseg.workflows.train import TrainResult, train


def draw_pair(seed: int, size: tuple[int, int] = (64, 64)) -> tuple[np.ndarray, np.ndarray]:
    """A grey photograph (H, W, 3) with a dark line, and its anti-aliased mask (H, W)."""
    generator = np.random.default_rng(seed)
    height, width = size
    mask = np.zeros(size, np.uint8)
    ends = generator.integers(0, height, 2)
    cv2.line(mask, (0, int(ends[0])), (width - 1, int(ends[1])), 255, 5, cv2.LINE_AA)
    ground = generator.integers(150, 200, (height, width, 1)) + generator.integers(0, 20, 3)
    image = ground * (1 - 0.7 * mask[:, :, None] / 255)
    return image.astype(np.uint8), mask


def write_archive(root: Path, count: int = 20, size: tuple[int, int] = (64, 64)) -> Path:
    """Writes pairs in the layout of CrackSeg9k V4, over both volumes."""
    masks = root / "Final-Dataset-Vol1" / "Final_Masks" / "Masks"
    volumes = [root / "Final-Dataset-Vol1" / "Images", root / "Final-Dataset-Vol2" / "Images-2"]
    for folder in (masks, *volumes):
        folder.mkdir(parents=True)
    for index in range(count):
        image, mask = draw_pair(index, size)
        Image.fromarray(image).save(volumes[index % 2] / f"CFD_{index:03d}.png")
        Image.fromarray(mask).save(masks / f"CFD_{index:03d}.png")
    return root


@pytest.fixture(autouse=True)
def package_log() -> Iterator[None]:
    """What a door did to the package's logger ends with the test."""
    logger = logging.getLogger("crackseg")
    before = (logger.propagate, logger.level, list(logger.handlers))
    yield
    logger.propagate, level, logger.handlers = before
    logger.setLevel(level)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty pairs of 64x64; not to be changed."""
    return write_archive(tmp_path_factory.mktemp("archive"))


def small_config(root: Path, cache: Path) -> TrainConfig:
    """Settings of a training that takes a second: 32x32, two epochs, float32, no workers."""
    config = TrainConfig(
        data=DataConfig(
            name="tiny",
            root=str(root),
            image_size=32,
            batch_size=4,
            num_workers=0,
            cache=str(cache),
        ),
        model=UNetConfig(base_channels=4, depth=2, dropout=0.1),
        loss=LossConfig(terms={"weighted_bce": 1.0}, class_weights="auto"),
    )
    config.trainer.max_epochs = 2
    config.trainer.accelerator = "cpu"
    config.trainer.precision = "32-true"
    config.logger.csv = True
    return config


@pytest.fixture
def train_config(archive: Path, tmp_path: Path) -> TrainConfig:
    """See :func:`small_config`."""
    return small_config(archive, tmp_path / "cache")


@pytest.fixture
def data_config(train_config: TrainConfig) -> DataConfig:
    """The data part of the small training."""
    return train_config.data


@pytest.fixture(scope="session")
def trained(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A small training on the archive, TensorBoard included; not to be changed."""
    folder = tmp_path_factory.mktemp("trained")
    config = small_config(archive, folder / "cache")
    config.logger.tensorboard = True
    config.trainer.max_epochs = 6
    return train(config, folder / "run")
