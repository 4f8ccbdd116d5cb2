"""Sessions: what belongs to one open page, in a folder of its own that ends with it."""

import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from crackseg.errors import CrackSegError
from crackseg.inference.features import FloatArray
from crackseg.measurement.photograph import MeasuredPhotograph
from crackseg.measurement.scale import Scale
from crackseg.system.files import discard, is_abandoned

_PREFIX = "crackseg-app-"
_KEY_BYTES = 16


class SessionEndedError(CrackSegError):
    """The page was closed: nobody waits for the result."""


@dataclass(frozen=True, eq=False)
class AppPhotograph:
    """A photograph of a session.

    Attributes:
        key: Name that cannot be guessed.
        name: Name of the user's file.
        folder: Folder of all its files.
        is_failed: Whether it can neither be shown nor measured.
        words: Progress, or the reason of a failure.
        threshold: Probability above which a pixel is crack; None before the prediction.
        scale: Millimetres for each pixel; None where they are not known.
        measured: Its cracks; None before they are measured.
        features: What the network saw of it, (D,); None before, or where nothing is known to
            compare with.
    """

    key: str
    name: str
    folder: Path
    is_failed: bool = False
    words: str = "waiting"
    threshold: float | None = None
    scale: Scale | None = None
    measured: MeasuredPhotograph | None = None
    features: FloatArray | None = None

    @property
    def is_done(self) -> bool:
        """Whether nothing more is to come of it."""
        return self.is_failed or self.measured is not None

    @property
    def shown_path(self) -> Path:
        """Path of the picture that a browser shows."""
        return self.folder / "shown.jpg"

    @property
    def probability_path(self) -> Path:
        """Path of the probability, of 16 bits."""
        return self.folder / "probability.npy"

    @property
    def shown_probability_path(self) -> Path:
        """Path of the probability for the browser: rows of 8 bits, packed by gzip."""
        return self.folder / "probability.gz"

    @property
    def path(self) -> Path:
        """Path of the user's file, under its own name."""
        return self.folder / "upload" / self.name


class Session:
    """The photographs of one open page.

    Args:
        folder: Folder of all its files.

    Attributes:
        chosen: Key of the photograph that is shown.
        ended: Whether the page was closed.
    """

    def __init__(self, folder: Path) -> None:
        self.chosen: str | None = None
        self._folder = folder
        self._photographs: dict[str, AppPhotograph] = {}
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._changes = 0
        self.ended = False

    @property
    def photographs(self) -> tuple[AppPhotograph, ...]:
        """All photographs, in the order of their arrival."""
        with self._lock:
            return tuple(self._photographs.values())

    @contextmanager
    def open_folder(self) -> Iterator[Path]:
        """The folder, which is not removed meanwhile.

        Raises:
            SessionEndedError: It is gone.
        """
        with self._lock:
            if self.ended:
                raise SessionEndedError("the page was closed")
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield self._folder

    def add(self, upload: Path, refusal: str = "") -> AppPhotograph:
        """Takes a file over, which stays where it arrived.

        Users who upload the same file share that place, so that nobody may remove it before its
        time.

        Args:
            upload: Path of the uploaded file.
            refusal: Reason why it is not taken.
        """
        key = secrets.token_hex(_KEY_BYTES)
        with self.open_folder() as folder:
            photograph = AppPhotograph(key, self._free_name(upload.name), folder / key)
            if refusal:
                photograph = replace(photograph, is_failed=True, words=refusal)
            else:
                photograph.path.parent.mkdir(parents=True)
                _link(upload, photograph.path)
            self._photographs[key] = photograph
            self._notify()
            return photograph

    def watch(self) -> Iterator[tuple[AppPhotograph, ...]]:
        """All photographs, now and after each change, until nothing more is to come of them."""
        seen, is_done = -1, False
        while not is_done:
            with self._changed:
                while self._changes == seen:
                    self._changed.wait()
                seen, photographs = self._changes, self.photographs
            if self.ended:
                return
            is_done = all(one.is_done for one in photographs)
            yield photographs

    def get(self, key: str | None) -> AppPhotograph | None:
        """The photograph of a key; None where the session has none of it."""
        with self._lock:
            return self._photographs.get(key or "")

    def update(self, key: str, **changes: object) -> AppPhotograph:
        """Replaces attributes of a photograph.

        Raises:
            SessionEndedError: The page was closed.
        """
        return self.change(key, lambda now: replace(now, **changes))  # type: ignore[arg-type]

    def change(self, key: str, changed: Callable[[AppPhotograph], AppPhotograph]) -> AppPhotograph:
        """Replaces a photograph by what becomes of it, which nothing else changes meanwhile.

        Raises:
            SessionEndedError: The page was closed.
        """
        with self._lock:
            if self.ended:
                raise SessionEndedError("the page was closed")
            self._photographs[key] = changed(self._photographs[key])
            self._notify()
            return self._photographs[key]

    def end(self) -> None:
        """Forgets everything, and removes the folder."""
        with self._lock:
            self.ended = True
            self._photographs.clear()
            discard(self._folder)
            self._notify()

    def _notify(self) -> None:
        self._changes += 1
        self._changed.notify_all()

    def _free_name(self, name: str) -> str:
        taken = {photograph.name.casefold() for photograph in self._photographs.values()}
        path, number, free = Path(name), 1, name
        while free.casefold() in taken:
            number += 1
            free = f"{path.stem} ({number}){path.suffix}"
        return free


@contextmanager
def sessions() -> Iterator["Sessions"]:
    """Room for sessions in a private folder, of which nothing is left at the end."""
    _remove_abandoned()
    with tempfile.TemporaryDirectory(
        prefix=f"{_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True
    ) as root:
        opened = Sessions(Path(root))
        try:
            yield opened
        finally:
            opened.end_all()


class Sessions:
    """All open pages.

    Args:
        root: Private folder of all files.

    Attributes:
        uploads: Folder where files arrive.
        shown: Folder of the sessions' folders, whose names cannot be guessed.
    """

    def __init__(self, root: Path) -> None:
        self.uploads = root / "uploads"
        self.shown = root / "sessions"
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def of(self, page: str) -> Session:
        """The session of a page, which is new if it has none."""
        with self._lock:
            if page not in self._sessions:
                folder = self.shown / secrets.token_hex(_KEY_BYTES)
                self._sessions[page] = Session(folder)
            return self._sessions[page]

    def end(self, page: str) -> None:
        """Ends the session of a page."""
        with self._lock:
            session = self._sessions.pop(page, None)
        if session is not None:
            session.end()

    def end_all(self) -> None:
        """Ends all sessions."""
        for page in tuple(self._sessions):
            self.end(page)


def _link(file: Path, path: Path) -> None:
    try:
        path.hardlink_to(file)
    except OSError:
        # A file system without links.
        shutil.copyfile(file, path)


def _remove_abandoned() -> None:
    """Removes the folders of apps that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if process.isdecimal() and is_abandoned(folder, int(process)):
            discard(folder)
