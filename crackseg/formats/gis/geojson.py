"""GeoJSON: lines in WGS 84, as RFC 7946 wants them, and those on no map in a file of their own.

Coordinates of a known coordinate reference system are transformed; those of a system that no file
names, and those in pixels, stand in the second file, which says so.

References:
    Butler et al., "The GeoJSON Format", RFC 7946, 2016.
"""

import json
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO

import numpy as np
from pyproj import Transformer

from crackseg.formats.gis.features import PIXELS, Feature, features
from crackseg.formats.notes import notes
from crackseg.formats.result import Result
from crackseg.measurement.classes import ClassLimits
from crackseg.measurement.graph import FloatArray
from crackseg.system.files import atomic_write, discard

log = logging.getLogger(__name__)
