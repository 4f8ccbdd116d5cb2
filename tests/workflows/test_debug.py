"""What ``debug=`` promises; whole trainings in processes of their own."""

import json
from pathlib import Path

import pytest

from crackseg.config.validation import check_train_config
from tests.helpers.commands import run
from tests.helpers.settings import composed


@pytest.mark.parametrize("name", ["smoke", "overfit", "profile"])
@pytest.mark.parametrize(
    "choices",
    [
        [],
        ["data=crackseg9k"],
        ["model=unet_paper", "loss=dice"],
        ["model=unet_pretrained"],
        ["experiment=best_small"],
    ],
)
def test_a_debugging_run_keeps_the_chosen_data_network_and_loss(
    name: str, choices: list[str]
) -> None:
    given, plain = composed(f"debug={name}", *choices), composed(*choices)
    check_train_config(given)
    assert (given.data.name, given.data.root) == (plain.data.name, plain.data.root)
    assert (given.data.count is None) == (plain.data.count is None)
    assert given.model.name == plain.model.name
    assert given.loss == plain.loss


def test_settings_beside_debug_count() -> None:
    config = composed("debug=smoke", "data.count=50", "data.image_size=32")
    assert (config.data.count, config.data.image_size) == (50, 32)


@pytest.mark.slow
def test_smoke_goes_the_whole_road(tmp_path: Path) -> None:
    done = run("train.py", "debug=smoke", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "metrics.json").read_text())["epochs"] == 2
    assert (tmp_path / "figures" / "predictions.png").is_file()


@pytest.mark.slow
def test_overfit_learns_a_batch_by_heart(tmp_path: Path) -> None:
    done = run("train.py", "debug=overfit", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "one batch to be learned by heart" in done.stderr
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    for stage in ("val", "test"):
        assert metrics[stage]["stored"]["crack_iou"] > 0.95


@pytest.mark.slow
def test_profile_leaves_a_trace_and_a_table(tmp_path: Path) -> None:
    done = run("train.py", "debug=profile", "data.count=100", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    trace = tmp_path / "profile" / "trace.json"
    assert 1e5 < trace.stat().st_size < 50e6
    assert f"profile: {trace.with_name('operations.txt')}; {trace} opens in" in done.stderr
