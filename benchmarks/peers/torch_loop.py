"""The usual PyTorch program: PyTorch's defaults, as tutorials have it."""

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.clock import images_per_second, time_steps
from benchmarks.settings import SIDE, files_of

# Packages for PyTorch import TensorFlow where it lies about, and their users do not have it.
sys.modules["tensorflow"] = None  # type: ignore[assignment]

Build = Callable[[], nn.Module]


class Pairs(Dataset[tuple[Tensor, Tensor]]):
    """Photographs and masks of a folder, decoded and resized whenever they are asked for."""

    def __init__(self, folder: Path, subset: str, size: int) -> None:
        self.pairs = files_of(folder, subset)
        self.size = (size, size)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        photograph, mask = (Image.open(path) for path in self.pairs[index])
        pixels = np.asarray(photograph.convert("RGB").resize(self.size, Image.Resampling.BILINEAR))
        crack = np.asarray(mask.convert("L").resize(self.size, Image.Resampling.BILINEAR)) > 127
        image = torch.from_numpy(pixels.copy()).permute(2, 0, 1).float() / 255
        return image, torch.from_numpy(crack)[None].float()


def step(build: Build, size: int, batch: int, seconds: float) -> dict[str, float]:
    """Times training steps on one batch."""
    train = _trainer(build())
    images = torch.rand(batch, 3, size, size)
    masks = (torch.rand(batch, 1, size, size) < 0.05).float()
    timed = time_steps(lambda: train(images, masks), seconds)
    return {"first step": timed["first"], "images/s": batch / timed["step"]}


def from_files(
    build: Build, size: int, batch: int, epochs: int, folder: str, output: str
) -> dict[str, float]:
    """Times epochs on files."""
    network = build()
    train = _trainer(network)
    loaders = {
        subset: DataLoader(
            Pairs(Path(folder), subset, size), batch, shuffle=subset == "train", num_workers=2
        )
        for subset in ("train", "val")
    }
    best, ends = -1.0, []
    for _ in range(epochs):
        network.train()
        for images, masks in loaders["train"]:
            train(images, masks)
        iou = _validate(network, loaders["val"])
        if iou > best:
            best = iou
            torch.save(network.state_dict(), output)
        ends.append(time.perf_counter())
    return images_per_second(ends, len(files_of(Path(folder), "train")))


def infer(build: Build, seconds: float, side: int = SIDE) -> dict[str, float]:
    """Times eager inference, float32, at batch 1 and 16."""
    network = build().eval()
    with torch.inference_mode():
        return {
            f"batch {count}": time_steps(
                lambda count=count: torch.sigmoid(network(torch.rand(count, 3, side, side))),
                seconds,
            )["step"]
            for count in (1, 16)
        }


def prepare(build: Build, output: str, side: int = SIDE) -> dict[str, float]:
    """Exports a network as ONNX, and counts its work for an image in GFLOP."""
    network = build().eval()
    free = {0: torch.export.Dim.DYNAMIC}
    torch.onnx.export(
        network,
        (torch.rand(2, 3, side, side),),
        output,
        input_names=["image"],
        dynamo=True,
        dynamic_shapes=(free,),
        external_data=False,
    )
    return count_work(build, side)


def count_work(build: Build, side: int = SIDE) -> dict[str, float]:
    """Counts the work for an image in GFLOP: forward and backward, and inference."""
    with torch.device("meta"):
        network = build()
        trained = {f"train {size}": _work(network, size, backward=True) for size in (128, 256)}
        return {**trained, "infer": _work(network.eval(), side, backward=False)}


def _work(network: nn.Module, side: int, backward: bool) -> float:
    images = torch.zeros(2, 3, side, side, device="meta")
    with FlopCounterMode(display=False) as counter:
        result = network(images)
        if backward:
            result.sum().backward()
    return counter.get_total_flops() / len(images) / 1e9


def _trainer(network: nn.Module) -> Callable[[Tensor, Tensor], float]:
    """A function that trains a network on one batch and gives the loss."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    loss_of = nn.BCEWithLogitsLoss()

    def train(images: Tensor, masks: Tensor) -> float:
        optimizer.zero_grad()
        loss = loss_of(network(images), masks)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return train


@torch.no_grad()
def _validate(network: nn.Module, batches: "DataLoader[tuple[Tensor, Tensor]]") -> float:
    """Crack IoU at .5."""
    network.eval()
    both, either = 0.0, 0.0
    for found, truth in _judged(network, batches):
        both += float((found & truth).sum())
        either += float((found | truth).sum())
    return both / max(either, 1.0)


def _judged(
    network: nn.Module, batches: "DataLoader[tuple[Tensor, Tensor]]"
) -> Iterator[tuple[Tensor, Tensor]]:
    for images, masks in batches:
        yield network(images) > 0, masks > 0.5
