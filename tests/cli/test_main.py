"""The console script's face."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from crackseg.cli.main import main


def test_help_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert "predict" in out
    assert "runs" in out


HEAVY = {
    *("albumentations", "cv2", "hydra", "imagehash", "jinja2", "lightning", "matplotlib", "numpy"),
    *("onnx", "onnxruntime", "openvino", "requests", "rich", "scipy", "skimage", "torch"),
}


@pytest.mark.parametrize(
    ("command", "word"),
    [
        ("", "predict"),
        ("predict", "--overwrite"),
        ("models", "--card NAME"),
        ("export", "--licence"),
        ("export", "--html PAGE.html"),
        ("report", "--baseline"),
        ("runs", "DIR"),
        ("data", "leaks"),
        ("data leaks", "manifest"),
        ("data verify", "--exclude FILE"),
        ("data explore", "--image-size"),
        ("data download", "--version"),
        ("data draw", "--crack-free"),
    ],
)
def test_help_does_not_wait_for_heavy_imports(command: str, word: str) -> None:
    code = (
        "import sys; from crackseg.cli.main import main\n"
        f"try: main({[*command.split(), '--help']})\n"
        f"except SystemExit: print(*{HEAVY} & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "\n")
    assert word in done.stdout


def test_no_command_is_exit_code_2() -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2


def test_runs_of_a_missing_folder_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", str(tmp_path / "none")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: {tmp_path / 'none'}: there is no such folder; ")
    assert said.err.count("\n") == 1


def test_runs_of_an_empty_folder_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["runs", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path}: no runs here yet; python train.py makes one\n"


def test_runs_lists_outputs_where_no_folder_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    record = {"state": "interrupted", "error": None, "overrides": [], "varied": []}
    record |= {"started": "2026-03-04T05:06:07+00:00", "finished": None}
    folder = tmp_path / "outputs" / "runs" / "one"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "last.ckpt").touch()
    monkeypatch.chdir(tmp_path)
    assert main(["runs"]) == 0
    _, line, remark = capsys.readouterr().out.splitlines()
    assert line.split()[:2] == ["runs/one", "interrupted"]
    assert remark == "  go on: python train.py resume=outputs/runs/one"
