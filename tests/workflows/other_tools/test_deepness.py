"""The command that writes a checkpoint for the plugin Deepness of QGIS."""

from pathlib import Path

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.cli.main import main
from crackseg.errors import CheckpointError, CrackSegError
from crackseg.inference.model_file import read_model
from crackseg.workflows.other_tools import deepness as module
from crackseg.workflows.other_tools.deepness import write_for_deepness
from crackseg.workflows.train import TrainResult
from tests.helpers.deepness import Deepness


def test_the_command_writes_what_the_plugin_reads(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "deepness.onnx"
    asked = ["export", str(trained.checkpoint), "--output", str(path), "--for", "deepness"]
    assert main([*asked, "--licence", "CC0"]) == 0
    plugin = Deepness(path)
    assert f"in tiles of {plugin.side} x {plugin.side} pixels" in capsys.readouterr().out
    threshold = read_checkpoint(trained.checkpoint).parameters.threshold
    assert (plugin.told["seg_thresh"], plugin.told["licence"]) == (threshold, "CC0")
    assert "resolution" not in plugin.told
    with pytest.raises(CheckpointError, match="not one that crackseg export wrote without --for"):
        read_model(path)


def test_an_onnx_file_has_the_network_and_the_figures_of_its_checkpoint(
    trained: TrainResult, exported: Path
) -> None:
    """Of networks that come with crackseg there is nothing else."""
    image = torch.rand(1, 3, 40, 52)
    (network, info), (other, of_file) = (
        module._opened(path, None) for path in (trained.checkpoint, exported)
    )
    assert of_file == info
    assert module._opened(exported, "mine")[1].licence == "mine"
    with torch.inference_mode():
        torch.testing.assert_close(other.eval()(image), network.eval()(image), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("difference", [0.1, float("nan")])
def test_a_network_that_comes_out_otherwise_is_refused(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, difference: float
) -> None:
    monkeypatch.setattr(module, "export_for_deepness", lambda *arguments: None)
    monkeypatch.setattr(module, "_difference", lambda *arguments: difference)
    with pytest.raises(CrackSegError, match="cannot be exported, as a file for Deepness its prob"):
        write_for_deepness(trained.checkpoint, tmp_path / "deepness.onnx")
    assert list(tmp_path.iterdir()) == []


def test_tiles_that_no_memory_holds_are_refused(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LARGEST_SIDE", 100)
    message = (
        r"best\.ckpt: sees 0\.5 training .* tiles \d{3} pixels wide, and 100 are the most; train"
    )
    with pytest.raises(CrackSegError, match=message):
        write_for_deepness(trained.checkpoint, tmp_path / "deepness.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (
            "--output a.pt --for deepness",
            "a.pt: a .onnx file; name it a.onnx",
        ),
        ("--output a.onnx --for deepness --resolution 0", "--resolution 0.0: centimetres a pixel"),
        ("--output a.onnx --for deepness --resolution nan", "--resolution nan: centimetres a"),
        ("--for deepness", "give --output MODEL.onnx"),
        ("--output a.onnx --runtime a.tgz", "--runtime belongs to --html"),
        ("--output a.onnx --resolution 1", "--resolution belongs to --for deepness"),
        ("--output a.onnx --html a.html --for deepness", "--for and --html are two commands"),
        ("", "give --output MODEL.onnx, --html PAGE.html, or both"),
    ],
)
def test_what_does_not_go_together_is_refused(
    asked: str, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "best.ckpt", *asked.split()]) == 2
    assert fault in capsys.readouterr().err
