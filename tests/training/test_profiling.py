"""A profile says where the time of a training goes, and does not get in its way."""

import json
import re
from pathlib import Path

import pytest

from crackseg.config.schema import TrainConfig
from crackseg.training.watching.profiling import build_profiler
from crackseg.workflows.train import train


def test_no_name_is_no_profiler(tmp_path: Path) -> None:
    assert build_profiler(None, tmp_path) is None


def test_steps_are_traced_and_their_operations_listed_by_their_own_time(
    train_config: TrainConfig,
    tmp_path: Path,
    log: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    train_config.trainer.profiler = "pytorch"
    train(train_config, tmp_path / "run")
    folder = tmp_path / "run" / "profile"
    assert sorted(path.name for path in folder.iterdir()) == ["operations.txt", "trace.json"]
    trace = json.loads((folder / "trace.json").read_text())
    names = [event["name"] for event in trace["traceEvents"] if event.get("ph") == "X"]
    assert sum(name.endswith("Strategy.training_step") for name in names) == 4
    assert "[pl][module]torch.nn.modules.conv.Conv2d: network.head" in names
    assert "aten::convolution_backward" in names
    told = [message for message in log.messages if message.startswith("profile: ")]
    assert told == [
        f"profile: {folder / 'operations.txt'}; {folder / 'trace.json'} opens in "
        "https://ui.perfetto.dev"
    ]
    # Kineto's own messages.
    assert "profiler_start" not in capfd.readouterr().err
    table = (folder / "operations.txt").read_text()
    shares = [float(share) for share in re.findall(r"^.+?\s(\d+\.\d\d)%\s", table, re.M)]
    assert len(shares) == 40
    assert shares == sorted(shares, reverse=True)


def test_a_training_too_short_for_a_profile_says_so(
    train_config: TrainConfig, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    train_config.trainer.profiler = "pytorch"
    train_config.trainer.max_epochs = 1
    train_config.data.batch_size = 6
    train(train_config, tmp_path / "run")
    assert not (tmp_path / "run" / "profile").exists()
    assert "no profile: it begins after 4 steps, and there were fewer" in log.messages


def test_simple_times_every_stage(
    train_config: TrainConfig, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    train_config.trainer.profiler = "simple"
    train(train_config, tmp_path / "run")
    for stage in ("fit", "validate", "test"):
        (file,) = (tmp_path / "run" / "profile").glob(f"{stage}-times*.txt")
        assert "run_training_epoch" in file.read_text() or stage != "fit"
        assert f"profile: {file}" in log.messages
