"""The command ``crackseg app``."""

import argparse
import sys

from crackseg.cli.parser import from_to
from crackseg.cli.photographs import add_network


def add_app(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    app = commands.add_parser(
        "app",
        help="find and measure cracks in a page of your browser",
        description="Serves a page on this machine: drop photographs, see cracks at any threshold, "
        "measure them, download everything. No request leaves the machine, and nothing of a "
        "photograph stays when the page is closed. Needs pip install 'crackseg[app]'.",
    )
    app.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; others than this machine's own let others in "
        "(default: %(default)s)",
    )
    app.add_argument(
        "--port",
        type=from_to(1, 65_535),
        metavar="NUMBER",
        help="port to listen at (default: the first free one from 7860)",
    )
    add_network(app)
    app.add_argument(
        "--device", default="auto", help="auto, cpu, cuda, cuda:1, mps (default: %(default)s)"
    )
    app.add_argument(
        "--max-megapixels",
        type=from_to(1, 1_000),
        default=100,
        metavar="SIZE",
        help="largest photograph, in millions of pixels (default: %(default)s)",
    )
    app.add_argument(
        "--max-photographs",
        type=from_to(1, 10_000),
        default=50,
        metavar="N",
        help="most photographs on a page at a time (default: %(default)s)",
    )
    app.add_argument(
        "--max-seconds",
        type=from_to(1, 86_400),
        default=300,
        metavar="TIME",
        help="longest time for one photograph, in seconds (default: %(default)s)",
    )
    app.set_defaults(run=_app)


def _app(options: argparse.Namespace) -> int:
    # Imported here because they take a second, and --help must not wait for them.
    from crackseg import load
    from crackseg.app.limits import AppLimits
    from crackseg.app.server import is_loopback, require_gradio, served, wait
    from crackseg.system.exits import work_begins
    from crackseg.system.logs import start_logging
    from crackseg.system.runtime import prepare_process, return_freed_memory
    from crackseg.weights.registry import bundled_at, chosen_file

    require_gradio()
    limits = AppLimits(options.max_megapixels, options.max_photographs, options.max_seconds)
    work_begins()
    prepare_process(keep_memory=False)
    return_freed_memory()
    start_logging()
    path = chosen_file(options.checkpoint, options.model)
    predictor = load(path, device=options.device, max_megapixels=limits.megapixels)
    print(predictor.line, flush=True)
    of_package = bundled_at(path)
    licence = predictor.line if of_package is None else of_package.use_line
    with served(predictor, licence, limits, options.host, options.port) as address:
        if not is_loopback(options.host):
            print(
                f"warning: {options.host} is reached from other machines, and whoever reaches it "
                "may use the app; nothing is encrypted",
                file=sys.stderr,
                flush=True,
            )
        print(f"open {address} (Ctrl-C ends the app and deletes what it holds)", flush=True)
        wait()
    return 0
