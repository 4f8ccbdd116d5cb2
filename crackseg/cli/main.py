"""The console script ``crackseg``: commands that need neither Hydra nor a training."""

import argparse
import signal
from collections.abc import Sequence


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
    from crackseg.cli.runs import add_report, add_rerun, add_runs

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
    add_runs(commands)
    add_report(commands)
    add_rerun(commands)
    add_data_commands(commands)
    return parser
