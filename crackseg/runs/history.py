"""Figures of every epoch, as a run logged them."""

import csv
from pathlib import Path


def read_history(path: Path) -> dict[str, dict[int, float]]:
    """Reads Lightning's CSV log: the values of every metric by epoch."""
    history: dict[str, dict[int, float]] = {}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            epoch = row.pop("epoch", "")
            for name, value in row.items():
                # A value that was logged outside of an epoch has no place on the curves.
                if epoch and value:
                    history.setdefault(name, {})[int(epoch)] = float(value)
    return history
