"""Options of ``crackseg export`` that concern networks of 8 bits."""

import argparse
from pathlib import Path

from crackseg.cli.parser import number, path_of
from crackseg.errors import ConfigError


def add_quantization_options(export: argparse.ArgumentParser) -> None:
    """Adds the options to the command."""
    export.add_argument(
        "--int8",
        action="store_true",
        help="bring the network to 8 bits: a quarter of the size and faster; its crack IoU on the "
        "validation photographs is measured, and a loss above --accept-loss refused",
    )
    export.add_argument(
        "--calibrate",
        type=path_of,
        metavar="FOLDER",
        help="photographs, without masks among them, to measure the ranges of values on, for "
        "--int8 (default: those of the training)",
    )
    export.add_argument(
        "--accept-loss",
        type=number,
        metavar="IOU",
        help="largest loss of crack IoU on validation, for --int8 (default: 0.005)",
    )
    export.add_argument(
        "--root",
        action="append",
        type=path_of,
        default=[],
        metavar="FOLDER",
        help="where the photographs of the training stand now, for --int8; again for each further "
        "folder",
    )


def check_quantization_options(options: argparse.Namespace) -> None:
    """Refuses options that nothing would come of.

    Raises:
        ConfigError: One of them is given without ``--int8``.
    """
    given = {
        "--calibrate": options.calibrate is not None,
        "--accept-loss": options.accept_loss is not None,
        "--root": bool(options.root),
    }
    alone = [name for name, is_given in given.items() if is_given and not options.int8]
    if alone:
        raise ConfigError(f"crackseg export: {', '.join(alone)}: only with --int8")


def write_quantized(options: argparse.Namespace, output: Path) -> None:
    """Writes the file of ``--int8``, and prints what it lost."""
    # Imported here because they take seconds, and --help must not wait for them.
    from crackseg.reporting.terminal.quantization import print_quantization
    from crackseg.system.logs import start_logging
    from crackseg.system.runtime import prepare_process
    from crackseg.workflows.quantization.quantized_export import (
        ACCEPTED_LOSS,
        QuantizationSettings,
        export_quantized,
    )

    prepare_process()
    start_logging()
    accepted = ACCEPTED_LOSS if options.accept_loss is None else options.accept_loss
    settings = QuantizationSettings(options.calibrate, accepted, options.root)
    info = export_quantized(options.checkpoint, output, settings, options.licence)
    print_quantization(info)
    print(f"\n{output}: {output.stat().st_size / 1e6:.1f} MB")
