"""A checkpoint judged again, without the settings it was trained with."""

import json
import shutil
from pathlib import Path

import pytest

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.config import DataConfig, EvaluateConfig
from crackseg.errors import ConfigError, DatasetError
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult
from tests.conftest import write_archive
from tests.workflows.test_door import run


def settings(checkpoint: Path, **others: object) -> EvaluateConfig:
    config = EvaluateConfig(checkpoint=str(checkpoint), **others)  # type: ignore[arg-type]
    config.trainer.accelerator = "cpu"
    return config


def naming(trained: TrainResult, root: Path, folder: Path) -> Path:
    """The same checkpoint, its data said to be elsewhere."""
    checkpoint = read_checkpoint(trained.checkpoint)
    checkpoint["hyper_parameters"]["data"]["config"]["root"] = str(root)
    write_checkpoint(checkpoint, folder / "moved.ckpt")
    return folder / "moved.ckpt"


def test_a_new_process_gives_the_same_table_from_the_checkpoint_alone(
    trained: TrainResult, tmp_path: Path
) -> None:
    moved = shutil.copy(trained.checkpoint, tmp_path / "elsewhere.ckpt")
    done = run("evaluate.py", f"checkpoint={moved}", "trainer.accelerator=cpu", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    judged = json.loads((tmp_path / "metrics.json").read_text())
    for row in ("half", "stored"):
        assert judged[row] == pytest.approx(trained.metrics["test"][row], abs=1e-6)
    assert f"{judged['stored']['crack_iou']:.6f}" in done.stdout
    assert "dataset totals over 2 photographs at 32x32 (area), masks cut at >127" in done.stdout


@pytest.mark.parametrize(("subset", "count"), [("train", 16), ("val", 2), ("all", 20)])
def test_every_subset_can_be_judged(
    trained: TrainResult, tmp_path: Path, subset: str, count: int
) -> None:
    judged = evaluate(settings(trained.checkpoint, subset=subset), tmp_path)
    assert judged["photographs"] == count
    if subset == "val":
        assert judged["stored"] == pytest.approx(trained.metrics["val"]["stored"], abs=1e-6)


def test_an_unknown_subset_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="subset=dev: one of train, val, test, all"):
        evaluate(settings(trained.checkpoint, subset="dev"), tmp_path)


def test_data_that_have_changed_since_are_refused(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "grown", count=21)
    with pytest.raises(DatasetError) as caught:
        evaluate(settings(naming(trained, root, tmp_path)), tmp_path)
    assert str(root) in str(caught.value)
    assert "no longer the photographs and subsets" in str(caught.value)
    assert "data.split=manifest data.manifest=FILE" in str(caught.value)


def test_data_that_were_moved_are_found_when_named(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "moved")
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    judged = evaluate(settings(trained.checkpoint, data=data), tmp_path)
    assert judged["stored"] == pytest.approx(trained.metrics["test"]["stored"], abs=1e-6)


def test_other_data_are_judged_with_a_warning(
    trained: TrainResult, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = write_archive(tmp_path / "other", count=30)
    data = DataConfig(name="tiny", root=str(root), num_workers=0, cache=str(tmp_path))
    with caplog.at_level("WARNING", "crackseg"):
        judged = evaluate(settings(trained.checkpoint, data=data, subset="all"), tmp_path)
    assert judged["photographs"] == 30
    assert "photographs of its training may be among these" in caplog.text


def test_the_checkpoints_own_preprocessing_is_used(trained: TrainResult, tmp_path: Path) -> None:
    root = write_archive(tmp_path / "same")
    data = DataConfig(
        name="tiny", root=str(root), num_workers=0, cache=str(tmp_path), image_size=64
    )
    judged = evaluate(settings(trained.checkpoint, data=data), tmp_path)
    assert judged["half"] == pytest.approx(trained.metrics["test"]["half"], abs=1e-6)
