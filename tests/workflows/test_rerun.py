"""A run that is trained again is the same to the bit, and what is not is said."""

import json
import shutil
from pathlib import Path

import pytest

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.cli.main import main
from crackseg.config.schema import TrainConfig, read_config, write_config
from crackseg.errors import ConfigError, DatasetError
from crackseg.runs.comparing import Difference, compare_runs
from crackseg.runs.record import recording
from crackseg.workflows.rerun import rerun, usual_output
from crackseg.workflows.train import train
from tests.helpers.data_sets import IMAGES
from tests.helpers.settings import small_config


def trained_run(config: TrainConfig, folder: Path) -> Path:
    with recording(folder, ["seed=0"]):
        write_config(config, folder / "config.yaml")
        train(config, folder)
    return folder


@pytest.fixture(scope="module")
def photographs(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(archive, tmp_path_factory.mktemp("photographs") / "archive"))


@pytest.fixture(scope="module")
def run(photographs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    config = small_config(photographs, folder / "cache")
    config.trainer.max_epochs = 2
    config.data.num_workers = 1
    return trained_run(config, folder / "run")


@pytest.fixture(scope="module")
def again(run: Path) -> Path:
    output = run.with_name("run_again")
    assert main(["rerun", str(run)]) == 0
    return output


def test_a_run_again_is_the_same_to_the_bit(
    run: Path, again: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = compare_runs(run, again)
    assert found.differences == ()
    assert found.weights == 0
    assert found.is_same
    # Named again it is compared, and not trained.
    before = (again / "best.ckpt").stat().st_mtime_ns
    assert main(["rerun", str(run)]) == 0
    assert (again / "best.ckpt").stat().st_mtime_ns == before
    said = capsys.readouterr().out
    assert "versions, code, machine and figures are the same" in said
    assert f"{again}: to the bit, the same network as {run}" in said


def test_what_differs_is_named(
    run: Path, again: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Path(shutil.copytree(again, tmp_path / "other"))
    checkpoint = read_checkpoint(other / "best.ckpt")
    weights = checkpoint.content["state_dict"]
    weights["network.head.bias"] = weights["network.head.bias"] + 0.25
    write_checkpoint(checkpoint.content, other / "best.ckpt")
    metrics = json.loads((other / "metrics.json").read_text())
    metrics["threshold"], metrics["training_seconds"] = 0.77, 9e9
    (other / "metrics.json").write_text(json.dumps(metrics))
    record = json.loads((other / "run.json").read_text())
    record["machine"]["cores"], record["machine"]["host"] = 99, "elsewhere"
    (other / "run.json").write_text(json.dumps(record))
    packages = (other / "packages.txt").read_text().replace("numpy==", "numpy==0.0.")
    (other / "packages.txt").write_text(packages + "new==1\n")
    found = compare_runs(run, other)
    assert not found.is_same
    assert found.weights == pytest.approx(0.25)
    named = {(one.kind, one.name) for one in found.differences}
    assert named == {
        ("package", "numpy"),
        ("package", "new"),
        ("machine", "cores"),
        ("figure", "threshold"),
    }
    assert Difference("package", "new", None, "1") in found.differences
    assert main(["rerun", str(run), "--output", str(other)]) == 1
    said = capsys.readouterr().out
    assert "the largest difference is 0.25" in said
    assert f"{other}: not the same network as {run}" in said


def test_other_versions_alone_leave_a_network_the_same(
    run: Path, again: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(again, tmp_path / "other"))
    (other / "packages.txt").write_text("numpy==0\n")
    found = compare_runs(run, other)
    assert found.differences
    assert found.is_same


def test_a_job_of_a_sweep_is_not_trained_again_among_its_jobs(tmp_path: Path) -> None:
    assert usual_output(tmp_path / "runs" / "a") == tmp_path / "runs" / "a_again"
    sweep = tmp_path / "sweeps" / "today"
    sweep.mkdir(parents=True)
    (sweep / "multirun.yaml").touch()
    assert usual_output(sweep / "lr=1") == tmp_path / "sweeps" / "today_lr=1_again"


@pytest.mark.slow
def test_as_many_threads_as_the_run_had(run: Path, tmp_path: Path) -> None:
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["threads"] >= 1
    before = Path(shutil.copytree(run, tmp_path / "before"))
    (before / "metrics.json").write_text(json.dumps({**metrics, "threads": 3}))
    rerun(before, tmp_path / "now")
    assert json.loads((tmp_path / "now" / "metrics.json").read_text())["threads"] == 3
    # They are no setting of the run.
    assert (tmp_path / "now" / "config.yaml").read_text() == (run / "config.yaml").read_text()


def test_what_cannot_be_repeated_is_said(run: Path, again: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no run is in it"):
        rerun(tmp_path, tmp_path / "new")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    with pytest.raises(ConfigError, match="it is not empty; name another folder with --output"):
        rerun(run, tmp_path / "full")
    broken = Path(shutil.copytree(again, tmp_path / "broken"))
    record = json.loads((broken / "run.json").read_text())
    (broken / "run.json").write_text(json.dumps({**record, "state": "interrupted"}))
    with pytest.raises(ConfigError, match="this run is interrupted, and only finished ones"):
        rerun(broken, tmp_path / "new")
    with pytest.raises(ConfigError, match=r"python train\.py resume=.*and type this command again"):
        rerun(run, broken)


def test_photographs_that_changed_are_not_trained_on(
    run: Path, photographs: Path, tmp_path: Path
) -> None:
    """Last of all, as a photograph is taken away."""
    gone = sorted((photographs / IMAGES).iterdir())[0]
    moved = gone.rename(tmp_path / gone.name)
    try:
        with pytest.raises(DatasetError, match=r"\(1 are gone, 0 are new"):
            rerun(run, tmp_path / "new")
    finally:
        moved.rename(gone)
    assert not (tmp_path / "new").exists()


def test_a_run_is_compared_with_no_other_run_nor_with_itself(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be called the same to the bit."""
    assert main(["rerun", str(run), "--output", str(run)]) == 2
    assert "it is the run itself; name another folder" in capsys.readouterr().err
    other = shutil.copytree(run, tmp_path / "other")
    config = read_config(other / "config.yaml")
    config.optimizer.lr = 0.5
    write_config(config, other / "config.yaml")
    assert main(["rerun", str(run), "--output", str(other)]) == 2
    said = capsys.readouterr().err
    assert "the run in it is another one (optimizer.lr=0.5, there 0.001)" in said
