"""Cracks of known width for tests, drawn with exact coverage of pixels."""

import cv2
import numpy as np
import numpy.typing as npt

FINE = 8


def drawn_line(
    width: float, angle: float, size: int = 200, length: float = 150.0
) -> npt.NDArray[np.float32]:
    """Share of each pixel that a straight line covers, through the middle, float32 (size, size)."""
    places = (np.arange(size * FINE) + 0.5) / FINE - size / 2
    x, y = places[None, :], places[:, None]
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    along, across = x * cos - y * sin, x * sin + y * cos
    inside = (np.abs(along) <= length / 2) & (np.abs(across) <= width / 2)
    fine = inside.astype(np.float32)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def drawn_arc(width: float, radius: float, size: int = 240) -> npt.NDArray[np.float32]:
    """Share of each pixel that a ring covers, around the middle."""
    places = (np.arange(size * FINE) + 0.5) / FINE - size / 2
    away = np.hypot(places[None, :], places[:, None])
    fine = (np.abs(away - radius) <= width / 2).astype(np.float32)
    return np.asarray(cv2.resize(fine, (size, size), interpolation=cv2.INTER_AREA), np.float32)


def drawn_path(points: npt.NDArray[np.float64], width: int, size: int) -> npt.NDArray[np.float32]:
    """Share of each pixel that a line with round ends through points (N, 2) covers."""
    fine = np.zeros((size * FINE, size * FINE), np.uint8)
    # Whole numbers are the middles of pixels; OpenCV counts sixteenths of its own.
    corners = np.rint(16 * ((points + 0.5) * FINE - 0.5)).astype(np.int32)
    cv2.polylines(fine, [corners], False, 1, width * FINE, shift=4)
    shares = cv2.resize(fine.astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(shares, np.float32)


def photographed(
    coverage: npt.NDArray[np.float32],
    contrast: float = 0.6,
    blur: float = 0.8,
    noise: float = 0.01,
    seed: int = 0,
) -> npt.NDArray[np.uint8]:
    """Photograph, uint8 (H, W), of cracks on a surface that is lit more from the left."""
    soft = cv2.GaussianBlur(coverage, (0, 0), blur)
    light = 0.6 + 0.1 * np.linspace(1, -1, coverage.shape[1])[None, :]
    grain = np.random.default_rng(seed).normal(0, noise, coverage.shape)
    return np.clip(np.rint(255 * (light * (1 - contrast * soft) + grain)), 0, 255).astype(np.uint8)
