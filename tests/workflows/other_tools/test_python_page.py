"""The code on the pages in ``docs/tools`` runs."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from PIL import Image

from crackseg.inference.model_file import write_model
from crackseg.inference.predictor import Predictor
from tests.helpers.networks import small_graph
from tests.inference.test_model_file import INFO

PAGES = Path(__file__).parents[3] / "docs" / "tools"
BLOCKS = re.findall(
    r"```python\n(.*?)```", (PAGES / "onnx-python.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.fixture(scope="module")
def graph() -> onnx.ModelProto:
    torch.manual_seed(0)
    return small_graph("unet")


@pytest.mark.parametrize("scales", [None, (0.4, 1.25)], ids=["one", "range"])
@pytest.mark.parametrize("code", BLOCKS, ids=["onnxruntime", "openvino"])
def test_ten_lines_without_crackseg_give_its_mask(
    code: str,
    scales: tuple[float, float] | None,
    graph: onnx.ModelProto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for library in re.findall(r"^import .*, (\w+)$", code, re.M):
        pytest.importorskip(library)
    assert "crackseg" not in code
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    Image.fromarray(noise).resize((401, 302)).save("wall.jpg")
    info = replace(INFO, scales=scales)
    write_model(graph, info, Path("model.onnx"))
    probability = Predictor.from_checkpoint("model.onnx").predict("wall.jpg").probability
    threshold = round(float(np.median(probability)), 5)
    write_model(graph, replace(info, threshold=threshold), Path("model.onnx"))
    exec(code, {})
    found, wanted = np.asarray(Image.open("mask.png")) == 255, probability > threshold
    assert 0.2 < wanted.mean() < 0.8
    assert (found & wanted).sum() / (found | wanted).sum() > 0.98
