"""Proves by drawn cracks, and by real profiles, how well widths are measured."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackseg.data.synthetic.known_cracks import KnownCrack
from crackseg.evaluation.certificate import Certificate, certificate
from crackseg.evaluation.known_widths import agree_from_two_distances, exact_masks, judge, plan
from crackseg.evaluation.plate.finding import PlateError
from crackseg.evaluation.plate.reading import ReadPlate, read_plate
from crackseg.evaluation.width_profiles import ProfileRow, judge_profiles, read_profiles
from crackseg.images.photographs import read_photograph
from crackseg.inference.predictor import Predictor
from crackseg.system.progress import progress


def certify(
    count: int, seed: int, predictor: Predictor | None = None, pairs: int = 0
) -> Certificate:
    """Draws cracks of known width and measures them.

    Args:
        count: Number of cracks.
        seed: Seed of the draw.
        predictor: Network whose masks are measured; None for exact masks.
        pairs: Number of cracks that are photographed from two distances, always with exact masks.
    """

    def masks(known: KnownCrack) -> tuple[npt.NDArray[np.float32], float]:
        if predictor is None:
            return exact_masks(known)
        found = predictor.predict(known.image)
        return found.probability, found.threshold

    drawn = progress(judge(plan(count, seed), masks), "Measuring drawn cracks", count)
    cracks = list(drawn)
    two = progress(iter(plan(pairs, seed + 1)), "From two distances", pairs) if pairs else []
    return certificate(cracks, agree_from_two_distances(two))


def certify_profiles(folder: Path) -> list[ProfileRow]:
    """Measures real profiles whose widths were measured on the structure.

    Raises:
        CrackSegError: There is none, or a file is no profile.
    """
    return judge_profiles(read_profiles(folder))


def read_plate_photograph(path: Path) -> ReadPlate:
    """Reads the test plate in a photograph.

    Raises:
        CrackSegError: The file cannot be read, or shows no plate that can be.
    """
    try:
        return read_plate(read_photograph(path))
    except PlateError as error:
        raise PlateError(f"{path}: {error}") from error
