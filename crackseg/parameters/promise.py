"""A promised miss rate in the form in which it travels with a network."""

from dataclasses import dataclass
from typing import Any

from crackseg.parameters.form import WHOLE, Fields
from crackseg.parameters.known_photographs import KEY, KnownPhotographs
from crackseg.system.limits import SCALE_LIMITS, Limits

# Less would take thousands of photographs.
MISS_LIMITS = Limits(0.001, 1, below=True)
CONFIDENCE_LIMITS = Limits(0, 1, above=True, below=True)
_MEASURED = Limits(0, 1)


@dataclass(frozen=True)
class Promise:
    """A threshold at which little crack length is missed.

    Attributes:
        threshold: Probability above which a pixel is called crack.
        miss: Largest share of crack length that is missed, on average over photographs.
        confidence: Probability with which that holds.
        photographs: Number of photographs that it was made with.
        missed: Share that was missed on these.
        scales: Scales at which they were looked at.
        known: What they look like to the network; None in files of earlier versions.
    """

    threshold: float
    miss: float
    confidence: float
    photographs: int
    missed: float
    scales: tuple[float, ...]
    known: KnownPhotographs | None = None

    @property
    def line(self) -> str:
        """The promise in words."""
        return (
            f"promise: masks miss at most {self.miss:g} of the crack length of a photograph, on "
            f"average and with a confidence of {self.confidence:g}, in photographs like the "
            f"{self.photographs} that it was made with"
        )

    @classmethod
    def from_fields(cls, fields: Fields) -> "Promise":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        known = KnownPhotographs.from_fields(fields.part(KEY)) if KEY in fields else None
        return cls(
            threshold=fields.threshold("threshold"),
            miss=fields.number("miss", MISS_LIMITS),
            confidence=fields.number("confidence", CONFIDENCE_LIMITS),
            photographs=fields.number("photographs", WHOLE),
            missed=fields.number("missed", _MEASURED),
            scales=fields.numbers("scales", SCALE_LIMITS),
            known=known,
        )

    def as_dict(self) -> dict[str, Any]:
        """Numbers and lists, as they stand in the file."""
        own = {**vars(self), "scales": list(self.scales)}
        del own["known"]
        return own if self.known is None else {**own, KEY: self.known.as_dict()}
