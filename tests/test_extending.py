"""The examples of ``docs/extending.md`` work as they stand there."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from omegaconf import OmegaConf

from crackseg import losses
from crackseg.config.schema import model_config
from crackseg.data.annotations import reader
from crackseg.inference.graphs.export import export_network
from crackseg.inference.graphs.features import with_features
from crackseg.inference.graphs.limits import IMAGE
from crackseg.inference.torch_engine import TorchEngine
from crackseg.losses import SegmentationLoss
from crackseg.metrics.scores import SCORES, scores
from crackseg.models.limits import network_faults
from crackseg.models.registry import NETWORKS, build_network

PAGE = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(python|yaml)\n# (\S+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """What the examples register ends with the test."""
    kept: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (registry, dict(registry)) for registry in (NETWORKS, losses.PLAIN_TERMS, SCORES)
    ]
    yield
    for registry, before in kept:
        registry.clear()
        registry.update(before)


def example(path: str, known: Mapping[str, Any] | None = None) -> ModuleType:
    """The example that belongs into a file, as a module."""
    (code,) = (text for kind, name, text in BLOCKS if kind == "python" and name == path)
    module = ModuleType(Path(path).stem)
    vars(module).update(known or {})
    exec(compile(code, path, "exec"), vars(module))
    return module


def test_every_example_is_run_here() -> None:
    assert [name for _, name, _ in BLOCKS] == [
        "crackseg/models/plain.py",
        "conf/model/plain.yaml",
        "crackseg/losses/overlap.py",
        "crackseg/metrics/scores.py",
        "crackseg/data/annotations/formats/strokes.py",
        "crackseg/data/annotations/formats/registry.py",
    ]


def test_a_network_is_one_file_and_one_config() -> None:
    example("crackseg/models/plain.py")
    (config,) = (text for kind, _, text in BLOCKS if kind == "yaml")
    content = OmegaConf.create(config)
    assert content.defaults == ["plain_schema", "_self_"]
    del content["defaults"]
    settings = OmegaConf.merge(OmegaConf.structured(model_config("plain")), content)
    assert settings == {"name": "plain", "width": 8}
    assert network_faults("plain", {"width": 8}) == []
    assert network_faults("plain", {"width": "broad"})[0].startswith("model.width=broad: a value")
    network = build_network("plain", {"width": 4})
    image = torch.rand(2, 3, 17, 30)
    logits = network.train()(image)
    assert logits.shape == (2, 1, 17, 30)
    logits.mean().backward()
    # Without a decoder, what its head takes are its deepest features.
    tile = (image.numpy() * 255).astype(np.uint8)
    found, features = TorchEngine(network, "cpu").logits_and_features(tile)
    assert features.shape == (2, 4, 17, 30)
    graph = with_features(export_network(network).SerializeToString())
    run = onnxruntime.InferenceSession(graph).run
    probability, same = run(None, {IMAGE: tile})
    np.testing.assert_allclose(probability, 1 / (1 + np.exp(-found)), atol=1e-5)
    np.testing.assert_allclose(same, features, atol=1e-5)
    # What lies farther away than the radius changes nothing.
    changed = image.clone()
    changed[..., 0, 0] += 1
    differs = (network(changed) - network(image)).abs().amax((0, 1)) > 1e-7
    assert differs[: network.radius + 1, : network.radius + 1].any()
    assert not differs[network.radius + 1 :].any()


def test_a_loss_is_one_function_and_one_entry() -> None:
    log_cosh_dice = example("crackseg/losses/overlap.py").log_cosh_dice
    loss = SegmentationLoss({"log_cosh_dice": 1.0})
    mask = (torch.arange(16).reshape(1, 1, 4, 4) % 3 == 0).float()
    sure, unsure = (mask * 2 - 1) * 9, torch.zeros_like(mask)
    assert loss(sure, mask) == log_cosh_dice(sure, mask) < loss(unsure, mask)
    # Six of sixteen pixels are crack, and each is half found.
    assert loss(unsure, mask).item() == pytest.approx(np.log(np.cosh(1 - 7 / 15)))


def test_a_metric_is_one_function_and_one_entry() -> None:
    example("crackseg/metrics/scores.py")
    assert scores([30, 10, 20, 40])["specificity"] == 0.8


def test_an_annotation_format_is_one_file_and_one_entry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strokes = example("crackseg/data/annotations/formats/strokes.py")
    entry = example("crackseg/data/annotations/formats/registry.py", vars(strokes)).STROKES
    monkeypatch.setattr(reader, "FORMATS", (*reader.FORMATS, entry))
    path = tmp_path / "wall.json"
    path.write_text(
        '{"strokes": [{"label": "crack", "polygon": [[1, 2], [9, 2], [9, 5], [1, 5]]},'
        ' {"label": "stain", "polygon": [[0, 8], [9, 8], [9, 9]]}]}'
    )
    annotations = reader.read_annotations(path)
    assert annotations is not None
    mask = annotations.draw(None, None, (10, 12))
    assert mask[3, 5] == 255
    assert not mask[7:].any()
