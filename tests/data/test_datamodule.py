"""All that a run needs of its data: subsets, weights, batches, and what is left out."""

import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from crackseg.config.schema import DataConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.dataset import Sample
from crackseg.errors import (
    ConfigError,
    DatasetError,
    DatasetNotFoundError,
    ManifestError,
    UnreadableImageError,
)
from tests.helpers.data_sets import IMAGES, MASKS, write_archive


@pytest.fixture
def copied(data_config: DataConfig, archive: Path, tmp_path: Path) -> DataConfig:
    """Settings that read a copy of the archive, which may be changed."""
    return replace(data_config, root=str(shutil.copytree(archive, tmp_path / "copied")))


def ready(config: DataConfig, seed: int = 0) -> CrackDataModule:
    datamodule = CrackDataModule(config, seed)
    datamodule.prepare_data()
    datamodule.setup()
    return datamodule


def warnings_in(log: pytest.LogCaptureFixture) -> list[str]:
    """All but the line about leaks."""
    warnings = [record.getMessage() for record in log.records if record.levelname == "WARNING"]
    return [one for one in warnings if not one.startswith("LEAK")]


def training_batches(config: DataConfig, epoch: int = 0, seed: int = 0) -> list[Sample]:
    loader = ready(config, seed).train_dataloader()
    loader.sampler.set_epoch(epoch)
    return list(loader)


def stems_of(batches: Iterable[Sample]) -> list[str]:
    return [stem for batch in batches for stem in batch["stem"]]


def direct_weights(root: Path, masks: list[str]) -> tuple[float, float]:
    """From the masks (64, 64) themselves, halved by the mean of four pixels and cut at >127."""
    total = crack = 0
    for name in masks:
        grey = np.asarray(Image.open(root / name), float).reshape(32, 2, 32, 2).mean(axis=(1, 3))
        crack += int((np.floor(grey + 0.5) > 127).sum())
        total += grey.size
    return total / (2 * (total - crack)), total / (2 * crack)


def test_the_subsets_have_the_counts_of_the_report(data_config: DataConfig) -> None:
    datamodule = ready(data_config)
    assert datamodule.manifest.counts == {"train": 16, "val": 2, "test": 2}
    assert len(stems_of(datamodule.train_dataloader())) == 16
    assert len(stems_of(datamodule.val_dataloader())) == 2
    assert len(stems_of(datamodule.test_dataloader())) == 2


def test_no_photograph_stands_in_two_loaders(data_config: DataConfig) -> None:
    datamodule = ready(data_config)
    loaders = (
        datamodule.train_dataloader(),
        datamodule.val_dataloader(),
        datamodule.test_dataloader(),
    )
    stems = [stem for loader in loaders for stem in stems_of(loader)]
    assert sorted(stems) == [f"CFD_{index:03d}" for index in range(20)]


def test_a_batch_holds_images_masks_and_stems(data_config: DataConfig) -> None:
    datamodule = ready(data_config)
    for loader in (datamodule.train_dataloader(), datamodule.evaluation_dataloader("train")):
        batch = next(iter(loader))
        assert set(batch) == {"image", "mask", "stem"}
        assert batch["image"].shape == (4, 3, 32, 32)
        assert batch["mask"].shape == (4, 1, 32, 32)
        assert batch["image"].dtype == batch["mask"].dtype == torch.float32
        assert batch["mask"].unique().tolist() == [0, 1]
        assert len(batch["stem"]) == 4


def test_height_comes_before_width(data_config: DataConfig) -> None:
    datamodule = ready(replace(data_config, image_size=[16, 48]))
    assert datamodule.preprocessing.image_size == (16, 48)
    for loader in (datamodule.train_dataloader(), datamodule.val_dataloader()):
        batch = next(iter(loader))
        assert batch["image"].shape[1:] == (3, 16, 48)
        assert batch["mask"].shape[1:] == (1, 16, 48)


def test_evaluation_reads_each_subset_in_order_and_without_augmentation(
    data_config: DataConfig,
) -> None:
    datamodule = ready(data_config)
    for subset, count in (("train", 16), ("val", 2), ("test", 2), ("all", 20)):
        first, second = (list(datamodule.evaluation_dataloader(subset)) for _ in range(2))
        rows = datamodule.manifest.subset(subset)
        assert stems_of(first) == [row.stem for row in rows]
        assert len(rows) == count
        for one, other in zip(first, second, strict=True):
            assert torch.equal(one["image"], other["image"])


def test_class_weights_are_those_of_the_resized_and_cut_training_masks(
    data_config: DataConfig, archive: Path
) -> None:
    datamodule = ready(data_config)
    training = [row.mask for row in datamodule.manifest.subset("train")]
    everything = [row.mask for row in datamodule.manifest.rows]
    assert datamodule.class_weights == pytest.approx(direct_weights(archive, training))
    assert datamodule.class_weights != pytest.approx(direct_weights(archive, everything))


def test_class_weights_follow_the_batches_of_a_training_without_augmentation(
    data_config: DataConfig,
) -> None:
    config = replace(data_config, image_size=[16, 48], mask_threshold=0, resize="bilinear")
    datamodule = ready(replace(config, augment=False))
    masks = torch.cat([batch["mask"] for batch in datamodule.train_dataloader()])
    crack, total = masks.sum().item(), masks.numel()
    expected = (total / (2 * (total - crack)), total / (2 * crack))
    assert datamodule.class_weights == pytest.approx(expected)


def test_the_scale_is_that_of_the_training_photographs(data_config: DataConfig) -> None:
    assert ready(data_config).scale == pytest.approx(0.5)
    oblong = ready(replace(data_config, image_size=[32, 64]))
    assert oblong.scale == pytest.approx(0.5**0.5)


def test_one_photograph_of_another_size_does_not_change_the_scale(copied: DataConfig) -> None:
    path = Path(copied.root) / IMAGES / "CFD_000.png"
    Image.new("RGB", (640, 640)).save(path)
    config = replace(copied, counts=[18, 1, 1], split_seed=0)
    datamodule = ready(config)
    assert "CFD_000" in {row.stem for row in datamodule.manifest.subset("train")}
    assert datamodule.scale == pytest.approx(0.5)


def test_batches_do_not_depend_on_the_number_of_workers(data_config: DataConfig) -> None:
    alone = training_batches(data_config, epoch=3)
    helped = training_batches(replace(data_config, num_workers=2), epoch=3)
    assert stems_of(alone) == stems_of(helped)
    for one, other in zip(alone, helped, strict=True):
        assert torch.equal(one["image"], other["image"])
        assert torch.equal(one["mask"], other["mask"])


def test_training_is_shuffled_and_augmented_anew_each_epoch_and_for_each_seed(
    data_config: DataConfig,
) -> None:
    runs = [training_batches(data_config, epoch, seed) for epoch, seed in ((0, 0), (1, 0), (0, 1))]
    assert len({tuple(stems_of(run)) for run in runs}) == 3
    assert {tuple(sorted(stems_of(run))) for run in runs} == {tuple(sorted(stems_of(runs[0])))}
    images = [
        dict(zip(stems_of(run), torch.cat([batch["image"] for batch in run]), strict=True))
        for run in runs
    ]
    for other in images[1:]:
        changed = [not torch.equal(image, other[stem]) for stem, image in images[0].items()]
        assert sum(changed) > 10


def test_without_augmentation_training_sees_the_photographs_as_they_are(
    data_config: DataConfig,
) -> None:
    datamodule = ready(replace(data_config, augment=False))
    plain = {
        stem: image
        for batch in datamodule.evaluation_dataloader("train")
        for stem, image in zip(batch["stem"], batch["image"], strict=True)
    }
    for batch in datamodule.train_dataloader():
        for stem, image in zip(batch["stem"], batch["image"], strict=True):
            assert torch.equal(image, plain[stem])


def test_the_division_follows_its_own_seed_alone(data_config: DataConfig) -> None:
    digests = [ready(data_config, seed).manifest.digest for seed in (0, 1)]
    assert digests[0] == digests[1]
    assert ready(replace(data_config, split_seed=1)).manifest.digest != digests[0]


def test_setup_is_done_once_for_all_stages(data_config: DataConfig) -> None:
    datamodule = ready(data_config)
    manifest = datamodule.manifest
    for stage in ("fit", "validate", "test"):
        datamodule.setup(stage)
        assert datamodule.manifest is manifest


def test_a_manifest_of_one_run_divides_another_in_the_same_way(
    data_config: DataConfig, tmp_path: Path
) -> None:
    first = ready(replace(data_config, split_seed=5))
    first.manifest.write(tmp_path / "manifest.csv")
    config = replace(data_config, split="manifest", manifest=str(tmp_path / "manifest.csv"))
    second = ready(config)
    assert second.manifest.digest == first.manifest.digest
    assert second.manifest.counts == first.manifest.counts
    assert second.class_weights == first.class_weights
    assert second.scale == first.scale
    for one, other in zip(first.train_dataloader(), second.train_dataloader(), strict=True):
        assert one["stem"] == other["stem"]
        assert torch.equal(one["image"], other["image"])


def test_a_manifest_of_other_photographs_is_refused(copied: DataConfig, tmp_path: Path) -> None:
    path = tmp_path / "manifest.csv"
    ready(copied).manifest.write(path)
    (Path(copied.root) / MASKS / "CFD_004.png").unlink()
    with pytest.raises(ManifestError) as caught:
        ready(replace(copied, split="manifest", manifest=str(path)))
    assert str(caught.value) == (
        f"{path}: 1 files that it lists are not below {copied.root}: {MASKS}/CFD_004.png"
    )


def test_a_missing_manifest_is_named(data_config: DataConfig) -> None:
    config = replace(data_config, split="manifest", manifest="gone.csv")
    with pytest.raises(ManifestError, match=r"^gone\.csv: there is no such manifest$"):
        ready(config)


def test_orphans_are_left_out_with_a_warning(
    copied: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    root = Path(copied.root)
    for stem in ("CFD_000", "CFD_003"):
        (root / MASKS / f"{stem}.png").unlink()
    (root / IMAGES / "CFD_004.png").unlink()
    datamodule = ready(copied)
    assert sum(datamodule.manifest.counts.values()) == 17
    assert warnings_in(log) == [
        f"2 images without a mask, left out: {IMAGES}/CFD_000.png, "
        "Final-Dataset-Vol2/Images-2/CFD_003.png",
        f"1 masks without an image, left out: {MASKS}/CFD_004.png",
    ]


def test_whole_data_give_no_warning_and_say_their_counts(
    data_config: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    ready(data_config)
    assert warnings_in(log) == []
    expected = f"20 pairs below {data_config.root}: train 16, val 2, test 2"
    assert expected in [record.getMessage() for record in log.records]


def test_emptied_masks_are_told_with_their_counts(
    copied: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    folder = Path(copied.root) / MASKS
    thin, empty = np.zeros((64, 64), np.uint8), np.zeros((64, 64), np.uint8)
    thin[:, 7] = 200
    for index in range(20):
        # Every mask but one is emptied; one of them never held a crack.
        if index not in (0, 1):
            Image.fromarray(thin).save(folder / f"CFD_{index:03d}.png")
    Image.fromarray(empty).save(folder / "CFD_001.png")
    datamodule = ready(replace(copied, counts=[12, 5, 3]))
    emptied = {
        subset: sum(
            row.stem not in ("CFD_000", "CFD_001") for row in datamodule.manifest.subset(subset)
        )
        for subset in ("train", "val", "test")
    }
    assert warnings_in(log) == [
        "bringing masks to 32x32 (area) and cutting them at >127 emptied 18 "
        f"(train {emptied['train']}, val {emptied['val']}, test {emptied['test']})"
    ]


@pytest.mark.parametrize("folder", [MASKS, IMAGES])
def test_an_unreadable_file_is_left_out_of_a_random_division_with_a_warning(
    copied: DataConfig, log: pytest.LogCaptureFixture, folder: str
) -> None:
    (Path(copied.root) / folder / "CFD_006.png").write_bytes(b"no image")
    datamodule = ready(copied)
    assert warnings_in(log) == [
        f"1 unreadable files, left out with their pairs: {folder}/CFD_006.png",
        f"1 x cannot be decoded as an image (it is of no known format): {IMAGES}/CFD_006.png",
    ]
    stems = {row.stem for row in datamodule.manifest.rows}
    assert len(stems) == 19
    assert "CFD_006" not in stems
    assert sorted(stems_of(datamodule.evaluation_dataloader("all"))) == sorted(stems)


@pytest.mark.parametrize("store", [True, False])
def test_a_picture_that_is_no_mask_is_left_out_of_a_training_with_its_photograph(
    copied: DataConfig, log: pytest.LogCaptureFixture, store: bool
) -> None:
    """How it is read stands in its reference, so that it is not named like its file."""
    root = Path(copied.root)
    noise = np.random.default_rng(0).integers(90, 200, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(root / MASKS / "CFD_006.png")
    datamodule = ready(replace(copied, store=store))
    first, second = warnings_in(log)
    assert first == f"1 unreadable files, left out with their pairs: {MASKS}/CFD_006.png"
    assert second.startswith("1 x looks like the photograph itself")
    assert sorted(stems_of(datamodule.evaluation_dataloader("all"))) == [
        f"CFD_{index:03d}" for index in range(20) if index != 6
    ]


@pytest.mark.parametrize(
    ("kind", "remedy", "settings"),
    [
        (255, "data.crack_values=[255]", {"crack_values": [255]}),
        (1, "data.crack_values=[1]", {"crack_values": [1]}),
        ("red", "data.crack_values or data.crack_colours", {"crack_colours": ["#ff0000"]}),
    ],
)
def test_masks_of_close_ups_are_read_where_the_settings_say_that_they_are_right(
    copied: DataConfig, kind: int | str, remedy: str, settings: dict[str, list[object]]
) -> None:
    mask = np.zeros((64, 64), np.uint8)
    mask[:40] = 1
    picture = mask[:, :, None] * [[[255, 0, 0]]] if kind == "red" else mask * kind
    for path in (Path(copied.root) / MASKS).iterdir():
        Image.fromarray(picture.astype(np.uint8)).save(path)
    with pytest.raises(DatasetError, match="where they are inverted, write them so") as caught:
        ready(copied)
    assert "where they are right, as of close-ups, say " in str(caught.value)
    assert remedy in str(caught.value).partition("are right")[2]
    statistics = ready(replace(copied, **settings)).content.statistics.values()
    assert {found.share for found in statistics} == {40 / 64}


def test_where_nothing_can_be_read_it_is_said_why(copied: DataConfig) -> None:
    for path in (Path(copied.root) / MASKS).iterdir():
        path.write_bytes(b"no image")
    with pytest.raises(DatasetError) as caught:
        ready(copied)
    assert str(caught.value).startswith(
        f"{copied.root}: no pair is left, all 20 cannot be read (20 x cannot be decoded as an image"
    )


@pytest.mark.parametrize("folder", [MASKS, IMAGES])
def test_an_unreadable_file_that_a_manifest_lists_is_refused(
    copied: DataConfig, tmp_path: Path, folder: str
) -> None:
    ready(copied).manifest.write(tmp_path / "manifest.csv")
    path = Path(copied.root) / folder / "CFD_006.png"
    path.write_bytes(b"no image")
    config = replace(copied, split="manifest", manifest=str(tmp_path / "manifest.csv"))
    with pytest.raises(UnreadableImageError) as caught:
        ready(config)
    assert str(caught.value) == f"{path}: cannot be decoded, but the manifest lists it"


def test_an_empty_subset_is_told_with_the_counts(data_config: DataConfig, archive: Path) -> None:
    datamodule = ready(replace(data_config, counts=[15, 5, 0]))
    assert len(stems_of(datamodule.val_dataloader())) == 5
    with pytest.raises(DatasetError) as caught:
        datamodule.test_dataloader()
    assert str(caught.value) == (
        f"the test subset of {archive} is empty; counts: {{'train': 15, 'val': 5, 'test': 0}}"
    )


def test_counts_that_do_not_fit_the_pairs_are_refused(data_config: DataConfig) -> None:
    message = r"^data\.counts=\[15, 5, 1\]: .* must add up to the 20 pairs there are$"
    with pytest.raises(DatasetError, match=message):
        ready(replace(data_config, counts=[15, 5, 1]))


def test_too_few_pairs_are_refused(data_config: DataConfig, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "few", count=3)
    with pytest.raises(DatasetError, match=r"^3 pairs make 2 for training and 0 for validation"):
        ready(replace(data_config, root=str(root)))


def test_a_root_without_data_is_named(data_config: DataConfig, tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="data=synthetic") as caught:
        ready(replace(data_config, root=str(tmp_path / "gone")))
    assert str(caught.value).startswith(f"{tmp_path / 'gone'}: no data set here")


def test_settings_are_checked_before_anything_is_read(data_config: DataConfig) -> None:
    config = replace(data_config, image_size=[32], mask_threshold=255, batch_size=0, root="gone")
    with pytest.raises(ConfigError) as caught:
        CrackDataModule(config)
    lines = str(caught.value).splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        "data.image_size",
        "data.mask_threshold",
        "data.batch_size",
    ]


def test_synthetic_photographs_are_written_below_the_root_when_asked_for(
    data_config: DataConfig, tmp_path: Path
) -> None:
    config = replace(data_config, name="synthetic", root=str(tmp_path / "data"), count=12)
    datamodule = ready(config)
    assert datamodule.root.parent == tmp_path / "data"
    assert datamodule.manifest.counts == {"train": 9, "val": 1, "test": 2}
    assert all(row.source == "synthetic" for row in datamodule.manifest.rows)
    assert all((datamodule.root / row.image).is_file() for row in datamodule.manifest.rows)
    assert next(iter(datamodule.train_dataloader()))["image"].shape == (4, 3, 32, 32)
    # A second run finds them there.
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*")}
    assert ready(config).manifest.digest == datamodule.manifest.digest
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "data").rglob("*")} == written


def test_other_data_are_not_made_up(data_config: DataConfig, tmp_path: Path) -> None:
    CrackDataModule(replace(data_config, root=str(tmp_path / "gone"))).prepare_data()
    assert not (tmp_path / "gone").exists()


def test_one_batch_to_learn_by_heart_stands_in_every_subset(
    data_config: DataConfig, log: pytest.LogCaptureFixture
) -> None:
    datamodule = ready(replace(data_config, overfit_batch=True, batch_size=6))
    rows = datamodule.manifest.subset("train")[:6]
    training = list(datamodule.train_dataloader())
    assert len(training) == 20
    for batch in (*training, *datamodule.val_dataloader(), *datamodule.test_dataloader()):
        assert batch["stem"] == [row.stem for row in rows]
        assert torch.equal(batch["image"], training[0]["image"])
        assert torch.equal(batch["mask"], training[0]["mask"])
    assert datamodule.counts == {"train": 6, "val": 6, "test": 6}
    assert datamodule.manifest.counts == {"train": 16, "val": 2, "test": 2}
    assert (
        "one batch to be learned by heart: training (20 steps an epoch), validation and test are "
        "all the same 6 training photographs, without augmentation"
    ) in [record.getMessage() for record in log.records]


def test_weights_and_scale_of_one_batch_are_its_own(data_config: DataConfig, archive: Path) -> None:
    datamodule = ready(replace(data_config, overfit_batch=True, batch_size=3))
    masks = [row.mask for row in datamodule.manifest.subset("train")[:3]]
    assert datamodule.class_weights == pytest.approx(direct_weights(archive, masks))


def test_counts_are_those_of_the_manifest(data_config: DataConfig) -> None:
    assert ready(data_config).counts == {"train": 16, "val": 2, "test": 2}


def test_more_workers_than_photographs_are_refused(data_config: DataConfig) -> None:
    few = replace(data_config, counts=[2, 9, 9])
    assert ready(replace(few, num_workers=2)).train_dataloader().num_workers == 2
    with pytest.raises(ConfigError) as caught:
        ready(replace(few, num_workers=3)).train_dataloader()
    assert str(caught.value) == (
        "data.num_workers=3: there are only 2 training photographs, and each worker needs one at "
        "least; set data.num_workers=2 or lower"
    )


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Forty photographs of two sources with level cracks of 2 and 8 pixels."""
    for source in ("road", "wall"):
        for index in range(20):
            mask = np.zeros((32, 32), np.uint8)
            mask[4 : 4 + (2 if index % 2 else 8)] = 255
            for name, pixels in (("images", 255 - mask), ("masks", mask)):
                path = tmp_path / source / name / f"{index}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(pixels).save(path)
    return tmp_path


def of_lines(config: DataConfig, lines: Path, **settings: object) -> DataConfig:
    root = {source: str(lines / source) for source in ("road", "wall")}
    given = {"name": "folder", "root": root, "split": "random", "augment": False}
    return replace(config, **(given | settings))  # type: ignore[arg-type]


def share_of_thin(config: DataConfig) -> float:
    """Share of photographs of thin cracks in many epochs of training."""
    loader = ready(config).train_dataloader()
    masks = []
    for epoch in range(20):
        loader.sampler.set_epoch(epoch)
        masks += [mask.mean() for batch in loader for mask in batch["mask"]]
    return float(np.mean([mask < 0.1 for mask in masks]))


@pytest.mark.parametrize("more", [{}, {"shares": {"road": 0.3}}, {"crop_size": 32, "crops": 2}])
def test_thin_cracks_are_seen_more_often(
    data_config: DataConfig, lines: Path, more: dict[str, object]
) -> None:
    config = of_lines(data_config, lines, **more)
    (once,) = {share_of_thin(config)} if not more.get("shares") else {0.5}
    often = share_of_thin(replace(config, thin_cracks=1.0))
    # The share of the photographs themselves is near a half, divided at random.
    assert 0.35 < once < 0.65
    assert 0.7 < often < 0.9


def test_widths_are_measured_once(
    data_config: DataConfig, lines: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = of_lines(data_config, lines, thin_cracks=1.0)
    first = list(ready(config).train_dataloader().sampler)
    measured: list[int] = []
    monkeypatch.setattr("crackseg.data.cache.widths.crack_widths", measured.append)
    assert list(ready(config).train_dataloader().sampler) == first
    assert measured == []
    (stored,) = (Path(config.cache) / "widths").iterdir()
    assert sorted(set(np.load(stored).tolist())) == [2, 8]

    # What is damaged, or of another threshold, is measured anew.
    monkeypatch.undo()
    stored.write_bytes(b"broken")
    assert list(ready(config).train_dataloader().sampler) == first
    ready(replace(config, mask_threshold=0)).train_dataloader()
    assert len(list((Path(config.cache) / "widths").iterdir())) == 2


def test_copies_of_photographs_with_cracks_are_not_crack_free(
    copied: DataConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """They may stand in another folder, smaller, where no mask has their name."""
    root = Path(copied.root)
    for number in (0, 2):
        small = Image.open(root / IMAGES / f"CFD_{number:03d}.png").resize((48, 48))
        small.save(root / IMAGES / f"small_{number}.png")
    noise = np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(root / IMAGES / "free.png")
    data = ready(replace(copied, without_mask="crack_free"))
    images = {Path(row.image).stem for row in data.manifest.rows}
    assert "free" in images
    assert images.isdisjoint({"small_0", "small_2"})
    assert [one for one in warnings_in(caplog) if "copies of one whose mask" in one] == [
        "2 photographs without a mask are copies of one whose mask marks a crack, left out and not "
        f"taken as crack-free: {IMAGES}/small_0.png (of {IMAGES}/CFD_000.png), "
        f"{IMAGES}/small_2.png (of {IMAGES}/CFD_002.png)"
    ]
