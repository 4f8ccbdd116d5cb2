"""The commands ``crackseg data ...``: download, draw, verify and explore a data set."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crackseg.cli.drawing import add_draw
from crackseg.cli.parser import from_to, path_of
from crackseg.data.download.crackseg9k import PERSISTENT_ID, VERSIONS
from crackseg.errors import CrackSegError

if TYPE_CHECKING:
    from crackseg.data.annotations.masks.encoding import CrackMeaning


def add_data_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the group ``data`` to the console script's commands."""
    data = commands.add_parser("data", help="fetch data sets and look into them")
    data_commands = data.add_subparsers(required=True, metavar="COMMAND")
    _add_download(data_commands)
    add_draw(data_commands)
    _add_explore(data_commands)
    _add_verify(data_commands)
    _add_leaks(data_commands)


def _add_leaks(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    leaks = commands.add_parser(
        "leaks",
        help="count what validation and test share with training",
        description="Says how many validation and test items of a division share a photograph or a "
        "near duplicate with training, and of how many it is unknown. Exit code 0 if there is "
        "neither, 1 otherwise.",
    )
    leaks.add_argument(
        "manifest", type=path_of, metavar="MANIFEST", help="manifest.csv of a training"
    )
    leaks.add_argument(
        "--root",
        action="append",
        type=path_of,
        metavar="ROOT",
        help="the folder of its photographs, to compare them for near duplicates, for which "
        "otherwise the file's word is taken; again for each further folder",
    )
    leaks.set_defaults(run=_leaks)


def _leaks(options: argparse.Namespace) -> int:
    # Imported here because it takes long, and --help must not wait for it.
    from crackseg.data.prepare import compared
    from crackseg.data.splits.leakage import find_leaks
    from crackseg.data.splits.manifest import read_manifest
    from crackseg.reporting.terminal.leakage import print_leaks

    if options.root is not None:
        manifest = compared(options.manifest, options.root)
    else:
        manifest = read_manifest(options.manifest)
    print_leaks(manifest)
    clean = find_leaks(manifest).is_clean
    if manifest.uncompared and not clean:
        print("--root FOLDER compares them: name the folder of the photographs")
    return 0 if clean else 1


def _add_download(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    download = commands.add_parser(
        "download",
        help="fetch CrackSeg9k, or check what was fetched",
        description=f"Fetches CrackSeg9k ({PERSISTENT_ID}) from Harvard's Dataverse, checks "
        "the MD5 of every file, unpacks it, and says what it found. Interrupted, it goes on when "
        "typed again; typed after all is there, it checks every file. The server could not be "
        "reached from the machine that this was written on: it was tested against a server that "
        "answers as Dataverse's guide says. Some parts of the data set (DeepCrack, CFD, GAPs) "
        "carry terms of their own.",
    )
    download.add_argument(
        "--version",
        type=int,
        choices=VERSIONS,
        default=max(VERSIONS),
        help="of the data set; 3 is the report's (default: %(default)s)",
    )
    download.add_argument(
        "--root",
        type=path_of,
        default=Path("outputs/data/crackseg9k"),
        metavar="DIR",
        help="where to, on a disk with room for it twice (default: %(default)s)",
    )
    download.set_defaults(run=_download)


def _download(options: argparse.Namespace) -> int:
    # Imported here because the libraries behind them take a while, and --help must not wait.
    from crackseg.config.overrides import program, relative_to_cwd, shell_override
    from crackseg.data.discovery.pairs import find_pairs
    from crackseg.data.download.crackseg9k import crackseg9k
    from crackseg.data.download.data_set import download
    from crackseg.system.exits import Interrupted, work_begins
    from crackseg.system.logs import start_logging

    work_begins()
    start_logging()
    try:
        done = download(crackseg9k(options.version), options.root)
    except Interrupted as error:
        error.advice = "type the same command again and it goes on"
        raise
    print(done)
    inventory = find_pairs(options.root)
    print(
        f"{relative_to_cwd(options.root)}: {len(inventory.pairs):,} pairs of a photograph and its "
        "mask, "
        f"{len(inventory.images_without_mask):,} images without a mask, "
        f"{len(inventory.masks_without_image):,} masks without an image\n\n"
        f"next:\n  {program('python')} train.py data=crackseg9k "
        f"{shell_override('data.root', options.root)}"
    )
    return 0


def _add_verify(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    verify = commands.add_parser(
        "verify",
        help="find what would spoil a training",
        description="Reads every photograph and mask and says what they hold and what is wrong "
        "with them; changes none of them. Exit code 1 if something would spoil a training: damaged "
        "files, masks of another size than their photograph, inverted masks, saliency maps taken "
        "for masks, one mask for different photographs, a photograph in several ready subsets. "
        "What training leaves out by itself and says, such as photographs without a mask, is a "
        "warning, and so are copies where there are no ready subsets.",
    )
    verify.add_argument(
        "roots", nargs="+", type=path_of, metavar="ROOT", help="folders with photographs and masks"
    )
    _add_without_mask(verify)
    _add_meaning(verify)
    verify.add_argument(
        "--json", type=path_of, metavar="FILE", help="write everything, file by file"
    )
    verify.add_argument(
        "--exclude",
        type=path_of,
        metavar="FILE",
        help="write a list of photographs to leave out, of copies all but one: data.exclude=FILE",
    )
    verify.set_defaults(run=_verify)


def _verify(options: argparse.Namespace) -> int:
    # Imported here because they take long, and --help must not wait for them.
    from crackseg.data.analysis.verify import verify
    from crackseg.data.splits.exclusions import refuse_to_replace, write_exclusions
    from crackseg.reporting.terminal.verification import print_verification
    from crackseg.system.exits import work_begins
    from crackseg.system.files import require_writable_file, write_json

    work_begins()
    if options.exclude is not None:
        # Before the photographs are read, which takes long.
        refuse_to_replace(options.exclude)
        require_writable_file(options.exclude)
    if options.json is not None:
        require_writable_file(options.json, ".json")
    found = verify(options.roots, options.without_mask, _meaning(options), options.crack_labels)
    print_verification(found)
    if options.json is not None:
        write_json(found.as_dict(), options.json)
    if options.exclude is not None:
        write_exclusions(options.exclude, found.exclusions)
        print(f"{len(found.exclusions)} photographs to leave out: {options.exclude}")
    return 1 if found.spoils else 0


def _add_explore(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    explore = commands.add_parser(
        "explore",
        help="show what is in a data set on one page",
        description="Reads every photograph and mask and writes one HTML page that needs nothing "
        "else, and its pictures as PNG files: photographs with their cracks, sources and sizes, "
        "how much crack there is and how wide, class weights, what mask cuts do to thin cracks, "
        "leaks of a division, and what is wrong.",
    )
    explore.add_argument(
        "roots", nargs="+", type=path_of, metavar="ROOT", help="folders with photographs and masks"
    )
    _add_without_mask(explore)
    _add_meaning(explore)
    explore.add_argument(
        "--output",
        type=path_of,
        default=Path("outputs/exploration"),
        metavar="DIR",
        help="where to, not among the photographs (default: %(default)s)",
    )
    explore.add_argument(
        "--mask-threshold",
        type=from_to(0, 254),
        default=127,
        metavar="GREY",
        help="a grey mask is crack above it, 0-254 (default: %(default)s)",
    )
    explore.add_argument(
        "--image-size",
        type=from_to(8, 4096),
        default=128,
        metavar="PIXELS",
        help="side of the square that a training brings photographs to (default: %(default)s)",
    )
    explore.set_defaults(run=_explore)


def _add_without_mask(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--without-mask",
        choices=("leave_out", "crack_free"),
        default="leave_out",
        help="what photographs without a mask are, as data.without_mask (default: %(default)s)",
    )


def _add_meaning(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--crack-values",
        type=int,
        nargs="+",
        metavar="VALUE",
        help="values of masks, or palette indices, that are crack: data.crack_values",
    )
    command.add_argument(
        "--crack-colours",
        nargs="+",
        metavar="RRGGBB",
        help="colours of masks that are crack, such as fa3253: data.crack_colours",
    )
    command.add_argument(
        "--crack-labels",
        nargs="+",
        default=[],
        metavar="LABEL",
        help="labels of annotation files that are crack: data.crack_labels",
    )


def _meaning(options: argparse.Namespace) -> "CrackMeaning":
    from crackseg.config.parsing import crack_colours, crack_values
    from crackseg.data.annotations.masks.encoding import CrackMeaning

    return CrackMeaning(crack_values(options.crack_values), crack_colours(options.crack_colours))


def _explore(options: argparse.Namespace) -> int:
    # Imported here because they take long, and --help must not wait for them.
    from crackseg.config.overrides import relative_to_cwd
    from crackseg.config.schema import DataConfig
    from crackseg.data.analysis.explore import explore
    from crackseg.preprocessing import Preprocessing
    from crackseg.reporting.exploration.page import PAGE, write_page
    from crackseg.system.exits import work_begins
    from crackseg.system.files import require_writable_file
    from crackseg.system.logs import start_logging

    work_begins()
    start_logging()
    _refuse_among_photographs(options.output, options.roots)
    require_writable_file(options.output / PAGE)
    preprocessing = Preprocessing(
        (options.image_size, options.image_size), "area", options.mask_threshold
    )
    exploration = explore(
        options.roots,
        preprocessing,
        Path(DataConfig().cache),
        options.without_mask,
        _meaning(options),
        options.crack_labels,
    )
    page = write_page(exploration, options.output)
    for name, division in exploration.divisions.items():
        print(f"data.split={name}: {division.line}")
    print(f"look at {relative_to_cwd(page)}; its pictures lie beside it as PNG files")
    return 0


def _refuse_among_photographs(output: Path, roots: Sequence[Path]) -> None:
    """Refuses an output among photographs, where its pictures would be taken for photographs."""
    for root in roots:
        if output.resolve().is_relative_to(root.resolve()):
            raise CrackSegError(
                f"--output {output}: lies in {root}, where its pictures would be taken for "
                "photographs; name a folder elsewhere"
            )
