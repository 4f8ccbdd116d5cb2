"""The centrelines of a mask as a graph: branches between ends and junctions, without spurs.

A spur is a branch with a free end that hardly leaves the crack which it grows on: thinning makes
one of every bump of a rim. The rule: beyond the rim of that crack it reaches less than half of its
half width, or less than :data:`LEAST_REACH` pixels. A junction keeps two of its branches.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Pixels that a branch must at least reach beyond the rim of the crack that it leaves.
LEAST_REACH = 3.0
# Removing spurs joins branches, which may be spurs in turn.
_PASSES = 5


@dataclass(frozen=True, eq=False)
class PixelPath:
    """One branch of a graph, a path of pixels.

    Attributes:
        points: Positions x and y of its pixels in order, float64 (N, 2); where it begins or ends at
            a junction, that of the junction comes first or last.
        free: Whether its beginning and its end are free, and not at a junction.
        closed: Whether it is a ring, whose last pixel touches its first.
        group: Number of the part of the mask that it belongs to.
    """

    points: FloatArray
    free: tuple[bool, bool]
    closed: bool
    group: int


@dataclass(frozen=True, eq=False)
class _Pixels:
    """Pixels of a skeleton with their neighbours.

    Attributes:
        flat: Index of each in the frame of zeros around the picture, rising, (N,).
        frame: Width of that frame.
        neighbours: Indices of neighbours, -1 where there is none, (N, 8).
    """

    flat: IntArray
    frame: int
    neighbours: IntArray

    @property
    def degree(self) -> IntArray:
        """Number of neighbours of each pixel."""
        return np.asarray((self.neighbours >= 0).sum(axis=1), np.int64)

    @property
    def positions(self) -> FloatArray:
        """Position x and y of each pixel in the picture, (N, 2)."""
        rows, columns = np.divmod(self.flat, self.frame)
        return np.stack([columns - 1, rows - 1], axis=1).astype(np.float64)

    def without(self, gone: IntArray) -> "_Pixels":
        """The pixels without some of them."""
        return _linked(np.delete(self.flat, gone), self.frame)


@dataclass(frozen=True)
class _Walk:
    """A branch as indices of pixels, with the junctions' numbers at its ends, -1 for none."""

    indices: list[int]
    begin: int
    end: int
    closed: bool = False


def trace(skeleton: npt.NDArray[np.int32], half_width: npt.NDArray[np.float32]) -> list[PixelPath]:
    """Makes a graph of a skeleton and removes its spurs.

    Args:
        skeleton: Number of the part of the mask whose middle line a pixel is on, 0 for none, int32
            (H, W).
        half_width: Distance to the nearest pixel that is no crack, in pixels, float32 (H, W).
    """
    width = skeleton.shape[1]
    rows, columns = np.nonzero(skeleton)
    pixels = _linked((rows + 1) * (width + 2) + columns + 1, width + 2)
    for _ in range(_PASSES):
        junctions = _junctions(pixels)
        walks = _walks(pixels, junctions)
        reach = half_width.ravel()[_in_picture(pixels, width)].astype(np.float64)
        gone = _spurs(walks, junctions, pixels, reach)
        if not len(gone):
            break
        pixels = pixels.without(gone)
    else:
        junctions = _junctions(pixels)
        walks = _walks(pixels, junctions)
    return _as_paths(walks, junctions, pixels, skeleton.ravel()[_in_picture(pixels, width)])


def _in_picture(pixels: _Pixels, width: int) -> IntArray:
    rows, columns = np.divmod(pixels.flat, pixels.frame)
    return np.asarray((rows - 1) * width + columns - 1, np.int64)


def _linked(flat: IntArray, frame: int) -> _Pixels:
    """Finds the neighbours of pixels; a diagonal beside a straight way is the same way twice."""
    straight, diagonal = (-frame, 1, frame, -1), (1 - frame, 1 + frame, frame - 1, -frame - 1)
    wanted = flat[:, None] + np.array([*straight, *diagonal])
    at = np.minimum(np.searchsorted(flat, wanted), max(len(flat) - 1, 0))
    found = np.where(flat[at] == wanted, at, -1) if len(flat) else at
    has = found[:, :4] >= 0
    for corner in range(4):
        found[has[:, corner] | has[:, (corner + 1) % 4], 4 + corner] = -1
    return _Pixels(flat, frame, np.asarray(found, np.int64))


def _junctions(pixels: _Pixels) -> IntArray:
    """Number of the junction that each pixel belongs to, -1 for none; touching pixels are one."""
    crossing = pixels.degree > 2
    numbers = np.full(len(pixels.flat), -1, np.int64)
    numbers[crossing] = _parts(pixels, crossing)[crossing]
    return numbers


def _parts(pixels: _Pixels, among: BoolArray) -> IntArray:
    """Number of the connected part of each pixel, where only some of them connect."""
    source, way = np.nonzero(pixels.neighbours >= 0)
    target = pixels.neighbours[source, way]
    both = among[source] & among[target]
    count = len(pixels.flat)
    links = coo_array((np.ones(both.sum()), (source[both], target[both])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1], np.int64)


def _walks(pixels: _Pixels, junctions: IntArray) -> list[_Walk]:
    """Follows the pixels from each end and junction to the next, and around rings."""
    around = [[other for other in row if other >= 0] for row in pixels.neighbours.tolist()]
    junction = junctions.tolist()
    passed = [len(others) != 2 for others in around]
    is_stop = list(passed)
    walks = []
    for start in (one for one, stops in enumerate(is_stop) if stops):
        if not around[start]:
            walks.append(_Walk([start], -1, -1))
        for first in around[start]:
            if is_stop[first]:
                # Two pixels beside each other: once, and not within a junction.
                if first > start and (junction[first] < 0 or junction[start] < 0):
                    walks.append(_Walk([start, first], junction[start], junction[first]))
            elif not passed[first]:
                indices = _follow(start, first, around, passed)
                walks.append(_Walk(indices, junction[start], junction[indices[-1]]))
    for start in range(len(around)):
        if not passed[start]:
            indices = _follow(start, around[start][0], around, passed)
            passed[start] = True
            walks.append(_Walk(indices, -1, -1, closed=True))
    return walks


def _follow(start: int, first: int, around: list[list[int]], passed: list[bool]) -> list[int]:
    """Follows pixels of two neighbours until one that stops, or until the start comes again."""
    indices, before, now = [start], start, first
    while not passed[now] and now != start:
        passed[now] = True
        indices.append(now)
        one, other = around[now]
        before, now = now, one if one != before else other
    if now != start or len(around[start]) != 2:
        indices.append(now)
    return indices


def _spurs(walks: list[_Walk], junctions: IntArray, pixels: _Pixels, reach: FloatArray) -> IntArray:
    """Indices of the pixels of spurs; each junction keeps at least two branches."""
    spare = np.zeros(junctions.max(initial=-1) + 1, np.int64)
    for walk in walks:
        for node in (walk.begin, walk.end):
            if node >= 0:
                spare[node] += 1
    spare -= 2
    positions = pixels.positions
    gone: list[int] = []
    for walk in _short(walks, positions, reach):
        node = max(walk.begin, walk.end)
        if spare[node] > 0:
            spare[node] -= 1
            gone += [index for index in walk.indices if junctions[index] < 0]
    return np.array(gone, np.int64)


def _short(walks: list[_Walk], positions: FloatArray, reach: FloatArray) -> list[_Walk]:
    """Branches with one free end that hardly leave their crack, those that do least first."""
    found = []
    for walk in walks:
        if walk.closed or (walk.begin >= 0) == (walk.end >= 0):
            continue
        root, tip = walk.indices[0], walk.indices[-1]
        if walk.begin < 0:
            root, tip = tip, root
        steps = np.diff(positions[walk.indices], axis=0)
        beyond = float(np.hypot(*steps.T).sum() + reach[tip] - reach[root])
        if beyond < max(LEAST_REACH, reach[root] / 2):
            found.append((beyond, walk))
    return [walk for _, walk in sorted(found, key=lambda one: one[0])]


def _as_paths(
    walks: list[_Walk], junctions: IntArray, pixels: _Pixels, groups: npt.NDArray[np.int32]
) -> list[PixelPath]:
    positions = pixels.positions
    count = np.bincount(junctions[junctions >= 0])
    centres = np.stack(
        [
            np.bincount(junctions[junctions >= 0], positions[junctions >= 0, axis])
            / np.maximum(count, 1)
            for axis in (0, 1)
        ],
        axis=1,
    )
    paths = []
    for walk in walks:
        points = positions[walk.indices]
        if walk.begin >= 0:
            points = np.concatenate([centres[[walk.begin]], points[1:]])
        if walk.end >= 0:
            points = np.concatenate([points[:-1], centres[[walk.end]]])
        free = (walk.begin < 0 and not walk.closed, walk.end < 0 and not walk.closed)
        paths.append(PixelPath(points, free, walk.closed, int(groups[walk.indices[0]])))
    return paths
