"""Draws how cracks run and how wide they are, before they are rendered into a scene."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from crackseg.data.synthetic.crack_rendering import Trace, carve
from crackseg.data.synthetic.scene import Scene
from crackseg.data.synthetic.wear import Wear

Points = NDArray[np.float64]

# How often each course of a crack occurs on each surface, in the order of ``_COURSES``.
_HABITS: dict[str, tuple[float, float, float, float]] = {
    "asphalt": (0.58, 0.27, 0.15, 0.0),
    "concrete": (0.60, 0.15, 0.25, 0.0),
    "brick": (0.30, 0.0, 0.10, 0.60),
    "tile": (0.60, 0.15, 0.25, 0.0),
    "metal": (0.75, 0.0, 0.25, 0.0),
}
# Glaze and steel open less wide than bound stone before they break (pixels of a 400 px photo).
_WIDEST = {"tile": 9.0, "metal": 7.0}
# How strongly a crack meanders: it goes around the stones of asphalt, but straight through steel.
_WANDER = {"asphalt": 0.26, "concrete": 0.22, "brick": 0.24, "tile": 0.11, "metal": 0.12}


def cut_cracks(
    scene: Scene, surface: str, rng: np.random.Generator, wear: Wear | None = None
) -> None:
    """Cracks the scene and sets ``scene.crack`` to the exact coverage.

    Args:
        scene: Changed in place: colour, relief and coverage by crack.
        surface: Decides which cracks are likely and how much they meander.
        rng: Source of the randomness.
        wear: How worn the cracks are; None for fresh ones.
    """
    course = _COURSES[int(rng.choice(len(_COURSES), p=_HABITS[surface]))]
    traces = course(scene, _WANDER[surface], rng)
    for trace in traces:
        widest = _WIDEST.get(surface, 14.0) * scene.unit
        trace.half_width = np.minimum(trace.half_width, widest / 2)
        if wear is not None:
            trace.half_width = wear.breadth * trace.half_width + scene.unit / 2
    carve(scene, traces, surface, rng, wear)


def _walk(
    rng: np.random.Generator,
    start: Points,
    heading: float,
    length: float,
    wander: float,
    step: float,
) -> Points:
    """A persistent random walk ``(N, 2)`` that keeps returning to its first heading."""
    count = max(4, int(length / step))
    kicks = rng.normal(0, wander, count) + rng.normal(0, 3.2 * wander, count) * (
        rng.random(count) < 0.09
    )
    drift, turn = np.empty(count), 0.0
    for index in range(count):
        turn = 0.78 * turn + kicks[index]
        drift[index] = turn
    angles = heading + drift + np.cumsum(rng.normal(0, 0.14 * wander, count))
    moves = step * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return np.asarray(start + np.concatenate([np.zeros((1, 2)), np.cumsum(moves, axis=0)]))


def _slow_noise(rng: np.random.Generator, count: int, knots: int) -> NDArray[np.float64]:
    """Noise ``(count,)`` with ``knots`` independent values along a centre line."""
    places = np.linspace(0, knots - 1, count)
    return np.interp(places, np.arange(knots), rng.standard_normal(knots))


def _gape(
    rng: np.random.Generator, points: Points, width: float, ends: tuple[float, float], step: float
) -> Trace:
    """Gives a centre line its width; ``ends`` is the share of it that is left at the two ends."""
    count = len(points)
    along = np.arange(count)
    reach = min(count / 2, 45 / step)
    taper = np.minimum(
        ends[0] + (1 - ends[0]) * np.minimum(along / reach, 1),
        ends[1] + (1 - ends[1]) * np.minimum(along[::-1] / reach, 1),
    )
    knots = max(3, int(count * step / 30))
    change = np.exp(
        0.33 * _slow_noise(rng, count, knots) + 0.2 * _slow_noise(rng, count, 4 * knots)
    )
    return Trace(points, np.maximum(width / 2 * taper * change, 0.5))


def _draw_width(rng: np.random.Generator, hairline: bool) -> float:
    """Width of a crack in pixels of a 400 px photograph."""
    if hairline:
        return float(rng.uniform(1.9, 2.8))
    return float(np.clip(rng.lognormal(np.log(4.5), 0.42), 2.5, 12.0))


def _through_crack(
    scene: Scene, wander: float, rng: np.random.Generator, hairline: bool = False
) -> list[Trace]:
    """A crack from somewhere near the middle in two directions, with branches."""
    unit, step = scene.unit, 2.0 * scene.unit
    width = _draw_width(rng, hairline) * unit
    seed = (0.5 + rng.uniform(-0.22, 0.22, 2)) * scene.size
    heading = rng.uniform(0, 2 * np.pi)
    lengths = rng.choice([90.0, 160.0, 330.0], 2, p=[0.12, 0.2, 0.68]) * unit
    halves = [_walk(rng, seed, heading + np.pi * k, lengths[k], wander, step) for k in range(2)]
    line = np.concatenate([halves[0][::-1], halves[1][1:]])
    ends = (0.25 if lengths[0] < 300 * unit else 1.0, 0.25 if lengths[1] < 300 * unit else 1.0)
    main = _gape(rng, line, width, ends, 2.0)
    traces = [main]
    for _ in range(rng.integers(0, 5) if not hairline else rng.integers(0, 2)):
        traces.append(_branch(rng, traces[int(rng.integers(len(traces)))], wander, unit))
    return traces


def _branch(rng: np.random.Generator, parent: Trace, wander: float, unit: float) -> Trace:
    """A thinner crack that leaves its parent at an angle."""
    index = int(rng.integers(len(parent.points) // 6, max(2, 5 * len(parent.points) // 6)))
    ahead = parent.points[min(index + 4, len(parent.points) - 1)] - parent.points[max(index - 4, 0)]
    heading = np.arctan2(ahead[1], ahead[0]) + rng.choice([-1, 1]) * rng.uniform(0.4, 1.5)
    length = rng.uniform(40, 190) * unit
    points = _walk(rng, parent.points[index], heading, length, wander, 2.0 * unit)
    width = 2 * parent.half_width[index] * rng.uniform(0.45, 0.8)
    return _gape(rng, points, max(float(width), 1.6 * unit), (1.0, 0.25), 2.0)


def _hairline(scene: Scene, wander: float, rng: np.random.Generator) -> list[Trace]:
    """One or two cracks hardly wider than a pixel."""
    traces = _through_crack(scene, wander, rng, hairline=True)
    if rng.random() < 0.35:
        traces += _through_crack(scene, wander, rng, hairline=True)
    return traces


def _network(scene: Scene, wander: float, rng: np.random.Generator) -> list[Trace]:
    """Alligator cracking: the borders of a few dozen irregular plates, some of them healed."""
    size, unit = scene.size, scene.unit
    width = float(np.clip(rng.lognormal(np.log(3.2), 0.3), 2.0, 6.0)) * unit
    # The finer the plates, the finer their cracks.
    pitch = max(rng.uniform(45, 110) * unit, 16 * width)
    grid = np.arange(-0.5 * pitch, size + pitch, pitch)
    seeds = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    seeds = seeds + rng.uniform(-0.48, 0.48, seeds.shape) * pitch
    centre = (0.5 + rng.uniform(-0.15, 0.15, 2)) * size
    reach = rng.uniform(0.25, 0.55) * size
    traces = []
    for start, end in _plate_borders(seeds, size + 2 * pitch):
        away = float(np.hypot(*((start + end) / 2 - centre)))
        if rng.random() < 0.88 * np.clip(1.8 - away / reach, 0, 1):
            line = _roughen(rng, np.stack([start, end]), 0.9 * wander, 2.0 * unit)
            narrow = width * rng.uniform(0.45, 1.4) * np.clip(1.5 - 0.5 * away / reach, 0.5, 1)
            traces.append(_gape(rng, line, narrow, (1.0, 1.0), 2.0))
    return traces or _through_crack(scene, wander, rng)


def _plate_borders(seeds: Points, extent: float) -> list[tuple[Points, Points]]:
    """The edges of the Voronoi cells of ``seeds``, each once."""
    low = -extent
    plane = cv2.Subdiv2D((int(low), int(low), int(3 * extent), int(3 * extent)))
    plane.insert([(float(x), float(y)) for x, y in seeds])
    facets, _ = plane.getVoronoiFacetList([])
    edges: dict[tuple[tuple[int, ...], ...], tuple[Points, Points]] = {}
    for facet in facets:
        corners = np.asarray(facet, np.float64)
        for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            near = min(start.min(), end.min()) >= 0 and max(start.max(), end.max()) < extent
            if near and np.hypot(*(end - start)) > 1:
                ordered = sorted(
                    [tuple(np.rint(start).astype(int)), tuple(np.rint(end).astype(int))]
                )
                edges.setdefault(tuple(ordered), (start, end))
    return list(edges.values())


def _roughen(rng: np.random.Generator, corners: Points, amount: float, step: float) -> Points:
    """Walks along the straight lines between ``corners`` with sideways noise of falling octaves."""
    spans = np.hypot(*np.diff(corners, axis=0).T)
    total = float(spans.sum())
    count = max(4, int(total / step))
    places = np.linspace(0, total, count)
    ticks = np.concatenate([[0.0], np.cumsum(spans)])
    line = np.stack([np.interp(places, ticks, corners[:, axis]) for axis in range(2)], axis=1)
    ends = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / 4)
    for octave in range(4):
        knots = max(2, int(total / (40 * step) * 2**octave) + 2)
        swing = amount * 12 * step * 0.6**octave
        noise = [_slow_noise(rng, count, knots) for _ in range(2)]
        line += swing * 0.5 * ends[:, None] * np.stack(noise, axis=1)
    return np.asarray(line)


def _stepped(scene: Scene, wander: float, rng: np.random.Generator) -> list[Trace]:
    """A crack that descends a brick wall along its joints, at times through a brick."""
    if scene.bond is None:
        return _through_crack(scene, wander, rng)
    bond, unit = scene.bond, scene.unit
    shift = bond.warp.mean(axis=(1, 2)).astype(np.float64)
    first = int(np.ceil(shift[1] / bond.height)) + int(rng.integers(0, 2))
    courses = max(3, int(rng.uniform(0.55, 1.0) * scene.size / bond.height))
    lean, straight = rng.choice([-1, 1]), rng.uniform(0.05, 0.4)
    column = (0.5 - lean * rng.uniform(0, 0.35)) * scene.size + shift[0]
    half = bond.length / 2
    # The head joints of even courses lie on even multiples of half a brick.
    place = 2 * round(column / bond.length) + first % 2
    corners = []
    for course in range(first, first + courses):
        corners += [
            (place * half, course * bond.height),
            (place * half, (course + 1) * bond.height),
        ]
        if rng.random() > straight:
            place += int(lean if rng.random() < 0.93 else -lean)
    joints = np.asarray(corners, np.float64) + rng.normal(0, 1.2 * unit, (len(corners), 2))
    line = _roughen(rng, joints, 0.12, 2.0 * unit) - shift
    index = np.clip(line.astype(int), 0, scene.size - 1)
    line = line - (bond.warp[:, index[:, 1], index[:, 0]].T - shift)
    width = _draw_width(rng, hairline=False) * rng.uniform(1.0, 1.3) * unit
    return [_gape(rng, line, width, (0.4, 0.4), 2.0)]


_COURSES: tuple[Callable[[Scene, float, np.random.Generator], list[Trace]], ...] = (
    _through_crack,
    _network,
    _hairline,
    _stepped,
)
