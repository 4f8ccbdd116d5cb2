"""A checkpoint of another form than it declares is refused before anything is built."""

from pathlib import Path
from typing import Any

import pytest
import torch

from crackseg.checkpoint import read_checkpoint
from crackseg.errors import CheckpointError
from crackseg.models import build_network


def written(path: Path, **changes: Any) -> Path:
    arguments = {"base_channels": 2, "depth": 1}
    weights = build_network("unet", arguments).state_dict()
    parameters = {
        "format": 1,
        "model": {"name": "unet", "arguments": arguments},
        "preprocessing": {"scale": 1.0},
        "threshold": 0.5,
        "data": {},
        **changes,
    }
    state = {f"network.{name}": value for name, value in weights.items()}
    torch.save({"hyper_parameters": parameters, "state_dict": state}, path)
    return path


def test_the_declared_form_is_read(tmp_path: Path) -> None:
    assert read_checkpoint(written(tmp_path / "a.ckpt"))["state_dict"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": True}, "threshold: greater than 0"),
        ({"threshold": float("nan")}, "threshold: greater than 0"),
        ({"preprocessing": None}, "preprocessing.scale"),
        ({"preprocessing": {"scale": 1e-9}}, "preprocessing.scale"),
        ({"model": None}, "model: no name"),
        ({"model": {"name": "unet", "arguments": {"depth": 10**9}}}, "model.depth"),
        ({"model": {"name": "unet", "arguments": {"activation": "gelu"}}}, "model.activation"),
        ({"model": {"name": "unet", "arguments": {"depth": 2}}}, "lacks the weights"),
    ],
)
def test_another_form_is_refused(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(written(tmp_path / "a.ckpt", **changes))
