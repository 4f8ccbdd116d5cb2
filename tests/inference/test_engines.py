"""Engines: the same masks from a checkpoint and from its ONNX file, and no torch for the latter."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import crackseg
from crackseg.errors import ConfigError
from crackseg.inference.engines import as_logits, open_model
from crackseg.inference.tiling import sigmoid
from crackseg.system.processes import usable_cores
from crackseg.workflows.train import TrainResult
from tests.helpers.data_sets import draw_pair

ENGINES = ["onnxruntime", "openvino"]


@pytest.mark.usefixtures("exact_floats")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("size", [(1, 1), (33, 7), (64, 64), (101, 203)])
def test_every_engine_finds_what_the_checkpoint_finds(
    trained: TrainResult, exported: Path, engine: str, size: tuple[int, int]
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    image = draw_pair(3, (max(size[0], 8), max(size[1], 8)))[0][: size[0], : size[1]]
    wanted = crackseg.load(trained.checkpoint, device="cpu").predict(image)
    found = crackseg.load(exported, engine=engine).predict(image)
    assert found.threshold == wanted.threshold
    np.testing.assert_allclose(found.probability, wanted.probability, atol=1e-4)
    assert (found.mask != wanted.mask).mean() <= 1e-4


@pytest.mark.parametrize("engine", ENGINES)
def test_the_fastest_engine_that_is_there_is_taken(
    exported: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    pytest.importorskip(engine, reason=f"needs the extra {engine}")
    there = ENGINES if engine == "openvino" else ["onnxruntime"]
    monkeypatch.setattr("crackseg.inference.engines.find_spec", lambda name: name in there)
    assert crackseg.load(exported).engine.name == engine


@pytest.mark.parametrize(
    ("of", "settings", "message"),
    [
        ("onnx", {"engine": "onnxruntme"}, "openvino, onnxruntime; did you mean onnxruntime"),
        ("onnx", {"engine": "torch"}, "engine=torch: it takes a checkpoint, not model.onnx"),
        (
            "onnx",
            {"device": "cuda"},
            "device=cuda: an ONNX file, as those in the box are, runs on the processor; leave",
        ),
        ("onnx", {"engine": "onnxrt"}, "engine=onnxrt: one of auto, torch, openvino"),
        ("ckpt", {"engine": "onnxruntime"}, "it takes an ONNX file, not best.ckpt; make one"),
    ],
)
def test_an_engine_that_does_not_fit_is_refused(
    trained: TrainResult, exported: Path, of: str, settings: dict[str, str], message: str
) -> None:
    path = exported if of == "onnx" else trained.checkpoint
    with pytest.raises(ConfigError, match=message):
        crackseg.load(path, **settings)


def test_an_engine_that_is_not_installed_is_named_with_its_extra(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crackseg.inference.engines.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"pip install 'crackseg\[openvino\]'"):
        crackseg.load(exported, engine="openvino")


def test_an_onnx_file_is_predicted_without_torch(exported: Path, tmp_path: Path) -> None:
    Image.fromarray(draw_pair(3, (40, 50))[0]).save(tmp_path / "x.png")
    program = (
        "import sys\n"
        "from crackseg.cli.main import main\n"
        "import crackseg\n"
        f"crackseg.load(r'{exported}', engine='onnxruntime')\n"
        f"code = main(['predict', r'{tmp_path / 'x.png'}', '--checkpoint', r'{exported}',\n"
        f"             '--output', r'{tmp_path / 'out'}', '--engine', 'onnxruntime'])\n"
        "heavy = {'torch', 'lightning', 'albumentations', 'matplotlib'} & set(sys.modules)\n"
        "sys.exit(code or ', '.join(heavy) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "(engine: onnxruntime)" in done.stdout
    assert (tmp_path / "out" / "x_mask.png").is_file()


def test_logits_of_probabilities_lead_back_to_them() -> None:
    probability = np.array([0, 1e-6, 0.2, 0.5, 0.999, 1], np.float32)
    logits = as_logits(probability)
    assert np.isfinite(logits).all()
    np.testing.assert_allclose(sigmoid(logits), probability, atol=2e-7)


@pytest.mark.skipif(not hasattr(signal, "SIGUSR1"), reason="Windows has no such signal")
def test_a_signal_after_two_networks_of_openvino_is_only_a_signal(exported: Path) -> None:
    """With AMX each puts up a stack for signals: the second would put back the first one's.

    On a processor without AMX this passes in any case.
    """
    pytest.importorskip("openvino", reason="needs the extra openvino")
    program = (
        "import gc, os, signal, numpy, crackseg\n"
        "signal.signal(signal.SIGUSR1, lambda *_: print('one signal'))\n"
        f"networks = [crackseg.load({str(exported)!r}, engine='openvino') for _ in range(2)]\n"
        "for network in networks: network.predict(numpy.zeros((64, 64, 3), numpy.uint8))\n"
        "del network\n"
        "del networks[0]; gc.collect(); networks.clear(); gc.collect()\n"
        "os.kill(os.getpid(), signal.SIGUSR1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "one signal\n"), done.stderr


def test_openvino_is_told_which_threads_and_floats_to_take(
    exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a processor with bfloat16 it would take that by itself."""
    openvino = pytest.importorskip("openvino", reason="needs the extra openvino")
    told: list[dict[str, object]] = []
    compile_model = openvino.Core.compile_model

    def watched(core: object, model: object, device: str, settings: dict[str, object]) -> object:
        told.append(settings)
        return compile_model(core, model, device, settings)

    monkeypatch.setattr(openvino.Core, "compile_model", watched)
    by_itself = open_model(exported, "openvino")
    exact = open_model(exported, "openvino", threads=1, float32=True)
    assert told[0]["INFERENCE_NUM_THREADS"] == usable_cores()
    assert "INFERENCE_PRECISION_HINT" not in told[0]
    assert told[1]["INFERENCE_NUM_THREADS"] == 1
    assert told[1]["INFERENCE_PRECISION_HINT"] == "f32"
    assert by_itself.precision in ("float32", "bfloat16")
    assert exact.precision == "float32"
