"""Whether a network can be relied on for a folder of photographs, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from crackseg.inference.features import FloatArray
from crackseg.inference.predictor import Predictor

_OF_TRAINING, _OF_SITE = "that the network was trained on", "that the network was adapted to"
_OF_PROMISE = "that the promise was made with"
_NO_PROMISE = (
    "the promised miss rate is not known to hold for them; calibrate anew with photographs like "
    "these"
)
_NO_FIGURES = "masks may be far worse than the network's figures"
# Of photographs unlike the known ones networks mostly miss: a part of the threshold finds more,
# down to thresholds that are low already (docs/generalisation.md).
_LOWER, _LOW = 0.2, 0.1


@dataclass(frozen=True)
class Reliance:
    """What is said of photographs that were looked at together.

    Attributes:
        line: Whether they are like those that the network is for.
        advice: What follows if they are not, and what to do; empty if they are.
    """

    line: str
    advice: str


def reliance(predictor: Predictor, features: Sequence[FloatArray]) -> Reliance | None:
    """What is to be said of photographs.

    Args:
        predictor: Predictor that looked at them.
        features: What it saw of each.

    Returns:
        The words; None where nothing is known to compare with, or for too few photographs.
    """
    found = predictor.familiarity(features)
    if found is None:
        return None
    advice = _NO_PROMISE if predictor.promise is not None else _without_promise(predictor)
    return Reliance(found.line(_what_is_known(predictor)), advice if found.unlike else "")


def _what_is_known(predictor: Predictor) -> str:
    if predictor.promise is not None:
        return _OF_PROMISE
    return _OF_SITE if predictor.is_adapted else _OF_TRAINING


def _without_promise(predictor: Predictor) -> str:
    return f"{_NO_FIGURES}; {_trying(predictor)}, or {_adapting(predictor)}"


def _trying(predictor: Predictor) -> str:
    """What to do without labelled photographs."""
    if predictor.is_adapted or predictor.threshold < _LOW:
        return "look through some"
    lower = f"--threshold {_LOWER * predictor.threshold:.2g}"
    return f"try {lower}, which mostly finds more of such cracks (and more false ones)"


def _adapting(predictor: Predictor) -> str:
    """What to do with labelled photographs, as 8 bits cannot be trained."""
    if predictor.is_quantised:
        return (
            "label five photographs and adapt the network in float that this one in 8 bits was "
            "made of"
        )
    command = f"crackseg adapt FOLDER {predictor.named} --suggest 5 --output TO_LABEL"
    return f"label five photographs and adapt it: {command}"
