"""How a training goes, in a small file in its folder that is written anew again and again.

``status.json`` says it to whoever looks from elsewhere, such as ``crackseg runs --watch`` on a
folder that machines share. Whether a run is done, ``run.json`` says.
"""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crackseg.system.files import write_json

STATUS = "status.json"
# A process writes more often, whatever it is at.
_SILENT = timedelta(minutes=5)


@dataclass(frozen=True)
class Status:
    """How a training goes.

    Attributes:
        stage: What is done: ``training``, ``validation``, ``test`` or ``end``.
        epochs_done: Number of whole epochs.
        epochs: Number of epochs that are planned; it may end earlier.
        last: Figure of the last epoch, ``val/best_crack_iou``; None before the first.
        best: Best figure so far.
        seconds_left: Seconds until the last planned epoch, at most; None where it is not known.
        changed: When this was written, with its time zone.
        host: Name of the machine.
        pid: Number of the process on it.
    """

    stage: str
    epochs_done: int
    epochs: int
    last: float | None
    best: float | None
    seconds_left: float | None
    changed: datetime
    host: str
    pid: int

    def is_silent(self, now: datetime) -> bool:
        """Whether the process has said nothing for so long that it may hang, or be dead."""
        return now - self.changed > _SILENT


def write_status(status: Status, folder: Path) -> None:
    """Writes the file, completely or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    write_json({**asdict(status), "changed": status.changed.isoformat()}, folder / STATUS)


def read_status(folder: Path) -> Status | None:
    """Reads the file; None where there is none, or none of this form."""
    try:
        values = json.loads((folder / STATUS).read_text(encoding="utf-8"))
        return _status(values)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _status(values: dict[str, Any]) -> Status:
    def figure(name: str) -> float | None:
        return None if values[name] is None else float(values[name])

    return Status(
        stage=str(values["stage"]),
        epochs_done=int(values["epochs_done"]),
        epochs=int(values["epochs"]),
        last=figure("last"),
        best=figure("best"),
        seconds_left=figure("seconds_left"),
        changed=datetime.fromisoformat(values["changed"]).astimezone(UTC),
        host=str(values["host"]),
        pid=int(values["pid"]),
    )
