"""The usual loop over a large photograph: eager PyTorch, tiles of 512 pixels, one at a time."""

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from benchmarks.peers.pytorch import build

_TILE = 512
# As crackseg overlaps tiles of the default U-Net, so that none shows a seam.
_MARGIN = 128

# A photograph, not an attack.
Image.MAX_IMAGE_PIXELS = None


def predict(photograph: str, output: str, weights: str, scale: float) -> dict[str, float]:
    """Writes the mask and the overlay of a photograph."""
    network = build("default", weights).eval()
    whole = Image.open(photograph).convert("RGB")
    size = round(whole.width * scale), round(whole.height * scale)
    pixels = np.asarray(whole.resize(size, Image.Resampling.BOX) if scale != 1 else whole)
    image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        logits = _tiled(network, image)
        logits = F.interpolate(logits, whole.size[::-1], mode="bilinear")
        mask = (torch.sigmoid(logits)[0, 0] > 0.5).numpy()
    _write(np.asarray(whole), mask, Path(output))
    return {}


def _tiled(network: torch.nn.Module, image: torch.Tensor) -> torch.Tensor:
    height, width = image.shape[-2:]
    # To whole tiles, mirrored as photographs go on.
    step = _TILE - 2 * _MARGIN
    below, right = -height % step, -width % step
    padding = (_MARGIN, right + _MARGIN, _MARGIN, below + _MARGIN)
    padded = F.pad(image, padding, mode="replicate")
    logits = torch.empty(1, 1, height + below, width + right)
    inner = slice(_MARGIN, _MARGIN + step)
    for top in range(0, height, step):
        for left in range(0, width, step):
            seen = network(padded[..., top : top + _TILE, left : left + _TILE])
            logits[..., top : top + step, left : left + step] = seen[..., inner, inner]
    return logits[..., :height, :width]


def _write(photograph: np.ndarray, mask: np.ndarray, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "loop_mask.png")
    red = np.array([255, 0, 0], np.uint8)
    overlay = np.where(mask[..., None], photograph // 2 + red // 2, photograph)
    Image.fromarray(overlay).save(folder / "loop_overlay.png")
