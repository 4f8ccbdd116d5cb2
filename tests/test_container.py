"""The Dockerfile does what the README says. Its steps run in a fresh folder, not in a container."""

import json
import os
import re
import subprocess
from pathlib import Path
from shutil import copy2

import pytest

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def steps() -> list[list[str]]:
    """Commands of the image after its files are copied, and the one that it starts with."""
    after = DOCKERFILE.partition("COPY . .")[2]
    runs = [line.split() for line in re.findall(r"^RUN (.+)$", after, re.M)]
    (command,) = re.findall(r"^CMD (.+)$", after, re.M)
    return [*runs, json.loads(command)]


def test_a_container_does_the_first_command_of_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert steps() == [["make", "setup"], ["make", "train"]]
    assert "```bash\nmake train\n" in readme


def test_what_is_not_needed_stays_out_of_the_image() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv", "outputs"} <= set(ignored)


@pytest.mark.slow
def test_the_steps_work_in_a_fresh_folder(tmp_path: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        copy2(ROOT / name, tmp_path / name)
    # What a make that runs the tests was given is not for the steps.
    own = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    environment = {**own, "ARGS": "debug=smoke"}
    for step in steps():
        done = subprocess.run(
            step, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
    (record,) = tmp_path.glob("outputs/runs/*/run.json")
    assert json.loads(record.read_text())["state"] == "done"
