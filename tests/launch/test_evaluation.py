"""What a refused evaluation leaves."""

import logging
from pathlib import Path

import pytest

from crackseg.errors import CrackSegError
from crackseg.launch.evaluation import LOG, _forgotten_if_refused
from crackseg.system.logs import start_logging


def refuse(folder: Path) -> None:
    with _forgotten_if_refused(folder):
        start_logging(folder / LOG)
        logging.getLogger("crackseg").info("begun")
        raise CrackSegError("no photographs")


def refused(folder: Path) -> list[str]:
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").touch()
    with pytest.raises(CrackSegError):
        refuse(folder)
    return sorted(one.name for one in folder.iterdir())


def test_a_refused_evaluation_leaves_nothing(tmp_path: Path) -> None:
    assert refused(tmp_path) == []


@pytest.mark.parametrize("before", [LOG, "metrics.json"])
def test_what_was_there_before_stays(before: str, tmp_path: Path) -> None:
    (tmp_path / before).write_text("before\n")
    assert refused(tmp_path) == sorted({".hydra", LOG, before})
    assert (tmp_path / before).read_text().startswith("before\n")
