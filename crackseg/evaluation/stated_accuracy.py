"""How well widths were measured, as the pages and the documentation say it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WidthAccuracy:
    """Figures of widths in a range, on drawn cracks of known width, exact masks, noise to 2 %.

    Attributes:
        widths: Range of true widths in pixels.
        bias: Mean of measured less true width of what is resolved, in pixels.
        error: Mean of its absolute value, in pixels.
        resolved: Share of the places whose width is resolved.
        covered: Share of those whose interval holds the true width.
    """

    widths: str
    bias: float
    error: float
    resolved: float
    covered: float


@dataclass(frozen=True)
class StatedAccuracy:
    """What ``crackseg certify`` was found to print.

    Attributes:
        cracks: Number of drawn cracks.
        seed: Seed of the draw.
        even: Figures by width on surfaces without texture.
        textured: Figures by width on the built-in surfaces.
        crack_means: Number of cracks whose mean is resolved, and of those whose interval holds.
    """

    cracks: int
    seed: int
    even: tuple[WidthAccuracy, ...]
    textured: tuple[WidthAccuracy, ...]
    crack_means: tuple[int, int]


# A test compares it with docs/measuring.md.
STATED = StatedAccuracy(
    cracks=150,
    seed=31,
    even=(
        WidthAccuracy("2-3", 0.014, 0.047, 0.26, 1.00),
        WidthAccuracy("3-5", -0.014, 0.031, 0.99, 1.00),
        WidthAccuracy("5-8", 0.002, 0.026, 1.00, 1.00),
        WidthAccuracy("8-12", -0.002, 0.026, 1.00, 0.99),
        WidthAccuracy("12-20", -0.003, 0.043, 1.00, 0.99),
    ),
    textured=(
        WidthAccuracy("2-3", 0.090, 0.222, 0.48, 0.88),
        WidthAccuracy("3-5", 0.146, 0.269, 0.71, 0.86),
        WidthAccuracy("5-8", 0.099, 0.206, 0.98, 0.91),
        WidthAccuracy("8-12", 0.049, 0.208, 0.98, 0.93),
        WidthAccuracy("12-20", 0.162, 0.317, 0.98, 0.90),
    ),
    crack_means=(81, 73),
)
