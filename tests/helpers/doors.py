"""Programs with the settings of a training that takes a second, as a user types them."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.helpers.commands import Program


def tiny_settings(archive: Path, folder: Path, epochs: int = 2) -> list[str]:
    """A training of a small archive at 32x32, without workers, with its cache in a folder."""
    return [
        "data=crackseg9k",
        f"data.root={archive}",
        f"data.cache={folder / 'cache'}",
        "data.image_size=32",
        "data.batch_size=4",
        "data.num_workers=0",
        "model.base_channels=4",
        "model.depth=2",
        "trainer.accelerator=cpu",
        f"trainer.max_epochs={epochs}",
        "logger=csv",
    ]


def lasting_settings(archive: Path, folder: Path, epochs: int) -> list[str]:
    """The same training for more epochs, which it does not end before."""
    return [*tiny_settings(archive, folder, epochs), f"callbacks.patience={epochs}"]


def wait_for(happened: Callable[[], bool], seconds: float = 180) -> None:
    """Waits until something has happened; fails if it does not."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.05)


class Door:
    """A program in a folder.

    Args:
        script: ``train.py`` or ``tune.py``.
        archive: Photographs to train on.
        folder: Its working folder.
    """

    def __init__(self, script: str, archive: Path, folder: Path) -> None:
        self.folder = folder
        self.settings = tiny_settings(archive, folder)
        self._script = script

    def start(self, *arguments: str) -> Program:
        return Program(self._script, arguments, self.folder)

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Its exit code, and what it printed on both streams."""
        done = self.start(*arguments).wait()
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout, done.stderr
