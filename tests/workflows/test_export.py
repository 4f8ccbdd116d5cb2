"""A checkpoint becomes one ONNX file with all that belongs to its figures."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

import crackseg
from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.cli.main import main
from crackseg.errors import CheckpointError, CrackSegError
from crackseg.inference.model_file import ModelInfo, read_model
from crackseg.system.files import write_text
from crackseg.workflows import export as module
from crackseg.workflows.export import UNSTATED, export
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

pytestmark = pytest.mark.usefixtures("one_graph")


@pytest.fixture
def run(trained: TrainResult, tmp_path: Path) -> Path:
    """A run as the program leaves it, with its record."""
    folder = Path(shutil.copytree(trained.checkpoint.parent, tmp_path / "run"))
    record = {
        "state": "done", "error": None, "overrides": [], "varied": [], "resumed": [],
        "started": "2026-03-04T05:00:00+00:00", "finished": "2026-03-04T06:00:00+00:00",
    }  # fmt: skip
    write_text(folder / "run.json", json.dumps(record))
    return folder


def info_of(checkpoint: Path, folder: Path) -> ModelInfo:
    export(checkpoint, folder / "model.onnx")
    return read_model(folder / "model.onnx").info


def test_the_file_tells_what_the_checkpoint_tells(
    trained: TrainResult, run: Path, tmp_path: Path
) -> None:
    info, parameters = info_of(run / "best.ckpt", tmp_path), read_checkpoint(run / "best.ckpt")
    told = parameters.parameters
    assert (info.threshold, info.scale) == (told.threshold, told.scale)
    assert (info.network, info.data.name) == ("unet", "tiny")
    assert info.preprocessing == told.preprocessing
    assert (info.data.manifest_hash, info.data.counts, info.data.leaks) == (
        told.data.manifest_hash,
        told.data.counts,
        told.data.leaks,
    )
    assert info.leak_line.startswith("no leak")
    assert info.licence == UNSTATED
    assert info.figures["val"] == {
        name: value for name, value in trained.metrics["val"]["stored"].items() if name != "loss"
    }
    assert "masks cut at >127, split random, float32" in info.protocol[0]


def test_figures_say_at_which_scales_they_were_measured(run: Path, tmp_path: Path) -> None:
    assert "at 32x32 (area) and the" in info_of(run / "best.ckpt", tmp_path).protocol[0]
    metrics = json.loads((run / "metrics.json").read_text())
    write_text(run / "metrics.json", json.dumps({**metrics, "scales": [0.4, 0.63, 1.0]}))
    info = info_of(run / "best.ckpt", tmp_path)
    assert "at their own size (seen at 0.40, 0.63 and 1.00 of it) and the" in info.protocol[0]


def test_no_folder_of_this_machine_leaves_it(
    trained: TrainResult, archive: Path, tmp_path: Path
) -> None:
    best = read_checkpoint(trained.checkpoint)
    here = str(tmp_path / "secret")
    places = {"root": {"walls": here}, "manifest": here, "exclude": here, "origins": here}
    config = {**best.parameters.data.config, **places, "cache": here}
    data = replace(best.parameters.data, root=here, config=config)
    parameters = replace(best.parameters, data=data).as_dict()
    write_checkpoint({**best.content, "hyper_parameters": parameters}, tmp_path / "a.ckpt")
    kept = info_of(tmp_path / "a.ckpt", tmp_path).data
    assert (kept.root, kept.config["root"]) == ("unnamed", {"walls": "unnamed"})
    assert kept.config["cache"] == "outputs/cache"
    content = (tmp_path / "model.onnx").read_bytes()
    assert b"secret" not in content
    export(trained.checkpoint, tmp_path / "model.onnx")
    content = (tmp_path / "model.onnx").read_bytes()
    assert str(tmp_path).encode() not in content
    assert str(archive).encode() not in content


def test_settings_of_data_of_another_form_are_refused(trained: TrainResult, tmp_path: Path) -> None:
    best = read_checkpoint(trained.checkpoint)
    data = replace(best.parameters.data, config={"rot": "x"})
    parameters = replace(best.parameters, data=data).as_dict()
    write_checkpoint({**best.content, "hyper_parameters": parameters}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match=r"refused, data\.config: .*rot"):
        export(tmp_path / "a.ckpt", tmp_path / "model.onnx")


def test_figures_of_another_checkpoint_are_left_out(run: Path, tmp_path: Path) -> None:
    best = read_checkpoint(run / "best.ckpt")
    other = best.with_threshold(0.97 if best.parameters.threshold != 0.97 else 0.03)
    write_checkpoint(other.content, run / "best.ckpt")
    info = info_of(run / "best.ckpt", tmp_path)
    assert (info.figures, info.protocol) == ({}, [])


def test_a_checkpoint_without_its_run_has_no_figures(trained: TrainResult, tmp_path: Path) -> None:
    shutil.copy(trained.checkpoint, tmp_path / "alone.ckpt")
    assert info_of(tmp_path / "alone.ckpt", tmp_path).figures == {}


def test_leaks_of_another_form_are_refused(trained: TrainResult, tmp_path: Path) -> None:
    best = read_checkpoint(trained.checkpoint)
    data = replace(best.parameters.data, leaks={"val": 3})
    parameters = replace(best.parameters, data=data).as_dict()
    write_checkpoint({**best.content, "hyper_parameters": parameters}, tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match=r"refused, data\.leaks: not what a training writes"):
        export(tmp_path / "a.ckpt", tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


@pytest.mark.parametrize("difference", [0.1, float("nan")])
def test_a_network_that_comes_out_otherwise_leaves_the_earlier_file(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, difference: float
) -> None:
    earlier = tmp_path / "model.onnx"
    earlier.write_bytes(b"an earlier one")
    monkeypatch.setattr(module, "largest_difference", lambda *arguments: difference)
    with pytest.raises(CrackSegError, match="cannot be exported, as an ONNX file its probabilit"):
        export(trained.checkpoint, earlier)
    assert earlier.read_bytes() == b"an earlier one"


def test_the_command_says_how_near_the_file_is(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.onnx"
    arguments = ["export", str(trained.checkpoint), "--output", str(path), "--licence", "CC0"]
    assert main(arguments) == 0
    assert f"{path}: its probabilities are those of the checkpoint to " in capsys.readouterr().out
    assert read_model(path).info.licence == "CC0"


def test_weights_in_16_bits_are_half_of_the_file_and_the_same_network(
    exported: Path, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "half.onnx"
    assert main(["export", str(run / "best.ckpt"), "--output", str(path), "--float16"]) == 0
    assert "probabilities are those of the checkpoint to" in capsys.readouterr().out
    weights = [onnx.load(one).graph.initializer for one in (exported, path)]
    whole, half = (sum(len(one.raw_data) for one in tensors) for tensors in weights)
    assert half < 0.6 * whole
    info = read_model(path).info
    assert info.protocol[-1] == "weights rounded to float16 after these figures were measured"
    photograph = draw_pair(1, (40, 60))[0]
    one, other = (crackseg.load(file).predict(photograph) for file in (exported, path))
    assert np.abs(one.probability - other.probability).max() < 5e-3


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (["--int8"], "--int8 and --float16 are two networks"),
        (["--for", "deepness"], "--for and --float16 do not go together"),
    ],
)
def test_16_bits_do_not_go_with_another_form(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], fault: str
) -> None:
    output = ["--output", str(tmp_path / "model.onnx")]
    assert main(["export", "best.ckpt", *output, "--float16", *options]) == 2
    assert capsys.readouterr().err == f"error: crackseg export: {fault}\n"


def test_another_suffix_is_refused(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", str(trained.checkpoint), "--output", str(tmp_path / "model.pt")]
    assert main(arguments) == 2
    assert "a .onnx file; name it " in capsys.readouterr().err
