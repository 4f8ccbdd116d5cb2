"""Folders as trainings leave them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def moment(minute: int) -> str:
    return f"2026-03-04T05:{minute:02d}:00+00:00"


def write_run(
    folder: Path,
    state: str = "done",
    overrides: Iterable[str] = (),
    varied: Iterable[str] = (),
    minute: int = 0,
    metrics: dict[str, Any] | None = None,
    **more: Any,
) -> Path:
    """A folder as a training leaves it; a finished one worked for 90 s."""
    folder.mkdir(parents=True)
    finished = (
        None if state in ("running", "interrupted") else f"2026-03-04T05:{minute + 1:02d}:30Z"
    )
    record = {
        "state": state,
        "error": None,
        "command": "python train.py",
        "overrides": list(overrides),
        "varied": list(varied),
        "started": moment(minute),
        "finished": finished,
        "seed": 0,
    }
    (folder / "run.json").write_text(json.dumps({**record, **more}), encoding="utf-8")
    if metrics is not None:
        (folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
        (folder / "best.ckpt").touch()
    return folder
