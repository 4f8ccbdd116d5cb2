"""What a network sees of a photograph beside cracks: its deepest features, as a few numbers."""

import base64
from typing import cast

import numpy as np
import numpy.typing as npt

from crackseg.inference.engines import Engine, Features
from crackseg.inference.tiling import Logits, Pixels

FloatArray = npt.NDArray[np.float64]

# Fewer places have a mean of chance alone: a thumbnail among six photographs moved that of all.
_LEAST_PLACES = 24


class FeatureMoments:
    """Mean and standard deviation of a network's deepest features over all that it looks at.

    Several tiles and scales of a photograph are one set of places; margins of tiles count twice.
    """

    def __init__(self) -> None:
        self._places = 0
        self._sums: FloatArray = np.zeros(0)
        self._squares: FloatArray = np.zeros(0)

    def watched(self, engine: Engine, tile: Pixels) -> Logits:
        """Logits of a tile, whose features are added; see :class:`Engine`."""
        logits, deepest = engine.logits_and_features(tile)
        self.add(cast(FloatArray, deepest))
        return logits

    def add(self, deepest: npt.NDArray[np.floating]) -> None:
        """Adds the features (N, C, h, w) of some tiles."""
        by_channel = deepest.swapaxes(0, 1).reshape(deepest.shape[1], -1).astype(np.float64)
        if not self._places:
            self._sums = np.zeros(len(by_channel))
            self._squares = np.zeros(len(by_channel))
        self._places += by_channel.shape[1]
        self._sums += by_channel.sum(axis=1)
        self._squares += (by_channel**2).sum(axis=1)

    @property
    def features(self) -> FloatArray:
        """Means of all channels, then their standard deviations, (2C,).

        Raises:
            ValueError: Nothing was looked at.
        """
        if not self._places:
            raise ValueError("features of nothing")
        mean = self._sums / self._places
        variance = self._squares / self._places - mean**2
        return np.concatenate([mean, np.sqrt(np.maximum(variance, 0.0))])

    @property
    def telling(self) -> FloatArray | None:
        """The features; None of a thumbnail, of which too few places were looked at."""
        return self.features if self._places >= _LEAST_PLACES else None


def as_text(features: Features) -> str:
    """Features as text that keeps them in float32."""
    return base64.b64encode(features.astype("<f4").tobytes()).decode()


def of_text(text: object) -> Features:
    """The features of :func:`as_text`; none where it holds none, or is damaged."""
    try:
        found = np.frombuffer(base64.b64decode(str(text), validate=True), "<f4")
    except ValueError:
        return np.zeros(0, np.float32)
    return found if np.isfinite(found).all() else np.zeros(0, np.float32)
