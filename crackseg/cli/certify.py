"""The command ``crackseg certify``."""

import argparse
from pathlib import Path

from crackseg.cli.parser import from_to
from crackseg.errors import ConfigError
from crackseg.weights.registry import DEFAULT

# Cracks from two distances where nothing is said.
_PAIRS = 100


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
        default=500,
        metavar="N",
        help="number of drawn cracks (default: %(default)s)",
    )
    certify.add_argument(
        "--pairs",
        type=from_to(0, 100_000),
        metavar="N",
        help="cracks that are photographed from two distances (default: as many as --cracks, at "
        f"most {_PAIRS})",
    )
    certify.add_argument(
        "--seed", type=from_to(0, 2**31), default=0, help="seed of the draw (default: %(default)s)"
    )
    source = certify.add_mutually_exclusive_group()
    source.add_argument(
        "--model",
        nargs="?",
        const=DEFAULT.name,
        metavar="NAME",
        help="measure the masks of a network that comes with crackseg: research (default) or open",
    )
    source.add_argument(
        "--checkpoint", help="measure the masks of a network of your own: best.ckpt, or MODEL.onnx"
    )
    source.add_argument(
        "--profiles",
        type=Path,
        metavar="FOLDER",
        help="measure real grey-value profiles with widths in millimetres (*.csv)",
    )
    source.add_argument(
        "--plate", type=Path, metavar="FILE", help="write the test plate, a PDF of A4 to print"
    )
    source.add_argument(
        "--read-plate", type=Path, metavar="PHOTO", help="measure the plate in a photograph of it"
    )
    certify.add_argument(
        "--output", type=Path, metavar="FILE", help="also write the figures of drawn cracks as JSON"
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
    """Refuses an output before long work: one that cannot be written, or that nothing goes to."""
    from crackseg.system.files import require_writable_file

    if options.output is not None:
        if any((options.profiles, options.plate, options.read_plate)):
            raise ConfigError(
                "--output takes figures of drawn cracks: leave it out, or --profiles, --plate and "
                "--read-plate"
            )
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

    predictor, masks = None, "exact masks"
    if options.model or options.checkpoint:
        from crackseg import load

        predictor = load(options.checkpoint, model=options.model)
        masks = f"masks of {options.model or Path(options.checkpoint).name}"
    pairs = min(options.cracks, _PAIRS) if options.pairs is None else options.pairs
    found = certify(options.cracks, options.seed, predictor, pairs)
    print_certificate(found, masks)
    if options.output is not None:
        write_record(CertificateRecord.of(found, masks, options.seed), options.output)
