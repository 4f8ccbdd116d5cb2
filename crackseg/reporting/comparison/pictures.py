"""Pictures of the same photographs under every run, and of what went wrong in them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crackseg.images.pixels import UInt8Array
from crackseg.reporting.comparison.entries import RunResult
from crackseg.reporting.comparison.media import MediaWriter
from crackseg.reporting.comparison.selection import Choice, Failure
from crackseg.reporting.html.data_uris import EmbeddedPicture, preview
from crackseg.visualization.overlays import as_heat

# Colours of crack that was found, of false alarms and of missed crack. Safe for colour-blind eyes.
FOUND, FALSE, MISSED = "#f4f4f2", "#ff9a4d", "#2f7fe0"
_GROUND = "#16191d"


@dataclass(frozen=True, eq=False)
class RunPrediction:
    """Prediction of a network for an image, at the resolution that was judged.

    Attributes:
        photograph: Photograph, uint8 (H, W, 3).
        truth: Whether a pixel is crack, bool (H, W).
        probability: Probability of crack, float32 (H, W) in [0, 1].
        threshold: Stored threshold.
    """

    photograph: UInt8Array
    truth: npt.NDArray[np.bool_]
    probability: npt.NDArray[np.float32]
    threshold: float

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Where the probability is greater than the threshold, bool (H, W)."""
        return self.probability > np.float32(self.threshold)


@dataclass(frozen=True)
class DrawnPrediction:
    """Pictures of one run's prediction for a photograph."""

    entry: RunResult
    probability: EmbeddedPicture
    mask: EmbeddedPicture
    figures: str


@dataclass(frozen=True)
class Scene:
    """A photograph with the prediction of every run."""

    choice: Choice
    photograph: EmbeddedPicture
    truth: EmbeddedPicture
    runs: tuple[DrawnPrediction, ...]


@dataclass(frozen=True)
class Example:
    """A photograph in which something went wrong."""

    image: str
    measured: str
    photograph: EmbeddedPicture
    mask: EmbeddedPicture


def draw_scene(
    choice: Choice, looks: Sequence[tuple[RunResult, RunPrediction]], key: str, album: MediaWriter
) -> Scene:
    """Draws a photograph with the prediction of every run.

    Args:
        choice: Photograph, and why it is shown.
        looks: Runs with their predictions for it, at least one.
        key: Beginning of the names of files.
        album: Writer that stores the pictures.
    """
    first, what = looks[0][1], choice.image
    truth = preview(as_heat(first.truth.astype(np.float32)))
    return Scene(
        choice,
        album.picture(f"{key}-photograph", preview(first.photograph), f"{what}: the photograph"),
        album.picture(f"{key}-truth", truth, f"{what}: the truth", exact=True),
        tuple(_under_run(what, entry, look, key, album) for entry, look in looks),
    )


def draw_examples(
    failure: Failure, looks: Mapping[str, RunPrediction], album: MediaWriter
) -> tuple[Example, ...]:
    """Draws the photographs in which a failure is worst.

    Args:
        failure: What went wrong, and in which images.
        looks: Predictions by image.
        album: Writer that stores the pictures.
    """
    examples = []
    for place, (image, pixels) in enumerate(failure.worst, 1):
        look, key = looks[image], f"failure-{failure.key}-{place}"
        measured = f"{pixels:,} {failure.unit}"
        photograph = preview(look.photograph)
        mask = preview(coloured(look.mask, look.truth))
        examples.append(
            Example(
                image,
                measured,
                album.picture(f"{key}-photograph", photograph, f"{image}: the photograph"),
                album.picture(f"{key}-mask", mask, f"{image}: {measured}", exact=True),
            )
        )
    return tuple(examples)


def coloured(mask: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> UInt8Array:
    """Colours a mask (H, W) by found crack, false alarms and missed crack, uint8 (H, W, 3)."""
    colours = np.array([_rgb(one) for one in (_GROUND, FALSE, MISSED, FOUND)], np.uint8)
    return colours[mask + 2 * truth.astype(np.intp)]


def _under_run(
    image: str, entry: RunResult, look: RunPrediction, key: str, album: MediaWriter
) -> DrawnPrediction:
    name = f"{key}-{entry.number}"
    caption = f"{image} under run {entry.number}"
    probability = preview(as_heat(look.probability))
    mask = preview(coloured(look.mask, look.truth))
    return DrawnPrediction(
        entry,
        album.picture(f"{name}-probability", probability, f"{caption}: probability of crack"),
        album.picture(f"{name}-mask", mask, f"{caption}: mask against truth", exact=True),
        _figures(look),
    )


def _figures(look: RunPrediction) -> str:
    hits = int(np.count_nonzero(look.mask & look.truth))
    whole = int(np.count_nonzero(look.mask | look.truth))
    if look.truth.any():
        return f"crack IoU {hits / whole:.3f}"
    return f"{whole:,} px of false alarm"


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))
