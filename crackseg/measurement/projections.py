"""Tells projections whose metres are those of the ground from those that stretch.

A map has one scale where its projection stretches lengths by no more than a hundredth: as those of
surveys do, in the strip or country that they are made for. Mercator's stretches by a half at 48
degrees, and those of continents and of the poles by some hundredths.

References:
    EPSG data set as of PROJ 9.5.1: codes, methods, areas of use.
    OGC 19-008r4, "OGC GeoTIFF Standard", 2019, and GeoTIFF 1.0, 1995, section 6.3.3: methods.
"""

import re

_STRETCHED = "its projection stretches, as Mercator's does: its metres are not those of the ground"
_UNKNOWN = "nothing says in which projection it is, and many stretch"

# EPSG's systems by Mercator's projection, and those that somewhere in their area of use stretch or
# shrink a length by more than .01, in some direction, as PROJ computes it at 15 x 15 places of the
# area. Grids of surveys that do so at the far corners of a generous area alone are left out:
# Gauss and Krueger's, Krovak's, Cassini and Soldner's, New Zealand's.
# fmt: off
_STRETCHED_CODES = frozenset(
    {
        2163, 2934, 2964, 3000, 3001, 3002, 3031, 3032, 3033, 3034, 3035, 3112, 3294, 3338, 3347,
        3348, 3349, 3388, 3395, 3408, 3409, 3410, 3411, 3412, 3413, 3467, 3571, 3572, 3573, 3574,
        3575, 3576, 3577, 3580, 3581, 3752, 3785, 3786, 3797, 3798, 3799, 3832, 3851, 3857, 3973,
        3974, 3975, 3976, 3978, 3979, 3994, 3995, 3996, 4087, 4088, 4462, 5041, 5042, 5069, 5070,
        5071, 5072, 5329, 5330, 5331, 5530, 5632, 5633, 5634, 5635, 5636, 5637, 5638, 5639, 5641,
        5880, 5890, 5936, 5937, 5938, 5939, 5940, 6350, 6362, 6372, 6393, 6931, 6932, 6933, 7755,
        7845, 8857, 8858, 8859, 9039, 9040, 9191, 9311, 9354, 9473, 10592, 10594, 10596, 10598,
        10601, 10603, 21100, 25700, 27701, 27702, 27703, 27704, 27705, 27706, 27707, 29100, 29101,
        32661, 32662, 32663, 32761, 900913,
    }
)
# fmt: on
# UTM's zones among the numbers of conversions.
_UTM_ZONES = (range(16001, 16061), range(16101, 16161))
# GeoTIFF's numbers of the methods that surveys use: transverse and oblique Mercator in all forms,
# Lambert's conformal cones, oblique stereographic, Cassini and Soldner, New Zealand's.
_TRUE_METHODS = frozenset({1, 3, 4, 5, 6, 8, 9, 16, 18, 26, 27})
_OTHER_METHODS = frozenset(range(1, 28)) - _TRUE_METHODS
# The methods of surveys in descriptions in words; Swiss and rectified grids are oblique Mercator's.
_TRUE_NAMES = re.compile(
    "transverse mercator|gauss kruger|oblique mercator|swiss oblique|rectified skew"
    "|lambert (conformal conic|conic conformal)|(oblique|double) stereographic"
    "|krovak|cassini|new zealand map grid"
)
_METHOD = re.compile(r'(?:PROJECTION|METHOD)\["([^"]+)"')


def why_no_code(code: int) -> str:
    """Reason in words why a system of EPSG's has no metres of the ground; empty where it has."""
    return _STRETCHED if code in _STRETCHED_CODES else ""


def why_no_method(method: int | None, conversion: int | None) -> str:
    """The same of a system of a file's own.

    Args:
        method: GeoTIFF's number of its method, which key 3075 has.
        conversion: EPSG's number of its conversion, which key 3074 has.
    """
    if method in _TRUE_METHODS or any(conversion in zones for zones in _UTM_ZONES):
        return ""
    return _STRETCHED if method in _OTHER_METHODS else _UNKNOWN


def why_no_words(text: str) -> str:
    """The same of a system that is described in words (WKT); a site's own has no projection."""
    found = _METHOD.search(text)
    name = re.sub("[^a-z]+", " ", found[1].lower()) if found else ""
    return _STRETCHED if found and not _TRUE_NAMES.search(name) else ""
