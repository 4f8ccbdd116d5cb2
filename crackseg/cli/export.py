"""The command ``crackseg export``."""

import argparse
from pathlib import Path

from crackseg.cli.exporting.other_tools import (
    add_tool_options,
    check_tool_options,
    export_for_tool,
    write_page,
)
from crackseg.cli.exporting.quantization import (
    add_quantization_options,
    check_quantization_options,
    write_quantized,
)
from crackseg.cli.parser import path_of


def add_export(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    export = commands.add_parser(
        "export",
        help="write a network as one ONNX file, or as a page, for other tools",
        description="Writes pixels in, probability out: uint8 RGB (N, 3, H, W) of any size at the "
        "scale of training, and as metadata the threshold, the scale and all that the figures "
        "depend on. The file is compared with the checkpoint before it counts as done.",
    )
    export.add_argument(
        "checkpoint",
        type=path_of,
        metavar="CHECKPOINT",
        help="best.ckpt; with --html or --for also an ONNX file, or the name of a network that "
        "comes with crackseg",
    )
    export.add_argument("--output", type=path_of, metavar="FILE", help="MODEL.onnx")
    export.add_argument("--licence", metavar="TEXT", help="licence of the weights")
    export.add_argument(
        "--float16",
        action="store_true",
        help="store the weights in 16 bits: half of the size, as fast, and next to no change of "
        "the masks",
    )
    add_quantization_options(export)
    add_tool_options(export)
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    # Imported here because they take seconds, and --help must not wait for them.
    from crackseg.system.exits import work_begins
    from crackseg.weights.registry import chosen_file

    options.checkpoint = chosen_file(options.checkpoint, None)
    check_tool_options(options)
    check_quantization_options(options)
    work_begins()
    if options.tool:
        export_for_tool(options)
    elif options.html:
        write_page(options, _export_model)
    else:
        _export_model(options, options.output)
    return 0


def _export_model(options: argparse.Namespace, output: Path) -> None:
    if options.int8:
        write_quantized(options, output)
        return
    # Imported here for the same reason.
    from crackseg.workflows.export import export

    difference = export(options.checkpoint, output, options.licence, options.float16)
    print(
        f"{output}: its probabilities are those of the checkpoint to {difference:.1g}; "
        f"{output.stat().st_size / 1e6:.1f} MB"
    )
