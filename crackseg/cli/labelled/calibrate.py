"""The command ``crackseg calibrate``."""

import argparse
import shlex
from typing import TYPE_CHECKING

from crackseg.cli.parser import from_to, number, path_of
from crackseg.cli.photographs import add_network

if TYPE_CHECKING:
    from crackseg.parameters.promise import Promise
    from crackseg.workflows.labelled.promising import Check, Observed


def add_calibrate(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    calibrate = commands.add_parser(
        "calibrate",
        help="promise a miss rate: the threshold at which little crack length is missed",
        description="Looks at labelled photographs of yours, which the network was not trained on, "
        "and writes its file anew with the highest threshold at which at most a share of the crack "
        "length is missed by masks, on average over photographs and with a confidence. predict "
        "--guarantee and measure --guarantee use it. The promise is for photographs like those.",
    )
    calibrate.add_argument(
        "folders",
        nargs="+",
        type=path_of,
        metavar="FOLDER",
        help="whole photographs, no crops, with masks in black and white, or with annotations",
    )
    calibrate.add_argument(
        "--miss",
        type=number,
        default=0.1,
        metavar="SHARE",
        help="largest share of the crack length that may be missed (default: %(default)s)",
    )
    calibrate.add_argument(
        "--confidence",
        type=number,
        default=0.9,
        metavar="SHARE",
        help="probability with which the promise is to hold (default: %(default)s)",
    )
    calibrate.add_argument(
        "--origins",
        type=path_of,
        metavar="FILE",
        help="table of what crops were cut from, as data.origins takes it: those of one photograph "
        "count as one",
    )
    add_network(calibrate)
    calibrate.add_argument(
        "--scale", metavar="SCALES", help="as for predict, and the promise is for these alone"
    )
    calibrate.add_argument(
        "--output", type=path_of, required=True, metavar="FILE", help="the network's new file"
    )
    calibrate.add_argument(
        "--check",
        type=from_to(1, 100_000),
        metavar="DIVISIONS",
        help="also promise by a random half of the photographs and judge by the other, so often",
    )
    calibrate.set_defaults(run=_calibrate)


def _calibrate(options: argparse.Namespace) -> int:
    # Imported here because they take seconds, and --help must not wait for them.
    from crackseg.inference.engines import open_model
    from crackseg.inference.predictor import Predictor
    from crackseg.system.exits import work_begins
    from crackseg.system.logs import start_logging
    from crackseg.system.runtime import prepare_process, return_freed_memory
    from crackseg.weights.registry import chosen_file
    from crackseg.workflows.labelled.promising import (
        Terms,
        check,
        observe,
        promise,
        require_same_form,
        write_promise,
    )

    terms = Terms(options.miss, options.confidence)
    path = chosen_file(options.checkpoint, options.model)
    require_same_form(path, options.output)
    work_begins()
    prepare_process(keep_memory=False)
    return_freed_memory()
    start_logging()
    # In the precision that a promise is kept in.
    model = open_model(path, float32=True)
    predictor = Predictor(model, scale=options.scale)
    print(predictor.line, flush=True)
    print("the promise holds only if the network was not trained on these photographs", flush=True)
    halves = options.check is not None
    observed = observe(model, predictor, options.folders, terms, options.origins, halves)
    found = promise(observed, terms, predictor.scales)
    checked = check(observed, terms, options.check) if halves else None
    write_promise(path, found, options.output)
    _print_promise(found, observed, predictor.threshold)
    if checked is not None:
        print_check(checked, terms.miss)
    written = shlex.quote(str(options.output))
    print(f"{options.output}: use it with predict --checkpoint {written} --guarantee")
    return 0


def _print_promise(found: "Promise", observed: "Observed", stored: float) -> None:
    from crackseg.metrics.thresholds import THRESHOLD_GRID

    print(f"{found.line}; of these {found.missed:.3f} was missed")
    print("threshold  missed length  false alarms, mean share of an image's pixels")
    for threshold, what in ((stored, "stored"), (found.threshold, "promised")):
        at = THRESHOLD_GRID.index(threshold)
        missed, false = observed.missed[:, at].mean(), observed.false[:, at].mean()
        print(f"{threshold:9.2f}  {missed:13.3f}  {false:.4%} ({what})")


def print_check(found: "Check", miss: float) -> None:
    """Prints how promises fared."""
    if found.missed is None:
        print(f"{found.divisions} random divisions: no half of the photographs promises anything")
        return
    none = f", {found.without} of which could promise nothing" if found.without else ""
    print(
        f"{found.divisions} random divisions{none}: {found.missed:.3f} missed on average, more "
        f"than {miss:g} in {found.broken:.1%} of them"
    )
