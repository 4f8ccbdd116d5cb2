"""What a network's own photographs look like to it, in the form in which it travels with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crackseg.parameters.form import Fields
from crackseg.system.limits import SCALE_LIMITS, Limits

# Name in a file. Files of earlier versions have "known", of another form.
KEY = "known_photographs"
FEATURE_LIMITS = Limits(-1e6, 1e6)
SPREAD_LIMITS = Limits(1e-6, 1e6)
_PLACE_LIMITS = Limits(-1e12, 1e12)
_DISTANCE = Limits(0, 1e6)

Place = tuple[float, ...]


@dataclass(frozen=True)
class KnownPhotographs:
    """Features of training photographs of each source, see :mod:`crackseg.inference.familiarity`.

    Attributes:
        places: Features of some photographs of each source, by its name, in units of the spread.
        spread: Standard deviation of each feature within sources.
        limit: Distance that other photographs of most of these sources do not exceed.
        scales: Scales at which they were looked at.
    """

    places: Mapping[str, tuple[Place, ...]]
    spread: Place
    limit: float
    scales: tuple[float, ...]

    @classmethod
    def from_fields(cls, fields: Fields) -> "KnownPhotographs":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        each = fields.part("places")
        spread = fields.numbers("spread", SPREAD_LIMITS)
        places = {name: each.rows(name, len(spread), _PLACE_LIMITS) for name in each}
        if not places:
            fields.fault("places", "photographs of one source at least")
        return cls(
            places=places,
            spread=spread,
            limit=fields.number("limit", _DISTANCE),
            scales=fields.numbers("scales", SCALE_LIMITS),
        )

    def as_dict(self) -> Mapping[str, Any]:
        """Lists, texts and numbers, as they stand in the file."""
        return {
            "places": {name: list(map(list, each)) for name, each in self.places.items()},
            "spread": list(self.spread),
            "limit": self.limit,
            "scales": list(self.scales),
        }
