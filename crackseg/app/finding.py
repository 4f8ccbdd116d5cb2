"""Finds and measures the cracks of one photograph of a session, within limits."""

import gzip
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from crackseg.app.limits import LONGEST_SIDE, AppLimits
from crackseg.app.sessions import AppPhotograph, Session, SessionEndedError
from crackseg.errors import UnreadableImageError
from crackseg.images.georeference import read_placement
from crackseg.images.pixels import UInt8Array
from crackseg.images.windows import AnyPhotograph
from crackseg.inference.predictor import Predictor
from crackseg.measurement.measuring import measure
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Scale
from crackseg.visualization.overlays import as_grey
from crackseg.workflows.measuring.scales import scale_of_map

# Probabilities are kept as whole numbers of 16 bits.
_WHOLE = 65_535
_JPEG_QUALITY = 90


def predict(
    photograph: AppPhotograph, session: Session, predictor: Predictor, limits: AppLimits
) -> Iterator[float]:
    """Predicts the cracks of a photograph, and keeps what the page and the measuring need.

    Yields:
        The share that is done.

    Raises:
        UnreadableImageError: The photograph cannot be read, or took too long.
        SessionEndedError: The page was closed meanwhile.
    """
    opened = _open(photograph.path, predictor)
    probability = np.empty(opened.size, np.uint16)
    done, end = 0, time.monotonic() + limits.seconds
    moments = predictor.moments()
    for band in predictor.bands(opened, photograph.name, moments):
        stop = done + len(band.probability)
        probability[done:stop] = np.rint(band.probability * _WHOLE)
        done = stop
        _go_on(session, end if done < opened.size[0] else None, limits)
        yield done / opened.size[0]
    if moments is not None:
        session.update(photograph.key, features=moments.telling)
    with session.open_folder():
        np.save(photograph.probability_path, probability)
        _write_shown(photograph, opened.rows(0, opened.size[0]), probability)


def measured(
    photograph: AppPhotograph, threshold: float, predictor: Predictor
) -> MeasuredPhotograph:
    """Measures the cracks of a predicted photograph.

    Args:
        photograph: Photograph.
        threshold: Probability above which a pixel is crack.
        predictor: Predictor that found it.
    """
    image, probability = read_image(photograph, predictor), read_probability(photograph)
    found = measure(image, probability, threshold, photograph.scale)
    placement = read_placement(photograph.path)
    georeference = None if placement is None else placement.georeference
    return MeasuredPhotograph(photograph.name, found, predictor.method(threshold), georeference)


def scale_of_file(photograph: AppPhotograph) -> Scale | None:
    """The scale that a photograph's own map has; None where it has none."""
    placement = read_placement(photograph.path)
    return None if placement is None else scale_of_map(placement)


def read_image(photograph: AppPhotograph, predictor: Predictor) -> UInt8Array:
    """The pixels of a photograph, (H, W, 3)."""
    opened = predictor.open(photograph.path)
    return opened.rows(0, opened.size[0])


def read_probability(photograph: AppPhotograph) -> npt.NDArray[np.float32]:
    """The probability of a predicted photograph, (H, W)."""
    return _as_share(np.load(photograph.probability_path))


def _as_share(whole: npt.NDArray[np.uint16]) -> npt.NDArray[np.float32]:
    return whole.astype(np.float32) / np.float32(_WHOLE)


def _open(path: Path, predictor: Predictor) -> AnyPhotograph:
    opened = predictor.open(path)
    if max(opened.size) > LONGEST_SIDE:
        raise UnreadableImageError(
            f"{path}: longer than {LONGEST_SIDE:,} pixels, which no browser shows; cut it into "
            "parts, or use crackseg predict"
        )
    return opened


def _go_on(session: Session, end: float | None, limits: AppLimits) -> None:
    if session.ended:
        raise SessionEndedError("the page was closed")
    if end is not None and time.monotonic() > end:
        raise UnreadableImageError(
            f"not done after {limits.seconds:g} s, the most that a photograph may take here; cut "
            "it into parts, make it smaller, or start the app with a larger --max-seconds"
        )


def _write_shown(
    photograph: AppPhotograph, image: UInt8Array, probability: npt.NDArray[np.uint16]
) -> None:
    """Writes what the browser gets: the photograph, and its probability in 8 bits."""
    quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
    bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    photograph.shown_path.write_bytes(cv2.imencode(".jpg", bgr, quality)[1].tobytes())
    grey = as_grey(_as_share(probability))
    # The lowest level: most of it is nothing.
    photograph.shown_probability_path.write_bytes(gzip.compress(grey.tobytes(), 1))
