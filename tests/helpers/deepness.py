"""What the plugin Deepness of QGIS does with a file, after its documents and version 0.7."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Deepness:
    """The plugin with a file opened in it.

    Args:
        path: Path of the ONNX file.
    """

    def __init__(self, path: Path) -> None:
        self.session = onnxruntime.InferenceSession(str(path))
        (self.image,) = self.session.get_inputs()
        told = self.session.get_modelmeta().custom_metadata_map
        self.told: dict[str, Any] = {key: json.loads(value) for key, value in told.items()}
        self.side = self.image.shape[-1]
        self.overlap = int(self.side * self.told["tiles_overlap"] / 100 * 2) // 2 // 2 * 2

    def class_names(self) -> list[str]:
        pairs = sorted((int(key), name) for key, name in self.told["class_names"].items())
        assert [key for key, _ in pairs] == list(range(len(pairs)))
        return [name for _, name in pairs]

    def mask(self, orthophoto: Picture) -> Mask:
        """Finds cracks tile by tile; what is missing of the last row of tiles is black, on top."""
        stride = self.side - self.overlap
        height, width = (filled(length, self.side, stride) for length in orthophoto.shape[:2])
        down = height - len(orthophoto)
        whole = np.zeros((height, width, 3), np.uint8)
        whole[down:, : orthophoto.shape[1]] = orthophoto
        found = np.zeros((height, width), np.bool_)
        for y, kept_y in self._kept(height):
            for x, kept_x in self._kept(width):
                tile = self._tile(whole[y : y + self.side, x : x + self.side])
                found[y + kept_y[0] : y + kept_y[1], x + kept_x[0] : x + kept_x[1]] = tile[
                    slice(*kept_y), slice(*kept_x)
                ]
        return found[down:, : orthophoto.shape[1]]

    def probability(self, tile: Picture) -> npt.NDArray[np.float32]:
        given = np.float32(tile[None] * 1.0 / 255.0).transpose(0, 3, 1, 2)
        (result,) = self.session.run(None, {self.image.name: given})
        assert result.shape == (1, 1, self.side, self.side)
        return np.asarray(result)

    def _tile(self, pixels: Picture) -> Mask:
        result = self.probability(pixels)
        result[result < self.told["seg_thresh"]] = 0.0
        return np.asarray(result[0, 0] != 0)

    def _kept(self, length: int) -> Iterator[tuple[int, tuple[int, int]]]:
        """Starts of the tiles along a side, each with the part of it that is kept."""
        half, stride = self.overlap // 2, self.side - self.overlap
        for start in range(0, length - self.side + 1, stride):
            first, last = start == 0, start + self.side == length
            yield start, (0 if first else half, self.side if last else self.side - half)


def filled(length: int, side: int, stride: int) -> int:
    """The length of whole tiles that cover a length."""
    return side + -(-max(length - side, 0) // stride) * stride
