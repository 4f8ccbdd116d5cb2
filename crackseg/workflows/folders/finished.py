"""Record of finished photographs, so that interrupted work on a folder can be resumed."""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from crackseg.errors import CrackSegError, name_some
from crackseg.images.png import is_as_written, is_whole
from crackseg.inference.engines import Features
from crackseg.inference.features import FeatureMoments, FloatArray, as_text, of_text
from crackseg.reporting.formatting import counted
from crackseg.system.files import file_stamp, require_writable_file, said_in_words
from crackseg.workflows.folders.plan import MASK, Job, records
from crackseg.workflows.folders.shards import Shard
from crackseg.workflows.folders.whole_results import is_whole_result

log = logging.getLogger(__name__)

# Keys of a line that are not compared: when it was written, whether masks tell themselves that they
# are as they were written, whether the network found crack, and what it saw, in float32.
_WHEN, _SEALED, _CRACKS, _FEATURES = "at", "sealed", "cracks", "features"
# Key of how results were made; None where they are being replaced.
_WAY = "way"
# Key of a line that was read: which kind of record it is of.
_KIND = "kind"


class FinishedRecord:
    """A line of JSON for each finished photograph, in the folder of the results.

    A line is valid for a photograph of the same size and modification time, done in the same way,
    and as long as no later line says something else. Before results are written, a line without a
    way says that earlier ones hold no longer. Each shard writes a file of its own, so that no two
    processes write to one, on whichever machines; all of them are read. A killed process leaves
    half a line at most, which is ignored.

    Args:
        output: Folder of the results.
        name: Name of the files without their ending.
        way: Text of what the results depend on besides the photograph: checkpoint, threshold,
            scale, kinds of results, ...
        results: Function that gives the paths of a photograph's results.
        beside: Function that gives the files beside a photograph that its results depend on too.
        shard: Share of the photographs that this process does; None for all.
        shared: Names of files below the folder of the results that are of all photographs.

    Raises:
        OutputError: Its file cannot be written.
    """

    def __init__(
        self,
        output: Path,
        name: str,
        way: str,
        results: Callable[[Job], Sequence[Path]],
        beside: Callable[[Path], Sequence[Path]] = lambda _: (),
        shard: Shard | None = None,
        shared: Sequence[str] = (),
    ) -> None:
        self._path = output / f"{name}{shard.suffix if shard else ''}.jsonl"
        self._output, self._kind = output, name
        self._way = hashlib.sha256(way.encode()).hexdigest()[:16]
        self.results, self._beside = results, beside
        self._shared = [output / name for name in shared]
        self._features: dict[str, Features] = {}
        self._cracks: dict[str, object] = {}
        self._times: dict[str, int] = {}
        require_writable_file(self._path)
        self._end_half_line()
        self._done = self._read(records(output))

    def holds(self, job: Job) -> bool:
        """Whether the photograph is done and unchanged, and its results exist and are whole."""
        line = {**self._line(job), _KIND: self._kind}
        is_done = self._done.get(self._name(job)) == line
        return is_done and all(map(is_whole_result, self.results(job)))

    def begin(self, jobs: Sequence[Job], overwrite: bool) -> list[Job]:
        """Makes the record, before the first result, and gives the photographs that are done.

        So results of a process that was killed before its first line are not taken for files of
        somebody else.

        Args:
            jobs: Photographs to be done.
            overwrite: Whether none of them is done, and files may be replaced that are results of
                other photographs, that somebody has corrected, or that no record in the folder says
                to be results.

        Raises:
            CrackSegError: Without that, a file would be lost.
            OutputError: The record cannot be written.
        """
        done = [] if overwrite else [job for job in jobs if self.holds(job)]
        if not overwrite:
            self._refuse_results_of_others(jobs)
            self._refuse_results_of_another_command(jobs)
            if not records(self._output):
                self._refuse_files_of_others(jobs)
            self._refuse_corrected(set(jobs).difference(done))
        self._tell_of_former_names(jobs)
        with said_in_words(self._path):
            self._output.mkdir(parents=True, exist_ok=True)
            self._path.touch()
        return done

    def _refuse_results_of_others(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            found = self._done.get(self._name(job), {}).get("photograph")
            if found not in (None, self._line(job)["photograph"]) and self._is_there(
                self._name(job)
            ):
                raise CrackSegError(
                    f"--output {self._output}: holds the results of {found}, which those of "
                    f"{job.photograph} would replace; name another folder, or replace them with "
                    "--overwrite"
                )

    def _refuse_results_of_another_command(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            entry = self._done.get(self._name(job), {_KIND: self._kind})
            found = next((path for path in self.results(job) if path.is_file()), None)
            if entry[_KIND] != self._kind and found is not None:
                raise CrackSegError(
                    f"--output {self._output}: holds the {entry[_KIND]} of {job.photograph}, of "
                    f"which {found.name} would be replaced; name another folder, or replace it "
                    "with --overwrite"
                )

    def _refuse_files_of_others(self, jobs: Sequence[Job]) -> None:
        of_jobs = (path for job in jobs for path in self.results(job))
        found = next(filter(Path.is_file, chain(self._shared, of_jobs)), None)
        if found is not None:
            raise CrackSegError(
                f"--output {self._output}: no record there says that {found} is a result, which "
                "would be replaced; name another folder, or replace it with --overwrite"
            )

    def _refuse_corrected(self, jobs: Iterable[Job]) -> None:
        masks = (job.result(MASK) for job in jobs)
        # What is not whole was cut short by a disk, and not by somebody.
        corrected = sorted(mask for mask in masks if is_whole(mask) and not is_as_written(mask))
        if corrected:
            raise CrackSegError(
                f"--output {self._output}: {counted(len(corrected), 'mask')} there would be "
                "replaced, as photographs or settings are others now, but not as they were written "
                "(corrected by hand, or of an earlier version); name another folder, or replace "
                f"them with --overwrite: {name_some(map(str, corrected))}"
            )

    def _tell_of_former_names(self, jobs: Sequence[Job]) -> None:
        """Names results whose photograph has another name now, or is not there any longer."""
        now = {_text(job.photograph): self._name(job) for job in jobs}
        former = [
            name
            for name, entry in self._done.items()
            if _is_former(name, str(entry.get("photograph")), now) and self._is_there(name)
        ]
        if former:
            log.warning(
                "--output %s: holds results of photographs that are not there any longer, or have "
                "another name now; remove them, also below the folders of formats, or they are "
                "taken for those of others: %s",
                self._output,
                name_some(f"{name}_*" for name in former),
            )

    def _is_there(self, name: str) -> bool:
        return any(map(Path.is_file, self.results(Job(Path(name), self._output / name, name))))

    def withdraw(self, job: Job) -> None:
        """Records that a photograph's results are about to be replaced, so that no line holds.

        Else an earlier line would be valid for what a killed process has half replaced.

        Raises:
            OutputError: The line cannot be written.
        """
        self._write({"result": self._name(job), **self._line(job), _WAY: None})

    def add(self, job: Job) -> None:
        """Records that a photograph is done.

        Raises:
            OutputError: The line cannot be written.
        """
        name = self._name(job)
        features = self._features.get(name)
        seen = {} if features is None else {_FEATURES: as_text(features)}
        found = {_CRACKS: self._cracks[name]} if name in self._cracks else {}
        self._write({"result": name, **self._line(job), **seen, **found})

    def _write(self, entry: Mapping[str, object]) -> None:
        name = str(entry["result"])
        # The clocks of several machines may differ by more than what one line was before another.
        self._times[name] = max(time.time_ns(), self._times.get(name, 0) + 1)
        line = json.dumps({**entry, _SEALED: True, _WHEN: self._times[name]})
        with said_in_words(self._path), self._path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
            file.flush()
            # A line must be there before the files that come after it, also when power fails.
            os.fsync(file.fileno())

    def note(self, job: Job, moments: FeatureMoments | None, has_cracks: bool) -> None:
        """Keeps what a network saw of a photograph, and found, until :meth:`add` writes it."""
        self._cracks[self._name(job)] = has_cracks
        # What another network saw, in an earlier call, is none of this one's.
        self._features.pop(self._name(job), None)
        told = None if moments is None else moments.telling
        if told is not None:
            self._features[self._name(job)] = told.astype(np.float32)

    def features(self, jobs: Sequence[Job]) -> list[FloatArray]:
        """What a network saw of these photographs, of those where that was kept."""
        kept = (self._features.get(self._name(job)) for job in jobs)
        return [one.astype(np.float64) for one in kept if one is not None]

    def cracks(self, jobs: Sequence[Job]) -> list[bool]:
        """Whether a network found crack in these photographs, of those where that was kept."""
        kept = (self._cracks.get(self._name(job)) for job in jobs)
        return [one for one in kept if isinstance(one, bool)]

    def _name(self, job: Job) -> str:
        return job.target.relative_to(self._output).as_posix()

    def _line(self, job: Job) -> dict[str, object]:
        size, changed = _state(job.photograph)
        line: dict[str, object] = {
            "photograph": _text(job.photograph),
            "size": size,
            "changed": changed,
        }
        beside = {path.suffix: _state(path) for path in self._beside(job.photograph)}
        return line | ({"beside": beside} if beside else {}) | {_WAY: self._way}

    def _end_half_line(self) -> None:
        """Ends the line of a killed process, so that the next one is not glued to it."""
        if _text_of(self._path)[-1:] not in ("", "\n"):
            with said_in_words(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write("\n")

    def _read(self, paths: Mapping[Path, str]) -> dict[str, dict[str, object]]:
        """The last line of each result, without its time, with the kind of its record.

        Other commands' lines count too: what they wrote later is none of this one's results.
        """
        lines = [(kind, one) for path, kind in paths.items() for one in _text_of(path).splitlines()]
        entries: list[tuple[int, str, dict[str, object]]] = []
        for kind, line in lines:
            try:
                entry = json.loads(line)
                # Earlier versions wrote no time.
                when, name = int(entry.pop(_WHEN, 0)), entry.pop("result")
                entry.pop(_SEALED, None)
                entries.append((when, name, {**entry, _KIND: kind}))
            except (ValueError, KeyError, TypeError, AttributeError):
                continue
        entries.sort(key=lambda one: one[0])
        done = {name: entry for _, name, entry in entries}
        self._times = {name: when for when, name, _ in entries}
        self._cracks = {name: one.pop(_CRACKS) for name, one in done.items() if _CRACKS in one}
        seen = {name: of_text(entry.pop(_FEATURES, "")) for name, entry in done.items()}
        self._features = {name: one for name, one in seen.items() if len(one)}
        return done


def _is_former(name: str, photograph: str, now: Mapping[str, str]) -> bool:
    """Whether results of a name are no longer those of their photograph."""
    return now[photograph] != name if photograph in now else not os.path.exists(photograph)  # noqa: PTH110


def _text(path: Path) -> str:
    return os.fspath(path).encode(errors="backslashreplace").decode()


def _state(path: Path) -> list[int]:
    """Size and modification time of a file, both -1 where there is none."""
    try:
        return list(file_stamp(path))
    except OSError:
        return [-1, -1]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
