"""What a network's own photographs look like to it, in the form in which it travels with it."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackseg.parameters.form import Fields
from crackseg.system.limits import SCALE_LIMITS, Limits

# Name in a file. Files of earlier versions have "known", of another form.
KEY = "known_photographs"
FEATURE_LIMITS = Limits(-1e6, 1e6)
SPREAD_LIMITS = Limits(1e-6, 1e6)
_DISTANCE = Limits(0, 1e6)
# Half precision: some hundred photographs would else be half of a network's file.
_STORED = np.dtype("<f2")

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class KnownPhotographs:
    """Features of training photographs of each source, see :mod:`crackseg.inference.familiarity`.

    Attributes:
        photographs: Features of some photographs of each source, by its name: numbers in half
            precision, one photograph after the other, see :func:`packed`.
        middle: Mean of each feature, from which those of the photographs are measured.
        spread: Standard deviation of each feature within sources, in which they are measured.
        limit: Distance that other photographs of most of these sources do not exceed.
        scales: Scales at which they were looked at.
    """

    photographs: Mapping[str, bytes]
    middle: tuple[float, ...]
    spread: tuple[float, ...]
    limit: float
    scales: tuple[float, ...]

    def in_units(self, features: FloatArray) -> FloatArray:
        """Features (N, D) as differences from the middle, in units of the spread."""
        difference: FloatArray = (features - self.middle) / self.spread
        return difference

    def rows(self) -> Mapping[str, FloatArray]:
        """Features of the photographs of each source, (N, D), in units of the spread."""
        width = len(self.spread)
        return {
            name: np.frombuffer(data, _STORED).astype(np.float64).reshape(-1, width)
            for name, data in self.photographs.items()
        }

    @classmethod
    def from_fields(cls, fields: Fields) -> "KnownPhotographs":
        """Takes the values of :meth:`as_dict` from a file; faults are noted in the form."""
        middle = fields.numbers("middle", FEATURE_LIMITS)
        spread = fields.numbers("spread", SPREAD_LIMITS)
        if len(middle) != len(spread):
            fields.fault("middle", "as many numbers as spread has")
        each = fields.part("photographs")
        photographs = {name: _unpacked(each, name, len(spread)) for name in each}
        if not photographs:
            fields.fault("photographs", "those of one source at least")
        return cls(
            photographs=photographs,
            middle=middle,
            spread=spread,
            limit=fields.number("limit", _DISTANCE),
            scales=fields.numbers("scales", SCALE_LIMITS),
        )

    def as_dict(self) -> Mapping[str, Any]:
        """Lists, texts and numbers, as they stand in the file."""
        texts = {
            name: base64.b64encode(data).decode("ascii") for name, data in self.photographs.items()
        }
        return {
            "photographs": texts,
            "middle": list(self.middle),
            "spread": list(self.spread),
            "limit": self.limit,
            "scales": list(self.scales),
        }


def packed(rows: FloatArray) -> bytes:
    """Features (N, D) in units of the spread as :class:`KnownPhotographs` keeps them."""
    most = float(np.finfo(_STORED).max)
    return rows.clip(-most, most).astype(_STORED).tobytes()


def _unpacked(fields: Fields, name: str, width: int) -> bytes:
    try:
        data = base64.b64decode(fields.text(name) or "", validate=True)
        rows = np.frombuffer(data, _STORED)
    except (binascii.Error, ValueError):
        data, rows = b"", np.zeros(0, _STORED)
    if not len(rows) or not width or len(rows) % width or not np.isfinite(rows).all():
        fields.fault(name, f"numbers in half precision, {width} of each photograph")
    return data
