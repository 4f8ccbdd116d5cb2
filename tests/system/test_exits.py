"""Every door ends with one line and a code that the documentation names."""

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crackseg.errors import CrackSegError
from crackseg.system.exits import Interrupted, end_in_one_line, mistake_of, work_begins
from crackseg.system.processes import SIGNALS

ROOT = Path(__file__).parents[2]


def start(code: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """A process of its own that runs ``code`` after a door's first lines."""
    begin = "import time\nfrom crackseg.system.exits import *\nend_at_once_by_signals()\n"
    return subprocess.Popen(
        [sys.executable, "-c", begin + code],
        cwd=ROOT,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("number", "line"),
    [*zip(SIGNALS, ("interrupted", "stopped by SIGTERM", "stopped by SIGUSR1"), strict=False)],
)
@pytest.mark.parametrize(
    "code",
    [
        "print('ready', flush=True)\ntime.sleep(60)",
        "with end_in_one_line():\n    print('ready', flush=True)\n    time.sleep(60)",
        "with end_in_one_line():\n"
        "    work_begins()\n"
        "    print('ready', flush=True)\n"
        "    time.sleep(60)",
        # Where Python cannot raise, it comes again.
        "class Late:\n"
        "    def __del__(self):\n"
        "        print('ready', flush=True)\n"
        "        time.sleep(2)\n"
        "with end_in_one_line():\n    work_begins()\n    Late()\n    time.sleep(60)",
    ],
)
def test_a_signal_ends_in_one_line(code: str, number: signal.Signals, line: str) -> None:
    process = start(code)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (128 + number, f"{line}\n")


@pytest.mark.parametrize("begun", [False, True])
def test_a_signal_during_an_import_ends_at_once_or_once_work_has_begun_after_it(
    tmp_path: Path, begun: bool
) -> None:
    """As packages do that take one of theirs to be optional."""
    (tmp_path / "optional.py").write_text("print('ready', flush=True)\nimport time\ntime.sleep(1)")
    (tmp_path / "package.py").write_text("try:\n    import optional\nexcept: pass\nprint('whole')")
    process = start(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        f"with end_in_one_line():\n    {'work_begins()' if begun else ''}\n"
        "    import package\n    time.sleep(60)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    printed, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (143, "stopped by SIGTERM\n")
    assert printed == ("whole\n" if begun else "")


@pytest.mark.parametrize(
    ("door", "first", "command"),
    [
        ("train.py", "crackseg/__init__.py", ["train.py"]),
        ("evaluate.py", "crackseg/__init__.py", ["evaluate.py"]),
        (
            "crackseg/cli/main.py",
            "crackseg/system/exits.py",
            ["-c", "from crackseg.cli.main import main; main()"],
        ),
    ],
)
def test_ctrl_c_before_the_first_import_is_over_ends_without_a_traceback(
    tmp_path: Path, door: str, first: str, command: list[str]
) -> None:
    for path in (tmp_path / door, tmp_path / first):
        path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / door, tmp_path / door)
    (tmp_path / first).write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)")
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (-signal.SIGINT, "")


def test_advice_is_asked_for_and_a_second_signal_does_not_wait_for_it() -> None:
    # A signal may come within print, where Python lets no other print begin.
    process = start(
        "import os\n"
        "def advise(number):\n"
        "    os.write(1, b'ending\\n')\n    time.sleep(60 if number == 2 else 0)\n"
        "    return 'go on'\n"
        "with end_in_one_line():\n"
        "    work_begins(advise)\n    os.write(1, b'ready\\n')\n    time.sleep(60)"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "ending\n"
    process.send_signal(signal.SIGINT)
    _, complaints = process.communicate(timeout=30)
    assert (process.returncode, complaints) == (130, "interrupted\n")

    with pytest.raises(Interrupted) as left, end_in_one_line():  # noqa: PT012
        work_begins(lambda number: f"advice for {number}")
        signal.raise_signal(signal.SIGTERM)
    assert left.value.advice == "advice for 15"


def test_a_reader_that_has_read_enough_ends_quietly() -> None:
    process = start("with end_in_one_line():\n    time.sleep(.3)\n    print('x' * 100000)")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(30) == 141


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's")
def test_a_full_disk_behind_what_is_printed_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        process = start("with end_in_one_line():\n    print('x')", full.fileno())
        _, complaints = process.communicate(timeout=30)
    assert process.returncode == 2
    assert complaints.startswith("error: the disk is full; make room")
    assert complaints.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (CrackSegError("seed=-1: at least 0"), "seed=-1: at least 0"),
        (OSError(errno.ENOSPC, "x"), "the disk is full; make room, or name a place elsewhere"),
        (
            OSError(errno.EACCES, "x", "/a"),
            "/a: this user has no right to it; ask for it, or name a place elsewhere",
        ),
        (
            MemoryError(),
            "the memory is not enough; set a smaller data.batch_size or data.image_size, or "
            "smaller photographs",
        ),
        # What may be a bug.
        (FileNotFoundError(errno.ENOENT, "x", "/a"), None),
        (OSError("something"), None),
        (RuntimeError("something"), None),
    ],
)
def test_mistakes_are_told_from_bugs(error: Exception, message: str | None) -> None:
    assert mistake_of(error) == message


def test_a_mistake_is_said_and_a_bug_passes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left, end_in_one_line():
        raise CrackSegError("here")
    assert (left.value.code, capsys.readouterr().err) == (2, "error: here\n")
    with pytest.raises(ZeroDivisionError), end_in_one_line():
        raise ZeroDivisionError
    with pytest.raises(SystemExit) as worded, end_in_one_line(lambda error: f"word: {error}"):
        raise ValueError("x")
    assert (worded.value.code, capsys.readouterr().err) == (2, "error: word: x\n")


def test_an_interruption_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Interrupted), end_in_one_line(), end_in_one_line():
        raise Interrupted(signal.SIGTERM)
    assert capsys.readouterr().err == "stopped by SIGTERM\n"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_leaves_signals_to_its_parent() -> None:
    with end_in_one_line():
        work_begins()
        child = os.fork()
        if child == 0:
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(0.1)
                os._exit(7)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_process_without_output_ends_well() -> None:
    """As programs that a clock starts have none; it ended with a traceback after all was done."""
    code = "import sys\nsys.stdout = None\nwith end_in_one_line():\n    print('said to nobody')"
    done = start(code)
    assert (*done.communicate(timeout=60), done.returncode) == ("", "", 0)


def test_a_current_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    code = (
        f"import os, pathlib\nfolder = pathlib.Path({str(tmp_path / 'gone')!r})\nfolder.mkdir()\n"
        "os.chdir(folder)\nfolder.rmdir()\nwith end_in_one_line():\n    pathlib.Path.cwd()"
    )
    done = start(code)
    _, told = done.communicate(timeout=60)
    assert done.returncode == 2
    line = "the current folder has been removed; change into another one, and begin again"
    assert told == f"error: {line}\n"


@pytest.mark.parametrize(
    "words",
    ["can't start new thread", "Exception from plugin.cpp:921:\nResource temporarily unavailable"],
)
def test_where_no_thread_can_be_started_the_limits_are_named(words: str) -> None:
    told = mistake_of(RuntimeError(words))
    assert told is not None
    assert "ulimit -u" in told
    assert "ulimit -v" in told
    assert mistake_of(RuntimeError("something else")) is None
