"""The command ``crackseg adapt``."""

import argparse
import shlex
from pathlib import Path

from crackseg.cli.parser import from_to, path_of
from crackseg.cli.photographs import add_network, name_skipped
from crackseg.errors import ConfigError


def add_adapt(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    adapt = commands.add_parser(
        "adapt",
        help="fit a network to photographs of one site, by five labelled ones or more",
        description="Fits the threshold, and by five photographs or more also normalisations and "
        "the last level, to labelled photographs of yours. What that gains is measured on each "
        "photograph by a network that was fitted without it, and where it gains nothing no file is "
        "written. With --suggest, chooses which photographs to label, and outlines what the "
        "network finds in them for correction in LabelMe.",
    )
    adapt.add_argument(
        "folders",
        nargs="+",
        type=path_of,
        metavar="FOLDER",
        help="photographs with masks in black and white, or with annotations such as LabelMe's; "
        "with --suggest photographs alone",
    )
    add_network(adapt)
    adapt.add_argument(
        "--origins",
        type=path_of,
        metavar="FILE",
        help="table of what crops were cut from, as data.origins takes it: those of one photograph "
        "are left out together",
    )
    adapt.add_argument(
        "--seed",
        type=from_to(0, 2**31),
        metavar="SEED",
        help="seed of the draws of crops; another one shows how much a gain is of chance "
        "(default: 0)",
    )
    adapt.add_argument(
        "--suggest",
        type=from_to(1, 1000),
        metavar="COUNT",
        help="choose so many photographs to label",
    )
    adapt.add_argument(
        "--output",
        type=path_of,
        required=True,
        metavar="PATH",
        help="the adapted network, NEW.ckpt or NEW.onnx; with --suggest a folder",
    )
    adapt.set_defaults(run=_adapt)


def _adapt(options: argparse.Namespace) -> int:
    # Imported here because they take seconds, and --help must not wait for them.
    from crackseg.system.exits import work_begins
    from crackseg.system.logs import start_logging
    from crackseg.system.runtime import prepare_process
    from crackseg.weights.registry import chosen_file

    for name in ("origins", "seed"):
        if options.suggest is not None and getattr(options, name) is not None:
            raise ConfigError(f"--{name}: of labelled photographs, not with --suggest")
    path = chosen_file(options.checkpoint, options.model)
    work_begins()
    prepare_process()
    start_logging()
    return _fit(options, path) if options.suggest is None else _suggest(options, path)


def _fit(options: argparse.Namespace, path: Path) -> int:
    from crackseg.reporting.terminal.adaptation import print_adapted
    from crackseg.workflows.labelled.adapting import adapt

    adapted = adapt(path, options.folders, options.output, options.origins, options.seed or 0)
    print_adapted(adapted)
    print(f"{options.output}: use it with predict --checkpoint {shlex.quote(str(options.output))}")
    return 0


def _suggest(options: argparse.Namespace, path: Path) -> int:
    from crackseg.workflows.labelled.suggesting import suggest

    chosen = suggest(path, options.folders, options.suggest, options.output)
    for photograph in chosen.photographs:
        print(photograph)
    network = [("--model", options.model), ("--checkpoint", options.checkpoint)]
    given = [part for name, value in network if value is not None for part in (name, value)]
    then = shlex.join(["crackseg", "adapt", str(chosen.folder), *given, "--output", "NEW.ckpt"])
    print(
        f"{chosen.folder}: correct the outlines there in LabelMe, also where there is no crack, "
        f"then {then}"
    )
    return name_skipped(chosen.skipped)
