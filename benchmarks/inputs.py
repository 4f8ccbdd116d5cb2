"""What the pieces work on, made once before the rounds, and only what is asked for."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measurement import Environment, Precision
from benchmarks.peers.ours import train_command
from benchmarks.process import PieceError, calling, crackseg_command, interpreter, run
from benchmarks.settings import Network, Training


@dataclass(frozen=True)
class Exported:
    """A network as an ONNX file.

    Attributes:
        path: Path of the file.
        work: GFLOP of an image by kind: ``train 128``, ``train 256``, ``infer``.
        missing: Reason why there is none; empty where there is one.
    """

    path: Path
    work: Mapping[str, float] = field(default_factory=dict)
    missing: str = ""


@dataclass(frozen=True)
class Options:
    """Choices of the command line.

    Attributes:
        folder: Folder for everything that is made.
        seconds: Seconds that steps are repeated for in a process.
        steps: Training steps of an epoch on files.
        data: Folder of photographs and masks; None draws them.
        checkpoint: Checkpoint of the default U-Net; None trains one for a moment.
        int8: ONNX file of ``crackseg export --int8``; None tries to make it.
        bfloat16: Whether the machine multiplies bfloat16.
    """

    folder: Path
    seconds: float
    steps: int
    data: Path | None
    checkpoint: Path | None
    int8: Path | None
    bfloat16: bool


class Inputs:
    """Files that the pieces work on, each made when it is first asked for.

    Args:
        options: Choices of the command line.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.folder = options.folder
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def fast_precision(self) -> Precision:
        """Precision of training by crackseg, and of OpenVINO by its own choice."""
        return "bfloat16" if self.options.bfloat16 else "float32"

    @cached_property
    def with_openvino(self) -> Environment:
        """Environment in which ``auto`` can take OpenVINO."""
        return "peers" if interpreter("peers").is_file() else "crackseg"

    @cached_property
    def pairs(self) -> list[tuple[Path, Path]]:
        """Photographs and their masks."""
        from crackseg.config.schema import DataConfig
        from crackseg.data.datamodule import CrackDataModule
        from crackseg.data.synthetic.dataset import write_dataset

        _say("photographs")
        wanted = max(self.options.steps * 64 * 9 // 8, 40)
        root = self.options.data or write_dataset(self.folder / "drawn", wanted)
        config = DataConfig("folder", root=str(root), cache=str(self.folder / "cache"))
        rows = CrackDataModule(config).prepared().manifest.rows
        found = [(root / row.image, root / row.mask) for row in rows if row.mask]
        return [(image, mask) for image, mask in found if mask.is_file()][:wanted]

    def files(self, training: Training) -> Path:
        """Folder of a training's photographs: a few steps for each epoch, an eighth for val."""
        return self._divided(self.options.steps * training.batch)

    def checkpoint(self, network: Network) -> Path:
        """Checkpoint of a network, trained for a moment unless it is given."""
        if network == "default" and self.options.checkpoint:
            return self.options.checkpoint
        run_folder = self.folder / f"trained-{network}"
        path = run_folder / "best.ckpt"
        if not path.is_file():
            _say(f"{network} network, trained for a moment")
            _, *arguments = train_command(network, 128, 16, 1, self._divided(32), run_folder)
            run("crackseg", tuple(arguments))
        return path

    @cached_property
    def weights(self) -> Path:
        """Weights of the default U-Net for plain PyTorch."""
        path = self.folder / "weights.pt"
        checkpoint = str(self.checkpoint("default"))
        saving = calling(
            "benchmarks.peers.ours:save_weights", checkpoint=checkpoint, output=str(path)
        )
        run("crackseg", saving)
        return path

    @cached_property
    def model(self) -> Exported:
        """The default U-Net, exported by crackseg."""
        path = self.folder / "model.onnx"
        return self._own_export(path, str(self.checkpoint("default")), "--output", str(path))

    @cached_property
    def int8(self) -> Exported:
        """The same in int8."""
        if self.options.int8:
            return Exported(self.options.int8)
        path, photographs = self.folder / "model-int8.onnx", self._divided(32) / "train" / "images"
        chosen = ["--output", str(path), "--int8", "--calibrate", str(photographs)]
        if not self.options.checkpoint:
            # What a network that was trained for a moment loses says nothing.
            chosen += ["--accept-loss", "1"]
        return self._own_export(path, str(self.checkpoint("default")), *chosen)

    @cached_property
    def exports(self) -> dict[str, Exported]:
        """The networks of the peers, exported by PyTorch, with their work."""
        given = {"pytorch": {"weights": str(self.weights)}, "smp": {}, "monai": {}}
        return {peer: self._export(peer, arguments) for peer, arguments in given.items()}

    @cached_property
    def report_work(self) -> Mapping[str, float]:
        """GFLOP of an image for the report's network."""
        counting = calling("benchmarks.peers.pytorch:count_work", network="report")
        return run(self.with_openvino, counting)

    def photograph(self, width: int, height: int) -> Path:
        """A photograph of a size: one of the pairs, mirrored again and again."""
        path = self.folder / "photographs" / f"{width}x{height}.jpg"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            pixels = np.asarray(Image.open(self.pairs[0][0]).convert("RGB"))
            below, right = (-(-a // b) for a, b in zip((height, width), pixels.shape, strict=False))
            large = np.tile(pixels, (below, right, 1))[:height, :width]
            Image.fromarray(large).save(path, quality=92)
        return path

    def _divided(self, count: int) -> Path:
        folder = self.folder / f"photographs-{count}"
        if not folder.is_dir():
            every = max(count // 8, 1)
            self._copy(self.pairs[:count], folder / "train")
            self._copy(self.pairs[-every:], folder / "val")
        return folder

    def _copy(self, pairs: list[tuple[Path, Path]], folder: Path) -> None:
        for kind in ("images", "masks"):
            (folder / kind).mkdir(parents=True)
        for number, (image, mask) in enumerate(pairs):
            name = f"{folder.name}_{number:04d}"
            shutil.copy(image, folder / "images" / f"{name}{image.suffix}")
            shutil.copy(mask, folder / "masks" / f"{name}{mask.suffix}")

    def _own_export(self, path: Path, *arguments: str) -> Exported:
        _say(path.name)
        try:
            run("crackseg", crackseg_command("export", *arguments))
        except PieceError as error:
            return Exported(path, missing=str(error))
        return Exported(path)

    def _export(self, peer: str, arguments: Mapping[str, str]) -> Exported:
        path = self.folder / f"{peer}.onnx"
        _say(path.name)
        function = f"benchmarks.peers.{peer}:prepare"
        try:
            work = run("peers", calling(function, output=str(path), **arguments))
        except PieceError as error:
            return Exported(path, missing=str(error))
        return Exported(path, work)


def _say(what: str) -> None:
    """Tells what is being made, as it takes a minute or two in all."""
    print(f"preparing: {what}", file=sys.stderr, flush=True)
