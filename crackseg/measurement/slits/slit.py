r"""A crack as the camera sees it: a slit of one darkness, blurred, on a surface of even light.

Across a crack the grey value, as a share of the surface beside it, is
``a + b t - c [F((t - l) / s) - F((t - r) / s)]``: light ``a`` and its slope ``b``, contrast ``c``,
edges ``l`` and ``r``, blur ``s``. The width is ``r - l``. Wide slits show their edges and contrast;
of one narrower than about twice the blur only ``c (r - l)`` can be seen, and what is known of the
contrast decides: it comes in as a normal prior.

The blur is that of a lens, normal, of a pixel, a box, and of values read between pixels, on the
average a triangle. The latter two have a variance of 1/4 together and a fourth cumulant of -1/40,
which makes ``F`` the normal distribution with one term of Edgeworth's series. Without it, cracks of
one pixel look like cracks of two that are sharper and paler.

References:
    Benz and Rodehorst, "Model-based crack width estimation using rectangle transform", MVA 2021
    (a rectangle fitted to a profile, without blur or interval).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from crackseg.measurement.graph import BoolArray, FloatArray

# Steps of the iteration; most slits need half of them.
_STEPS = 8
# Share of a cost that a last step makes less.
_ARRIVED = 1e-5
# Narrowest slit, in pixels: the edges may not change places.
_NARROWEST = 0.02
_LARGEST_MOVE = 1.5
# Parameters that something is known of before: contrast and edges.
_OF_PRIOR = [2, 3, 4]
# Fourth cumulant of a pixel and of values read between pixels, over that of Edgeworth's term.
_FLATNESS = -1 / 40 / 24


@dataclass(frozen=True, eq=False)
class Prior:
    """Knowledge before a profile is seen: normal distributions for each.

    Attributes:
        contrast: Mean of the contrast, as a share of the surface's light, (N,).
        spread: Standard deviation of it, (N,).
        edges: Means of the edges, in pixels, (N, 2); the fit begins with them.
        edge_spread: Standard deviation of both, (N,).
    """

    contrast: FloatArray
    spread: FloatArray
    edges: FloatArray
    edge_spread: FloatArray

    @property
    def means(self) -> FloatArray:
        """Means of contrast and edges, (N, 3)."""
        return np.column_stack([self.contrast, self.edges])

    @property
    def weights(self) -> FloatArray:
        """Inverse variances of contrast and edges, (N, 3)."""
        return np.column_stack([self.spread, self.edge_spread, self.edge_spread]) ** -2.0


@dataclass(frozen=True, eq=False)
class Slits:
    """Fitted slits.

    Attributes:
        parameters: Light, slope, contrast, left and right edge in pixels, (N, 5).
        covariance: Their covariance, (N, 5, 5).
        residual: Grey values less those of the model, (N, T).
        misfit: Sum of the squares of what is left over, and of departures from the prior, in
            units of their variances, (N,).
        width_by_blur: Change of the width for a change of the blur, (N,).
        width_by_contrast: Change of the width for a change of the prior's contrast, (N,).
    """

    parameters: FloatArray
    covariance: FloatArray
    residual: FloatArray
    misfit: FloatArray
    width_by_blur: FloatArray
    width_by_contrast: FloatArray

    @property
    def width(self) -> FloatArray:
        """Widths in pixels, (N,)."""
        return np.asarray(self.parameters[:, 4] - self.parameters[:, 3])

    @property
    def contrast(self) -> FloatArray:
        """Contrasts, as a share of the surface's light, (N,)."""
        return np.asarray(self.parameters[:, 2])

    @property
    def width_error(self) -> FloatArray:
        """Standard deviations of the widths, in pixels, (N,)."""
        one = self.covariance
        variance = one[:, 3, 3] + one[:, 4, 4] - 2 * one[:, 3, 4]
        return np.sqrt(np.maximum(variance, 0.0))


def fit(
    offsets: FloatArray,
    grey: FloatArray,
    weight: FloatArray,
    blur: FloatArray,
    noise: FloatArray,
    prior: Prior,
    start: FloatArray | None = None,
) -> Slits:
    """Fits slits to profiles by least squares (Levenberg and Marquardt), all at once.

    Args:
        offsets: Distance of the samples from the centreline, in pixels, (T,).
        grey: Grey values as a share of the surface's, (N, T).
        weight: Weights of the samples, (N, T).
        blur: Standard deviation of the whole blur, in pixels, (N,).
        noise: Standard deviation of the noise, as a share of the surface's light, (N,).
        prior: What is known of contrast and edges.
        start: Parameters (N, 5) that are near the best ones, from another fit of the same
            profiles; None begins with even light and the prior's means.
    """
    if start is None:
        start = np.column_stack([np.ones(len(grey)), np.zeros(len(grey)), prior.means])
    problem = _Problem(offsets, grey, weight, blur[:, None], noise, prior.means, prior.weights)
    now, cost = _descended(problem, start)
    _, residual, slope = problem.at(now)
    information = problem.normal_matrix(slope) + 1e-9 * np.eye(5)
    covariance = np.asarray(np.linalg.inv(information), np.float64)
    moved = np.matmul(covariance, problem.pull(slope, problem.by_blur(now))[..., None])[..., 0]
    return Slits(
        parameters=now,
        covariance=covariance,
        residual=residual,
        misfit=cost,
        width_by_blur=np.asarray(moved[:, 3] - moved[:, 4]),
        width_by_contrast=(covariance[:, 4, 2] - covariance[:, 3, 2]) / prior.spread**2,
    )


def _descended(problem: "_Problem", start: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Parameters (N, 5) and costs (N,) after some steps down; who has arrived walks no more."""
    parameters, costs = start.copy(), np.empty(len(start))
    going = np.arange(len(start))
    now, damping = start, np.full(len(start), 1e-2)
    cost, residual, slope = problem.at(now)
    for _ in range(_STEPS):
        new = _kept_apart(now + problem.step(now, residual, slope, damping))
        new_cost, new_residual, new_slope = problem.at(new)
        better = new_cost <= cost
        arrived = better & (cost - new_cost < _ARRIVED * (1 + new_cost))
        now = np.where(better[:, None], new, now)
        cost = np.where(better, new_cost, cost)
        residual = np.where(better[:, None], new_residual, residual)
        slope = np.where(better[:, None, None], new_slope, slope)
        damping = np.where(better, 0.3 * damping, 5 * damping)
        parameters[going], costs[going] = now, cost
        if arrived.all():
            break
        left = ~arrived
        problem, going = problem.only(left), going[left]
        now, cost, damping = now[left], cost[left], damping[left]
        residual, slope = residual[left], slope[left]
    return parameters, costs


def _kept_apart(parameters: FloatArray) -> FloatArray:
    """The parameters with a left edge that is left of the right one."""
    middle = (parameters[:, 3] + parameters[:, 4]) / 2
    crossed = parameters[:, 4] - parameters[:, 3] < _NARROWEST
    parameters[crossed, 3] = middle[crossed] - _NARROWEST / 2
    parameters[crossed, 4] = middle[crossed] + _NARROWEST / 2
    return parameters


def _step_and_slope(at: FloatArray, flatness: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A blurred step and its slope, at distances in units of the blur."""
    square = at * at
    normal = np.exp(-0.5 * square) / np.sqrt(2 * np.pi)
    step = ndtr(at) - flatness * at * (square - 3) * normal
    return step, (1 + flatness * (square * (square - 6) + 3)) * normal


@dataclass(frozen=True, eq=False)
class _Problem:
    """Least squares of many profiles; the fields are those of :func:`fit` and of its prior."""

    offsets: FloatArray
    grey: FloatArray
    weight: FloatArray
    blur: FloatArray
    noise: FloatArray
    means: FloatArray
    weights: FloatArray

    def only(self, some: BoolArray) -> "_Problem":
        """Some of the profiles."""
        parts = (self.grey, self.weight, self.blur, self.noise, self.means, self.weights)
        return _Problem(self.offsets, *(one[some] for one in parts))

    def at(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Cost (N,), residual (N, T) and slopes (N, 5, T) of the model at parameters (N, 5)."""
        light, tilt, contrast, left, right = (parameters[:, one, None] for one in range(5))
        from_left = (self.offsets - left) / self.blur
        from_right = (self.offsets - right) / self.blur
        flatness = _FLATNESS / self.blur**4
        left_step, left_slope = _step_and_slope(from_left, flatness)
        right_step, right_slope = _step_and_slope(from_right, flatness)
        inside = left_step - right_step
        slope = np.empty((len(self.grey), 5, len(self.offsets)))
        slope[:, 0] = 1.0
        slope[:, 1] = self.offsets
        slope[:, 2] = -inside
        slope[:, 3] = contrast / self.blur * left_slope
        slope[:, 4] = -contrast / self.blur * right_slope
        residual = self.grey - (light + tilt * self.offsets - contrast * inside)
        cost = (self.weight * residual**2).sum(axis=1) / self.noise**2
        away = self.weights * (parameters[:, 2:] - self.means) ** 2
        return cost + away.sum(axis=1), residual, slope

    def normal_matrix(self, slope: FloatArray) -> FloatArray:
        """Inverse covariance (N, 5, 5)."""
        weighted = slope * (self.weight / self.noise[:, None] ** 2)[:, None]
        matrix = np.matmul(weighted, slope.transpose(0, 2, 1))
        matrix[:, _OF_PRIOR, _OF_PRIOR] += self.weights
        return np.asarray(matrix)

    def pull(self, slope: FloatArray, residual: FloatArray) -> FloatArray:
        """How residuals (N, T) pull at the parameters, (N, 5)."""
        weighted = (self.weight * residual)[..., None]
        return np.asarray(np.matmul(slope, weighted)[..., 0] / self.noise[:, None] ** 2)

    def by_blur(self, parameters: FloatArray) -> FloatArray:
        """Change of the model (N, T) for a change of the blur."""
        contrast = parameters[:, 2, None]
        edges = [(self.offsets - parameters[:, one, None]) / self.blur for one in (3, 4)]
        left, right = (edge * np.exp(-(edge**2) / 2) for edge in edges)
        return np.asarray(contrast / (np.sqrt(2 * np.pi) * self.blur) * (left - right))

    def step(
        self, parameters: FloatArray, residual: FloatArray, slope: FloatArray, damping: FloatArray
    ) -> FloatArray:
        """A damped step (N, 5) downwards."""
        matrix = self.normal_matrix(slope)
        pull = self.pull(slope, residual)
        pull[:, 2:] -= self.weights * (parameters[:, 2:] - self.means)
        diagonal = np.einsum("nkk->nk", matrix)
        diagonal += damping[:, None] * diagonal + 1e-9
        step = np.linalg.solve(matrix, pull[..., None])[..., 0]
        step[:, 3:] = np.clip(step[:, 3:], -_LARGEST_MOVE, _LARGEST_MOVE)
        return np.asarray(step)
