"""The goals: ratios of one run, which the table holds beside what was reached."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.growth import Growth
from benchmarks.inference import WORK as INFERENCE
from benchmarks.machine import ROOFLINE
from benchmarks.measurement import Outcome, Outcomes, Work, gflops, spread, times_faster
from benchmarks.photograph import SCALES, photograph_name
from benchmarks.settings import TRAININGS
from benchmarks.training import files_name

_REPORT, _DEFAULT = (files_name(training) for training in TRAININGS[:2])
_FLOAT = ("crackseg, torch", "crackseg, ONNX Runtime", "crackseg, OpenVINO")
_INT8 = ("crackseg, ONNX Runtime int8", "crackseg, OpenVINO int8")


@dataclass(frozen=True)
class Goal:
    """A ratio to be reached.

    Attributes:
        work: Name of the work.
        ours: Contenders of which the fastest counts.
        against: Contender that it is compared with.
        least: Ratio to be reached without bfloat16, and with it.
    """

    work: str
    ours: tuple[str, ...]
    against: str
    least: tuple[float, float]


GOALS = (
    Goal(_REPORT, ("crackseg",), "Keras", (1.5, 2.5)),
    Goal(_DEFAULT, ("crackseg",), "PyTorch", (3.5, 4.0)),
    Goal(_DEFAULT, ("crackseg",), "SMP U-Net resnet18", (2.5, 5.0)),
    Goal(INFERENCE, _FLOAT, "PyTorch, eager", (2.0, 2.7)),
    Goal(INFERENCE, _INT8, "PyTorch, eager", (6.0, 4.0)),
    *(
        Goal(photograph_name(scale), ours, "PyTorch, loop over tiles", least)
        for scale in SCALES
        for ours, least in ((_FLOAT, (2.0, 2.0)), (_INT8, (5.0, 2.0)))
    ),
)
_ARITHMETIC, _MOST_MEMORY, _SLOPES = 0.6, 1000.0, (0.95, 1.05)


@dataclass(frozen=True)
class Reached:
    """A goal beside what was reached; None where it was not measured."""

    what: str
    goal: str
    reached: float | None
    unit: str
    met: bool


def judge(
    works: Sequence[Work], outcomes: Outcomes, growths: Sequence[Growth], bfloat16: bool
) -> list[Reached]:
    """Compares the goals of the works that were run with what was reached."""
    known = {work.name: work for work in works}
    ratios = [
        _ratio(known[goal.work], goal, outcomes, bfloat16) for goal in GOALS if goal.work in known
    ]
    more = [*_arithmetic(known, outcomes), *_memory(known, outcomes), *_slopes(growths)]
    return [*ratios, *more]


def _ratio(work: Work, goal: Goal, outcomes: Outcomes, bfloat16: bool) -> Reached:
    least = goal.least[bfloat16]
    against = outcomes.get((work.name, goal.against), Outcome())
    found = [
        ratio
        for one in goal.ours
        if (work.name, one) in outcomes
        and (ratio := times_faster(work.figures[0], outcomes[work.name, one], against))
    ]
    reached = max(found, default=None)
    engine = " int8" if goal.ours == _INT8 else ""
    return Reached(
        f"{work.name}: crackseg{engine} against {goal.against}",
        f">= {least:g}",
        reached,
        "x",
        reached is not None and reached >= least,
    )


def _arithmetic(known: dict[str, Work], outcomes: Outcomes) -> Iterator[Reached]:
    """GFLOP/s of the default training against the largest matrix product."""
    if _DEFAULT not in known or ROOFLINE not in known:
        return
    work = known[_DEFAULT]
    piece = work.pieces[0]
    speed = spread(outcomes[work.name, piece.contender].values(work.figures[0].name))
    peak = spread(outcomes[ROOFLINE, "this machine"].values(piece.precision))
    done = gflops(work.figures[0], piece, speed.median) if speed else None
    share = done / peak.median if done and peak else None
    what = f"{work.name}: arithmetic against the largest {piece.precision} matrix product"
    met = share is not None and share >= _ARITHMETIC
    yield Reached(what, f">= {_ARITHMETIC:.0%}", share and 100 * share, "%", met)


def _memory(known: dict[str, Work], outcomes: Outcomes) -> Iterator[Reached]:
    for name in (photograph_name(scale) for scale in SCALES):
        if name not in known:
            continue
        used = [outcomes[name, one].values("memory") for one in _FLOAT if (name, one) in outcomes]
        least = min((max(values) for values in used if values), default=None)
        met = least is not None and least < _MOST_MEMORY
        yield Reached(f"{name}: peak memory", f"< {_MOST_MEMORY:.0f} MB", least, " MB", met)


def _slopes(growths: Sequence[Growth]) -> Iterator[Reached]:
    low, high = _SLOPES
    for growth in growths:
        found = growth.slope
        what = f"cost against {growth.what}: slope on log-log axes"
        yield Reached(what, f"{low:g} to {high:g}", found, "", low <= found <= high)
