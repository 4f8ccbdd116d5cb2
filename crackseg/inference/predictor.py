"""Predicts the probability and the mask of cracks in a photograph."""

import logging
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

import crackseg
from crackseg.errors import CheckpointError, ConfigError
from crackseg.images.bit_depth import Numbers
from crackseg.images.photographs import as_photograph
from crackseg.images.windows import MAX_MEGAPIXELS, AnyPhotograph, open_by_rows
from crackseg.inference.engines import OpenedModel, open_model
from crackseg.inference.familiarity import Familiarity, familiarity
from crackseg.inference.features import FeatureMoments, FloatArray
from crackseg.inference.looks import Looking
from crackseg.inference.prediction import Prediction, out_of_memory_said
from crackseg.inference.scales import ScaleChoice, scales_of
from crackseg.inference.tiling import Logits, sigmoid
from crackseg.measurement.photograph import Method
from crackseg.parameters.promise import Promise
from crackseg.system.limits import MEGAPIXEL_LIMITS, WHITE_LIMITS
from crackseg.weights.registry import bundled_at

log = logging.getLogger(__name__)


class Predictor:
    """Finds cracks in photographs of any size, at scales that the network was trained at.

    Args:
        model: Network that is ready to run, with what was stored beside it.
        threshold: Probability above which a pixel is called crack, in [0, 1]; None for the stored
            one.
        scale: Training pixels per photograph pixel, along a side: one number, or several to be
            blended, or ``auto``, see :func:`crackseg.inference.scales.scales_of`; None for the
            stored one, and ``auto`` where the network was trained at a range of scales.
        white_level: Value that is white in photographs deeper than 8 bits; None for the stored
            one, and without that for what the file declares or its values suggest.
        max_megapixels: Size of the largest photograph that is read from a file, in millions of
            pixels.
        guarantee: Whether threshold and scales are those of the network's promised miss rate.

    Attributes:
        line: Line that names the network and its licence.
        promise: Promised miss rate, where its threshold is used.
        is_quantised: Whether a part of the network computes with whole numbers of 8 bits.
        is_adapted: Whether it was adapted to a place.
        known: What photographs look like to the network, at these scales, that it can be relied on
            for: of a promise, of a place, or of its training; None where that is not known.

    Raises:
        ConfigError: A number is out of range, or the network does not give the wanted promise.
    """

    def __init__(
        self,
        model: OpenedModel,
        threshold: float | None = None,
        scale: ScaleChoice = None,
        white_level: int | None = None,
        max_megapixels: float = MAX_MEGAPIXELS,
        guarantee: bool = False,
    ) -> None:
        usage, seen = model.usage, model.usage.preprocessing
        promise = _promise(model, threshold, scale, white_level) if guarantee else None
        if promise is not None:
            threshold, scale = promise.threshold, promise.scales
        threshold = usage.threshold if threshold is None else threshold
        if not 0 <= threshold <= 1:
            raise ConfigError(f"threshold={threshold}: a probability between 0 and 1")
        if white_level is not None and not WHITE_LIMITS.hold(white_level):
            raise ConfigError(f"white_level={white_level}: a whole number, {WHITE_LIMITS}")
        if not MEGAPIXEL_LIMITS.hold(max_megapixels):
            raise ConfigError(
                f"max_megapixels={max_megapixels}: millions of pixels, {MEGAPIXEL_LIMITS}"
            )
        self.engine = model.engine
        self.promise = promise
        self.threshold = threshold
        self.scales = scales_of(scale, usage)
        self._looking = Looking(model.engine, self.scales, seen.resize)
        known = usage.known if promise is None else promise.known
        self.known = known if known is not None and known.scales == self.scales else None
        self.white_level = seen.white_level if white_level is None else white_level
        self.max_megapixels, self.line = max_megapixels, model.line
        self._path, self._digest, self._precision = model.path, model.digest, model.precision
        self.is_quantised = model.precision == "int8"
        self.is_adapted = usage.adaptation is not None

    @classmethod
    def from_checkpoint(
        cls,
        path: str | Path,
        *,
        device: str = "auto",
        threshold: float | None = None,
        scale: ScaleChoice = None,
        white_level: int | None = None,
        engine: str = "auto",
        max_megapixels: float = MAX_MEGAPIXELS,
        guarantee: bool = False,
    ) -> "Predictor":
        """Opens a checkpoint or an ONNX file.

        Threshold, scale and white level replace the stored ones; for ``guarantee`` see the class.

        Raises:
            CheckpointError: The file cannot be used.
            ConfigError: An engine or device does not exist, or a number is out of range.
        """
        # A promise was made in float32.
        model = open_model(path, engine, device, float32=guarantee)
        return cls(model, threshold, scale, white_level, max_megapixels, guarantee)

    @property
    def identity(self) -> str:
        """Text of all that a result depends on; equal for predictors that give equal results."""
        how = (self.engine.name, self._precision, self._looking.how, self.white_level)
        way = (crackseg.__version__, self._digest, *how, self.threshold, *self.scales)
        return " ".join(map(str, way))

    @property
    def named(self) -> str:
        """Options of ``crackseg`` that name the network."""
        of_package = bundled_at(self._path)
        if of_package is not None:
            return f"--model {of_package.name}"
        return f"--checkpoint {shlex.quote(str(self._path))}"

    def method(self, threshold: float | None = None) -> Method:
        """How it finds cracks, as results say it; at another threshold where one is given."""
        scales = ", ".join(f"{scale:g}" for scale in self.scales)
        # How to take another network is advice for the terminal, not for files.
        line = self.line.partition("; another:")[0]
        chosen = self.threshold if threshold is None else threshold
        return Method(line, chosen, scales, crackseg.__version__)

    def predict(
        self, image: str | Path | Image.Image | Numbers, moments: FeatureMoments | None = None
    ) -> Prediction:
        """Finds the cracks of one photograph.

        Args:
            image: Path; PIL image, which is not turned; or array (H, W) or (H, W, 1) of greys,
                (H, W, 3) of red, green and blue, or (H, W, 4) with the opacity. Arrays hold whole
                numbers or floats; see :func:`crackseg.images.photographs.as_photograph` for what
                is white in them. No crack is found where a photograph is transparent.
            moments: What the network's features are added to.

        Raises:
            UnreadableImageError: The file cannot be decoded.
            CheckpointError: The network gives no number, as its weights are of no use.
            ValueError: The array has another shape or type.
        """
        if isinstance(image, str | Path):
            name, photograph = str(image), self.open(Path(image))
        else:
            name, photograph = "photograph", as_photograph(image, self.white_level)
        return self.whole(photograph, name, moments)

    def open(self, path: Path, further_bytes: float = 0) -> AnyPhotograph:
        """Opens a photograph for :meth:`bands` or :meth:`whole`; may be called in another thread.

        Args:
            path: Path of the file.
            further_bytes: Memory that further work on it takes, for each of its pixels.

        Raises:
            UnreadableImageError: The file cannot be decoded, or is too large.
        """
        needed = self._bytes_per_pixel() + further_bytes
        return open_by_rows(path, self.white_level, needed, self.max_megapixels)

    def whole(
        self, photograph: AnyPhotograph, name: str, moments: FeatureMoments | None = None
    ) -> Prediction:
        """Finds the cracks of an opened photograph, see :meth:`bands`."""
        with out_of_memory_said(name):
            probability = np.empty(photograph.size, np.float32)
            done = 0
            for band in self.bands(photograph, name, moments):
                probability[done : done + len(band.probability)] = band.probability
                done += len(band.probability)
            rgb = photograph.rows(0, photograph.size[0])
            return Prediction(rgb, probability, probability > self.threshold, self.threshold)

    def bands(
        self, photograph: AnyPhotograph, name: str, moments: FeatureMoments | None = None
    ) -> Iterator[Prediction]:
        """Finds the cracks of a photograph from top to bottom; what is done needs no memory.

        Args:
            photograph: Opened photograph.
            name: Its name, for messages.
            moments: What the network's features are added to, as bands are taken.

        Yields:
            The prediction for the next rows.

        Raises:
            UnreadableImageError: The memory is not enough, or the file is damaged.
            CheckpointError: The network gives no number, as its weights are of no use.
        """
        start = 0
        with out_of_memory_said(name):
            for logits in self._looking.rows(photograph, moments):
                stop = start + len(logits)
                yield self._band(photograph, start, stop, logits, name)
                start = stop

    def moments(self) -> FeatureMoments | None:
        """What a photograph's features are added to; None where nothing is there to compare."""
        return None if self.known is None else FeatureMoments()

    def features(self, path: Path) -> FloatArray:
        """What the network sees in a photograph beside cracks, (D,), see :class:`FeatureMoments`.

        Raises:
            UnreadableImageError: The file cannot be decoded, or is too large.
        """
        moments = FeatureMoments()
        self.whole(self.open(path), str(path), moments)
        return moments.features

    def familiarity(self, features: Sequence[FloatArray]) -> Familiarity | None:
        """How far photographs are from those that the network can be relied on for.

        Args:
            features: Features (D,) of each photograph.

        Returns:
            The distance; None where nothing is known to compare with, or for too few photographs.
        """
        if self.known is None:
            return None
        fitting = [one for one in features if len(one) == len(self.known.spread)]
        if features and not fitting:
            # Masks are what they are.
            log.warning(
                "%s: what it says of known photographs is of another network, so that nothing can "
                "be said of these",
                self._path,
            )
        return familiarity(np.stack(fitting), self.known) if fitting else None

    def _bytes_per_pixel(self) -> float:
        """Memory for each pixel of a photograph, beside its own: its pixels at the scales.

        What tiles and bands need does not grow with it.
        """
        return 4 * sum(scale**2 for scale in self.scales)

    def _band(
        self, photograph: AnyPhotograph, start: int, stop: int, logits: Logits, name: str
    ) -> Prediction:
        probability = sigmoid(logits)
        if np.isnan(probability).any():
            raise CheckpointError(
                f"{self._path}: what the network says of {name} is no number: its weights are of "
                "no use; take another checkpoint"
            )
        visible = photograph.visible_rows(start, stop)
        if visible is not None:
            # Nothing is known of what is transparent, and its rim is no crack.
            probability[~visible] = 0.0
        rgb = photograph.rows(start, stop)
        return Prediction(rgb, probability, probability > self.threshold, self.threshold)


def _promise(
    model: OpenedModel, threshold: float | None, scale: ScaleChoice, white_level: int | None
) -> Promise:
    """A network's promise, which is for the way in which it was made alone.

    Raises:
        ConfigError: It makes none, or none for this threshold, scale or white level.
    """
    promise = model.usage.promise
    if promise is None:
        raise ConfigError(
            f"guarantee: {model.path} promises no miss rate; crackseg calibrate FOLDER makes a "
            "promise, by labelled photographs of yours"
        )
    if threshold is not None:
        raise ConfigError(
            f"guarantee: the promise is for its own threshold, {promise.threshold:g}; give no other"
        )
    scales = ",".join(map(str, promise.scales))
    if scale is not None and scales_of(scale, model.usage) != promise.scales:
        raise ConfigError(f"guarantee: the promise is for the scales {scales}; give no others")
    if white_level is not None:
        raise ConfigError(
            f"guarantee: the promise is for photographs as they are read without a white level, "
            f"not with white_level={white_level}; give none"
        )
    return promise
