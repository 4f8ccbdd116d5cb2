"""Options of ``crackseg export`` that concern single tools."""

import argparse
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from crackseg.cli.parser import number, path_of
from crackseg.errors import ConfigError

_ONNX = ".onnx"


def add_tool_options(export: argparse.ArgumentParser) -> None:
    """Adds the options to the command."""
    export.add_argument(
        "--html",
        type=path_of,
        metavar="PAGE.html",
        help="also, or only, write a page that finds cracks in a browser, without any network",
    )
    export.add_argument(
        "--runtime",
        type=path_of,
        metavar="FILE",
        help="onnxruntime-web as an npm archive (.tgz), for --html (default: fetched once)",
    )
    export.add_argument(
        "--for",
        dest="tool",
        choices=["deepness"],
        help="write --output as the plugin Deepness of QGIS reads it, which other programs do not",
    )
    export.add_argument(
        "--resolution",
        type=number,
        metavar="CM",
        help="centimetres that a pixel of your orthophotos covers, for --for deepness (default: "
        "to be set in the plugin)",
    )


def check_tool_options(options: argparse.Namespace) -> None:
    """Refuses options that do not go together.

    Raises:
        ConfigError: They do not.
    """
    is_model = _is_model(options.checkpoint)
    wants_model = options.output or options.int8 or options.float16
    faults = (
        (options.output or options.html, "give --output MODEL.onnx, --html PAGE.html, or both"),
        (not (options.tool and options.html), "--for and --html are two commands"),
        (not (options.tool and options.int8), "--for and --int8 do not go together"),
        (not (options.tool and options.float16), "--for and --float16 do not go together"),
        (not (options.int8 and options.float16), "--int8 and --float16 are two networks"),
        (options.tool or options.resolution is None, "--resolution belongs to --for deepness"),
        (options.html or not options.runtime, "--runtime belongs to --html"),
        (
            not (is_model and not options.tool and wants_model),
            f"{options.checkpoint} is an ONNX file already; copy it, give its checkpoint, or take "
            "--html or --for alone",
        ),
    )
    for holds, fault in faults:
        if not holds:
            raise ConfigError(f"crackseg export: {fault}")


def export_for_tool(options: argparse.Namespace) -> None:
    """Writes the file of ``--for``."""
    # Imported here because torch takes seconds, and --help must not wait for it.
    from crackseg.workflows.other_tools.deepness import write_for_deepness

    tile = write_for_deepness(
        options.checkpoint, options.output, options.licence, options.resolution
    )
    print(f"{options.output}: for Deepness, in tiles of {tile.side} x {tile.side} pixels")


def write_page(
    options: argparse.Namespace, export_model: Callable[[argparse.Namespace, Path], None]
) -> None:
    """Writes the page of ``--html``, and before it the ONNX file that it needs.

    Args:
        options: Options of the command.
        export_model: Function that writes the ONNX file of a checkpoint.
    """
    # Imported here for the same reason.
    from crackseg.workflows.other_tools.offline_page import make_offline_page, prepare_page

    runtime = prepare_page(options.html, options.runtime)
    with TemporaryDirectory(prefix="crackseg-") as folder:
        model = options.output or Path(folder) / f"model{_ONNX}"
        if _is_model(options.checkpoint):
            model = options.checkpoint
        else:
            export_model(options, model)
        make_offline_page(model, options.html, runtime)
    megabytes = options.html.stat().st_size / 1e6
    print(f"{options.html}: {megabytes:.0f} MB, needs nothing else; open it in a browser")


def _is_model(path: Path) -> bool:
    # As crackseg.inference.engines.is_onnx, whose imports a wrong option must not wait for.
    return path.suffix.lower() == _ONNX
