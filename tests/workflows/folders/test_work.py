"""Work that breaks off leaves nothing that a later call takes for finished."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from crackseg.errors import UnreadableImageError
from crackseg.images.png import write_png
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.overlap import WriteBehind
from crackseg.workflows.folders.plan import PREDICTIONS, Job, plan
from crackseg.workflows.folders.shards import Shard
from crackseg.workflows.folders.work import Outcome, work_on

ENDINGS = ("_one.txt", "_other.txt", "_third.txt")


@pytest.fixture
def bridge(tmp_path: Path) -> Path:
    """A folder of one photograph."""
    (tmp_path / "in").mkdir()
    write_png(np.zeros((2, 2), np.uint8), tmp_path / "in" / "a.png")
    return tmp_path


def results(job: Job) -> list[Path]:
    return [job.result(ending) for ending in ENDINGS]


def work(root: Path, way: str, files: int = len(ENDINGS), shard: Shard | None = None) -> Outcome:
    """Writes how they were made into results; breaks off behind so many files."""

    def write(job: Job, texts: Iterator[str]) -> None:
        text = next(texts)
        for path in results(job)[:files]:
            path.write_text(text)
        if files < len(ENDINGS):
            raise KeyboardInterrupt

    def do(job: Job, photograph: object, behind: WriteBehind[Job]) -> None:
        behind.put(job, [way], lambda texts: write(job, texts))

    record = FinishedRecord(root / "out", PREDICTIONS, way, results, shard=shard)
    planned = plan([str(root / "in")], root / "out").share(shard)
    return work_on(planned, record, "Working", lambda _: None, do)  # type: ignore[arg-type,return-value]


def texts(root: Path) -> list[str]:
    return [(root / "out" / f"a{ending}").read_text() for ending in ENDINGS]


@pytest.mark.parametrize("files", range(len(ENDINGS)))
def test_what_broke_off_behind_any_file_is_not_kept(bridge: Path, files: int) -> None:
    work(bridge, "one")
    with pytest.raises(KeyboardInterrupt):
        work(bridge, "other", files)
    outcome = work(bridge, "one")
    assert (len(outcome.done), len(outcome.kept)) == (1, 0)
    assert texts(bridge) == ["one"] * 3
    assert len(work(bridge, "one").kept) == 1


def test_what_broke_off_before_its_line_is_not_kept(
    bridge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(self: FinishedRecord, job: Job) -> None:
        raise KeyboardInterrupt

    work(bridge, "one")
    with monkeypatch.context() as patch:
        patch.setattr(FinishedRecord, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            work(bridge, "other")
    assert texts(bridge) == ["other"] * 3
    assert len(work(bridge, "one").done) == 1


def test_what_a_share_on_a_machine_of_a_slow_clock_broke_off_is_not_kept(
    bridge: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work(bridge, "one")
    with monkeypatch.context() as patch:
        patch.setattr("crackseg.workflows.folders.finished.time.time_ns", lambda: 1)
        with pytest.raises(KeyboardInterrupt):
            work(bridge, "other", 1, Shard(1, 1))
    assert len(work(bridge, "one").done) == 1


def test_what_cannot_be_read_now_keeps_its_earlier_results(bridge: Path) -> None:
    """As where the memory does not suffice in another way."""
    work(bridge, "one")
    record = FinishedRecord(bridge / "out", PREDICTIONS, "other", results)
    planned = plan([str(bridge / "in")], bridge / "out")

    def unread(path: Path) -> None:
        raise UnreadableImageError(f"{path}: too large")

    outcome = work_on(planned, record, "Working", unread, lambda *_: None)  # type: ignore[arg-type]
    assert len(outcome.skipped) == 1
    assert len(work(bridge, "one").kept) == 1


def test_pictures_that_cannot_be_read_have_whole_paths_as_others_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a.png", "raw.cr2"):
        (tmp_path / "in" / name).touch()
    monkeypatch.chdir(tmp_path)
    planned = plan(["in"], Path("out"))
    assert planned.unread == (tmp_path / "in" / "raw.cr2",)
    assert [job.photograph for job in planned.jobs] == [tmp_path / "in" / "a.png"]
