"""The engine of torch, which runs checkpoints on processors and GPUs."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from crackseg.checkpoint import Checkpoint, read_checkpoint
from crackseg.errors import ConfigError, reason_of
from crackseg.inference.engines import Features, OpenedModel
from crackseg.inference.tiling import Logits, Pixels
from crackseg.models import SkipNetwork, build_network
from crackseg.system.precision import full_float32

# What a GPU holds for a tile, twice that of the default U-Net.
_TILE_BYTES = 2_000_000_000
_MOST_TILES = 8


class TorchEngine:
    """Runs a network by torch, in float32.

    Args:
        network: Network that gives logits.
        device: Device: ``auto``, ``cpu``, ``cuda``, ``mps``, ...

    Raises:
        ConfigError: The device does not exist.
    """

    precision = "float32"

    def __init__(self, network: SkipNetwork, device: str = "auto") -> None:
        at = _device(device)
        self.network = network.to(at).to(memory_format=torch.channels_last).eval()
        self.name = f"torch on {at}"
        self.stride, self.radius = network.stride, network.radius

    @property
    def batch(self) -> int:
        """Number of tiles that its device computes at a time."""
        return tiles_at_once(self._device)

    @property
    def _device(self) -> torch.device:
        # A Trainer may have moved the network since.
        return next(self.network.parameters()).device

    @torch.inference_mode()
    def logits(self, tile: Pixels) -> Logits:
        """Computes logits, see :class:`crackseg.inference.engines.Engine`."""
        device = self._device
        pixels = torch.from_numpy(tile).to(device).float() / 255
        with full_float32(device.type):
            logits = self.network(pixels)
        return np.asarray(logits.cpu().numpy(), np.float32)

    def logits_and_features(self, tile: Pixels) -> tuple[Logits, Features]:
        """Computes logits and features, see :class:`crackseg.inference.engines.Engine`."""
        deepest: list[Tensor] = []

        def keep(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            deepest.append(given[0])

        # A network may have no decoder.
        after = next(iter(self.network.decoder), self.network.head)
        handle = after.register_forward_pre_hook(keep)
        try:
            logits = self.logits(tile)
        finally:
            handle.remove()
        return logits, np.asarray(deepest[0].cpu().numpy(), np.float32)


def tiles_at_once(device: torch.device) -> int:
    """Number of tiles that a device computes at a time: one on a processor, see ``OnnxEngine``."""
    if device.type != "cuda":
        return 1
    free, _ = torch.cuda.mem_get_info(device)
    return min(max(free // _TILE_BYTES, 1), _MOST_TILES)


def network_of(checkpoint: Checkpoint) -> SkipNetwork:
    """The network of a checkpoint, with its weights."""
    model = checkpoint.parameters.model
    network = build_network(model.name, model.arguments)
    network.load_state_dict(checkpoint.network_weights)
    return network


def open_checkpoint(path: Path, device: str = "auto") -> OpenedModel:
    """Opens a checkpoint.

    Raises:
        CheckpointError: It cannot be used, see :func:`crackseg.checkpoint.read_checkpoint`.
        ConfigError: The device does not exist.
    """
    checkpoint = read_checkpoint(path)
    return OpenedModel(
        path=path,
        engine=TorchEngine(network_of(checkpoint), device),
        precision=TorchEngine.precision,
        usage=checkpoint.parameters,
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence=checkpoint.parameters.inherited_licence or None,
    )


def _device(name: str) -> torch.device:
    if name == "auto":
        current = torch.accelerator.current_accelerator(check_available=True)
        return current if current is not None else torch.device("cpu")
    try:
        device = torch.device(name)
        # A device without memory, such as meta, takes everything and gives nothing back.
        torch.empty(0, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ConfigError(
            f"device={name}: not there ({reason_of(error)}); try device=auto"
        ) from error
    return device
