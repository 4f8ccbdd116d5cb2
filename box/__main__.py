"""Command line of the box, see ``python -m box --help``."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from crackseg.errors import CrackSegError
from crackseg.weights.registry import BUNDLED


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except CrackSegError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m box", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    names = [model.name for model in BUNDLED]
    make = commands.add_parser("make", help="train, export, judge and place; goes on after a break")
    make.add_argument("name", nargs="?", choices=names, help="one of them (default: all)")
    _add_training(make)
    make.set_defaults(run=_make)
    place = commands.add_parser("place", help="put an ONNX file into the package, with its figures")
    place.add_argument("name", choices=names)
    place.add_argument("model", type=Path, metavar="MODEL.onnx")
    place.add_argument(
        "judged", nargs="*", metavar="TITLE=METRICS.json", help="what evaluate.py wrote of it"
    )
    place.add_argument(
        "--unseen",
        action="append",
        default=[],
        metavar="TITLE=METRICS.json",
        help="the same of photographs that are known to be none of its training; again for more",
    )
    place.set_defaults(run=_place)
    generalise = commands.add_parser(
        "generalise", help="train without each family of sources, judge on it, write the table"
    )
    _add_training(generalise)
    generalise.set_defaults(run=_generalise)
    pages = commands.add_parser("pages", help="write the files' figures and pictures into docs")
    pages.set_defaults(run=_pages)
    return parser


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", type=Path, metavar="FOLDER", help="folder of all photographs")
    command.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a further setting of each training, such as trainer.accelerator=gpu; again for more",
    )


def _make(options: argparse.Namespace) -> None:
    from box.build import build

    for name in [options.name] if options.name else [model.name for model in BUNDLED]:
        print(build(name, options.data, options.settings))
    _pages(options)


def _generalise(options: argparse.Namespace) -> None:
    from box.generalise import generalise

    print(generalise(options.data, options.settings))


def _place(options: argparse.Namespace) -> None:
    from box.figures import judged_set, place

    judged = []
    for one in (*options.judged, *options.unseen):
        title, _, metrics = one.rpartition("=")
        if not title:
            raise CrackSegError(f"place: {one}: write an evaluation as 'TITLE=FOLDER/metrics.json'")
        judged.append(judged_set(title, Path(metrics), unseen=one in options.unseen))
    print(place(options.name, options.model, judged))


def _pages(options: argparse.Namespace) -> None:
    from box.pages import ROOT, write_pages
    from box.pictures import write_pictures

    write_pictures(ROOT / "docs" / "images")
    write_pages()


if __name__ == "__main__":
    sys.exit(main())
