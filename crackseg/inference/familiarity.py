"""How far photographs are from those that a network was trained on, by its own features.

A photograph is its network's deepest features: their means and standard deviations, one number for
each. Numbers are measured in their deviation among photographs of one source. Photographs are taken
together, since one by one they differ more than sources do: they are far if their mean is far from
all mixtures of single known photographs. So those of one place, which are alike, are near where
some known photographs were like them, though their source as a whole is not.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from crackseg.inference.features import FloatArray
from crackseg.parameters.form import one_line
from crackseg.parameters.known_photographs import (
    FEATURE_LIMITS,
    SPREAD_LIMITS,
    KnownPhotographs,
    Place,
)

# Photographs that a network keeps; more would make its file large.
MOST_KNOWN = 512
# A number that hardly varies within sources says little by what it varies between them.
_LEAST_SPREAD = 1e-3
# Weight of the condition that shares add up to 1.
_STRICT = 1e3
# Active sets that are tried for each known photograph before the search for the nearest mixture
# gives up.
_MOST_TRIES = 100
# Fewer photographs do not show what their place looks like.
LEAST_TO_TELL = 5
# Distances below say nothing, however near to each other the known photographs are; of a handful,
# or where no others say how far such are, more is due to chance.
_LEAST_LIMIT, _LIMIT_OF_FEW = 0.35, 0.6
# Share of the known sources whose other photographs are within the limit; a source may hold one
# scene in training and quite another one in validation.
_WITHIN = 0.75
_DIGITS = 5
# Of features in units of their spread.
_DECIMALS = 2


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
) -> KnownPhotographs:
    """What a network knows, from features (N, D) of some photographs of each source.

    Args:
        by_source: Features of photographs of the training.
        others: Features of other photographs, those of one of the sources each, which say how far
            such are.
        scales: Scales at which all were looked at.
    """
    spread = _spread(by_source)
    known = KnownPhotographs(
        places={name: _places(features, spread) for name, features in by_source.items()},
        spread=_rounded(spread),
        limit=_LIMIT_OF_FEW,
        scales=scales,
    )
    if not others:
        return known
    usual = np.quantile([farness(features, known).distance for features in others], _WITHIN)
    return replace(known, limit=max(_LEAST_LIMIT, *_rounded([usual])))


def known_place(
    features: FloatArray, parts: int, slack: float, scales: tuple[float, ...]
) -> KnownPhotographs:
    """What is known of one place, from features (N, D) of its photographs in their order.

    Args:
        features: Features.
        parts: Number of parts, in their order, that are to be like the others.
        slack: What others of such a part may be farther away, as a factor.
        scales: Scales at which they were looked at.
    """
    known = known_photographs({"": features}, [], scales)
    distances = []
    for part in np.array_split(np.arange(len(features)), parts):
        others = _places(np.delete(features, part, axis=0), np.array(known.spread))
        distances.append(farness(features[part], replace(known, places={"": others})).distance)
    kept = known.places[""][:: -(-len(features) // MOST_KNOWN)]
    limit = slack * max(_LEAST_LIMIT, *_rounded(distances))
    return replace(known, places={"": kept}, limit=limit)


def are_measurable(features: FloatArray) -> bool:
    """Whether features are such that a file can keep them."""
    return bool(np.abs(features).max() <= FEATURE_LIMITS.high)


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
    if len(features) < LEAST_TO_TELL or not are_measurable(features):
        return None
    places = _places(features, np.array(before.spread))
    return replace(before, places={"": places}, limit=max(before.limit, _LIMIT_OF_FEW))


def familiarity(features: FloatArray, known: KnownPhotographs) -> Familiarity | None:
    """How far photographs are from known ones.

    Args:
        features: Their features at the same scales, (N, D).
        known: What their network knows.

    Returns:
        The distance; None for too few photographs to tell.
    """
    if len(features) < LEAST_TO_TELL:
        return None
    found = farness(features, known)
    nearest = list(known.places)[int(found.shares.argmax())]
    return Familiarity(len(features), found.distance, known.limit, nearest)


def farness(features: FloatArray, known: KnownPhotographs) -> Farness:
    """How far photographs with features (N, D) are from known ones."""
    # Imported here because it takes a while, and every command reads networks.
    from scipy.optimize import nnls

    spread = np.array(known.spread)
    corners = np.concatenate([np.array(each) for each in known.places.values()])
    place = features.mean(axis=0) / spread
    equations = np.vstack([corners.T, np.full(len(corners), _STRICT)])
    shares, _ = nnls(equations, np.append(place, _STRICT), maxiter=_MOST_TRIES * len(corners))
    distance = float(np.sqrt(((place - shares @ corners) ** 2).mean()))
    ends = np.cumsum([len(each) for each in known.places.values()])[:-1]
    by_source = np.array([each.sum() for each in np.split(shares, ends)])
    return Farness(distance, by_source)


def _spread(by_source: Mapping[str, FloatArray]) -> FloatArray:
    """Standard deviation of each feature within sources, (D,)."""
    deviations = np.concatenate([each - each.mean(axis=0) for each in by_source.values()])
    freedom = max(len(deviations) - len(by_source), 1)
    spread: FloatArray = np.sqrt((deviations**2).sum(axis=0) / freedom)
    # Where all are equal, any unit does.
    least = _LEAST_SPREAD * spread.mean() or 1.0
    return np.maximum(spread, max(least, SPREAD_LIMITS.low))


def _places(features: FloatArray, spread: FloatArray) -> tuple[Place, ...]:
    """Features (N, D) in units of their spread, as a file keeps them."""
    return tuple(map(tuple, (features / spread).round(_DECIMALS).tolist()))


def _rounded(numbers: Iterable[float]) -> Place:
    return tuple(float(f"{number:.{_DIGITS}g}") for number in numbers)
