"""How far photographs are from those that a network was trained on, by its own features.

A photograph is its network's deepest features: their means and standard deviations, one number for
each. Numbers are measured in their deviation among photographs of one source. Photographs are taken
together, since one by one they differ more than sources do: they are far if their mean is far from
all mixtures of single known photographs. So those of one place, which are alike, are near where
some known photographs were like them, though their source as a whole is not.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from crackseg.errors import CrackSegError
from crackseg.inference.features import FloatArray
from crackseg.parameters.form import one_line
from crackseg.parameters.known_photographs import (
    FEATURE_LIMITS,
    SPREAD_LIMITS,
    KnownPhotographs,
    packed,
)

log = logging.getLogger(__name__)

# Photographs that a network keeps, and their numbers; more would make its file large.
_MOST_KNOWN, _MOST_NUMBERS = 512, 2**18
# A number that hardly varies within sources says little by what it varies between them.
_LEAST_SPREAD = 1e-3
# Weight of the condition that shares add up to 1.
_STRICT = 1e3
# Steps for each known photograph after which the search for the nearest mixture gives up.
_MOST_STEPS = 100
# Fewer photographs do not show what their place looks like.
LEAST_TO_TELL = 5
# Distances below say nothing, however near to each other the known photographs are; where those
# are a handful, or no others say how far such are, more is due to chance.
_LEAST_LIMIT, _LIMIT_OF_FEW = 0.35, 0.6
# Share of the known sources whose other photographs are within the limit; a source may hold one
# scene in training and quite another one in validation.
_WITHIN = 0.75


class Farness(NamedTuple):
    """How far photographs are from known ones.

    Attributes:
        distance: Root mean square of the differences, each in its spread.
        shares: Share of each source in the nearest mixture, (S,).
    """

    distance: float
    shares: FloatArray


@dataclass(frozen=True)
class Familiarity:
    """How far some photographs are from known ones.

    Attributes:
        photographs: Their number.
        distance: Distance.
        limit: Distance that other photographs of most known sources do not exceed.
        nearest: Source that they are nearest to; empty where sources have no names.
    """

    photographs: int
    distance: float
    limit: float
    nearest: str

    @property
    def unlike(self) -> bool:
        """Whether they are farther than photographs of known sources are."""
        return self.distance > self.limit

    def line(self, known: str) -> str:
        """The same in words.

        Args:
            known: What the known photographs are, such as ``that the network was trained on``.
        """
        among = f"; nearest: {one_line(self.nearest)}" if self.nearest else ""
        measured = f"distance {self.distance:.2f}, limit {self.limit:.2f}{among}"
        like = "unlike" if self.unlike else "like"
        return f"the {self.photographs} photographs are {like} those {known} ({measured})"


def known_photographs(
    by_source: Mapping[str, FloatArray],
    others: Sequence[FloatArray],
    scales: tuple[float, ...],
) -> KnownPhotographs | None:
    """What a network knows, from features (N, D) of some photographs of each source.

    Args:
        by_source: Features of photographs of the training.
        others: Features of other photographs, those of one of the sources each, which say how far
            such are, unless they are too few to tell.
        scales: Scales at which all were looked at.

    Returns:
        What it knows; None where there is no photograph, and for features beyond any measure.

    Raises:
        CrackSegError: No nearest mixture of photographs was found.
    """
    if not by_source or not all(map(_are_measurable, by_source.values())):
        return None
    middle = tuple(np.concatenate(list(by_source.values())).mean(axis=0).tolist())
    spread = tuple(_spread(by_source).tolist())
    nothing = KnownPhotographs({}, middle, spread, _LIMIT_OF_FEW, scales)
    most = most_known(len(by_source), len(spread))
    photographs = {
        name: packed(nothing.in_units(features[:most])) for name, features in by_source.items()
    }
    known = replace(nothing, photographs=photographs)
    telling = [one for one in others if len(one) >= LEAST_TO_TELL and _are_measurable(one)]
    if not telling:
        return known
    usual = np.quantile([farness(one, known).distance for one in telling], _WITHIN)
    return replace(known, limit=max(_LEAST_LIMIT, float(usual)))


def most_known(sources: int, width: int = 1) -> int:
    """Number of photographs of each source that are kept, with so many features each."""
    return max(min(_MOST_KNOWN, _MOST_NUMBERS // width) // sources, 1)


def _thinned(features: FloatArray) -> FloatArray:
    """Features (N, D) of as many photographs as are kept, from all over the list."""
    return features[:: -(-len(features) // most_known(1, features.shape[1]))]


def known_calibration(
    features: FloatArray, parts: int, slack: float, scales: tuple[float, ...]
) -> KnownPhotographs | None:
    """What is known of the photographs of a calibration, of one source, in their order.

    Args:
        features: Their features (N, D).
        parts: Number of parts, in their order, that are to be like the others.
        slack: What others of such a part may be farther away, as a factor.
        scales: Scales at which they were looked at.

    Returns:
        What is known; None for features beyond any measure.

    Raises:
        CrackSegError: No nearest mixture of photographs was found.
    """
    known = known_photographs({"": _thinned(features)}, [], scales)
    if known is None or len(features) < parts * LEAST_TO_TELL:
        return known
    rows, distances = known.in_units(features), []
    for part in np.array_split(np.arange(len(features)), parts):
        others = replace(known, photographs={"": packed(np.delete(rows, part, axis=0))})
        distances.append(farness(features[part], others).distance)
    return replace(known, limit=slack * max(_LEAST_LIMIT, *distances))


def known_site(features: FloatArray, before: KnownPhotographs) -> KnownPhotographs | None:
    """What a network knows that was fitted to photographs of one place: this place alone.

    The network's features have moved with its normalisations, so that the sources of its training
    are no longer where they were; their spread, and the limit, hold as units.

    Args:
        features: Features of the photographs, by the fitted network, (N, D).
        before: What the network knew that was fitted.

    Returns:
        What it knows; None for too few photographs, and for features beyond any measure.
    """
    if len(features) < LEAST_TO_TELL or not _are_measurable(features):
        return None
    limit = max(before.limit, _LIMIT_OF_FEW)
    return replace(
        before, photographs={"": packed(before.in_units(_thinned(features)))}, limit=limit
    )


def familiarity(features: FloatArray, known: KnownPhotographs) -> Familiarity | None:
    """How far photographs are from known ones.

    Args:
        features: Their features at the same scales, (N, D).
        known: What their network knows.

    Returns:
        The distance; None for too few photographs to tell, for features beyond any measure, and
        where no nearest mixture of known photographs is found.
    """
    if len(features) < LEAST_TO_TELL or not _are_measurable(features):
        return None
    try:
        found = farness(features, known)
    except CrackSegError as error:
        log.warning("nothing can be said of these photographs: %s", error)
        return None
    nearest = list(known.photographs)[int(found.shares.argmax())]
    return Familiarity(len(features), found.distance, known.limit, nearest)


def farness(features: FloatArray, known: KnownPhotographs) -> Farness:
    """How far photographs with features (N, D) are from known ones.

    Raises:
        CrackSegError: No nearest mixture of known photographs was found.
    """
    # Imported here because it takes a while, and every command reads networks.
    from scipy.optimize import nnls

    by_source = known.rows()
    corners = np.concatenate(list(by_source.values()))
    shown = known.in_units(features).mean(axis=0)
    equations = np.vstack([corners.T, np.full(len(corners), _STRICT)])
    try:
        shares, _ = nnls(equations, np.append(shown, _STRICT), maxiter=_MOST_STEPS * len(corners))
    except RuntimeError as error:
        raise CrackSegError(f"the nearest mixture of known photographs: {error}") from error
    distance = float(np.sqrt(((shown - shares @ corners) ** 2).mean()))
    ends = np.cumsum([len(rows) for rows in by_source.values()])[:-1]
    return Farness(distance, np.array([part.sum() for part in np.split(shares, ends)]))


def _are_measurable(features: FloatArray) -> bool:
    """Whether features are such that a file can keep them."""
    return bool(np.abs(features).max() <= FEATURE_LIMITS.high)


def _spread(by_source: Mapping[str, FloatArray]) -> FloatArray:
    """Standard deviation of each feature within sources, (D,)."""
    deviations = np.concatenate([each - each.mean(axis=0) for each in by_source.values()])
    freedom = max(len(deviations) - len(by_source), 1)
    spread: FloatArray = np.sqrt((deviations**2).sum(axis=0) / freedom)
    # Where all are equal, any unit does.
    least = _LEAST_SPREAD * spread.mean() or 1.0
    return np.maximum(spread, max(least, SPREAD_LIMITS.low))
