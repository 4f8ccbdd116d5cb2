"""Tables: printed, as Markdown, and as JSON, all of the same cells."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from benchmarks.goals import Reached, judge
from benchmarks.growth import Growth
from benchmarks.machine import ROOFLINE, Machine
from benchmarks.measurement import (
    Figure,
    Outcome,
    Outcomes,
    Piece,
    Work,
    gflops,
    spread,
    times_faster,
)


@dataclass(frozen=True)
class Grid:
    """A table before it is drawn."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Results:
    """Everything that a run found out."""

    machine: Machine
    works: Sequence[Work]
    outcomes: Outcomes
    growths: Sequence[Growth]

    @property
    def goals(self) -> list[Reached]:
        """The goals beside what was reached."""
        return judge(self.works, self.outcomes, self.growths, self.machine.bfloat16)


def grids(results: Results) -> list[Grid]:
    """All tables of a run."""
    tables = [_work_grid(work, results.outcomes) for work in results.works]
    tables += [_growth_grid(growth) for growth in results.growths]
    return [*tables, _goal_grid(results.goals)]


def machine_line(machine: Machine) -> str:
    """One line on the machine and its packages."""
    sets = ", ".join(machine.instructions) or "no wide instructions known"
    packages = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    return (
        f"{machine.processor}, {machine.cores} cores and as many threads, {machine.memory:.0f} GB, "
        f"{sets}, {'' if machine.bfloat16 else 'no '}bfloat16; {machine.system}; {packages}"
    )


def as_rich(grid: Grid) -> Table:
    """A table for the terminal."""
    table = Table(title=grid.title, title_justify="left")
    for number, column in enumerate(grid.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in grid.rows:
        table.add_row(*row)
    return table


def as_markdown(results: Results) -> str:
    """All tables as Markdown."""
    parts = [machine_line(results.machine)]
    for grid in grids(results):
        rule = tuple("---" if number == 0 else "---:" for number in range(len(grid.columns)))
        lines = (grid.columns, rule, *grid.rows)
        body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        parts.append(f"**{grid.title[0].upper()}{grid.title[1:]}**\n\n{body}")
    return "\n\n".join(parts) + "\n"


def as_plain(results: Results) -> dict[str, Any]:
    """Everything for JSON, every reading included."""
    return {
        "machine": asdict(results.machine),
        "works": [
            {
                "work": work.name,
                "baseline": work.baseline,
                "contenders": [_plain_piece(work, one, results.outcomes) for one in work.pieces],
            }
            for work in results.works
        ],
        "growth": [{**asdict(one), "slope": one.slope} for one in results.growths],
        "goals": [asdict(one) for one in results.goals],
    }


def _plain_piece(work: Work, piece: Piece, outcomes: Outcomes) -> dict[str, Any]:
    outcome = outcomes[work.name, piece.contender]
    baseline = outcomes[work.name, work.baseline]
    return {
        "contender": piece.contender,
        "precision": piece.precision,
        "gflop_per_image": piece.gflop,
        "readings": outcome.readings,
        "failure": outcome.failure,
        "times_baseline": {
            figure.name: times_faster(figure, outcome, baseline)
            for figure in work.figures
            if figure.compared
        },
    }


def _work_grid(work: Work, outcomes: Outcomes) -> Grid:
    columns = ("", *(column for figure in work.figures for column in _columns(work, figure)))
    rows = (_work_row(work, piece, outcomes) for piece in work.pieces)
    return Grid(work.name, columns, tuple(_filled(row, len(columns)) for row in rows))


def _columns(work: Work, figure: Figure) -> list[str]:
    name = (
        figure.unit if figure.name in ("seconds", figure.unit) else f"{figure.name}, {figure.unit}"
    )
    ratio = [f"times {work.baseline}"] if figure.compared else []
    return [name, *ratio, *(["GFLOP/s"] if figure.compared and figure.images else [])]


def _filled(row: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*row, *[""] * (width - len(row)))


def _work_row(work: Work, piece: Piece, outcomes: Outcomes) -> tuple[str, ...]:
    outcome = outcomes[work.name, piece.contender]
    if not outcome.readings:
        return (piece.contender, outcome.failure or "not run")
    cells = [piece.contender]
    for figure in work.figures:
        cells.append(_value(figure, outcome))
        if figure.compared:
            ratio = times_faster(figure, outcome, outcomes[work.name, work.baseline])
            cells.append("" if ratio is None else f"{ratio:.2f}")
        if figure.compared and figure.images:
            cells.append(_arithmetic(figure, piece, outcome, outcomes))
    return tuple(cells)


def _value(figure: Figure, outcome: Outcome) -> str:
    found = spread(outcome.values(figure.name))
    if found is None:
        return ""
    middle, least, most = (
        _number(figure.factor * value) for value in (found.median, found.least, found.most)
    )
    return middle if found.count == 1 else f"{middle} ({least}-{most})"


def _arithmetic(figure: Figure, piece: Piece, outcome: Outcome, outcomes: Outcomes) -> str:
    """GFLOP/s, and their share of the largest matrix product in the same precision."""
    found = spread(outcome.values(figure.name))
    done = gflops(figure, piece, found.median) if found else None
    if done is None:
        return ""
    roof = outcomes.get((ROOFLINE, "this machine"), Outcome())
    peak = spread(roof.values(piece.precision))
    share = f" ({done / peak.median:.0%} of {piece.precision})" if peak else ""
    return f"{_number(done)}{share}"


def _growth_grid(growth: Growth) -> Grid:
    rows = []
    for point, cost in zip(growth.points, growth.costs, strict=True):
        rows.append((_number(point.amount), _number(cost), _number(cost / point.amount)))
    title = (
        f"Cost against {growth.what}: slope {growth.slope:.2f}, {growth.start:.2f} s of start-up "
        f"subtracted, medians of {len(growth.points[0].seconds)}"
        f"{', processor time' if growth.clock == 'cpu' else ''}"
    )
    return Grid(title, (growth.what, "s", "s each"), tuple(rows))


def _goal_grid(goals: Sequence[Reached]) -> Grid:
    rows = tuple(
        (
            one.what,
            one.goal,
            "not measured" if one.reached is None else f"{_number(one.reached)}{one.unit}",
            "" if one.reached is None else ("met" if one.met else "not met"),
        )
        for one in goals
    )
    return Grid("Goals", ("", "goal", "reached", ""), rows)


def _number(value: float) -> str:
    """A number with three digits.

    >>> [_number(value) for value in (0.01234, 1.5, 12.345, 1234.5)]
    ['0.0123', '1.50', '12.3', '1234']
    """
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value < 1 else f"{value:#.3g}"
