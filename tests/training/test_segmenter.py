"""The module's figures against a direct computation, and what its optimizer is."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from lightning import Trainer

from crackseg.checkpoint import read_checkpoint
from crackseg.config.schema import EvaluateConfig, TrainConfig
from crackseg.data.datamodule import CrackDataModule
from crackseg.metrics.scores import scores
from crackseg.metrics.thresholds import THRESHOLD_GRID
from crackseg.training.segmenter import CrackSegmenter
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult, build_segmenter, train
from tests.helpers.networks import watch_tensorfloat


def parts(config: TrainConfig) -> tuple[CrackSegmenter, CrackDataModule]:
    torch.manual_seed(0)
    datamodule = CrackDataModule(config.data)
    datamodule.setup()
    return build_segmenter(config, datamodule), datamodule


def judged(segmenter: CrackSegmenter, datamodule: CrackDataModule) -> dict[str, float]:
    trainer = Trainer(accelerator="cpu", logger=False, enable_progress_bar=False)
    loader = datamodule.evaluation_dataloader("all")
    return dict(trainer.test(segmenter, dataloaders=loader, verbose=False)[0])


def test_figures_are_totals_over_all_pixels(train_config: TrainConfig) -> None:
    segmenter, datamodule = parts(train_config)
    logged = judged(segmenter, datamodule)
    samples = list(datamodule.evaluation_dataloader("all"))
    image, mask = (torch.cat([batch[key] for batch in samples]) for key in ("image", "mask"))
    with torch.inference_mode():
        probability = torch.sigmoid(segmenter.eval()(image))
    found, truth = probability > 0.5, mask > 0.5
    hits = [(found & truth), (found & ~truth), (~found & truth), (~found & ~truth)]
    wanted = scores(torch.tensor([int(hit.sum()) for hit in hits]))
    for name, value in wanted.items():
        assert logged[f"test/{name}"] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("channels_last", [True, False])
def test_a_training_at_several_scales_validates_at_them(
    train_config: TrainConfig, tmp_path: Path, channels_last: bool
) -> None:
    train_config.data = replace(train_config.data, crop_size=32, looks=0.4)
    train_config.callbacks.average = 0.5
    train_config.runtime.channels_last = channels_last
    result = train(train_config, tmp_path)
    assert result.metrics["scales"] == pytest.approx((0.4, 0.4**0.5, 1))
    with (tmp_path / "csv/metrics.csv").open(encoding="utf-8") as file:
        epochs = [row["val/best_crack_iou"] for row in csv.DictReader(file)]
    best = max(float(figure) for figure in epochs if figure)
    # Judged again at the end, at the scales of a prediction.
    assert result.metrics["val"]["stored"]["crack_iou"] == pytest.approx(best, abs=1e-5)
    config = EvaluateConfig(str(result.checkpoint), subset="val", resolution="native", scale=1)
    alone = evaluate(config, tmp_path / "alone").own_best.totals["crack_iou"]
    assert alone != pytest.approx(best, abs=1e-4)


def test_statistics_that_are_frozen_are_those_of_the_beginning(
    train_config: TrainConfig, trained: TrainResult, tmp_path: Path
) -> None:
    train_config.init_from = str(trained.checkpoint)
    train_config.optimizer.freeze_statistics = True
    result = train(train_config, tmp_path)
    before = read_checkpoint(trained.checkpoint).network_weights
    after = read_checkpoint(result.checkpoint).network_weights
    kept = [name for name in before if "running_" in name or "num_batches" in name]
    assert kept
    assert all(torch.equal(after[name], before[name]) for name in kept)
    assert not torch.equal(after["head.weight"], before["head.weight"])


@pytest.mark.parametrize("batch_size", [1, 7, 20])
def test_figures_do_not_depend_on_the_batch_size(
    train_config: TrainConfig, batch_size: int
) -> None:
    segmenter, datamodule = parts(train_config)
    wanted = judged(segmenter, datamodule)
    totals = segmenter.totals["test"]
    datamodule.settings = replace(datamodule.settings, batch_size=batch_size)
    logged = judged(segmenter, datamodule)
    assert torch.equal(segmenter.totals["test"], totals)
    assert logged["test/loss"] == pytest.approx(wanted["test/loss"], rel=1e-5)


def test_the_test_is_logged_at_the_stored_threshold(train_config: TrainConfig) -> None:
    segmenter, datamodule = parts(train_config)
    segmenter.threshold = 0.9
    logged = judged(segmenter, datamodule)
    row = segmenter.totals["test"][THRESHOLD_GRID.index(0.9)]
    assert logged["test/recall"] == pytest.approx(scores(row)["recall"])


def test_the_optimizer_is_adam_with_decoupled_decay(train_config: TrainConfig) -> None:
    train_config.optimizer.lr, train_config.optimizer.weight_decay = 0.02, 0.03
    segmenter, _ = parts(train_config)
    configured = segmenter.configure_optimizers()
    assert isinstance(configured, dict)
    optimizer = configured["optimizer"]
    assert isinstance(optimizer, torch.optim.AdamW)
    assert optimizer.defaults["lr"] == 0.02
    assert optimizer.defaults["weight_decay"] == 0.03
    weights = {id(one) for group in optimizer.param_groups for one in group["params"]}
    assert weights == {id(one) for one in segmenter.network.parameters()}


def test_the_rate_falls_on_a_plateau_of_the_monitor(train_config: TrainConfig) -> None:
    train_config.scheduler.patience = 1
    segmenter, _ = parts(train_config)
    configured = segmenter.configure_optimizers()
    assert isinstance(configured, dict)
    scheduler = configured["lr_scheduler"]["scheduler"]  # type: ignore[index]
    assert scheduler.mode == "max"
    for value in (0.5, 0.4, 0.4):
        scheduler.step(value)
    assert configured["optimizer"].param_groups[0]["lr"] == pytest.approx(5e-4)


def test_hyper_parameters_are_plain_values(train_config: TrainConfig) -> None:
    segmenter, _ = parts(train_config)

    def plain(value: object) -> bool:
        if isinstance(value, dict):
            return all(type(key) is str and plain(item) for key, item in value.items())
        if isinstance(value, list):
            return all(plain(item) for item in value)
        return type(value) in (str, int, float, bool, type(None))

    for name, value in segmenter.settings.as_dict().items():
        assert plain(value), (name, value)


def test_reported_figures_are_computed_without_tensorfloat(
    train_config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter, datamodule = parts(train_config)
    allowed = watch_tensorfloat(segmenter.network, monkeypatch)
    judged(segmenter, datamodule)
    assert set(allowed) == {False}
    assert torch.backends.cudnn.allow_tf32
