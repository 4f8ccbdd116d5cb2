"""Prints which networks come with the package: on which terms, from which data, and how good."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from crackseg.errors import CheckpointError
from crackseg.inference.model_file import ModelInfo, read_model
from crackseg.parameters.judged_set import JudgedSet
from crackseg.reporting.formatting import short_score
from crackseg.system.console import Terminal
from crackseg.weights.registry import BUNDLED, DEFAULT, BundledModel, bundled, chosen_file

_COLUMNS = {
    "crack_iou": "crack IoU",
    "precision": "precision",
    "recall": "recall",
    "tolerant_f1": "F1 2 px",
    "cldice": "clDice",
}


@dataclass(frozen=True)
class BundledFile:
    """A network that comes with the package, and what its file says.

    Attributes:
        model: The network.
        info: What goes with it into its file; None where this copy lacks the file.
    """

    model: BundledModel
    info: ModelInfo | None

    @classmethod
    def of(cls, model: BundledModel) -> "BundledFile":
        """Reads the file, if it is there.

        Raises:
            CheckpointError: It is damaged.
        """
        return cls(model, read_model(model.path).info if model.path.is_file() else None)

    @property
    def megabytes(self) -> float:
        """Size of the file."""
        return self.model.path.stat().st_size / 1e6

    def as_dict(self) -> dict[str, Any]:
        """Plain values for programs."""
        model = self.model
        return {
            "name": model.name,
            "default": model == DEFAULT,
            "about": model.about,
            "licence": model.licence,
            "licence_file": str(model.licence_path),
            "use": model.use,
            "file": None if self.info is None else str(model.path),
            "info": None if self.info is None else self.info.as_dict(),
        }


def print_models(as_json: bool = False) -> None:
    """Prints all of them.

    Raises:
        CheckpointError: A file is damaged.
    """
    found = [BundledFile.of(model) for model in BUNDLED]
    if as_json:
        print(json.dumps([one.as_dict() for one in found], indent=2))
        return
    console = Terminal()
    for one in found:
        for part in _parts(one):
            console.print(part, soft_wrap=isinstance(part, Text))


def print_card(name: str) -> None:
    """Prints the model card of one of them.

    Raises:
        ConfigError: There is no network of that name.
        CheckpointError: This copy lacks its file, or the file is damaged or holds no card.
    """
    card = read_model(chosen_file(None, bundled(name).name)).info.card
    if not card:
        raise CheckpointError(f"{bundled(name).path}: it holds no card; make box writes one")
    print(card)


def _parts(one: BundledFile) -> Sequence[Text | Table]:
    model, info = one.model, one.info
    default = ", the default" if model == DEFAULT else f": --model {model.name}"
    lines = [f"  {model.about}", f"  use: {model.use}"]
    lines += [f"  licence: {model.licence}, {model.licence_path}"]
    if info is None:
        lines += [f"  not in this copy of crackseg: {model.path} is missing"]
        return [Text(f"{model.name}{default}", "bold"), *map(Text, lines), Text()]
    counts = ", ".join(f"{count:,} {subset}" for subset, count in info.data.counts.items())
    lines += [f"  file: {model.path}, {one.megabytes:.1f} MB"]
    lines += [f"  data: {counts} images, {info.data.split} split; {info.leak_line}"]
    figures: list[Text | Table] = []
    if info.judged:
        protocol = f"  protocol of each row: crackseg models --card {model.name}, or --json"
        figures = [Text("  figures: dataset totals of class crack"), _figures(info.judged)]
        figures += [Text(protocol)]
    return [Text(f"{model.name}{default}", "bold"), *map(Text, lines), *figures, Text()]


def _figures(judged: Sequence[JudgedSet]) -> Table:
    table = Table(box=box.SIMPLE, show_edge=False)
    table.add_column("judged on")
    for label in ("images", *_COLUMNS.values()):
        table.add_column(label, justify="right", no_wrap=True)
    for one in judged:
        # Photographs without cracks have none of these figures: the card has their false alarms.
        if not any(name in one.total for name in _COLUMNS):
            continue
        cells = (short_score(one.total[name]) if name in one.total else "" for name in _COLUMNS)
        table.add_row(Text(one.title), f"{one.total['images']:,.0f}", *cells)
    return table
