"""The console script ``crackseg``: commands that need neither Hydra nor a training."""

import argparse
import signal
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        The code that the process ends with, see :mod:`crackseg.system.exits`.
    """
    if arguments is None:
        _let_signals_end_the_process()
    from crackseg.cli.parser import parse
    from crackseg.system.exits import end_in_one_line

    options = parse(_parser(), arguments)
    try:
        with end_in_one_line():
            return int(options.run(options))
    except SystemExit as left:
        return int(left.code or 0)


def _let_signals_end_the_process() -> None:
    # Python's own handler raises in whatever is just being imported, where it may get lost.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from crackseg.system.exits import end_at_once_by_signals

    end_at_once_by_signals()


def _parser() -> argparse.ArgumentParser:
    # Imported here, as they take a moment and a signal must be heard at once.
    from crackseg import __version__
    from crackseg.cli.app import add_app
    from crackseg.cli.certify import add_certify
    from crackseg.cli.data import add_data_commands
    from crackseg.cli.export import add_export
    from crackseg.cli.labelled.adapt import add_adapt
    from crackseg.cli.labelled.calibrate import add_calibrate
    from crackseg.cli.measure import add_measure
    from crackseg.cli.models import add_models
    from crackseg.cli.parser import Parser
    from crackseg.cli.predict import add_predict

    parser: argparse.ArgumentParser = Parser(
        prog="crackseg",
        description="Finds cracks in photographs. Training and evaluation: python train.py --help, "
        "python evaluate.py --help.",
    )
    parser.add_argument("--version", action="version", version=f"crackseg {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_predict(commands)
    add_measure(commands)
    add_models(commands)
    add_export(commands)
    add_certify(commands)
    add_calibrate(commands)
    add_adapt(commands)
    add_app(commands)
    _add_runs(commands)
    _add_report(commands)
    add_data_commands(commands)
    return parser


def _add_runs(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    runs = commands.add_parser(
        "runs",
        help="list trainings and sweeps with their figures",
        description="Lists all trainings at and below a folder, the newest first, those of a sweep "
        "together, and says how to go on with those that were interrupted. The crack IoU is that "
        "at the threshold chosen on validation.",
    )
    runs.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=Path("outputs"),
        metavar="DIR",
        help="default: %(default)s",
    )
    runs.set_defaults(run=_runs)


def _add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    report = commands.add_parser(
        "report",
        help="compare finished trainings on one page",
        description="Writes one page that needs nothing else: the table of runs with intervals, "
        "which differences exceed the noise, learning and precision-recall curves, the same "
        "photographs under every run, failures, bars per source, settings. Runs that were not "
        "judged yet are judged first; what was found is kept below each of them.",
    )
    report.add_argument(
        "folders", nargs="+", type=Path, metavar="RUN_OR_SWEEP", help="folders of trainings"
    )
    report.add_argument(
        "--output",
        type=Path,
        default=Path("outputs/report.html"),
        metavar="FILE",
        help="PAGE.html, or PAGE.md with its pictures beside it (default: %(default)s)",
    )
    report.add_argument(
        "--subset", default="test", help="train, val or test, to compare on (default: %(default)s)"
    )
    report.add_argument(
        "--baseline", metavar="RUN", help="to compare others with (default: that begun first)"
    )
    report.add_argument(
        "--resolution",
        default="training",
        help="training, or native: masks as large as the photographs (default: %(default)s)",
    )
    report.add_argument(
        "--root",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="where photographs stand now that were moved since a training; again for each "
        "further folder",
    )
    report.set_defaults(run=_report)


def _runs(options: argparse.Namespace) -> int:
    # Imported here because it takes a moment, and --help must not wait for it.
    from crackseg.reporting.terminal.runs import print_runs
    from crackseg.runs.reader import find_runs

    print_runs(find_runs(options.folder), options.folder)
    return 0


def _report(options: argparse.Namespace) -> int:
    # Imported here for the same reason.
    from crackseg.system.exits import work_begins
    from crackseg.workflows.report import report

    work_begins()
    found = report(
        options.folders,
        options.output,
        options.subset,
        options.resolution,
        options.baseline,
        options.root,
    )
    print(f"{len(found.entries)} finished runs compared: {options.output}")
    return 0
