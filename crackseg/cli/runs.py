"""The commands ``crackseg runs``, ``crackseg report`` and ``crackseg rerun``."""

import argparse
from contextlib import suppress
from pathlib import Path

from crackseg.cli.parser import from_to, path_of


def add_runs(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command that lists them."""
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
        type=path_of,
        default=Path("outputs"),
        metavar="DIR",
        help="default: %(default)s",
    )
    runs.add_argument(
        "--watch",
        nargs="?",
        type=from_to(1, 3600),
        const=2,
        metavar="SECONDS",
        help="look again every so many seconds (%(const)s), until Ctrl-C",
    )
    runs.set_defaults(run=_runs)


def add_report(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command that compares them."""
    report = commands.add_parser(
        "report",
        help="compare finished trainings on one page",
        description="Writes one page that needs nothing else: the table of runs with intervals, "
        "which differences exceed the noise, learning and precision-recall curves, the same "
        "photographs under every run, failures, bars per source, settings. Runs that were not "
        "judged yet are judged first; what was found is kept below each of them.",
    )
    report.add_argument(
        "folders", nargs="+", type=path_of, metavar="RUN_OR_SWEEP", help="folders of trainings"
    )
    report.add_argument(
        "--output",
        type=path_of,
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
        type=path_of,
        default=[],
        metavar="FOLDER",
        help="where photographs stand now that were moved since a training; again for each "
        "further folder",
    )
    report.set_defaults(run=_report)


def add_rerun(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command that repeats one of them."""
    rerun = commands.add_parser(
        "rerun",
        help="train a run again in the same way, and say what differs",
        description="Trains with the settings, the seed, the photographs and the number of threads "
        "of a finished run, into a new folder, and compares both: versions, machine, figures and "
        "weights. Exit code 1 if figures or weights differ. On the same machine they are the same "
        "to the bit.",
    )
    rerun.add_argument("folder", type=path_of, metavar="RUN", help="folder of a finished training")
    rerun.add_argument(
        "--output",
        type=path_of,
        metavar="DIR",
        help="folder of the new run (default: RUN_again beside it, or beside its sweep)",
    )
    rerun.set_defaults(run=_rerun)


def _rerun(options: argparse.Namespace) -> int:
    # Imported here because they take seconds, and --help must not wait for them.
    from crackseg.reporting.terminal.runs import print_comparison
    from crackseg.system.exits import work_begins
    from crackseg.workflows.rerun import rerun, usual_output

    folder: Path = options.folder
    output = options.output or usual_output(folder)
    work_begins()
    found = rerun(folder, output)
    print_comparison(found, folder, output)
    return 0 if found.is_same else 1


def _runs(options: argparse.Namespace) -> int:
    # Imported here because it takes a moment, and --help must not wait for it.
    from crackseg.reporting.terminal.runs import print_runs, watch_runs
    from crackseg.runs.reader import find_runs
    from crackseg.system.exits import Interrupted, work_begins

    if options.watch is None:
        print_runs(find_runs(options.folder), options.folder)
        return 0
    work_begins()
    # Whoever ends it has seen enough.
    with suppress(Interrupted):
        watch_runs(lambda: find_runs(options.folder), options.folder, options.watch)
    return 0


def _report(options: argparse.Namespace) -> int:
    # Imported here for the same reason.
    from crackseg.reporting.formatting import counted
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
    print(f"{counted(len(found.entries), 'finished run')} compared: {options.output}")
    return 0
