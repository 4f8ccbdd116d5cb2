"""What a network says of a photograph that it looks at, at one scale or at several.

Logits of several scales are averaged at the photograph's own size. Each counts as much as the
network is sure of what it marks there: its weight is the square of the Dice coefficient that its
own probabilities expect of its mask. Cracks that are too thin or too broad at a scale get low
probabilities, and so does the whole look.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from crackseg.images.pixels import Resize, scaled_size
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.engines import Engine
from crackseg.inference.resizing import rows_at_size
from crackseg.inference.tiling import TILE, Logits, Pixels, sigmoid, tiled_bands

# Logits of all scales that are kept until the weights are known; more are computed twice.
KEPT_PIXELS = 1 << 24
# A look that marks nothing counts little, and as much as the others where all are such.
_LEAST = 1e-3


@dataclass(frozen=True)
class Looking:
    """A way of looking at photographs.

    Attributes:
        engine: Engine that runs the network.
        scales: Training pixels per photograph pixel, along a side.
        how: Way in which photographs were resized in training.
        threshold: Threshold of the masks that the weights of scales come from.
    """

    engine: Engine
    scales: tuple[float, ...]
    how: Resize
    threshold: float

    def rows(self, photograph: AnyPhotograph) -> Iterator[Logits]:
        """Logits of a photograph at its own size, (h, W), from top to bottom."""
        looks = [_Look(self, photograph, scale) for scale in self.scales]
        if len(looks) == 1:
            return looks[0].rows()
        if sum(look.pixels for look in looks) <= KEPT_PIXELS:
            for look in looks:
                look.keep()
        weights = np.array([_expected_dice(look.bands(), self.threshold) for look in looks])
        weights = np.maximum(weights**2, _LEAST)
        return weighted([look.rows() for look in looks], weights / weights.sum())


class _Look:
    """A photograph at one scale."""

    def __init__(self, looking: Looking, photograph: AnyPhotograph, scale: float) -> None:
        self._engine, self._size = looking.engine, photograph.size
        self._small = photograph.resized(scaled_size(photograph.size, scale), looking.how)
        self._kept: list[Logits] | None = None

    @property
    def pixels(self) -> int:
        return self._small.size[0] * self._small.size[1]

    def keep(self) -> None:
        """Computes all logits, so that they are computed once."""
        self._kept = list(self.bands())

    def bands(self) -> Iterator[Logits]:
        """Logits at the network's scale, (h, w), from top to bottom."""
        return iter(self._kept) if self._kept is not None else self._computed()

    def rows(self) -> Iterator[Logits]:
        """Logits at the photograph's own size, (h, W), from top to bottom."""
        return rows_at_size(self.bands(), self._small.size, self._size)

    def _computed(self) -> Iterator[Logits]:
        engine, size = self._engine, self._small.size
        bands = tiled_bands(
            engine.logits, self._pixels, size, engine.radius, engine.stride, TILE, engine.batch
        )
        return (band[0, 0] for band in bands)

    def _pixels(self, start: int, stop: int) -> Pixels:
        return self._small.rows(start, stop).transpose(2, 0, 1)[None]


def weighted(streams: Sequence[Iterator[Logits]], weights: Sequence[float]) -> Iterator[Logits]:
    """Weighted sums of pictures whose rows come in bands of different heights.

    Args:
        streams: Bands of rows (h, W) of each picture, from top to bottom.
        weights: Weight of each picture.

    Yields:
        The next rows of the sum.
    """
    held = [next(stream) for stream in streams]
    while held:
        height = min(map(len, held))
        total = np.zeros_like(held[0][:height])
        for band, weight in zip(held, weights, strict=True):
            total += band[:height] * np.float32(weight)
        yield total
        rest = (_rest(*one, height) for one in zip(held, streams, strict=True))
        held = [band for band in rest if band is not None]


def _rest(band: Logits, stream: Iterator[Logits], done: int) -> Logits | None:
    """The rows of a band that are not done yet, or the next band; None at the end."""
    return band[done:] if done < len(band) else next(stream, None)


def _expected_dice(bands: Iterable[Logits], threshold: float) -> float:
    """The Dice coefficient of a mask that the probabilities it was cut from expect."""
    hits = total = 0.0
    for band in bands:
        probability = sigmoid(band)
        marked = probability[probability > threshold]
        hits += 2 * float(marked.sum(dtype=np.float64))
        total += float(probability.sum(dtype=np.float64)) + marked.size
    return hits / total if total else 0.0
