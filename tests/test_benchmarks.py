"""The benchmarks still run; what they measure is no test."""

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_thin_structures_measures_masks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        mask = np.zeros((40, 48), np.uint8)
        mask[20:23] = 255
        Image.fromarray(mask).save(tmp_path / f"{name}.png")
    monkeypatch.setattr(sys, "argv", ["thin_structures.py", str(tmp_path)])
    runpy.run_path(str(BENCHMARKS / "thin_structures.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert out.startswith("2 masks of 48x40: 2 3-6 px")
    assert "bootstrap of ODS, 10,000 images" in out


def test_every_benchmark_finds_what_it_imports() -> None:
    for path in BENCHMARKS.glob("*.py"):
        assert "main" in runpy.run_path(str(path), run_name="imported")
