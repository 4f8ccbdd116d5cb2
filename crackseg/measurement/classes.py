"""Classes of crack widths by limits in millimetres, named and changeable.

The limits are of design or of rating: a class says where a width lies, and is no verdict on a
structure.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from crackseg.errors import ConfigError, did_you_mean
from crackseg.measurement.scale import Measured, Scale

CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class ClassLimits:
    """Limits between classes of width.

    Attributes:
        name: Name of the set.
        source: Where the limits come from, and what they are meant for.
        limits_mm: Limits in millimetres, rising; a width at a limit is of the class below it.
    """

    name: str
    source: str
    limits_mm: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(one < other for one, other in pairwise((0.0, *self.limits_mm, math.inf)))
        if not self.limits_mm or not rising:
            raise ConfigError(
                f"limits of width {', '.join(map(str, self.limits_mm)) or '(none)'}: millimetres "
                "greater than 0, each greater than the one before, with points for decimals: "
                "0.2,0.3"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the classes, from the narrowest.

        >>> ClassLimits("mine", "", (0.2, 0.3)).labels
        ('up to 0.2 mm', '0.2 to 0.3 mm', 'above 0.3 mm')
        """
        between = (f"{low:g} to {high:g} mm" for low, high in pairwise(self.limits_mm))
        return (f"up to {self.limits_mm[0]:g} mm", *between, f"above {self.limits_mm[-1]:g} mm")

    def classify(self, width_mm: Measured) -> "WidthClass":
        """The class of a width in millimetres, with those that its interval reaches."""
        low, high = (self._index(end) for end in (width_mm.low, width_mm.high))
        return WidthClass(self.labels[low], self.labels[high])

    def _index(self, width_mm: float) -> int:
        return sum(width_mm > limit for limit in self.limits_mm)


@dataclass(frozen=True)
class WidthClass:
    """Class of a width.

    Attributes:
        lowest: Class of the interval's lower end.
        highest: Class of its upper end.
    """

    lowest: str
    highest: str

    @property
    def is_certain(self) -> bool:
        """Whether the whole interval lies in one class."""
        return self.lowest == self.highest

    @property
    def label(self) -> str:
        """The class; :data:`CANNOT_TELL` where the interval spans two or more."""
        return self.lowest if self.is_certain else CANNOT_TELL


_ALL = (
    ClassLimits(
        "aci224r",
        "ACI 224R-01, table 4.1: reasonable widths at the tensile face of reinforced concrete "
        "under service loads, from water-retaining structures (0.10 mm) to dry air (0.41 mm)",
        (0.10, 0.15, 0.18, 0.30, 0.41),
    ),
    ClassLimits(
        "en1992",
        "EN 1992-1-1, table 7.1N: recommended limits of the calculated width, by exposure",
        (0.2, 0.3, 0.4),
    ),
    ClassLimits(
        "bre251",
        "BRE Digest 251: visible damage of walls by ease of repair, categories 0 to 5",
        (0.1, 1.0, 5.0, 15.0, 25.0),
    ),
    ClassLimits(
        "tm5-826-6",
        "TM 5-826-6: severity of cracks in airfield pavements (1/8, 1/2 and 1 inch)",
        (3.2, 12.7, 25.4),
    ),
)
PRESETS: Mapping[str, ClassLimits] = {one.name: one for one in _ALL}


def class_limits(choice: str | Sequence[float]) -> ClassLimits:
    """The limits of a preset's name, or of numbers in millimetres.

    Raises:
        ConfigError: There is no such preset, or the numbers do not rise from above 0.

    Example:
        >>> class_limits("en1992").limits_mm
        (0.2, 0.3, 0.4)
    """
    if not isinstance(choice, str):
        return ClassLimits("own", "limits given by the user", tuple(map(float, choice)))
    if choice not in PRESETS:
        guess = did_you_mean(choice, PRESETS)
        raise ConfigError(
            f"classes={choice}: one of {', '.join(PRESETS)}, or limits in millimetres"
            + (f"; {guess}" if guess else "")
        )
    return PRESETS[choice]


def crack_class(
    percentile95: Measured | None, scale: Scale | None, limits: ClassLimits | None
) -> WidthClass | None:
    """The class of a crack or a branch: that of its 95th percentile, which no speck decides.

    Args:
        percentile95: Width in pixels that 95 % of its places are not wider than; None without one.
        scale: Millimetres for each pixel; None where it is not known.
        limits: Limits of classes; None for no classes.

    Returns:
        The class; None where there is no width, no scale or no limits.
    """
    if percentile95 is None or scale is None or limits is None:
        return None
    return limits.classify(scale.millimetres(percentile95))
