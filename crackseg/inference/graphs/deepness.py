"""ONNX file for the plugin Deepness of QGIS, which looks for cracks in orthophotos.

The plugin cuts an orthophoto into square tiles of one size, gives them as floats in [0, 1], and
keeps the middle of each. So that it has to resize nothing, the tiles have the size of the
photograph's own pixels, and resizing is a part of the graph. Its rules:
https://qgis-plugin-deepness.readthedocs.io/en/latest/creators/creators_description_classes.html
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from crackseg.images.pixels import Resize
from crackseg.inference.graphs.export import fold_batch_norms, trace
from crackseg.inference.model_file import ModelInfo
from crackseg.inference.scales import scales_of
from crackseg.inference.tiling import logits_at_size
from crackseg.models import SkipNetwork

Matrix = npt.NDArray[np.float32]

# Percent of a tile's side: an eighth of it is discarded along each border.
_OVERLAP = 25
# A margin has five eighths of the radius then. What lies farther away hardly ever changes a mask.
_RADII = 5
# Share by which a scale may differ from that of a prediction.
_SCALE_ERROR = 0.015


@dataclass(frozen=True)
class Tile:
    """A square tile of the plugin.

    Attributes:
        side: Its side in pixels of the orthophoto.
        seen: Its side in pixels that the network sees, at each of its scales.
    """

    side: int
    seen: tuple[int, ...]

    @classmethod
    def of(cls, info: ModelInfo) -> "Tile":
        """The tile for a network: its neighbours begin on the grid of the network's poolings.

        For that, scales beside the largest are taken to the nearest one that fits, and the tile is
        as large as it takes for them to be near.
        """
        step = 100 // _OVERLAP * info.stride
        scales = scales_of(None, info)
        least = max(ceil(_RADII * info.radius / step), 1)
        tiles = [_fitted(count * step, step, scales) for count in range(least, 2 * least + 1)]
        near = [tile for tile, error in tiles if error <= _SCALE_ERROR]
        return near[0] if near else min(tiles, key=lambda one: one[1])[0]


def _fitted(most: int, step: int, scales: Sequence[float]) -> tuple[Tile, float]:
    """The tile that is seen ``most`` pixels wide at the largest scale, and its error of scale."""
    largest = max(scales)
    wanted = [most * one / largest for one in scales]
    seen = tuple(max(round(one / step), 1) * step for one in wanted)
    error = max(abs(one / other - 1) for one, other in zip(seen, wanted, strict=True))
    return Tile(round(most / largest), seen), error


def export_for_deepness(
    network: SkipNetwork, info: ModelInfo, resolution: float | None = None
) -> onnx.ModelProto:
    """Makes the graph of a network with the metadata that the plugin reads.

    The graph takes ``image``, float32 RGB (1, 3, side, side) in [0, 1], and gives ``probability``,
    float32 (1, 1, side, side).

    Args:
        network: Trained network; it stays as it is.
        info: What goes with the network.
        resolution: Centimetres on the ground that a pixel of the orthophoto covers; None leaves
            that to the plugin's window.
    """
    tile = Tile.of(info)
    whole = _TileToProbability(fold_batch_norms(network), tile, info.preprocessing.resize)
    model = trace(whole, torch.zeros(1, 3, tile.side, tile.side))
    told = _told(info, tile) | ({} if resolution is None else {"resolution": resolution})
    onnx.helper.set_model_props(model, {key: json.dumps(value) for key, value in told.items()})
    return model


def _told(info: ModelInfo, tile: Tile) -> dict[str, object]:
    return {
        "model_type": "Segmentor",
        "class_names": {0: "background", 1: "crack"},
        "tiles_size": tile.side,
        # The plugin's documents have the name above, its program the one below.
        "tile_size": tile.side,
        "tiles_overlap": _OVERLAP,
        "seg_thresh": info.threshold,
        # Above 0 the plugin smooths masks by a median, which thin cracks do not survive.
        "seg_small_segment": 0,
        "licence": info.licence,
        "leak_line": info.leak_line,
        "version": info.version,
    }


class _TileToProbability(nn.Module):
    """Everything between a tile and its probability, by the mean of the logits of all scales.

    Pixels and logits are resized by products of matrices.

    Args:
        network: Network that gives logits.
        tile: Tile of the plugin.
        how: Way in which photographs were resized in training.
    """

    def __init__(self, network: SkipNetwork, tile: Tile, how: Resize) -> None:
        super().__init__()
        self.network = network
        self.looks = nn.ModuleList(_Look(network, tile.side, seen, how) for seen in tile.seen)

    def forward(self, image: Tensor) -> Tensor:
        """Computes probability, float32 (1, 1, side, side), of a tile (1, 3, side, side)."""
        filled = _without_rim(image)
        return torch.sigmoid(torch.stack([look(filled) for look in self.looks]).mean(dim=0))


class _Look(nn.Module):
    """Logits of a tile at one scale.

    Args:
        network: Network that gives logits.
        side: Side of the tile in pixels of the orthophoto.
        seen: Its side in pixels that the network sees.
        how: Way in which photographs were resized in training.
    """

    shrink: Tensor
    grow: Tensor

    def __init__(self, network: SkipNetwork, side: int, seen: int, how: Resize) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("shrink", torch.from_numpy(_to_network(side, seen, how)))
        self.register_buffer("grow", torch.from_numpy(_from_network(side, seen)))

    def forward(self, image: Tensor) -> Tensor:
        """Computes logits (1, 1, side, side) of a tile (1, 3, side, side)."""
        seen = self.shrink @ image @ self.shrink.T
        # Photographs of the training had 8 bits after they were resized too.
        logits = self.network.logits_on_grid(torch.round(seen * 255) / 255)
        return self.grow @ logits @ self.grow.T


def _without_rim(image: Tensor) -> Tensor:
    """Fills the black rows and columns around a picture, where it ends, by the nearest others."""
    for along, across in ((2, 3), (3, 2)):
        shown = (image.amax((1, across))[0] > 0).float()
        first, last = shown.argmax(), len(shown) - 1 - shown.flip(0).argmax()
        nearest = torch.arange(len(shown)).clamp(first, last)
        image = image.index_select(along, nearest)
    return image


def _to_network(side: int, seen: int, how: Resize) -> Matrix:
    """The matrix (seen, side) that resizes columns as :func:`crackseg.images.pixels.resize`."""
    way = cv2.INTER_AREA if how == "area" and seen < side else cv2.INTER_LINEAR
    unit = np.eye(side, dtype=np.float32)
    return np.asarray(cv2.resize(unit, (side, seen), interpolation=way), np.float32)


def _from_network(side: int, seen: int) -> Matrix:
    """The matrix (side, seen) that resizes columns of logits."""
    unit = np.eye(seen, dtype=np.float32)
    return np.asarray(logits_at_size(unit[None, None], (side, seen))[0, 0])
