"""What a network's own photographs look like to it, in the form in which it travels with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crackseg.parameters.form import Fields
from crackseg.system.limits import SCALE_LIMITS, Limits

FEATURE_LIMITS = Limits(-1e6, 1e6)
SPREAD_LIMITS = Limits(1e-6, 1e6)
_DISTANCE = Limits(0, 1e6)
_NOISE = Limits(0, 1e6)


@dataclass(frozen=True)
class KnownPhotographs:
    """Features of training photographs of each source, see :mod:`crackseg.inference.familiarity`.

    Attributes:
        means: Mean over the photographs of each source, by its name.
        noise: Mean square error of each source's mean, in units of the spread.
        spread: Standard deviation within sources.
        limit: Distance that other photographs of most of these sources do not exceed.
        scales: Scales at which they were looked at.
    """

    means: Mapping[str, tuple[float, ...]]
    noise: Mapping[str, float]
    spread: tuple[float, ...]
    limit: float
    scales: tuple[float, ...]

    @classmethod
    def from_fields(cls, fields: Fields) -> "KnownPhotographs":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        each = fields.part("means")
        spread = fields.numbers("spread", SPREAD_LIMITS)
        means = {name: each.numbers(name, FEATURE_LIMITS) for name in each}
        if not means or any(len(one) != len(spread) for one in means.values()):
            fields.fault("means", "of each source as many numbers as spread has")
        noise = fields.table("noise", _NOISE.hold, "numbers") or {}
        if set(noise) != set(means):
            fields.fault("noise", "of the sources of means")
        return cls(
            means=means,
            noise=noise,
            spread=spread,
            limit=fields.number("limit", _DISTANCE),
            scales=fields.numbers("scales", SCALE_LIMITS),
        )

    def as_dict(self) -> Mapping[str, Any]:
        """Lists, texts and numbers, as they stand in the file."""
        return {
            "means": {name: list(mean) for name, mean in self.means.items()},
            "noise": dict(self.noise),
            "spread": list(self.spread),
            "limit": self.limit,
            "scales": list(self.scales),
        }
