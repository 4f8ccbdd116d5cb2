"""Photographs and masks as the network gets them."""

import gc
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from crackseg.data.augmentation import Augmentation
from crackseg.data.dataset import CrackDataset, image_to_tensor
from crackseg.data.discovery.pairs import find_pairs
from crackseg.data.readers import FileReader
from crackseg.data.splits.manifest import Row
from crackseg.errors import UnreadableImageError
from crackseg.preprocessing import Preprocessing
from tests.helpers.data_sets import draw_pair, write_archive

PREPROCESSING = Preprocessing(image_size=(32, 48), resize="area", mask_threshold=127)


def rows_below(root: Path) -> Sequence[Row]:
    return [Row(*pair, "", "", "", "train") for pair in find_pairs(root).pairs]


def dataset_of(
    root: Path, preprocessing: Preprocessing = PREPROCESSING, augment: bool = False
) -> CrackDataset:
    assert preprocessing.image_size is not None
    changes = [Augmentation(preprocessing.image_size)] if augment else []
    pixels = FileReader(root, preprocessing)
    return CrackDataset(pixels, rows_below(root), preprocessing.mask_threshold, changes)


def test_an_item_has_the_shapes_types_and_ranges_that_a_network_expects(archive: Path) -> None:
    dataset = dataset_of(archive)
    assert len(dataset) == 20
    for index in range(20):
        sample = dataset[index]
        assert set(sample) == {"image", "mask", "stem"}
        assert sample["stem"] == f"CFD_{index:03d}"
        assert sample["image"].shape == (3, 32, 48)
        assert sample["mask"].shape == (1, 32, 48)
        assert sample["image"].dtype == sample["mask"].dtype == torch.float32
        assert 0 <= sample["image"].min() < sample["image"].max() <= 1
        assert sample["mask"].unique().tolist() == [0, 1]


def test_an_item_holds_the_pixels_of_its_own_files(archive: Path) -> None:
    dataset = dataset_of(archive, replace(PREPROCESSING, image_size=(32, 32)))
    for index in (0, 13):
        image, mask = draw_pair(index)
        halved = image.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3)).transpose(2, 0, 1) / 255
        crack = np.floor(mask.reshape(32, 2, 32, 2).mean(axis=(1, 3)) + 0.5) > 127
        assert np.abs(dataset[index]["image"].numpy() - halved).max() < 0.51 / 255
        assert np.array_equal(dataset[index]["mask"][0].numpy(), crack)


def test_the_mask_is_cut_after_it_is_resized(tmp_path: Path) -> None:
    root = write_archive(tmp_path, count=1)
    row = rows_below(root)[0]
    thin = np.zeros((64, 64), np.uint8)
    thin[:, 32] = 255
    Image.fromarray(thin).save(root / row.mask)
    # One of four columns is crack: 64 of 255 at a quarter of the size.
    for threshold, cracks in ((0, 16), (63, 16), (64, 0), (127, 0)):
        settings = Preprocessing((16, 16), "area", threshold)
        assert dataset_of(root, settings)[0]["mask"].sum() == cracks, threshold


def test_a_dataset_resizes_as_it_is_told(archive: Path) -> None:
    area, bilinear = (
        dataset_of(archive, Preprocessing((16, 16), how, 127))[0] for how in ("area", "bilinear")
    )
    assert not torch.equal(area["image"], bilinear["image"])


def test_one_seed_augments_one_photograph_in_one_way(archive: Path) -> None:
    first, second = dataset_of(archive, augment=True), dataset_of(archive, augment=True)
    for index, seed in ((0, 5), (0, 6), (3, 5)):
        second[1, 99]
        one, other = first[index, seed], second[index, seed]
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["mask"], other["mask"])


def test_other_seeds_augment_in_other_ways(archive: Path) -> None:
    dataset = dataset_of(archive, augment=True)
    seen = {dataset[0, seed]["image"].numpy().tobytes() for seed in range(12)}
    assert len(seen) > 5
    assert {dataset[0, seed]["image"].shape for seed in range(12)} == {(3, 32, 48)}


def test_an_augmented_mask_is_still_cut(archive: Path) -> None:
    dataset = dataset_of(archive, augment=True)
    for seed in range(12):
        assert dataset[seed, seed]["mask"].unique().tolist() == [0, 1]


def test_without_a_seed_nothing_is_augmented(archive: Path) -> None:
    plain, augmented = dataset_of(archive), dataset_of(archive, augment=True)
    assert torch.equal(plain[0]["image"], augmented[0]["image"])
    assert torch.equal(plain[0]["image"], plain[0, 5]["image"])


def test_eight_bits_become_0_to_1_with_the_channel_first() -> None:
    image = np.zeros((2, 3, 3), np.uint8)
    image[1, 2] = (255, 51, 0)
    tensor = image_to_tensor(image)
    assert tensor.shape == (3, 2, 3)
    assert tensor.dtype == torch.float32
    assert tensor[:, 1, 2].tolist() == pytest.approx([1, 0.2, 0])
    assert tensor.sum() == pytest.approx(1.2)


def message_of(dataset: CrackDataset, workers: int) -> str:
    """What a loader's user is told of the data set's unreadable file."""
    batches = iter(DataLoader(dataset, num_workers=workers))
    with pytest.raises(UnreadableImageError) as caught:
        list(batches)
    message = str(caught.value)
    # torch's exception refers to itself and so to the loader, whose worker then waits five seconds
    # to be told to stop, unless the exception goes first.
    del caught
    gc.collect()
    return message


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("kind", ["image", "mask"])
def test_an_unreadable_file_ends_in_one_sentence_that_names_it(
    tmp_path: Path, kind: str, workers: int
) -> None:
    root = write_archive(tmp_path / "root", count=4)
    path = root / getattr(rows_below(root)[2], kind)
    path.write_bytes(path.read_bytes()[:70])
    message = message_of(dataset_of(root), workers)
    sentence = f"{path}: cannot be decoded as an image ("
    assert re.fullmatch(re.escape(sentence) + r"[^\n]+\)", message)
    assert "Traceback" not in message


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_has_gone_is_named(tmp_path: Path, workers: int) -> None:
    root = write_archive(tmp_path / "root", count=2)
    dataset = dataset_of(root)
    path = root / dataset.rows[1].image
    path.unlink()
    assert message_of(dataset, workers) == f"{path}: there is no such file"
