"""What a network says of a photograph that it looks at, at one scale or at several.

Logits of several scales are averaged at the photograph's own size. Logits, not probabilities: a
crack that is too thin or too broad at one scale has small probabilities there, which would draw
the mean below the threshold (docs/scales.md has the figures, and those of rules that weigh scales
or choose one).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from crackseg.images.conversion import Photograph
from crackseg.images.pixels import Resize, UInt8Array, scaled_size
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.engines import Engine
from crackseg.inference.features import FeatureMoments
from crackseg.inference.resizing import rows_at_size
from crackseg.inference.tiling import TILE, Logits, Pixels, sigmoid, tiled_bands


@dataclass(frozen=True)
class Looking:
    """A way of looking at photographs.

    Attributes:
        engine: Engine that runs the network.
        scales: Training pixels per photograph pixel, along a side.
        how: Way in which photographs were resized in training.
    """

    engine: Engine
    scales: tuple[float, ...]
    how: Resize

    def logits(self, photographs: UInt8Array) -> Logits:
        """Logits (N, 1, H, W) of photographs (N, 3, H, W) of one size."""
        pictures = (Photograph(rgb, None) for rgb in photographs.transpose(0, 2, 3, 1))
        return np.stack([np.concatenate(list(self.rows(one))) for one in pictures])[:, None]

    def probability(self, image: UInt8Array, moments: FeatureMoments | None = None) -> Logits:
        """Probability (H, W) of a photograph, uint8 (H, W, 3), see :meth:`rows`."""
        return sigmoid(np.concatenate(list(self.rows(Photograph(image, None), moments))))

    def rows(
        self, photograph: AnyPhotograph, moments: FeatureMoments | None = None
    ) -> Iterator[Logits]:
        """Logits of a photograph at its own size, (h, W), from top to bottom.

        Args:
            photograph: Photograph.
            moments: What the network's features are added to, as rows are taken; None for nothing.
        """
        run = self.engine.logits if moments is None else partial(moments.watched, self.engine)
        looks = [self._look(run, photograph, scale) for scale in self.scales]
        return looks[0] if len(looks) == 1 else mean_rows(looks)

    def _look(
        self, run: Callable[[Pixels], Logits], photograph: AnyPhotograph, scale: float
    ) -> Iterator[Logits]:
        """The same at one scale."""
        engine, size = self.engine, photograph.size
        small = photograph.resized(scaled_size(size, scale), self.how)

        def rows(start: int, stop: int) -> Pixels:
            return small.rows(start, stop).transpose(2, 0, 1)[None]

        bands = tiled_bands(run, rows, small.size, engine.radius, engine.stride, TILE, engine.batch)
        return rows_at_size((band[0, 0] for band in bands), small.size, size)


def mean_rows(pictures: Sequence[Iterator[Logits]]) -> Iterator[Logits]:
    """Means of pictures of one size, whose rows come in bands of different heights.

    Args:
        pictures: Bands of rows (h, W) of each picture, from top to bottom.

    Yields:
        The next rows of the mean; what is ahead in one picture waits for the others.
    """
    held = [next(bands) for bands in pictures]
    while held:
        height = min(map(len, held))
        total = held[0][:height].copy()
        for band in held[1:]:
            total += band[:height]
        yield total / np.float32(len(held))
        rest = (_rest(*one, height) for one in zip(held, pictures, strict=True))
        held = [band for band in rest if band is not None]


def _rest(band: Logits, bands: Iterator[Logits], done: int) -> Logits | None:
    """The rows of a band that are not done yet, or the next band; None at the end."""
    return band[done:] if done < len(band) else next(bands, None)
