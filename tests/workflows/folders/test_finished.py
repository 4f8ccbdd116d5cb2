"""What is done is known again, whoever did it, and shares of a folder do not meet."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest

from crackseg.errors import ConfigError, CrackSegError, OutputError
from crackseg.images.png import write_png
from crackseg.inference.features import FeatureMoments
from crackseg.workflows.folders.finished import FinishedRecord
from crackseg.workflows.folders.plan import MEASUREMENTS, PREDICTIONS, Job, plan
from crackseg.workflows.folders.shards import Shard


def put_mask(path: Path) -> None:
    write_png(np.zeros((2, 2), np.uint8), path, sealed=True)


def folder(root: Path, count: int) -> tuple[Job, ...]:
    (root / "in").mkdir()
    (root / "out").mkdir()
    for number in range(count):
        (root / "in" / f"{number}.png").write_bytes(b"x" * number)
        put_mask(root / "out" / f"{number}_mask.png")
    return plan([str(root / "in")], root / "out").jobs


def record(
    root: Path, way: str = "way", shard: Shard | None = None, kind: str = PREDICTIONS
) -> FinishedRecord:
    def results(job: Job) -> list[Path]:
        return [job.result("_mask.png")]

    def beside(photograph: Path) -> list[Path]:
        return [path for path in [photograph.with_suffix(".prj")] if path.is_file()]

    return FinishedRecord(root / "out", kind, way, results, beside, shard)


def test_what_is_done_is_known_again_until_the_photograph_changes(tmp_path: Path) -> None:
    jobs = folder(tmp_path, 2)
    record(tmp_path).add(jobs[0])
    again = record(tmp_path)
    assert [again.holds(job) for job in jobs] == [True, False]
    jobs[0].photograph.write_bytes(b"another")
    assert not again.holds(jobs[0])


def test_what_is_done_is_done_again_when_a_file_beside_the_photograph_changes(
    tmp_path: Path,
) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path).add(job)
    job.photograph.with_suffix(".prj").write_text("UTM")
    assert not record(tmp_path).holds(job)
    record(tmp_path).add(job)
    assert record(tmp_path).holds(job)
    job.photograph.with_suffix(".prj").write_text("Gauss-Krueger")
    assert not record(tmp_path).holds(job)


def test_results_of_another_command_are_not_replaced_without_a_word(tmp_path: Path) -> None:
    """Both write a mask, perhaps of different networks, and of different licences."""
    jobs = folder(tmp_path, 2)
    record(tmp_path).add(jobs[0])
    measuring = record(tmp_path, kind=MEASUREMENTS)
    assert not measuring.holds(jobs[0])
    with pytest.raises(CrackSegError) as caught:
        measuring.begin(jobs, overwrite=False)
    assert str(caught.value) == (
        f"--output {tmp_path / 'out'}: holds the predictions of {jobs[0].photograph}, of which "
        "0_mask.png would be replaced; name another folder, or replace it with --overwrite"
    )
    measuring.begin(jobs[1:], overwrite=False)
    measuring.begin(jobs, overwrite=True)


def test_results_from_when_a_photograph_had_another_name_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Formats would have the photograph twice, which nobody sees in a folder of many."""
    one, other = folder(tmp_path, 2)
    record(tmp_path).add(one)
    record(tmp_path).add(other)
    (tmp_path / "in" / "0.jpg").touch()
    jobs = plan([str(tmp_path / "in")], tmp_path / "out").jobs
    assert len(jobs) == 3
    record(tmp_path).begin(jobs, overwrite=False)
    assert "holds results of photographs that are not there any longer, or have" in caplog.text
    assert "are taken for those of others: 0_*\n" in caplog.text
    caplog.clear()
    one.result("_mask.png").unlink()
    record(tmp_path).begin(jobs, overwrite=False)
    assert not caplog.text


def test_results_of_a_photograph_that_was_renamed_or_removed_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one, other, third = folder(tmp_path, 3)
    for job in (one, other, third):
        record(tmp_path).add(job)
    one.photograph.rename(one.photograph.with_name("new.png"))
    # Work on some of them says nothing of the others.
    record(tmp_path).begin([other], overwrite=False)
    assert "are taken for those of others: 0_*\n" in caplog.text
    caplog.clear()
    one.photograph.with_name("new.png").rename(one.photograph)
    record(tmp_path).begin([other], overwrite=False)
    assert not caplog.text


def test_masks_that_somebody_corrected_are_not_replaced_without_a_word(tmp_path: Path) -> None:
    jobs = folder(tmp_path, 3)
    for job in jobs:
        record(tmp_path).add(job)
    mask = jobs[1].result("_mask.png")
    write_png(np.full((2, 2), 255, np.uint8), mask)
    # With the same settings it is kept, and done.
    assert record(tmp_path).begin(jobs, overwrite=False) == list(jobs)
    with pytest.raises(CrackSegError) as caught:
        record(tmp_path, "another threshold").begin(jobs, overwrite=False)
    assert str(caught.value) == (
        f"--output {tmp_path / 'out'}: 1 mask there would be replaced, as photographs or settings "
        "are others now, but not as they were written (corrected by hand, or of an earlier "
        f"version); name another folder, or replace them with --overwrite: {mask}"
    )
    record(tmp_path, "another threshold").begin([jobs[0], jobs[2]], overwrite=False)
    assert record(tmp_path, "another threshold").begin(jobs, overwrite=True) == []


def test_a_mask_that_was_corrected_after_a_break_is_not_replaced(tmp_path: Path) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path).withdraw(job)
    record(tmp_path).begin([job], overwrite=False)
    write_png(np.full((2, 2), 255, np.uint8), job.result("_mask.png"))
    with pytest.raises(CrackSegError, match="1 mask there would be replaced"):
        record(tmp_path).begin([job], overwrite=False)


def test_what_another_command_replaced_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path).add(job)
    record(tmp_path, kind=MEASUREMENTS).add(job)
    predicting = record(tmp_path)
    assert not predicting.holds(job)
    assert record(tmp_path, kind=MEASUREMENTS).holds(job)
    with pytest.raises(CrackSegError, match="holds the measurements of"):
        predicting.begin([job], overwrite=False)


def test_the_last_way_counts_whichever_file_says_it(tmp_path: Path) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path, "one", Shard(1, 2)).add(job)
    record(tmp_path, "other").add(job)
    assert not record(tmp_path, "one").holds(job)
    assert record(tmp_path, "other").holds(job)
    record(tmp_path, "one", Shard(2, 2)).add(job)
    assert record(tmp_path, "one").holds(job)


def test_files_that_no_record_names_are_not_replaced(tmp_path: Path) -> None:
    jobs = folder(tmp_path, 2)
    with pytest.raises(CrackSegError, match=r"no record there says that .*_mask\.png is a result"):
        record(tmp_path).begin(jobs, overwrite=False)
    # Lines of something else are no record.
    (tmp_path / "out" / "mine.jsonl").touch()
    with pytest.raises(CrackSegError, match="no record there"):
        record(tmp_path).begin(jobs, overwrite=False)
    for job in jobs:
        job.result("_mask.png").unlink()
    record(tmp_path).begin(jobs, overwrite=False)
    # As a process leaves it that is killed before its first line.
    put_mask(jobs[0].result("_mask.png"))
    record(tmp_path).begin(jobs, overwrite=False)
    assert not record(tmp_path).holds(jobs[0])


def test_what_was_allowed_to_be_replaced_is_known_after_a_break(tmp_path: Path) -> None:
    jobs = folder(tmp_path, 1)
    record(tmp_path).begin(jobs, overwrite=True)
    begun = tmp_path / "out" / "predictions.jsonl"
    assert begun.is_file()
    record(tmp_path).begin(jobs, overwrite=False)
    # It is the record by which that is known.
    begun.unlink()
    with pytest.raises(CrackSegError, match="no record there"):
        record(tmp_path).begin(jobs, overwrite=False)


def test_lines_of_earlier_versions_are_valid(tmp_path: Path) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path).add(job)
    path = tmp_path / "out" / "predictions.jsonl"
    line = json.loads(path.read_text())
    del line["at"]
    path.write_text(f"{json.dumps(line)}\n")
    assert record(tmp_path).holds(job)


def test_shares_that_are_done_at_once_are_all_known_to_the_run_that_collects(
    tmp_path: Path,
) -> None:
    jobs = folder(tmp_path, 60)
    shares = [Shard(number, 3) for number in (1, 2, 3)]

    def work(shard: Shard) -> None:
        of_it = record(tmp_path, shard=shard)
        for job in plan([str(tmp_path / "in")], tmp_path / "out").share(shard).jobs:
            of_it.add(job)

    threads = [threading.Thread(target=work, args=(shard,)) for shard in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    collected = record(tmp_path)
    assert all(collected.holds(job) for job in jobs)
    written = [
        path.read_text().splitlines() for path in (tmp_path / "out").glob("predictions*.jsonl")
    ]
    assert sorted(map(len, written)) == [20, 20, 20]
    assert len({json.loads(line)["result"] for lines in written for line in lines}) == 60


def test_shares_hold_each_photograph_once_in_whatever_order_they_are_named(tmp_path: Path) -> None:
    folder(tmp_path, 11)
    names = sorted(str(path) for path in (tmp_path / "in").iterdir())
    shares = [
        plan(paths, tmp_path / "out").share(Shard(number, 4)).jobs
        for number, paths in enumerate((names, names[::-1], names[5:] + names[:5], names), 1)
    ]
    assert sorted(map(len, shares)) == [2, 3, 3, 3]
    assert len({job.photograph for jobs in shares for job in jobs}) == 11


@pytest.mark.parametrize("text", ["0/8", "9/8", "a/b", "1", "1/0", "-1/8", "1/2/3", ""])
def test_a_share_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=f"shard={text}: two whole numbers such as 2/8"):
        Shard.parse(text)


def test_a_record_that_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    folder(tmp_path, 1)
    (tmp_path / "out" / "predictions.jsonl").mkdir()
    with pytest.raises(OutputError, match=r"predictions\.jsonl: cannot be written"):
        record(tmp_path)


def test_what_a_network_saw_is_kept_with_what_is_done(tmp_path: Path) -> None:
    one, other, thumbnail = folder(tmp_path, 3)
    moments, of_thumbnail = FeatureMoments(), FeatureMoments()
    moments.add(np.array([[[[1.0, 3.0] * 20], [[0.5, 0.5] * 20]]]))
    of_thumbnail.add(np.ones((1, 2, 2, 2)))
    first = record(tmp_path)
    for job, seen in ((one, moments), (other, None), (thumbnail, of_thumbnail)):
        first.note(job, seen, has_cracks=seen is moments)
        first.add(job)
    again = record(tmp_path)
    assert all(again.holds(job) for job in (one, other, thumbnail))
    (found,) = again.features([one, other, thumbnail])
    assert found.tolist() == [2.0, 0.5, 1.0, 0.0]
    assert again.cracks([one, other, thumbnail]) == [True, False, False]


@pytest.mark.parametrize("features", ["AAAA", "?", "AAAAgD8", "AADAfw==", 5, None])
def test_a_damaged_line_is_done_and_says_nothing_of_what_was_seen(
    features: object, tmp_path: Path
) -> None:
    (job,) = folder(tmp_path, 1)
    record(tmp_path).add(job)
    path = tmp_path / "out" / f"{PREDICTIONS}.jsonl"
    line = json.loads(path.read_text())
    path.write_text(json.dumps({**line, "features": features}) + "\n")
    again = record(tmp_path)
    assert again.holds(job)
    assert again.features([job]) == []


def test_what_another_network_saw_is_not_kept_for_this_one(tmp_path: Path) -> None:
    (job,) = folder(tmp_path, 1)
    moments = FeatureMoments()
    moments.add(np.ones((1, 1, 6, 6)))
    first = record(tmp_path)
    first.note(job, moments, has_cracks=True)
    first.add(job)
    other = record(tmp_path, "other")
    other.note(job, None, has_cracks=False)
    other.add(job)
    assert record(tmp_path, "other").features([job]) == []
    assert record(tmp_path, "other").cracks([job]) == [False]
