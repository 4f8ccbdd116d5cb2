"""What earlier calls wrote is no photograph, and is found without looking at folders anew."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from crackseg.workflows.folders.plan import plan


def test_folders_of_results_are_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else 10,000 photographs take ten minutes, as each exported picture lists the folder."""
    output = tmp_path / "out"
    (output / "labelme").mkdir(parents=True)
    (output / "measurements.jsonl").touch()
    for number in range(20):
        (tmp_path / f"{number}.jpg").touch()
        (output / "labelme" / f"{number}.png").touch()
    looked: list[str] = []
    glob = Path.glob

    def counted(path: Path, pattern: str) -> Iterator[Path]:
        looked.append(pattern)
        return glob(path, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    assert len(plan([str(tmp_path)], output).jobs) == 20
    assert len(looked) < 10
