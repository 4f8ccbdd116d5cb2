"""The command ``crackseg data draw``: synthetic photographs, such as negatives for a training."""

import argparse
from pathlib import Path

from crackseg.cli.parser import from_to, path_of


def add_draw(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command to the group ``data``."""
    draw = commands.add_parser(
        "draw",
        help="draw synthetic photographs and their masks",
        description="Draws photographs of five surfaces with joints, cables, twigs, stains, "
        "shadows and scratches, as data=synthetic does, and their exact masks: the same seed, the "
        "same photographs. Every sixth shows no crack; with --crack-free none does, so that a "
        "training on other photographs learns what is not a crack.",
    )
    draw.add_argument(
        "--root",
        type=path_of,
        default=Path("outputs/data"),
        metavar="DIR",
        help="where to, in a folder of its own (default: %(default)s)",
    )
    draw.add_argument("--crack-free", action="store_true", help="without any crack")
    draw.add_argument(
        "--worn",
        action="store_true",
        help="old asphalt and concrete alone, cracks with broken edges, partly filled, of which "
        "the mask covers the whole broken zone, as people paint it on photographs of roads",
    )
    for name, limits, default, what in (
        ("--count", (1, 1_000_000), 360, "photographs"),
        ("--seed", (0, 2**32 - 1), 0, "of the photographs"),
        ("--size", (64, 4096), 400, "of a side in pixels"),
    ):
        draw.add_argument(
            name,
            type=from_to(*limits),
            default=default,
            metavar="NUMBER",
            help=f"{what} (default: %(default)s)",
        )
    draw.set_defaults(run=_draw)


def _draw(options: argparse.Namespace) -> int:
    # Imported here because they take long, and --help must not wait for them.
    from crackseg.config.overrides import program, relative_to_cwd, shell_override
    from crackseg.data.synthetic.dataset import write_dataset
    from crackseg.system.exits import work_begins
    from crackseg.system.logs import start_logging

    work_begins()
    start_logging()
    folder = write_dataset(
        options.root, options.count, options.seed, options.size, options.crack_free, options.worn
    )
    print(f"{options.count:,} photographs and their masks: {relative_to_cwd(folder)}")
    if options.crack_free:
        print(f"beside yours: 'data.root=[MY_PHOTOGRAPHS,{relative_to_cwd(folder)}]'")
    else:
        python, root = program("python"), shell_override("data.root", folder)
        print(f"next:\n  {python} train.py data=folder {root}")
    return 0
