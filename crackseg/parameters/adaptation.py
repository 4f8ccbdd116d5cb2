"""What a network was adapted with, in the form in which it travels with it."""

from dataclasses import asdict, dataclass
from typing import Any

from crackseg.parameters.form import WHOLE, Fields
from crackseg.system.limits import Limits

_IOU = Limits(0, 1)
_BOUND = Limits(-1e3, 1e3)


@dataclass(frozen=True)
class Adaptation:
    """A network's adaptation to photographs of one site.

    Attributes:
        base: Network that was adapted: the name of one that comes with the package, or of a file.
        licence: Licence of its weights; empty where none is stated.
        photographs: Number of labelled photographs.
        changed: What was changed, in words.
        before: Mean crack IoU of the photographs before, each as one image.
        after: The same after, each by a network that was adapted with the others.
        low: Lower bound of the 95 % interval of the mean difference.
        high: Upper bound.
    """

    base: str
    licence: str
    photographs: int
    changed: str
    before: float
    after: float
    low: float
    high: float

    @property
    def line(self) -> str:
        """The adaptation in words."""
        return (
            f"adapted from {self.base} with {self.photographs} photographs: crack IoU "
            f"{self.before:.3f} before, {self.after:.3f} after on photographs left out"
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> "Adaptation":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        return cls(
            base=fields.text("base"),
            licence=fields.text("licence"),
            photographs=fields.number("photographs", WHOLE),
            changed=fields.text("changed"),
            before=fields.number("before", _IOU),
            after=fields.number("after", _IOU),
            low=fields.number("low", _BOUND),
            high=fields.number("high", _BOUND),
        )

    def as_dict(self) -> dict[str, Any]:
        """Texts and numbers, as they stand in the file."""
        return asdict(self)
