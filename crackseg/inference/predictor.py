"""Predicts the probability and the mask of cracks in a photograph."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.errors import CheckpointError, ConfigError, UnreadableImageError
from crackseg.images.bit_depth import Numbers
from crackseg.images.photographs import as_photograph, open_photograph
from crackseg.images.pixels import TOO_LARGE, UInt8Array, resize, scaled_size
from crackseg.inference.engines import OpenedModel, open_model
from crackseg.inference.tiling import full_size_logits, sigmoid
from crackseg.system.limits import SCALE_LIMITS, WHITE_LIMITS
from crackseg.system.memory import is_out_of_memory


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
        model: Network that is ready to run, with what was stored beside it.
        threshold: Probability above which a pixel is called crack, in [0, 1]; None for the stored
            one.
        scale: Training pixels per photograph pixel, along a side; None for the stored one.
        white_level: Value that is white in photographs deeper than 8 bits; None for the stored
            one, and without that for what the file declares or its values suggest.

    Raises:
        ConfigError: The threshold, scale or white level is out of range.
    """

    def __init__(
        self,
        model: OpenedModel,
        threshold: float | None = None,
        scale: float | None = None,
        white_level: int | None = None,
    ) -> None:
        usage = model.usage
        seen = usage.preprocessing
        threshold = usage.threshold if threshold is None else threshold
        scale = usage.scale if scale is None else scale
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold={threshold}: a probability between 0 and 1")
        if not SCALE_LIMITS.hold(scale):
            raise ConfigError(
                f"scale={scale}: training pixels per photograph pixel, {SCALE_LIMITS}"
            )
        if white_level is not None and not WHITE_LIMITS.hold(white_level):
            raise ConfigError(f"white_level={white_level}: a whole number, {WHITE_LIMITS}")
        self.engine = model.engine
        self.threshold = threshold
        self.scale = scale
        self.how = seen.resize
        self.white_level = seen.white_level if white_level is None else white_level
        self._path, self._digest = model.path, model.digest

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        device: str = "auto",
        threshold: float | None = None,
        scale: float | None = None,
        white_level: int | None = None,
        engine: str = "auto",
    ) -> "Predictor":
        """Opens a checkpoint or an ONNX file.

        Threshold, scale and white level replace the stored ones.

        Raises:
            CheckpointError: The file cannot be used.
            ConfigError: An engine or device does not exist, or a number is out of range.
        """
        return cls(open_model(path, engine, device), threshold, scale, white_level)

    @property
    def identity(self) -> str:
        """Text of all that a result depends on; equal for predictors that give equal results."""
        engine = self.engine.name
        way = (self._digest, engine, self.threshold, self.scale, self.how, self.white_level)
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
        name = str(image) if isinstance(image, str | Path) else "photograph"
        if isinstance(image, str | Path):
            photograph = open_photograph(Path(image), self.white_level, self._bytes_per_pixel())
        else:
            photograph = as_photograph(image, self.white_level)
        try:
            probability = self._probability(photograph.rgb)
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            raise UnreadableImageError(f"{name}: {TOO_LARGE}") from error
        if np.isnan(probability).any():
            raise CheckpointError(
                f"{self._path}: what the network says of {name} is no number: its weights are of "
                "no use; take another checkpoint"
            )
        if photograph.visible is not None:
            # Nothing is known of what is transparent, and its rim is no crack.
            probability[~photograph.visible] = 0.0
        return Prediction(photograph.rgb, probability, probability > self.threshold, self.threshold)

    def _bytes_per_pixel(self) -> int:
        """Memory for each pixel of a photograph: its own arrays, and those at the network's scale.

        Measured on photographs of 4 to 169 megapixels; more than needed rather than less.
        """
        return round(40 + 16 * self.scale**2)

    def _probability(self, rgb: UInt8Array) -> npt.NDArray[np.float32]:
        height, width = rgb.shape[:2]
        scaled = scaled_size((height, width), self.scale)
        small = resize(rgb, scaled, self.how)
        pixels = small.transpose(2, 0, 1)[None]
        engine = self.engine
        logits = full_size_logits(
            engine.logits, pixels, (height, width), engine.radius, engine.stride
        )
        return sigmoid(logits[0, 0])
