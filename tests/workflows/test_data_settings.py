"""What settings of the data do to a whole training: crops, exclusions, the store, leaks."""

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import crackseg
from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import EvaluateConfig, TrainConfig, model_config
from crackseg.config.validation import check_train_config
from crackseg.data import prepare
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.exclusions import write_exclusions
from crackseg.data.splits.manifest import Manifest
from crackseg.errors import ConfigError, DatasetError, ManifestError
from crackseg.inference import tiling
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult, train
from tests.helpers.data_sets import draw_pair, write_archive


@pytest.fixture
def cropping(train_config: TrainConfig, tmp_path: Path) -> TrainConfig:
    """Crops of 32x32 of two folders with photographs of different sizes."""
    folders = [write_archive(tmp_path / "a"), write_archive(tmp_path / "b", size=(48, 80))]
    data = replace(
        train_config.data, root=[str(one) for one in folders], crop_size=32, crops=2, batch_size=8
    )
    return replace(train_config, data=data)


def test_training_evaluation_and_prediction_work_at_native_size(
    cropping: TrainConfig, tmp_path: Path
) -> None:
    result = train(cropping, tmp_path / "run")
    parameters = read_checkpoint(result.checkpoint).parameters
    assert (parameters.scale, parameters.preprocessing.image_size) == (1, None)
    config = EvaluateConfig(checkpoint=str(result.checkpoint))
    config.trainer.accelerator = "cpu"
    judged = evaluate(config, tmp_path / "judged")
    assert judged.stored.totals == pytest.approx(result.metrics["test"]["stored"], abs=1e-6)
    found = crackseg.load(result.checkpoint).predict(np.zeros((50, 70, 3), np.uint8))
    assert found.mask.shape == (50, 70)


def test_each_photograph_is_cropped_as_often_as_told(cropping: TrainConfig) -> None:
    datamodule = CrackDataModule(cropping.data)
    datamodule.setup()
    shapes = [batch["image"].shape for batch in datamodule.train_dataloader()]
    assert sum(shape[0] for shape in shapes) == 2 * datamodule.counts["train"] == 64
    assert {tuple(shape[1:]) for shape in shapes} == {(3, 32, 32)}
    sizes = {one.shape for batch in datamodule.val_dataloader() for one in batch["image"]}
    assert sizes == {(1, 3, 64, 64), (1, 3, 48, 80)}


def test_class_weights_are_those_of_crops(cropping: TrainConfig) -> None:
    datamodule = CrackDataModule(replace(cropping.data, augment=False, crops=50))
    datamodule.setup()
    masks = torch.cat([batch["mask"] for batch in datamodule.train_dataloader()])
    share = masks.mean().item()
    assert datamodule.class_weights == pytest.approx((0.5 / (1 - share), 0.5 / share), rel=0.03)
    whole = replace(cropping.data, crop_size=None, crops=1, image_size=[64, 64])
    photographs = CrackDataModule(whole)
    photographs.setup()
    # Crops that are laid around cracks hold more of them.
    assert datamodule.class_weights[1] < 0.95 * photographs.class_weights[1]
    by_heart = CrackDataModule(replace(cropping.data, overfit_batch=True, root=whole.root[0]))
    by_heart.setup()
    first = replace(whole, overfit_batch=True, root=whole.root[0], batch_size=8)
    photographs = CrackDataModule(first)
    photographs.setup()
    assert by_heart.class_weights == photographs.class_weights


@pytest.mark.parametrize(("crop_size", "crops"), [(None, 1), (24, 40)])
def test_class_weights_are_those_of_what_an_epoch_shows(
    train_config: TrainConfig, tmp_path: Path, crop_size: int | None, crops: int
) -> None:
    """A source of broad cracks with a large share needs less weight for them."""
    for source, width in (("wide", 8), ("thin", 1)):
        for part in ("images", "masks"):
            (tmp_path / source / part).mkdir(parents=True)
        for seed in range(20):
            noise = np.random.default_rng([seed, width]).integers(0, 256, (48, 48, 3), np.uint8)
            mask = np.zeros((48, 48), np.uint8)
            mask[10 + seed : 10 + seed + width] = 255
            Image.fromarray(noise).save(tmp_path / source / "images" / f"{source}{seed}.png")
            Image.fromarray(mask).save(tmp_path / source / "masks" / f"{source}{seed}.png")
    root = {source: str(tmp_path / source) for source in ("wide", "thin")}
    data = replace(train_config.data, root=root, crop_size=crop_size, crops=crops, augment=False)
    weights = []
    for share in (0.2, 0.9):
        datamodule = CrackDataModule(replace(data, shares={"wide": share}, image_size=[48, 48]))
        datamodule.setup()
        masks = torch.cat([batch["mask"] for batch in datamodule.train_dataloader()])
        crack = masks.mean().item()
        weights.append(datamodule.class_weights)
        assert weights[-1] == pytest.approx((0.5 / (1 - crack), 0.5 / crack), rel=0.04)
    assert weights[0][1] > 2 * weights[1][1]


def test_a_division_does_not_depend_on_what_is_trained_at(train_config: TrainConfig) -> None:
    settings: list[dict[str, object]] = [{}, {"image_size": 16}, {"mask_threshold": 0}]
    settings += [{"resize": "bilinear"}, {"crop_size": 32}]
    digests = set()
    for given in settings:
        datamodule = CrackDataModule(replace(train_config.data, split="grouped", **given))
        datamodule.setup()
        digests.add(datamodule.manifest.digest)
    assert len(digests) == 1


def test_where_no_photograph_shows_a_crack_nothing_is_trained_but_all_can_be_judged(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    clean = tmp_path / "clean_walls"
    clean.mkdir()
    for seed in range(12):
        Image.fromarray(draw_pair(seed)[0]).save(clean / f"wall{seed}.png")
    data = replace(train_config.data, root=str(clean), without_mask="crack_free")
    with pytest.raises(DatasetError, match="none of the 9 training photographs shows a crack"):
        train(replace(train_config, data=data), tmp_path / "run")
    config = EvaluateConfig(checkpoint=str(trained.checkpoint), data=data, subset="all")
    judged = evaluate(config, tmp_path / "judged")
    assert judged.images == judged.alarms.images == 12


def test_excluded_photographs_take_no_part(
    train_config: TrainConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_archive(tmp_path / "root")
    listed = "Final-Dataset-Vol1/Images/CFD_004.png"
    write_exclusions(tmp_path / "list.csv", {listed: "blurred", "gone.png": "dark"})
    data = replace(train_config.data, root=str(root), exclude=str(tmp_path / "list.csv"))
    datamodule = CrackDataModule(data)
    with caplog.at_level("WARNING", "crackseg"):
        datamodule.setup()
    assert "list.csv: 1 that it lists are not there: gone.png" in caplog.text
    assert len(datamodule.manifest.rows) == 19
    assert listed not in {row.image for row in datamodule.manifest.rows}
    write_exclusions(tmp_path / "other.csv", {"images/CFD_004.png": "blurred"})
    other = CrackDataModule(replace(data, exclude=str(tmp_path / "other.csv")))
    with pytest.raises(DatasetError, match="none of the 1 photographs that it lists is below"):
        other.setup()


def test_a_manifest_takes_no_other_choice_beside_it(train_config: TrainConfig) -> None:
    data = replace(
        train_config.data, split="manifest", manifest="m.csv", without_sources=["CFD"], exclude="x"
    )
    with pytest.raises(ConfigError, match=r"take back data\.without_sources, data\.exclude"):
        CrackDataModule(data)


def test_without_room_for_a_store_files_are_read(
    train_config: TrainConfig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("crackseg"), "propagate", True)
    datamodule = CrackDataModule(replace(train_config.data, store_limit=1e-6))
    datamodule.setup()
    assert len(next(iter(datamodule.train_dataloader()))["stem"]) == 4
    assert "until then every epoch decodes the files anew" in caplog.text


def test_a_batch_learned_by_heart_is_called_a_leak(train_config: TrainConfig) -> None:
    datamodule = CrackDataModule(replace(train_config.data, overfit_batch=True))
    datamodule.setup()
    assert datamodule.leaks.summary().startswith("LEAK: 4 of 4 val and 4 of 4 test items")


def test_where_nothing_is_divided_nothing_is_trained(train_config: TrainConfig) -> None:
    config = replace(train_config, data=replace(train_config.data, split="none"))
    with pytest.raises(
        ConfigError, match=r"data\.split=none: it leaves nothing to train on and is"
    ):
        check_train_config(config)
    datamodule = CrackDataModule(config.data)
    datamodule.setup()
    assert datamodule.counts == {"train": 0, "val": 0, "test": 20}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"blocks": {"CRACK500": [64, 16]}}, "data.blocks: no photograph here is from a source"),
        ({"sources": ["CFDD"]}, "data.sources: .* source .CFDD.; .*did you mean CFD"),
        ({"without_sources": ["GAPS"]}, "data.without_sources: no photograph here is from"),
    ],
)
def test_a_source_that_is_not_there_is_told_before_photographs_are_read(
    train_config: TrainConfig,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, object],
    message: str,
) -> None:
    monkeypatch.setattr(prepare, "open_store", None)
    with pytest.raises(DatasetError, match=message):
        CrackDataModule(replace(train_config.data, **settings)).setup()


def test_a_manifest_makes_no_photograph_crack_free_unasked(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    datamodule = CrackDataModule(train_config.data)
    datamodule.setup()
    rows = list(datamodule.manifest.rows)
    rows[2] = replace(rows[2], mask="")
    Manifest(tuple(rows)).write(tmp_path / "m.csv")
    data = replace(train_config.data, split="manifest", manifest=str(tmp_path / "m.csv"))
    with pytest.raises(ManifestError) as caught:
        CrackDataModule(data).setup()
    assert str(caught.value) == (
        f"{tmp_path / 'm.csv'}: 1 photographs have no mask in it: {rows[2].image}; give them "
        "theirs, take them out, or say that they show no crack with data.without_mask=crack_free"
    )
    allowed = CrackDataModule(replace(data, without_mask="crack_free"))
    allowed.setup()
    assert allowed.content.statistics[rows[2].image].share == 0


def test_a_list_of_origins_gives_rows_of_a_manifest_their_source(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    datamodule = CrackDataModule(train_config.data)
    datamodule.setup()
    datamodule.manifest.write(tmp_path / "m.csv")
    first, second = (row.image for row in datamodule.manifest.rows[:2])
    (tmp_path / "o.csv").write_text(
        f"file,photograph,source\n{first},p,bridge\n{second},q,\n", encoding="utf-8"
    )
    data = replace(
        train_config.data,
        split="manifest",
        manifest=str(tmp_path / "m.csv"),
        origins=str(tmp_path / "o.csv"),
    )
    again = CrackDataModule(data)
    again.setup()
    before = {row.image: row.source for row in datamodule.manifest.rows}
    sources = {row.image: row.source for row in again.manifest.rows}
    assert sources == {**before, first: "bridge"}


def test_near_duplicates_are_looked_for_in_a_manifest_too(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    root = write_archive(tmp_path / "root")
    first, copy = (root / f"Final-Dataset-Vol1/Images/CFD_00{one}.png" for one in (0, 4))
    shutil.copyfile(first, copy)
    data = replace(train_config.data, root=str(root))
    datamodule = CrackDataModule(data)
    datamodule.setup()
    parted = tuple(
        replace(
            row,
            group="",
            subset={"CFD_000": "train", "CFD_004": "test"}.get(row.stem, row.subset),
        )
        for row in datamodule.manifest.rows
    )
    Manifest(parted).write(tmp_path / "m.csv")
    again = CrackDataModule(replace(data, split="manifest", manifest=str(tmp_path / "m.csv")))
    again.setup()
    assert again.leaks.test.shared == 1
    assert again.leaks.uncompared == 0


def test_leaks_are_told_in_checkpoint_metrics_and_tables(
    train_config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "crops"
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for seed in range(20):
        for folder, picture in zip(("images", "masks"), draw_pair(seed), strict=True):
            # Five crops of each photograph, by masonry's rule.
            Image.fromarray(picture).save(root / folder / f"{'abcd'[seed % 4]}_0_{seed}.png")
    config = replace(train_config, data=replace(train_config.data, root=str(root)))
    result = train(config, tmp_path / "run")
    printed = capsys.readouterr().out
    line = "LEAK: 2 of 2 val and 2 of 2 test items share a photograph or a near duplicate"
    assert printed.count(line) == 2, printed
    leaks = read_checkpoint(result.checkpoint).parameters.data.leaks
    assert leaks is not None
    assert leaks["test"] == {"total": 2, "shared": 2, "unknown": 0}
    written = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert written["leaks"] == leaks
    judged = evaluate(EvaluateConfig(checkpoint=str(result.checkpoint)), tmp_path / "judged")
    assert judged.leak_line.startswith(line)
    assert line in judged.protocol[1]
    assert line in capsys.readouterr().out


def test_large_photographs_are_judged_in_tiles(
    cropping: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shallow = model_config("unet")(base_channels=4, depth=1, dropout=0.1)
    result = train(replace(cropping, model=shallow), tmp_path / "run")
    whole = EvaluateConfig(checkpoint=str(result.checkpoint))
    expected = evaluate(whole, tmp_path / "whole").stored.totals
    largest = 0
    forward = CrackSegmenter.forward

    def watched(self: CrackSegmenter, image: torch.Tensor) -> torch.Tensor:
        nonlocal largest
        largest = max(largest, *image.shape[-2:])
        return forward(self, image)

    monkeypatch.setattr(CrackSegmenter, "forward", watched)
    monkeypatch.setattr(tiling, "TILE", 32)
    judged = evaluate(whole, tmp_path / "tiled").stored.totals
    assert largest < 80
    assert judged == pytest.approx(expected, abs=2e-3)


def test_inverted_masks_are_warned_of(
    train_config: TrainConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_archive(tmp_path / "root")
    mask = root / "Final-Dataset-Vol1/Final_Masks/Masks/CFD_003.png"
    Image.fromarray(255 - draw_pair(3)[1]).save(mask)
    datamodule = CrackDataModule(replace(train_config.data, root=str(root)))
    with caplog.at_level("WARNING", "crackseg"):
        datamodule.setup()
    assert (
        "1 masks mark more than half of their photograph, as inverted ones do: "
        "Final-Dataset-Vol2/Images-2/CFD_003.png; crackseg data verify looks closer"
    ) in caplog.text


def test_figures_with_a_white_margin_are_no_masks(
    train_config: TrainConfig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As matplotlib's savefig writes them, at a size that may be a factor of the photographs'."""
    root = write_archive(tmp_path / "root")
    masks = sorted((root / "Final-Dataset-Vol1/Final_Masks/Masks").iterdir())

    def frame(path: Path) -> None:
        drawn = np.asarray(Image.open(path).resize((56, 56)))
        Image.fromarray(np.pad(drawn, 4, constant_values=255)).resize((128, 128)).save(path)

    frame(masks[0])
    datamodule = CrackDataModule(replace(train_config.data, root=str(root)))
    with caplog.at_level("WARNING", "crackseg"):
        datamodule.setup()
    assert "1 masks mark crack along their whole rim, as figures with a white margin" in caplog.text
    for path in masks[1:]:
        frame(path)
    with pytest.raises(DatasetError, match="all 20 masks of CFD mark crack along their whole rim"):
        CrackDataModule(replace(train_config.data, root=str(root))).setup()


def test_photographs_of_a_user_are_not_mixed_with_drawn_ones(
    train_config: TrainConfig, tmp_path: Path
) -> None:
    for place in ("wall.jpg", "images/wall.jpg"):
        mine = tmp_path / place[:3]
        (mine / place).parent.mkdir(parents=True)
        (mine / place).touch()
        data = replace(train_config.data, name="synthetic", count=10, root=str(mine))
        with pytest.raises(DatasetError) as caught:
            CrackDataModule(data).prepare_data()
        assert str(caught.value) == (
            f"{mine}: other photographs stand here, such as {place}, and synthetic ones would be "
            "taken for them; name another folder, or take those with data=folder"
        )
