"""The programs as a user starts them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONF = ROOT / "conf"


def run(script: str, *overrides: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs ``train.py`` or ``evaluate.py`` in a folder, which becomes the run's."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, str(ROOT / script), *overrides, f"hydra.run.dir={folder}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
