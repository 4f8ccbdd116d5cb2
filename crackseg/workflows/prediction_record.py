"""Record of finished photographs, so that an interrupted prediction can be resumed."""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from crackseg.errors import CrackSegError
from crackseg.system.files import said_in_words
from crackseg.workflows.prediction_targets import Job

RECORD = "predictions.jsonl"


class PredictionRecord:
    """A line of JSON for each finished photograph, in the folder of the results.

    A line is valid for a photograph of the same size and modification time, predicted in the same
    way. A killed process leaves half a line at most, which is ignored.

    Args:
        output: Folder of the results.
        way: Text of what the results depend on besides the photograph: checkpoint, threshold,
            scale, ...
        kinds: Kinds of results that are written for each photograph, such as ``mask``.
    """

    def __init__(self, output: Path, way: str, kinds: tuple[str, ...]) -> None:
        self._path = output / RECORD
        self._output = output
        self._way = hashlib.sha256(f"{way} {kinds}".encode()).hexdigest()[:16]
        self._kinds = kinds
        self._done = self._read()

    def holds(self, job: Job) -> bool:
        """Whether the photograph is done and unchanged, and its results exist."""
        return self._done.get(self._name(job)) == self._line(job) and all(self._are_there(job))

    def refuse_results_of_others(self, jobs: Sequence[Job]) -> None:
        """Refuses to write over results of photographs that have the same names elsewhere.

        Raises:
            CrackSegError: A result would be lost.
        """
        for job in jobs:
            found = self._done.get(self._name(job), {}).get("photograph")
            if found not in (None, self._line(job)["photograph"]) and any(self._are_there(job)):
                raise CrackSegError(
                    f"--output {self._output}: holds the results of {found}, which those of "
                    f"{job.photograph} would replace; name another folder, or replace them with "
                    "--overwrite"
                )

    def _are_there(self, job: Job) -> Iterator[bool]:
        paths = (job.target.with_name(f"{job.target.name}_{kind}.png") for kind in self._kinds)
        return (path.is_file() for path in paths)

    def add(self, job: Job) -> None:
        """Records that a photograph is done.

        Raises:
            OutputError: The line cannot be written.
        """
        line = json.dumps({"result": self._name(job), **self._line(job)})
        with said_in_words(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _name(self, job: Job) -> str:
        return job.target.relative_to(self._output).as_posix()

    def _line(self, job: Job) -> dict[str, object]:
        try:
            status = job.photograph.stat()
            size, changed = status.st_size, status.st_mtime_ns
        except OSError:
            size, changed = -1, -1
        photograph = os.fspath(job.photograph).encode(errors="backslashreplace").decode()
        return {"photograph": photograph, "size": size, "changed": changed, "way": self._way}

    def _read(self) -> dict[str, dict[str, object]]:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return {}
        if text and not text.endswith("\n"):
            # The next line must not be glued to the half one.
            with said_in_words(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write("\n")
        done: dict[str, dict[str, object]] = {}
        for line in text.splitlines():
            try:
                entry = json.loads(line)
                done[entry.pop("result")] = entry
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        return done
