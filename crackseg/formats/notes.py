"""Sentences that travel with exported figures, where a format can carry them."""

import re

from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.photograph import Method

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
RESOLVED = (
    "Low and high are the ends of an interval of 95 %; where a width is not resolved, they are "
    "bounds, and the value is a guess"
)


def notes(method: Method, limits: ClassLimits | None, units: str) -> tuple[str, ...]:
    """What whoever opens a file must know to read its figures.

    Args:
        method: How the cracks were found.
        limits: Limits of the classes in the file; None for no classes.
        units: Sentence about the file's units and axes.
    """
    found = (
        f"Found by crackseg {method.version}, {method.model}, at a probability above "
        f"{method.threshold:g} and at the scales {method.scales}"
    )
    classes = () if limits is None else (class_note(limits),)
    return (units, RESOLVED, found, *classes)


def class_note(limits: ClassLimits) -> str:
    """Source of the limits of classes, and what they are not."""
    return (
        f"Classes {limits.name}, by the 95th percentile of width: {limits.source}; they are no "
        "verdict on a structure"
    )


def printable(name: str) -> str:
    r"""A name without the characters that XML and DXF cannot have.

    >>> printable("a\nb.jpg")
    'a?b.jpg'
    """
    return _CONTROL.sub("?", name.encode("utf-8", "replace").decode())
