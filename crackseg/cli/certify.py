"""The command ``crackseg certify``."""

import argparse
from pathlib import Path

from crackseg.cli.parser import from_to, not_empty, path_of
from crackseg.errors import ConfigError
from crackseg.weights.registry import DEFAULT

# Drawn cracks, and those from two distances, where nothing is said.
_CRACKS, _PAIRS = 500, 100


def add_certify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    certify = commands.add_parser(
        "certify",
        help="tell how well widths are measured: bias, error, and whether intervals hold",
        description="Draws cracks of known width, .5 to 20 px, straight, bent, branching and "
        "tapering, blurred, noisy, on surfaces of many kinds, and measures them: from exact masks, "
        "or from those of a network. With --profiles it measures real profiles instead, whose "
        "widths were measured on the structure. --plate and --read-plate check a camera and its "
        "distance by a printed sheet.",
    )
    certify.add_argument(
        "--cracks",
        type=from_to(1, 100_000),
        metavar="N",
        help=f"number of drawn cracks (default: {_CRACKS})",
    )
    certify.add_argument(
        "--pairs",
        type=from_to(0, 100_000),
        metavar="N",
        help="cracks that are photographed from two distances, with exact masks (default: as many "
        f"as --cracks, at most {_PAIRS})",
    )
    certify.add_argument("--seed", type=from_to(0, 2**31), help="seed of the draw (default: 0)")
    source = certify.add_mutually_exclusive_group()
    source.add_argument(
        "--model",
        nargs="?",
        const=DEFAULT.name,
        metavar="NAME",
        help="measure the masks of a network that comes with crackseg: research (default) or open",
    )
    source.add_argument(
        "--checkpoint",
        type=not_empty,
        help="measure the masks of a network of your own: best.ckpt, or MODEL.onnx",
    )
    source.add_argument(
        "--profiles",
        type=path_of,
        metavar="FOLDER",
        help="measure real grey-value profiles with widths in millimetres (*.csv)",
    )
    source.add_argument(
        "--plate", type=path_of, metavar="FILE", help="write the test plate, a PDF of A4 to print"
    )
    source.add_argument(
        "--read-plate",
        type=path_of,
        metavar="PHOTO",
        help="measure the plate in a photograph of it",
    )
    certify.add_argument(
        "--output",
        type=path_of,
        metavar="FILE",
        help="also write the figures of drawn cracks as JSON",
    )
    certify.set_defaults(run=_certify)


def _certify(options: argparse.Namespace) -> int:
    from crackseg.system.exits import work_begins

    _refuse_useless(options)
    work_begins()
    if options.plate is not None:
        _write_plate(options.plate)
    elif options.read_plate is not None:
        _read_plate(options.read_plate)
    elif options.profiles is not None:
        _certify_profiles(options.profiles)
    else:
        _certify_drawn(options)
    return 0


def _refuse_useless(options: argparse.Namespace) -> None:
    """Refuses before long work what would be of no use, and an output that cannot be written."""
    from crackseg.system.files import require_writable_file

    of_drawn = ("cracks", "pairs", "seed", "output")
    useless = [f"--{name}" for name in of_drawn if getattr(options, name) is not None]
    if useless and any((options.profiles, options.plate, options.read_plate)):
        raise ConfigError(
            f"{', '.join(useless)}: for drawn cracks alone; leave it out, or --profiles, --plate "
            "and --read-plate"
        )
    if options.pairs is not None and (options.model or options.checkpoint):
        raise ConfigError(
            "--pairs: two distances are compared with exact masks alone; leave it out, or --model "
            "and --checkpoint"
        )
    if options.output is not None:
        require_writable_file(options.output, ".json")


# What these import takes a second, and --help must not wait for it.
def _write_plate(path: Path) -> None:
    from crackseg.evaluation.plate.drawing import write_plate
    from crackseg.system.files import require_writable_file

    require_writable_file(path, ".pdf")
    write_plate(path)
    print(f"{path}: print it at 100 % (actual size) on A4, and check its bar with a ruler")


def _read_plate(path: Path) -> None:
    from crackseg.reporting.terminal.plate import print_plate
    from crackseg.workflows.measuring.certify import read_plate_photograph

    print_plate(read_plate_photograph(path))


def _certify_profiles(folder: Path) -> None:
    from crackseg.reporting.terminal.certificate import print_profiles
    from crackseg.workflows.measuring.certify import certify_profiles

    print_profiles(certify_profiles(folder))


def _certify_drawn(options: argparse.Namespace) -> None:
    from crackseg.evaluation.certificate_record import CertificateRecord, write_record
    from crackseg.reporting.terminal.certificate import print_certificate
    from crackseg.workflows.measuring.certify import certify

    count = _CRACKS if options.cracks is None else options.cracks
    seed = options.seed or 0
    pairs = min(count, _PAIRS) if options.pairs is None else options.pairs
    predictor, masks = None, "exact masks"
    if options.model or options.checkpoint:
        from crackseg import load

        predictor = load(options.checkpoint, model=options.model)
        masks, pairs = f"masks of {options.model or Path(options.checkpoint).name}", 0
    found = certify(count, seed, predictor, pairs)
    print_certificate(found, masks)
    if options.output is not None:
        write_record(CertificateRecord.of(found, masks, seed), options.output)
