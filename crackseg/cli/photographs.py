"""Options that all commands share which find cracks in photographs."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.cli.parser import not_empty, number, path_of

if TYPE_CHECKING:
    from crackseg.inference.predictor import Predictor
    from crackseg.inference.reliance import Reliance
    from crackseg.workflows.folders.shards import Shard
    from crackseg.workflows.folders.work import Skipped


def add_photographs(parser: argparse.ArgumentParser, output: Path) -> None:
    """Adds the options for photographs, for the network, and for how it looks at them.

    Args:
        parser: Parser of a command.
        output: Default folder of the results.
    """
    parser.add_argument(
        "paths", nargs="+", type=not_empty, metavar="PATH", help="files, folders or globs"
    )
    add_network(parser)
    parser.add_argument("--output", type=path_of, default=output, help="default: %(default)s")
    parser.add_argument(
        "--threshold",
        type=number,
        help="probability above which a pixel is crack (default: stored)",
    )
    parser.add_argument(
        "--guarantee",
        action="store_true",
        help="take the threshold of the promised miss rate that crackseg calibrate stored",
    )
    parser.add_argument(
        "--scale",
        metavar="SCALES",
        help="training pixels per photograph pixel, as 0.32 where 400 became 128; several to be "
        "blended, as 0.5,1; or auto for a range of them (default: stored, or auto where the "
        "network was trained at a range)",
    )
    parser.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)"
    )
    parser.add_argument(
        "--engine",
        default="auto",
        help="torch for a checkpoint; openvino or onnxruntime for an ONNX file (default: the "
        "fastest that is there)",
    )
    parser.add_argument(
        "--white-level",
        type=int,
        metavar="VALUE",
        help="white in photographs deeper than 8 bits, such as 4095 (default: as the file says, "
        "else as its values suggest)",
    )
    parser.add_argument(
        "--max-megapixels",
        type=number,
        default=1000.0,
        metavar="SIZE",
        help="largest photograph that is read, in millions of pixels (default: %(default)g)",
    )
    parser.add_argument(
        "--shard",
        metavar="N/COUNT",
        help="do one share of the photographs, such as 2/8 for the second of eight, while other "
        "processes or machines do the others",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="do all photographs anew (default: those that are done are kept)",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """Adds the options that name a network."""
    parser.add_argument(
        "--model",
        metavar="NAME",
        help="network that comes with crackseg: research (default), for research only, or open, "
        "for firms too; see crackseg models",
    )
    parser.add_argument(
        "--checkpoint",
        type=not_empty,
        help="a network of your own: best.ckpt, or MODEL.onnx of export",
    )


def opened_predictor(options: argparse.Namespace) -> "Predictor":
    """Opens the network that the options name, prepares the process for work, and says its licence.

    Raises:
        CrackSegError: It cannot be opened, or a number is out of range.
    """
    # Imported here because they take a second, and --help must not wait for them.
    from crackseg.inference.predictor import Predictor
    from crackseg.system.exits import work_begins
    from crackseg.system.logs import start_logging
    from crackseg.system.runtime import prepare_process, return_freed_memory
    from crackseg.weights.registry import chosen_file

    path = chosen_file(options.checkpoint, options.model)
    work_begins(lambda _: "the same command goes on from there")
    prepare_process(keep_memory=False)
    return_freed_memory()
    start_logging()
    predictor = Predictor.from_checkpoint(
        path,
        device=options.device,
        threshold=options.threshold,
        scale=options.scale,
        white_level=options.white_level,
        engine=options.engine,
        max_megapixels=options.max_megapixels,
        guarantee=options.guarantee,
    )
    # Before the first photograph, since a licence is to be known before its use.
    print(predictor.line, flush=True)
    if options.scale is not None:
        scales = ", ".join(f"{scale:g}" for scale in predictor.scales)
        print(f"the network looks at photographs at {scales} of their size (--scale)", flush=True)
    if predictor.promise is not None:
        print(predictor.promise.line, flush=True)
    return predictor


def chosen_shard(options: argparse.Namespace) -> "Shard | None":
    """The share of the photographs that the options name; None for all.

    Raises:
        ConfigError: They name none that there is.
    """
    from crackseg.workflows.folders.shards import Shard

    return None if options.shard is None else Shard.parse(options.shard)


def name_skipped(skipped: "Sequence[Skipped]") -> int:
    """Names photographs that could not be read, and gives the exit code that says so."""
    if skipped:
        names = "\n".join(f"  {one.path}" for one in skipped)
        print(f"{len(skipped)} skipped:\n{names}", file=sys.stderr)
    return 1 if skipped else 0


def tell_reliance(found: "Reliance | None") -> None:
    """Says whether photographs are like those that a network is for, and what to do if not."""
    if found is None:
        return
    if not found.advice:
        print(found.line)
        return
    print(f"warning: {found.line}: {found.advice} (docs/generalisation.md)", file=sys.stderr)
