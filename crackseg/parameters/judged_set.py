"""Figures of an evaluation in the short form in which they travel with a network."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from crackseg.parameters.form import Fields
from crackseg.system.limits import Limits

FIGURE = Limits(-1e9, 1e9)
Figures = Mapping[str, float]


@dataclass(frozen=True)
class JudgedSet:
    """Figures of a network on one set of photographs.

    Attributes:
        title: What was judged, in words.
        protocol: Lines that belong to every figure.
        total: Figures of all images, by name.
        sources: Figures of the images of each source.
        widths: Figures of the images of each class of crack width.
    """

    title: str
    protocol: list[str]
    total: Figures
    sources: Mapping[str, Figures]
    widths: Mapping[str, Figures]

    @classmethod
    def from_fields(cls, form: Fields) -> "JudgedSet":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        return cls(
            title=form.text("title"),
            protocol=form.take("protocol", are_texts, "a list of texts"),
            total=form.table("total", FIGURE.hold, "numbers"),
            sources=form.table("sources", are_figures, "numbers by name"),
            widths=form.table("widths", are_figures, "numbers by name"),
        )

    def as_dict(self) -> dict[str, Any]:
        """Dictionaries, lists, texts and numbers, as they stand in the file."""
        return asdict(self)


def are_figures(value: object) -> bool:
    """Whether a value is a table of numbers."""
    return isinstance(value, dict) and all(map(FIGURE.hold, value.values()))


def are_texts(value: object) -> bool:
    """Whether a value is a list of texts."""
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
