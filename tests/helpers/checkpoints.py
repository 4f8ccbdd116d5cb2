"""Checkpoints as trainings write them, small and made in a moment."""

from typing import Any

import torch

from crackseg.checkpoint import FORMAT
from crackseg.models import build_network

ARGUMENTS = {"base_channels": 2, "depth": 1}


def parameter_values() -> dict[str, Any]:
    """All parameters of a network of 259 weights."""
    return {
        "model": {"name": "unet", "arguments": dict(ARGUMENTS)},
        "loss": {"terms": {"weighted_bce": 1.0}, "class_weights": [0.53, 7.5]},
        "optimizer": {
            "lr": 1e-3,
            "weight_decay": 1e-4,
            "encoder_lr_factor": 0.1,
            "freeze": ["bottom"],
            "freeze_statistics": True,
        },
        "scheduler": {
            "monitor": "val/best_crack_iou",
            "factor": 0.5,
            "patience": 3,
            "min_lr": 1e-6,
            "name": "cosine",
            "warmup": 0.05,
        },
        "preprocessing": {
            "image_size": [64, 64],
            "resize": "area",
            "mask_threshold": 127,
            "scale": 0.32,
        },
        "data": {
            "name": "tiny",
            "root": "/photographs",
            "manifest_hash": "8e21b6dd77240a72",
            "counts": {"train": 16, "val": 2, "test": 2},
            "leaks": {"val": {"total": 2, "shared": 0, "unknown": 0}},
            "class_weights": [0.53, 7.5],
            "config": {"name": "tiny", "root": "/photographs", "blocks": {"CFD": [64, 16]}},
        },
        "threshold": 0.37,
        "seed": 0,
        "versions": {"crackseg": "0.1.0"},
        "format": FORMAT,
    }


def checkpoint_content() -> dict[str, Any]:
    """What a training writes, but for its state."""
    torch.manual_seed(0)
    weights = build_network("unet", ARGUMENTS).state_dict()
    return {
        "epoch": 3,
        "global_step": 12,
        "pytorch-lightning_version": "2.6.6",
        "state_dict": {f"network.{name}": value for name, value in weights.items()},
        "hyper_parameters": parameter_values(),
    }


def put(content: Any, place: str, value: Any) -> None:
    """Sets a value inside nested dictionaries and lists, by keys with slashes between."""
    *path, last = (int(key) if key.isdecimal() else key for key in place.split("/"))
    for key in path:
        content = content[key]
    content[last] = value
