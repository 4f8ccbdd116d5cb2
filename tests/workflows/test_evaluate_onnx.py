"""An ONNX file is judged as its checkpoint is, and its figures say what computed them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from crackseg.config.schema import EvaluateConfig
from crackseg.errors import (
    CheckpointError,
    ConfigError,
    CrackSegError,
    DatasetNotFoundError,
)
from crackseg.evaluation.results import Evaluation
from crackseg.workflows.evaluate import evaluate
from crackseg.workflows.train import TrainResult
from tests.helpers.commands import run

pytestmark = pytest.mark.usefixtures("blank_plots")

ENGINES = ["onnxruntime", "openvino"]
COUNTS = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def settings(network: Path, **others: object) -> EvaluateConfig:
    return EvaluateConfig(checkpoint=str(network), **others)  # type: ignore[arg-type]


def changed(exported: Path, folder: Path, change: Callable[[onnx.ModelProto], None]) -> Path:
    model = onnx.load(exported)
    change(model)
    onnx.save(model, folder / "changed.onnx")
    return folder / "changed.onnx"


def with_data(**config: object) -> Callable[[onnx.ModelProto], None]:
    """Changes settings of the data that a file names."""

    def change(model: onnx.ModelProto) -> None:
        entry = next(one for one in model.metadata_props if one.key == "crackseg")
        values = json.loads(entry.value)
        values["data"]["config"] |= config
        entry.value = json.dumps(values)

    return change


def with_huge_weights(model: onnx.ModelProto) -> None:
    for weights in model.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT and len(weights.dims) == 4:
            values = np.full(tuple(weights.dims), 3e38, np.float32)
            # The sum of what is infinite to both sides is no number.
            values[::2] *= -1
            weights.CopyFrom(numpy_helper.from_array(values, weights.name))


def with_whole_numbers(model: onnx.ModelProto) -> None:
    """As int8 has them, but for the last values alone."""
    last = next(node for node in model.graph.node if "probability" in node.output)
    last.output[0] = "exact"
    steps = [numpy_helper.from_array(np.array(1 / 255, np.float32), "step")]
    steps += [numpy_helper.from_array(np.array(0, np.uint8), "zero")]
    model.graph.initializer.extend(steps)
    model.graph.node.extend(
        [
            helper.make_node("QuantizeLinear", ["exact", "step", "zero"], ["whole"]),
            helper.make_node("DequantizeLinear", ["whole", "step", "zero"], ["probability"]),
        ]
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("resolution", ["training", "native"])
def test_every_engine_has_the_figures_of_the_checkpoint(
    trained: TrainResult,
    exported: Path,
    archive: Path,
    tmp_path: Path,
    engine: str,
    resolution: str,
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    common = {"subset": "all", "resolution": resolution}
    wanted = evaluate(settings(trained.checkpoint, **common), tmp_path / "torch", show=False)
    given = settings(exported, engine=engine, root=str(archive), **common)
    found = evaluate(given, tmp_path / engine, show=False)
    for name in ("crack_iou", "precision", "recall"):
        assert found.stored.totals[name] == pytest.approx(wanted.stored.totals[name], abs=1e-4)
        assert found.half.totals[name] == pytest.approx(wanted.half.totals[name], abs=1e-4)
    ours, theirs = (counts(tmp_path / one) for one in (engine, "torch"))
    assert np.abs(ours - theirs).sum() <= 1e-4 * theirs.sum()
    assert theirs.sum() == 20 * (32 if resolution == "training" else 64) ** 2
    assert (found.leak_line, found.manifest_hash) == (wanted.leak_line, wanted.manifest_hash)
    assert (wanted.engine, wanted.precision) == ("torch", "float32")
    assert (found.engine, found.precision) == (engine, "float32")
    assert "split random, float32, no tolerance" in wanted.protocol[0]
    assert f"split random, float32 by {engine}, no tolerance" in found.protocol[0]
    assert found.protocol[1:] == wanted.protocol[1:]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_looks_at_several_scales_alike(
    trained: TrainResult, exported: Path, archive: Path, tmp_path: Path, engine: str
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    common = {"subset": "all", "resolution": "native", "scale": [0.4, 1.0], "root": str(archive)}
    wanted = evaluate(settings(trained.checkpoint, **common), tmp_path / "torch", show=False)
    found = evaluate(settings(exported, engine=engine, **common), tmp_path / engine, show=False)
    ours, theirs = (counts(tmp_path / one) for one in (engine, "torch"))
    assert np.abs(ours - theirs).sum() <= 1e-4 * theirs.sum()
    assert theirs.sum() == 20 * 64**2
    assert (wanted.engine, found.engine) == ("torch", engine)
    assert found.scales == wanted.scales == (0.4, 1.0)


def counts(folder: Path) -> np.ndarray:
    header, *rows = (folder / "images.csv").read_text().splitlines()
    places = [header.split(",").index(name) for name in COUNTS]
    return np.array([[int(row.split(",")[place]) for place in places] for row in rows])


def test_the_table_and_the_file_say_what_computed_them(
    exported: Path, archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(settings(exported, engine="onnxruntime", root=str(archive)), tmp_path)
    assert "float32 by onnxruntime" in capsys.readouterr().out
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert (written["engine"], written["precision"]) == ("onnxruntime", "float32")
    assert Evaluation.from_json((tmp_path / "metrics.json").read_bytes()).engine == "onnxruntime"
    # As versions wrote it that had no engine but torch.
    del written["engine"], written["precision"]
    assert Evaluation.from_json(json.dumps(written)).engine == "torch"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_quantised_network_is_said_to_be_one(
    exported: Path, archive: Path, tmp_path: Path, engine: str
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    quantised = changed(exported, tmp_path, with_whole_numbers)
    given = settings(quantised, engine=engine, root=str(archive))
    found = evaluate(given, tmp_path, show=False)
    assert found.precision == "int8"
    assert f"split random, int8 by {engine}, no tolerance" in found.protocol[0]


def test_the_program_takes_an_onnx_file(exported: Path, archive: Path, tmp_path: Path) -> None:
    given = (f"checkpoint={exported}", "engine=onnxruntime", f"root={archive}")
    done = run("evaluate.py", *given, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "float32 by onnxruntime" in done.stdout


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({}, "it does not say where its photographs stand; say it with root=FOLDER, or judge oth"),
        (
            {"root": {"uav": "unnamed", "walls": "unnamed"}},
            r"say it with root=\[FOLDER,FOLDER\] \(of uav, walls\), or judge others with data=fol",
        ),
        (
            {"split": "manifest", "manifest": "unnamed", "origins": "unnamed"},
            r"chosen by files that it does not hold \(data.manifest, data.origins\); give all of i"
            "t anew with data=folder data.root=FOLDER data.split=manifest data.manifest=FILE data.",
        ),
    ],
)
def test_photographs_whose_places_the_file_does_not_tell_are_asked_for(
    exported: Path, tmp_path: Path, config: dict[str, object], message: str
) -> None:
    asking = changed(exported, tmp_path, with_data(**config))
    with pytest.raises(DatasetNotFoundError, match=message):
        evaluate(settings(asking), tmp_path)


def test_photographs_that_were_moved_are_found_when_named(
    exported: Path, archive: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(archive, tmp_path / "moved"))
    gone = changed(exported, tmp_path, with_data(root=str(tmp_path / "gone")))
    with pytest.raises(CrackSegError, match="gone: the photographs that the checkpoint"):
        evaluate(settings(gone), tmp_path)
    judged = evaluate(settings(gone, root=str(moved)), tmp_path, show=False)
    assert judged.leak_line.startswith("no leak: none of 2 val and 2 test items")


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        (
            "onnxruntme",
            "engine=onnxruntme: .* openvino, onnxruntime; did you mean onnxruntime",
        ),
        ("torch", "engine=torch: it takes a checkpoint, not model.onnx"),
    ],
)
def test_an_engine_that_does_not_fit_is_refused(
    exported: Path, tmp_path: Path, engine: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        evaluate(settings(exported, engine=engine), tmp_path)


def test_a_checkpoint_is_for_torch_alone(trained: TrainResult, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"it takes an ONNX file, not best\.ckpt; make one with"):
        evaluate(settings(trained.checkpoint, engine="onnxruntime"), tmp_path)
    named = evaluate(settings(trained.checkpoint, engine="torch"), tmp_path, show=False)
    assert named.protocol[0].endswith("float32, no tolerance")


def test_an_accelerator_is_refused_with_what_takes_one(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crackseg.workflows.evaluate.check_machine", lambda trainer: None)
    config = settings(exported)
    config.trainer.accelerator = "gpu"
    with pytest.raises(ConfigError, match=r"trainer.accelerator=gpu: an ONNX file runs on the pro"):
        evaluate(config, tmp_path)


def test_a_file_whose_data_are_no_settings_is_refused(exported: Path, tmp_path: Path) -> None:
    hostile = changed(exported, tmp_path, with_data(image_size=-5))
    with pytest.raises(CheckpointError, match=r"changed.onnx: refused, data.config: .*image_size"):
        evaluate(settings(hostile), tmp_path)


def test_a_network_that_gives_no_number_is_refused(
    exported: Path, archive: Path, tmp_path: Path
) -> None:
    broken = changed(exported, tmp_path, with_huge_weights)
    with pytest.raises(CheckpointError, match="what the network says is no number"):
        evaluate(settings(broken, engine="onnxruntime", root=str(archive)), tmp_path)
