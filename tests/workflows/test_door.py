"""The command lines themselves, in processes of their own."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(script: str, *overrides: str, folder: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(ROOT / script), f"hydra.run.dir={folder}", *overrides]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["optimizer.lrr=1"],
            "error: optimizer.lrr: there is no such setting in optimizer; did you mean lr? "
            "known: lr, weight_decay",
        ),
        (
            ["loss=weigthed_bce"],
            "error: loss=weigthed_bce: there is no such choice; did you mean weighted_bce? "
            "known: bce, bce_dice, dice, weighted_bce, weighted_bce_reduced",
        ),
        (
            ["trainer.max_epochs=abc"],
            "error: trainer.max_epochs: "
            "Value 'abc' of type 'str' could not be converted to Integer",
        ),
        (["model.dropout=1.5"], "error: model.dropout=1.5: at least 0 and below 1"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(
    overrides: list[str], message: str, tmp_path: Path
) -> None:
    done = run("train.py", *overrides, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == message
    assert "Traceback" not in done.stderr


def test_a_missing_root_is_named_with_what_to_do(tmp_path: Path) -> None:
    done = run("train.py", "data=crackseg9k", "data.root=nowhere", folder=tmp_path)
    assert done.returncode == 2
    assert "error: nowhere: no data set here (there is no such folder)" in done.stderr
    assert "data=synthetic" in done.stderr


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["checkpoint=none.ckpt"], "error: none.ckpt: there is no such file"),
        (["checkpoint=x", "subset=dev"], "error: subset=dev: one of train, val, test, all"),
        (
            ["checkpoint=x", "data=crackseg9k", "data.image_size=64"],
            "error: data.image_size=64: cannot be set here, it is the checkpoint's own",
        ),
        (
            ["checkpoint=x", "trainer.precision=bf16-mixed"],
            "cannot be set here, figures are computed in float32",
        ),
        ([], "error: checkpoint: missing; give checkpoint=VALUE"),
    ],
)
def test_evaluate_says_what_is_wrong(overrides: list[str], message: str, tmp_path: Path) -> None:
    done = run("evaluate.py", *overrides, folder=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
