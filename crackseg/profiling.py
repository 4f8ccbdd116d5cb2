"""To be written."""

from pathlib import Path
from typing import Any


def build_profiler(name: str | None, folder: Path) -> Any:
    """To be written."""
    return name
