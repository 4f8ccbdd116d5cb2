"""The command ``crackseg predict``."""

import argparse
from pathlib import Path

from crackseg.cli.photographs import (
    add_photographs,
    chosen_shard,
    name_skipped,
    opened_predictor,
    tell_reliance,
)


def add_predict(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the command."""
    predict = commands.add_parser(
        "predict",
        help="write masks and overlays for photographs",
        description="Writes NAME_mask.png (0/255) and NAME_overlay.png for every photograph, at "
        "the photograph's own size and below the same relative folders. Exit code 1 if some could "
        "not be read.",
    )
    add_photographs(predict, Path("outputs/predictions"))
    predict.add_argument(
        "--probability", action="store_true", help="also write NAME_probability.png"
    )
    predict.set_defaults(run=_predict)


def _predict(options: argparse.Namespace) -> int:
    # Imported here because it takes a second, and --help must not wait for it.
    from crackseg.inference.reliance import reliance
    from crackseg.reporting.formatting import counted
    from crackseg.workflows.predict import predict

    shard = chosen_shard(options)
    predictor = opened_predictor(options)
    outcome = predict(
        options.paths, predictor, options.output, options.probability, options.overwrite, shard
    )
    kept = f", {len(outcome.kept)} kept from before" if outcome.kept else ""
    print(
        f"{counted(len(outcome.done), 'photograph')} done{kept}, results below {options.output} "
        f"(engine: {predictor.engine.name})"
    )
    if outcome.cracks:
        looked = counted(len(outcome.cracks), "photograph")
        print(f"cracks found in {sum(outcome.cracks):,} of {looked}")
    tell_reliance(reliance(predictor, outcome.features))
    return name_skipped(outcome.skipped)
