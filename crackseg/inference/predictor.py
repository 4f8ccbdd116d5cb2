"""Predicts the probability and the mask of cracks in a photograph with a checkpoint."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor

from crackseg.checkpoint import read_checkpoint
from crackseg.errors import CheckpointError, ConfigError, UnreadableImageError
from crackseg.images.bit_depth import Numbers
from crackseg.images.photographs import as_photograph, open_photograph
from crackseg.images.pixels import TOO_LARGE, UInt8Array, resize, scaled_size
from crackseg.inference.tiling import full_size_logits
from crackseg.models import SkipNetwork, build_network
from crackseg.system.memory import is_out_of_memory
from crackseg.system.runtime import full_float32

# Photographs a hundred times smaller or larger than those of the training show nothing any more.
_SCALES = (0.001, 100.0)


@dataclass(frozen=True)
class Prediction:
    """Prediction for a photograph, at the photograph's own size.

    Attributes:
        image: Upright photograph, uint8 (H, W, 3).
        probability: Probability of crack, float32 (H, W) in [0, 1].
        mask: Whether the probability is greater than the threshold, bool (H, W).
        threshold: Threshold of the mask.
    """

    image: UInt8Array
    probability: npt.NDArray[np.float32]
    mask: npt.NDArray[np.bool_]
    threshold: float


class Predictor:
    """Finds cracks in photographs of any size, at the scale that the network was trained at.

    Args:
        network: Network that gives logits.
        threshold: Probability above which a pixel is called crack, in [0, 1].
        scale: Training pixels per photograph pixel, along a side.
        how: Way in which photographs were resized in training, ``area`` or ``bilinear``.
        device: Device: ``auto``, ``cpu``, ``cuda``, ``mps``, ...
        white_level: Value that is white in photographs deeper than 8 bits; None takes what the
            file declares, or else what its values suggest.

    Raises:
        ConfigError: The device does not exist, or the threshold or scale is out of range.
    """

    def __init__(
        self,
        network: SkipNetwork,
        threshold: float,
        scale: float,
        how: str = "area",
        device: str = "auto",
        white_level: int | None = None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold={threshold}: a probability between 0 and 1")
        if not _SCALES[0] <= scale <= _SCALES[1]:
            raise ConfigError(
                f"scale={scale}: training pixels per photograph pixel, from {_SCALES[0]:g} to "
                f"{_SCALES[1]:g}"
            )
        if white_level is not None and not 1 <= white_level < 2**32:
            raise ConfigError(f"white_level={white_level}: a whole number from 1 to {2**32 - 1}")
        self.device = _device(device)
        self.network = network.to(self.device).to(memory_format=torch.channels_last).eval()
        self.threshold = threshold
        self.scale = scale
        self.how = how
        self.white_level = white_level
        self._digest = ""

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        device: str = "auto",
        threshold: float | None = None,
        scale: float | None = None,
        white_level: int | None = None,
    ) -> "Predictor":
        """Opens a checkpoint; threshold, scale and white level replace the stored ones.

        Raises:
            CheckpointError: The checkpoint cannot be used, see
                :func:`crackseg.checkpoint.read_checkpoint`.
        """
        checkpoint = read_checkpoint(path)
        parameters, seen = checkpoint.parameters, checkpoint.parameters.preprocessing
        network = build_network(parameters.model.name, parameters.model.arguments)
        network.load_state_dict(checkpoint.network_weights)
        predictor = cls(
            network,
            threshold=parameters.threshold if threshold is None else threshold,
            scale=parameters.scale if scale is None else scale,
            how=seen.resize,
            device=device,
            white_level=seen.white_level if white_level is None else white_level,
        )
        predictor._digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return predictor

    @property
    def identity(self) -> str:
        """Text of all that a result depends on; equal for predictors that give equal results."""
        way = (self._digest, self.threshold, self.scale, self.how, self.white_level)
        return " ".join(map(str, way))

    def predict(self, image: str | Path | Image.Image | Numbers) -> Prediction:
        """Finds the cracks of one photograph.

        Args:
            image: Path; PIL image, which is not turned; or array (H, W) or (H, W, 1) of greys,
                (H, W, 3) of red, green and blue, or (H, W, 4) with the opacity. Arrays hold whole
                numbers or floats; see :func:`crackseg.images.photographs.as_photograph` for what
                is white in them. No crack is found where a photograph is transparent.

        Raises:
            UnreadableImageError: The file cannot be decoded.
            CheckpointError: The network gives no number, as its weights are of no use.
            ValueError: The array has another shape or type.
        """
        if isinstance(image, str | Path):
            photograph = open_photograph(Path(image), self.white_level, self._bytes_per_pixel())
        else:
            photograph = as_photograph(image, self.white_level)
        try:
            probability = self._probability(photograph.rgb)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise UnreadableImageError(f"{image}: {TOO_LARGE}") from error
        if photograph.visible is not None:
            # Nothing is known of what is transparent, and its rim is no crack.
            probability[~photograph.visible] = 0.0
        return Prediction(photograph.rgb, probability, probability > self.threshold, self.threshold)

    def _bytes_per_pixel(self) -> int:
        """Memory for each pixel of a photograph: its own arrays, and those at the network's scale.

        Measured on photographs of 4 to 169 megapixels; more than needed rather than less.
        """
        return round(40 + 16 * self.scale**2)

    @torch.inference_mode()
    def _probability(self, rgb: UInt8Array) -> npt.NDArray[np.float32]:
        height, width = rgb.shape[:2]
        scaled = scaled_size((height, width), self.scale)
        small = resize(rgb, scaled, "bilinear" if self.how == "bilinear" else "area")
        image = torch.from_numpy(small).permute(2, 0, 1)[None]
        full = full_size_logits(self._tile, image, (height, width), self.network)
        if full.isnan().any():
            raise CheckpointError(
                "what the network says of a photograph is no number: its weights are of no use; "
                "take another checkpoint"
            )
        return np.asarray(torch.sigmoid(full)[0, 0].numpy(), dtype=np.float32)

    def _tile(self, image: Tensor) -> Tensor:
        """Logits (1, 1, h, w) of a tile, uint8 (1, 3, h, w), in float32 on the CPU."""
        with full_float32(self.device.type):
            logits: Tensor = self.network(image.to(self.device).float() / 255)
        return logits.cpu()


def _device(name: str) -> torch.device:
    if name == "auto":
        current = torch.accelerator.current_accelerator(check_available=True)
        return current if current is not None else torch.device("cpu")
    try:
        device = torch.device(name)
        # A device without memory, such as meta, takes everything and gives nothing back.
        torch.empty(0, device=device).cpu()
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"device={name}: not there ({reason}); try device=auto") from error
    return device
