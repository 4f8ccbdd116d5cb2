"""crackseg itself, by its public functions and commands."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.clock import images_per_second, time_steps
from benchmarks.settings import SIDE, files_of


def step(checkpoint: str, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps, see :mod:`benchmarks.peers`."""
    import torch

    from crackseg.checkpoint import read_checkpoint
    from crackseg.system.precision import resolve_precision
    from crackseg.system.runtime import prepare_process
    from crackseg.training.optimizer import build_optimizer
    from crackseg.training.segmenter import CrackSegmenter

    prepare_process()
    segmenter = CrackSegmenter.from_checkpoint(read_checkpoint(Path(checkpoint))).train()
    segmenter.network.to(memory_format=torch.channels_last)
    settings = segmenter.settings
    weights = segmenter.trained_weights()
    optimizer, _ = build_optimizer(weights, settings.optimizer, settings.scheduler)
    bfloat16 = resolve_precision("auto", "cpu") == "bf16-mixed"
    pairs: Any = {
        "image": torch.rand(batch, 3, size, size),
        "mask": (torch.rand(batch, 1, size, size) < 0.05).float(),
    }

    def train() -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss = segmenter.training_step(pairs, 0)
        loss.backward()
        optimizer.step()

    timed = time_steps(train, seconds)
    return {"first step": timed["first"], "images/s": batch / timed["step"]}


def from_files(
    network: str, size: int, batch: int, epochs: int, folder: str, output: str
) -> dict[str, float]:
    """Times epochs of ``train.py``, from its line at the end of each."""
    # A place of its own in every round, as a run's folder is never used twice.
    with tempfile.TemporaryDirectory(prefix=f"{output}-") as place:
        ends = _epoch_ends(
            train_command(network, size, batch, epochs, Path(folder), Path(place, "run"))
        )
    return images_per_second(ends, len(files_of(Path(folder), "train")))


def _epoch_ends(command: list[str]) -> list[float]:
    """When each epoch of a training ended, by its line about it."""
    ends, lines = [], [""]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as training:
        assert training.stderr is not None
        for line in training.stderr:
            lines.append(line)
            if "s so far" in line:
                ends.append(time.perf_counter())
    if training.returncode:
        raise RuntimeError(lines[-1] or "train.py failed")
    return ends


def train_command(
    network: str, size: int, batch: int, epochs: int, folder: Path, output: Path
) -> list[str]:
    """The command of a training with the default settings, without augmentation."""
    model = {"report": "unet_paper", "default": "unet"}[network]
    settings = (
        "data=folder data.split=official data.augment=false callbacks.patience=1000 "
        f"model={model} data.image_size={size} data.batch_size={batch} trainer.max_epochs={epochs} "
        "trainer.accelerator=cpu"
    )
    places = f"data.root={folder}", f"data.cache={output}-cache", f"hydra.run.dir={output}"
    return [sys.executable, "train.py", *settings.split(), *places]


def infer(model: str, engine: str, seconds: float) -> dict[str, float]:
    """Times an engine, see :mod:`benchmarks.peers`."""
    from crackseg.inference.engines import open_model

    opened = open_model(model, engine, "cpu").engine
    generator = np.random.default_rng(0)
    pixels = {n: generator.integers(0, 256, (n, 3, SIDE, SIDE), np.uint8) for n in (1, 16)}
    return {
        f"batch {n}": time_steps(lambda n=n: opened.logits(pixels[n]), seconds)["step"]
        for n in (1, 16)
    }


def save_weights(checkpoint: str, output: str) -> dict[str, float]:
    """Writes the weights of a checkpoint as a list, which a plain PyTorch program can read."""
    import torch

    from crackseg.checkpoint import read_checkpoint

    torch.save(list(read_checkpoint(Path(checkpoint)).network_weights.values()), output)
    return {}
