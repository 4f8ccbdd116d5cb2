"""A search whose study is kept by a PostgreSQL server, which several processes ask at once."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from crackseg.config.search_schema import SearchConfig
from crackseg.errors import StudyError
from crackseg.search.queue import LOCKS, TrialQueue
from crackseg.search.space_reading import read_space
from crackseg.search.study import open_study
from crackseg.search.trial_states import Outcome

pytestmark = pytest.mark.slow

SPACE = {"optimizer.lr": {"low": 1e-4, "high": 1e-2, "log": True}}


def programs() -> Path | None:
    """Folder of the server's programs; Debian has them beside the path."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found).parent if found else places[-1].parent if places else None


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Address of a server of this test's own, with a user ``ann`` and a password."""
    pytest.importorskip("pg8000")
    folder = programs()
    if folder is None:
        pytest.skip("needs the programs of a PostgreSQL server")
    # The server refuses to run as root.
    own = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    # Not below pytest's folders, which other users cannot enter.
    place = Path(tempfile.mkdtemp(prefix="crackseg-pg-"))
    password = place / "password"
    password.write_text("secret\n")
    if own:
        shutil.chown(place, **own)
        shutil.chown(password, **own)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]

    def call(*command: str) -> None:
        subprocess.run(
            [str(folder / command[0]), *command[1:]],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=place,
            **own,
        )

    data = str(place / "data")
    call("initdb", "-D", data, "-U", "ann", "-A", "scram-sha-256", f"--pwfile={password}")
    options = f"-p {port} -k {place} -c listen_addresses=127.0.0.1"
    call("pg_ctl", "-D", data, "-o", options, "-l", str(place / "log"), "-w", "start")
    try:
        yield f"postgresql+pg8000://ann:secret@127.0.0.1:{port}/postgres"
    finally:
        call("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(place)


def queue(storage: str, folder: Path, name: str = "mine") -> TrialQueue:
    (folder / LOCKS).mkdir(exist_ok=True)
    config = SearchConfig(space=SPACE, trials=4, pruner="none", storage=storage)
    return TrialQueue(open_study(config, name, folder, 3), config, read_space(SPACE), folder, 3)


def test_two_processes_share_a_study(server: str, tmp_path: Path) -> None:
    first, second = queue(server, tmp_path), queue(server, tmp_path)
    numbers = []
    for one in (first, second, first, second):
        with one.next() as trial:
            assert trial is not None
            numbers.append(trial.number)
            trial.report(0, 0.4)
            one.tell(trial, Outcome("done", 0.5))
    assert numbers == [0, 1, 2, 3]
    with second.next() as trial:
        assert trial is None
    assert [one.state for one in queue(server, tmp_path).record.trials] == ["done"] * 4
    # Another search in the same database.
    (tmp_path / "other").mkdir()
    assert queue(server, tmp_path / "other", name="other").record.trials == ()


def test_a_trial_that_died_is_gone_on_with(server: str, tmp_path: Path) -> None:
    with queue(server, tmp_path, name="died").next() as dead:
        assert dead is not None
        dead.report(0, 0.3)
    with queue(server, tmp_path, name="died").next() as trial:
        assert trial is not None
        assert (trial.place, trial.point) == (dead.place, dead.point)


def test_a_wrong_password_is_said_without_it(server: str, tmp_path: Path) -> None:
    with pytest.raises(StudyError) as refused:
        queue(server.replace("secret", "guessed"), tmp_path)
    assert "password authentication failed" in str(refused.value)
    assert "guessed" not in str(refused.value)
