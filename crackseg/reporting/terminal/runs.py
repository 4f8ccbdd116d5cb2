"""Lists runs in the terminal, those of a sweep together, and compares two of them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len, set_cell_size
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from crackseg.config.overrides import shell_override
from crackseg.reporting.formatting import duration
from crackseg.runs.reader import Run
from crackseg.runs.record import LAST, PLAN
from crackseg.runs.search_record import SEARCH
from crackseg.runs.status import Status
from crackseg.system.console import Terminal

if TYPE_CHECKING:
    # It takes torch, which a list of runs must not wait for.
    from crackseg.runs.comparing import RunComparison

_STYLES = {
    "done": "green",
    "running": "cyan",
    "failed": "red",
    "interrupted": "yellow",
    "pruned": "magenta",
    "damaged": "red",
}
_HEADINGS = ("state", "val crack IoU", "test crack IoU", "epochs", "started", "duration")
# Each is wide enough for its heading and for the longest state, or a date with its time.
_WIDTHS = (11, 13, 14, 6, 16, 9)
_INDENT = "  "


def print_runs(runs: Sequence[Run], root: Path) -> None:
    """Prints a line for each run, and under an interrupted one how to resume it.

    Args:
        runs: Runs in the order of the list; a sweep stands where its first run does.
        root: Folder that the runs were found in; their names are relative to it.
    """
    console = Terminal()
    for text in _table(runs, root):
        # A name that is cut off or broken in two cannot be copied.
        console.print(text, soft_wrap=True)


def watch_runs(find: Callable[[], Sequence[Run]], root: Path, seconds: float) -> None:
    """Prints the same anew and anew, until a signal ends it.

    Args:
        find: Function that finds the runs.
        root: Folder that they are found in.
        seconds: Seconds between two looks.
    """
    with Live(console=Terminal(), auto_refresh=False) as live:
        while True:
            lines = _table(find(), root)
            for line in lines:
                line.no_wrap, line.overflow = True, "ellipsis"
            live.update(Group(*lines), refresh=True)
            time.sleep(seconds)


def _table(runs: Sequence[Run], root: Path) -> list[Text]:
    if not runs:
        return [Text(f"{root}: no runs here yet; python train.py makes one")]
    lines = list(_lines(runs, root))
    width = max(cell_len(line.text) for line in lines if line.run)
    heading = _row("run", width, [Text(name) for name in _HEADINGS])
    heading.stylize("bold")
    return [heading, *(_rendered(line, width) for line in lines)]


def print_comparison(found: "RunComparison", before: Path, now: Path) -> None:
    """Prints a row for each difference, and in a line what they come to.

    Args:
        found: What differs.
        before: Folder of the first run.
        now: Folder of the second.
    """
    console = Terminal()
    if found.differences:
        table = Table(box=box.SIMPLE, show_edge=False)
        for heading in ("what", "name", "before", "now"):
            table.add_column(heading, overflow="fold")
        for one in found.differences:
            table.add_row(*map(Text, (one.kind, one.name, _shown(one.before), _shown(one.now))))
        console.print(table)
    else:
        console.print("versions, code, machine and figures are the same")
    weights = f"weights: the largest difference is {found.weights:.3g}"
    same = "to the bit, the same network" if found.is_same else "not the same network"
    console.print(Text(f"{weights}\n{now}: {same} as {before}"), soft_wrap=True)


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def state_text(state: str) -> Text:
    """Writes a state in its colour."""
    return Text(state, _STYLES.get(state, ""))


@dataclass(frozen=True)
class _Line:
    """A text, or the name of a run with the run that its columns describe."""

    text: str
    run: Run | None = None


def _lines(runs: Sequence[Run], root: Path) -> Iterator[_Line]:
    for (folder, is_sweep), members in _groups(runs, root).items():
        name = _name(folder, root)
        if not is_sweep:
            yield from _run_lines(members[0], name)
            if members[0].state == "interrupted":
                begun = (folder / LAST).is_file()
                what = f"go on: python train.py {shell_override('resume', folder)}"
                yield _Line(f"{_INDENT}{what if begun else 'no epoch was whole, begin it anew'}")
            continue
        yield _Line(f"{name}: {_count(members)}")
        for run in members:
            yield from _run_lines(run, run.folder.name, _INDENT)
        how = _how_to_go_on(members, folder)
        if how is not None:
            yield _Line(f"{_INDENT}go on: {how}")


def _how_to_go_on(members: Sequence[Run], folder: Path) -> str | None:
    """How to go on with a sweep or a search; None where there is nothing to do, or not yet."""
    states = {run.state for run in members}
    # A sweep that is running must not be started again.
    if "running" in states:
        return None
    if (folder / SEARCH).is_file():
        resume = f"python tune.py {shell_override('search.resume', folder)}"
        return resume if "interrupted" in states else None
    resume = f"python train.py -m {shell_override('sweep.resume', folder)}"
    return resume if states != {"done"} else None


def _groups(runs: Iterable[Run], root: Path) -> dict[tuple[Path, bool], list[Run]]:
    """Runs by the folder of their sweep, or by their own folder where they are single."""
    groups: dict[tuple[Path, bool], list[Run]] = {}
    for run in runs:
        above = run.folder.parent
        # All jobs of a sweep are known only if it lies below the root.
        plans = (above / PLAN, above / SEARCH)
        in_sweep = above.is_relative_to(root) and any(plan.is_file() for plan in plans)
        groups.setdefault((above if in_sweep else run.folder, in_sweep), []).append(run)
    return groups


def _run_lines(run: Run, name: str, indent: str = "") -> Iterator[_Line]:
    yield _Line(f"{indent}{name}", run)
    if run.complaint:
        yield _Line(f"{indent}{_INDENT}{run.complaint}")
    if run.state == "running" and run.status is not None:
        yield _Line(f"{indent}{_INDENT}{standing(run.status, datetime.now(UTC))}")


def standing(status: Status, now: datetime) -> str:
    """How a running training goes."""
    ago, where = duration((now - status.changed).total_seconds()), f"{status.host}:{status.pid}"
    if status.is_silent(now):
        return f"no sign of it for {ago} ({where}): it may hang, or its machine is gone"
    words = [f"epoch {min(status.epochs_done + 1, status.epochs)} of {status.epochs}"]
    if status.stage != "training":
        words.append(status.stage)
    if status.best is not None:
        words.append(f"val crack IoU {status.best:.4f} at best")
    if status.seconds_left is not None:
        words.append(f"at most {duration(status.seconds_left)} to go")
    return f"{', '.join(words)} ({where}, {ago} ago)"


def _count(runs: Sequence[Run]) -> str:
    by_state = Counter(run.state for run in runs)
    states = [f"{by_state[state]} {state}" for state in _STYLES if by_state[state]]
    return f"{len(runs)} job{'s' if len(runs) > 1 else ''}: {', '.join(states)}"


def _rendered(line: _Line, width: int) -> Text:
    if line.run is None:
        return Text(line.text)
    run = line.run
    ious = [run.figure(f"{stage}/crack_iou") for stage in ("val", "test")]
    epochs = run.figure("epochs")
    cells = [
        *("" if iou is None else f"{iou:.4f}" for iou in ious),
        "" if epochs is None else f"{epochs:.0f}",
        f"{run.started.astimezone():%Y-%m-%d %H:%M}",
        _duration(run),
    ]
    return _row(line.text, width, [state_text(run.state), *map(Text, cells)])


def _row(name: str, width: int, cells: Sequence[Text]) -> Text:
    """A row, in which the state is aligned to the left and figures and times to the right."""
    row = Text(set_cell_size(name, width))
    for index, (cell, space) in enumerate(zip(cells, _WIDTHS, strict=True)):
        cell.align("right" if index else "left", space)
        row.append("  ").append(cell)
    row.rstrip()
    return row


def _duration(run: Run) -> str:
    """Time from start to end, or until now; empty where the end is not known."""
    end = datetime.now(UTC) if run.state == "running" else run.finished
    if end is None:
        return ""
    return duration((end - run.started).total_seconds())


def _name(folder: Path, root: Path) -> str:
    return str(folder if folder == root else folder.relative_to(root))
