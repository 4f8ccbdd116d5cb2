"""The command ``crackseg models``."""

import argparse


def add_models(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    models = commands.add_parser(
        "models",
        help="list the networks that come with crackseg, with licence, data and figures",
        description="Lists the networks that come with crackseg: where each may be used, what it "
        "was trained on, and its figures with their protocol.",
    )
    form = models.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print all of it for programs")
    form.add_argument(
        "--card",
        metavar="NAME",
        help="print the model card of one: figures by source and width, failures, limits",
    )
    models.set_defaults(run=_models)


def _models(options: argparse.Namespace) -> int:
    # Imported here because they take a second, and --help must not wait for them.
    from crackseg.reporting.terminal.models import print_card, print_models

    if options.card is not None:
        print_card(options.card)
    else:
        print_models(options.json)
    return 0
