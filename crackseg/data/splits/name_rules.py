"""Reads from a file's name the sub-dataset and the photograph that it was cut from."""

import re
from typing import NamedTuple


class Origin(NamedTuple):
    """Origin of an image; a field is empty where the name does not say it."""

    source: str
    photograph: str


# The first rule that matches the whole stem names the source, and its group "photograph" names
# the photograph. A rule without that group knows only the source.
_RULES: tuple[tuple[str, str], ...] = (
    ("CRACK500", r"(?P<photograph>CRACK500_\d{8}_\d{6})_\d+_\d+"),
    ("CRACK500", r"CRACK500_.+"),
    ("Rissbilder", r"(?P<photograph>Rissbilder_.+?)(_\d+){4}"),
    ("Volker", r"(?P<photograph>Volker_.+?)(_\d+){4}"),
    # Some copies were given their suffix twice.
    ("noncrack", r"(?P<photograph>noncrack_.+)_\d+(\.jpg)?"),
    ("masonry", r"(?P<photograph>[abcdh]_\d+)_\d+"),
    ("masonry", r"Mason_.+"),
    ("DeepCrack", r"(?P<photograph>DeepCrack_.+)-\d+"),
    ("DeepCrack", r"(?P<photograph>DeepCrack_.+)"),
    ("GAPS384", r"(?P<photograph>GAPS384_(train|valid|test)_\d+)_\d+_\d+"),
    ("CFD", r"(?P<photograph>CFD_.+)"),
    ("cracktree200", r"(?P<photograph>cracktree200_.+)"),
    ("Ceramic", r"(?P<photograph>Ceramic_.+)"),
    ("synthetic", r"(?P<photograph>synthetic_[a-z]+_\d+)"),
    ("worn", r"(?P<photograph>worn_(asphalt|concrete)_\d{4,})"),
)
_NUMBERED = re.compile(r"[^_]+_(\d+)")
_COMPILED = tuple((source, re.compile(pattern)) for source, pattern in _RULES)


def origin(stem: str) -> Origin:
    """Reads an image's origin from its name without the suffix.

    >>> origin("Volker_DSC01692_316_1370_932_1128")
    Origin(source='Volker', photograph='Volker_DSC01692')
    >>> origin("CRACK500_17")
    Origin(source='CRACK500', photograph='')
    >>> origin("holiday")
    Origin(source='', photograph='')
    """
    for source, pattern in _COMPILED:
        match = pattern.fullmatch(stem)
        if match:
            return Origin(source, match.groupdict().get("photograph", ""))
    return Origin("", "")


def number(stem: str) -> int | None:
    """The number of an image in a series, such as 17 of ``CRACK500_00017``.

    Returns:
        The number; None where the name is not just a series and a plain number.

    >>> number("CRACK500_00017")
    17
    >>> number("CRACK500_20160307_164400_1281_721") is None
    True
    """
    match = _NUMBERED.fullmatch(stem)
    return int(match[1]) if match else None
