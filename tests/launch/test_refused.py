"""What refused work leaves."""

import logging
from pathlib import Path

import pytest

from crackseg.errors import CrackSegError
from crackseg.launch.refused import forgotten_if_refused
from crackseg.runs.record import LOCK
from crackseg.system.logs import start_logging

LOG = "evaluate.log"


def refuse(folder: Path, begun: str) -> None:
    with forgotten_if_refused(folder, (LOG, LOCK), ("metrics.json", "masks")):
        start_logging(folder / LOG)
        logging.getLogger("crackseg").info("looked")
        if begun:
            (folder / begun).mkdir()
        raise CrackSegError("no photographs")


def refused(folder: Path, begun: str = "") -> list[str]:
    with pytest.raises(CrackSegError):
        refuse(folder, begun)
    return sorted(one.name for one in folder.iterdir())


def test_what_is_refused_before_it_began_leaves_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path) == []


def test_what_began_keeps_its_log(tmp_path: Path) -> None:
    assert {LOG, "masks"} <= {*refused(tmp_path, "masks")}


@pytest.mark.parametrize("before", [LOG, "metrics.json", "notes.txt"])
def test_what_was_there_before_stays(before: str, tmp_path: Path) -> None:
    (tmp_path / before).write_text("before\n")
    assert before in refused(tmp_path)
    assert (tmp_path / before).read_text().startswith("before\n")
