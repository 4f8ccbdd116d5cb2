"""Runs crackseg and its peers by turns, and prints who is how fast; see docs/benchmarks.md.

make bench
make bench ARGS="--rows training --rounds 3"
make bench ARGS="--quick"
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.growth import Growth, measure_growth
from benchmarks.inference import inference_works
from benchmarks.inputs import Inputs, Options
from benchmarks.machine import Machine, roofline, this_machine
from benchmarks.measurement import Outcome, Outcomes, Piece, Work
from benchmarks.photograph import photograph_works, startup_works
from benchmarks.plot import draw_growth
from benchmarks.process import PieceError, run_piece
from benchmarks.table import Results, as_markdown, as_plain, as_rich, grids, machine_line
from benchmarks.training import training_works

WORKS: dict[str, Callable[[Inputs], list[Work]]] = {
    "training": training_works,
    "inference": inference_works,
    "photograph": photograph_works,
    "startup": startup_works,
}
ROWS = (*WORKS, "growth")
Turn = tuple[Work, Piece]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures, prints and writes."""
    chosen = _parser().parse_args(arguments)
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.steps, chosen.turns = 1, 0.0, 1, 1
    with tempfile.TemporaryDirectory(prefix="crackseg-benchmark-") as folder:
        results = _measure(chosen, Path(folder))
    _print(results)
    _write(results, chosen.output)


def _measure(chosen: argparse.Namespace, folder: Path) -> Results:
    until = time.monotonic() + 60 * chosen.minutes
    machine = this_machine()
    print(machine_line(machine), flush=True)
    inputs = Inputs(_options(chosen, folder, machine))
    makers = [make for kind, make in WORKS.items() if kind in chosen.rows]
    works = [roofline(machine.bfloat16), *(work for make in makers for work in make(inputs))]
    growths = _growth(inputs, chosen) if "growth" in chosen.rows else []
    outcomes = run_rounds(works, chosen.rounds, until)
    return Results(machine, works, outcomes, growths)


def run_rounds(works: Sequence[Work], rounds: int, until: float) -> Outcomes:
    """Runs all pieces in rounds: of each work all contenders one after the other, in turn first.

    Args:
        works: Works.
        rounds: Largest number of rounds.
        until: Time of :func:`time.monotonic` at which a round should have ended; one that would
            end later, by what its pieces took before, is not begun. The first one is.
    """
    outcomes = {(work.name, piece.contender): Outcome() for work in works for piece in work.pieces}
    for number in range(rounds):
        turns = _turns(works, number)
        if number and time.monotonic() + _expected(turns, outcomes) > until:
            break
        _run_round(turns, number, outcomes)
    return outcomes


def _turns(works: Sequence[Work], number: int) -> list[Turn]:
    due = (work for work in works if number % work.every == 0)
    return [(work, piece) for work in due for piece in _rotated(work.pieces, number)]


def _expected(turns: Sequence[Turn], outcomes: Outcomes) -> float:
    """Seconds that a round will take."""
    known = (outcomes[work.name, piece.contender].values("seconds") for work, piece in turns)
    return sum(values[-1] for values in known if values)


def _run_round(turns: Sequence[Turn], number: int, outcomes: Outcomes) -> None:
    from crackseg.system.progress import progress

    for work, piece in progress(turns, f"Round {number + 1}", len(turns)):
        outcome = outcomes[work.name, piece.contender]
        try:
            outcome.readings[number] = run_piece(piece)
            said = ", ".join(
                f"{figure.name} {outcome.readings[number][figure.name]:.4g}"
                for figure in work.figures
            )
        except PieceError as error:
            outcome.failure = said = str(error)
        _tell(f"round {number + 1}: {work.name}: {piece.contender}: {said}")


def _rotated(pieces: tuple[Piece, ...], number: int) -> tuple[Piece, ...]:
    first = number % len(pieces)
    return (*pieces[first:], *pieces[:first])


def _growth(inputs: Inputs, chosen: argparse.Namespace) -> list[Growth]:
    from crackseg.system.progress import progress

    try:
        return measure_growth(
            inputs, chosen.turns, lambda jobs: progress(jobs, "Growth", len(jobs)), chosen.clock
        )
    except PieceError as error:
        _tell(f"growth: {error}")
        return []


def _tell(line: str) -> None:
    """A line in a log; on a terminal there is a bar."""
    if not sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def _print(results: Results) -> None:
    from crackseg.system.console import Terminal

    console = Terminal(width=None if sys.stdout.isatty() else 150)
    for grid in grids(results):
        console.print(as_rich(grid))


def _write(results: Results, folder: Path) -> None:
    from crackseg.system.files import write_json

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.md").write_text(as_markdown(results), encoding="utf-8")
    write_json(as_plain(results), folder / "table.json")
    if results.growths:
        draw_growth(results.growths, folder / "growth.png")
    print(f"written: {', '.join(str(path) for path in sorted(folder.iterdir()))}")


def _options(chosen: argparse.Namespace, folder: Path, machine: Machine) -> Options:
    return Options(
        folder=folder,
        seconds=chosen.seconds,
        steps=chosen.steps,
        data=chosen.data,
        checkpoint=chosen.checkpoint,
        int8=chosen.int8,
        bfloat16=machine.bfloat16,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--rows", nargs="+", choices=ROWS, default=ROWS, help="which rows (default: all)")
    add("--rounds", type=int, default=3, help="most rounds (default: %(default)s)")
    add(
        "--minutes",
        type=float,
        default=25,
        help="no round but the first is begun that would end later (default: %(default)s)",
    )
    add(
        "--turns",
        type=int,
        default=5,
        help="processes for each point of growth (default: %(default)s)",
    )
    add(
        "--clock",
        choices=("seconds", "cpu"),
        default="seconds",
        help="of growth: cpu is processor time, where other work makes seconds useless; begin it "
        "with taskset -c 0, as waiting threads take some of it (default: %(default)s)",
    )
    add(
        "--seconds",
        type=float,
        default=4,
        help="that steps are repeated for (default: %(default)s)",
    )
    add("--steps", type=int, default=2, help="of an epoch on files (default: %(default)s)")
    add("--quick", action="store_true", help="one round of everything, as short as it gets")
    add("--data", type=Path, help="folder of photographs and masks (default: drawn ones)")
    add("--checkpoint", type=Path, help="of the default U-Net (default: trained for a moment)")
    add("--int8", type=Path, help="file of crackseg export --int8 (default: made, if it can be)")
    add("--output", type=Path, default=Path("outputs/benchmarks"), help="default: %(default)s")
    return parser


if __name__ == "__main__":
    main()
