"""A network of 8 bits is judged on validation, and refused where it finds less."""

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import onnx
import pytest
from PIL import Image

import crackseg
from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.cli.main import main
from crackseg.config.schema import EvaluateConfig
from crackseg.errors import CrackSegError, DatasetError, DatasetNotFoundError
from crackseg.inference import quantization
from crackseg.inference.model_file import ModelInfo, read_model
from crackseg.inference.quantization import Layer, Ranges
from crackseg.inference.tiling import Pixels
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.quantization import quantized_export as module
from crackseg.workflows.quantization.quantized_export import QuantizationSettings, export_quantized
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair, write_archive

pytestmark = pytest.mark.usefixtures("one_graph")

ENOUGH = QuantizationSettings(accepted_loss=1.0)
Quantize = Callable[[onnx.ModelProto, Sequence[Layer], Ranges], onnx.ModelProto]


@pytest.fixture(scope="module")
def path(trained: TrainResult, one_graph: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quantized") / "model.onnx"
    export_quantized(trained.checkpoint, path, ENOUGH)
    return path


@pytest.fixture(scope="module")
def info(path: Path) -> ModelInfo:
    return read_model(path).info


def test_figures_before_are_those_of_the_training(trained: TrainResult, info: ModelInfo) -> None:
    made, told = info.quantization, trained.metrics["val"]["stored"]
    assert made is not None
    assert made.float_threshold == read_checkpoint(trained.checkpoint).parameters.threshold
    assert made.float_iou["all"] == pytest.approx(told["crack_iou"], abs=1e-3)


def test_figures_after_are_those_of_the_file_at_its_own_threshold(
    trained: TrainResult, info: ModelInfo
) -> None:
    made = info.quantization
    assert made is not None
    assert list(info.figures) == ["val"]
    assert info.figures["val"]["crack_iou"] == made.int8_iou["all"]
    assert made.int8_iou.keys() == made.float_iou.keys() == {"all", "CFD"}
    assert made.loss == made.float_iou["all"] - made.int8_iou["all"]
    assert "over 2 val images at 32x32 (area)" in info.protocol[0]
    assert made.calibration == "16 photographs of the training"


def test_a_network_of_a_range_is_calibrated_and_judged_at_the_scales_of_a_prediction(
    trained: TrainResult, tmp_path: Path
) -> None:
    content = read_checkpoint(trained.checkpoint).content
    content["hyper_parameters"]["preprocessing"]["scales"] = [0.4, 1.0]
    content["hyper_parameters"]["data"]["config"] |= {"crop_size": 32, "scales": [0.4, 1.0]}
    write_checkpoint(content, tmp_path / "ranged.ckpt")
    seen: list[tuple[int, ...]] = []

    def ranges(model: onnx.ModelProto, tiles: Iterable[Pixels]) -> Ranges:
        kept = list(tiles)
        seen.extend(tile.shape[2:] for tile in kept)
        return quantization.value_ranges(model, kept)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "value_ranges", ranges)
        export_quantized(tmp_path / "ranged.ckpt", tmp_path / "model.onnx", ENOUGH)
    info = read_model(tmp_path / "model.onnx").info
    config = EvaluateConfig(str(tmp_path / "ranged.ckpt"), subset="val", resolution="native")
    judged = evaluate(config, tmp_path / "judged", show=False)
    assert info.quantization is not None
    assert info.quantization.float_iou["all"] == pytest.approx(
        judged.stored.totals["crack_iou"], abs=1e-3
    )
    assert "at their own size (seen at 0.40, 0.63 and 1.00 of it)" in info.protocol[0]
    # 16 photographs of the training, one after another at each of its three scales.
    assert len(seen) == 16
    assert [len(set(seen[start::3])) for start in range(3)] == [1, 1, 1]
    assert seen[0] < seen[1] < seen[2]


def test_first_and_last_layer_are_named_as_float(info: ModelInfo) -> None:
    assert info.quantization is not None
    assert info.quantization.float_layers == ["encoder.0.layers.0", "head"]


def test_its_masks_are_nearly_those_of_the_checkpoint(trained: TrainResult, path: Path) -> None:
    photograph = draw_pair(3)[0]
    wanted = crackseg.load(trained.checkpoint, device="cpu").predict(photograph)
    found = crackseg.load(path, engine="onnxruntime").predict(photograph)
    assert abs(found.probability - wanted.probability).mean() < 0.02
    assert found.threshold == read_model(path).info.threshold


def coarse(layers: set[str]) -> Quantize:
    """A quantisation that takes what these layers read for nearly nothing."""
    true = quantization.quantize

    def spoiled(model: onnx.ModelProto, wanted: Sequence[Layer], ranges: Ranges) -> onnx.ModelProto:
        names = {name for layer in wanted if layer.name in layers for name in layer.nodes}
        read = {name for node in model.graph.node if node.name in names for name in node.input}
        wide = {name: (-1e6, 1e6) if name in read else ends for name, ends in ranges.items()}
        return true(model, wanted, wide)

    return spoiled


def spoil(patch: pytest.MonkeyPatch, layers: set[str]) -> None:
    spoiled = coarse(layers)
    for where in (quantization, module):
        patch.setattr(where, "quantize", spoiled)


def test_the_layer_that_costs_most_is_put_back_to_float(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(monkeypatch, {"decoder.1.after.layers.0"})
    limit = QuantizationSettings(accepted_loss=0.05)
    made = export_quantized(trained.checkpoint, tmp_path / "model.onnx", limit).quantization
    assert made is not None
    assert made.float_layers == ["encoder.0.layers.0", "decoder.1.after.layers.0", "head"]
    assert made.loss <= 0.05


def test_a_network_that_finds_less_is_refused_with_both_figures(
    trained: TrainResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = read_checkpoint(trained.checkpoint).network_weights
    spoil(monkeypatch, {name.removesuffix(".weight") for name in content})
    earlier = tmp_path / "model.onnx"
    earlier.write_bytes(b"an earlier one")
    arguments = ["export", str(trained.checkpoint), "--output", str(earlier), "--int8"]
    assert main(arguments) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    iou = trained.metrics["val"]["stored"]["crack_iou"]
    said = re.search(r"not written, crack IoU on val is (0\.\d{4}) ", message)
    assert said is not None, message
    assert float(said[1]) == pytest.approx(iou, abs=1e-3)
    assert "a loss of more than 0.005" in message
    assert "accept it with --accept-loss" in message
    assert earlier.read_bytes() == b"an earlier one"
    assert main([*arguments, "--accept-loss", "1"]) == 0
    assert read_model(earlier).info.quantization is not None


def test_the_command_prints_both_figures_by_source(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = tmp_path / "model.onnx", tmp_path / "mine"
    folder.mkdir()
    Image.fromarray(draw_pair(1, (90, 70))[0]).save(folder / "a.png")
    (folder / "b.png").write_bytes(b"none")
    arguments = ["export", str(trained.checkpoint), "--output", str(path), "--licence", "CC0"]
    assert main([*arguments, "--int8", "--calibrate", str(folder), "--accept-loss", "1"]) == 0
    printed = capsys.readouterr()
    made = read_model(path).info.quantization
    assert made is not None
    assert made.calibration == "1 photographs of a folder of its own"
    for figure in (made.float_iou["CFD"], made.int8_iou["CFD"]):
        assert f"{figure:.4f}" in printed.out
    assert "layers in float: encoder.0.layers.0, head" in printed.out
    assert f"{folder / 'b.png'}: " in printed.err
    assert read_model(path).info.licence == "CC0"


@pytest.mark.parametrize("kind", ["missing", "empty", "damaged"])
def test_a_folder_to_calibrate_on_that_is_of_no_use_is_named(
    trained: TrainResult, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "photographs"
    if kind != "missing":
        folder.mkdir()
    if kind == "damaged":
        (folder / "a.png").write_bytes(b"none")
    settings = QuantizationSettings(calibrate=folder)
    with pytest.raises(DatasetNotFoundError, match=f"--calibrate {folder}: (there is )?no "):
        export_quantized(trained.checkpoint, tmp_path / "model.onnx", settings)
    assert not (tmp_path / "model.onnx").exists()


def test_what_is_missing_is_said_before_the_work_begins(
    trained: TrainResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[object] = []
    monkeypatch.setattr(module, "exported", lambda *arguments: begun.append(arguments))
    for settings, output in (
        (QuantizationSettings(calibrate=tmp_path / "none"), "model.onnx"),
        (QuantizationSettings(roots=[tmp_path]), "model.onnx"),
        (ENOUGH, "model.pt"),
    ):
        with pytest.raises(CrackSegError):
            export_quantized(trained.checkpoint, tmp_path / output, settings)
    assert begun == []


def test_photographs_that_were_moved_are_asked_for_and_found_by_root(
    trained: TrainResult, tmp_path: Path
) -> None:
    other = write_archive(tmp_path / "other", count=12)
    settings = QuantizationSettings(accepted_loss=1.0, roots=[other])
    with pytest.raises(DatasetError, match="say with --root where they stand now") as caught:
        export_quantized(trained.checkpoint, tmp_path / "model.onnx", settings)
    assert "int8 needs them to choose its threshold" in str(caught.value)
    root = Path(read_checkpoint(trained.checkpoint).parameters.data.root)
    moved = Path(shutil.copytree(root, tmp_path / "moved"))
    settings = QuantizationSettings(accepted_loss=1.0, roots=[moved])
    assert export_quantized(trained.checkpoint, tmp_path / "model.onnx", settings).quantization


@pytest.mark.parametrize("loss", [-0.1, 1.5, float("nan")])
def test_a_loss_that_is_no_share_is_refused(
    trained: TrainResult, tmp_path: Path, loss: float
) -> None:
    with pytest.raises(CrackSegError, match=f"--accept-loss {loss}: a crack IoU between 0 and 1"):
        export_quantized(
            trained.checkpoint, tmp_path / "model.onnx", QuantizationSettings(accepted_loss=loss)
        )


@pytest.mark.parametrize(
    "options", [["--calibrate", "x"], ["--accept-loss", "0.1"], ["--root", "x"]]
)
def test_options_of_int8_need_it(
    trained: TrainResult, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    path = tmp_path / "model.onnx"
    assert main(["export", str(trained.checkpoint), "--output", str(path), *options]) == 2
    assert f"{options[0]}: only with --int8" in capsys.readouterr().err
    assert not path.exists()
