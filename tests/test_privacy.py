"""No package that crackseg uses tells anybody that it is used, or for what."""

import os
import subprocess
import sys
from pathlib import Path

from crackseg.workflows.train import TrainResult

# That of Albumentations is set where it is imported.
SWITCHES = ("ORT_DISABLE_TELEMETRY", "NO_ALBUMENTATIONS_UPDATE")
CODE = """
import socket, sys, tempfile
asked = []
def note(*given, **named):
    asked.append(given)
    raise OSError("no network")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = note
import numpy as np
import crackseg
import crackseg.data.augmentation
for path in sys.argv[1:]:
    crackseg.load(path).predict(np.zeros((40, 40, 3), np.uint8))
import os
print(asked, os.listdir(tempfile.gettempdir()))
"""


def test_nothing_is_asked_or_told(exported: Path, trained: TrainResult, tmp_path: Path) -> None:
    """ONNX Runtime would leave a file of its session among the temporary ones."""
    environment = {key: value for key, value in os.environ.items() if key not in SWITCHES}
    found = subprocess.run(
        [sys.executable, "-c", CODE, str(trained.checkpoint), str(exported)],
        env={**environment, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "[] []"


def test_whoever_wants_to_tell_may() -> None:
    code = "import os, crackseg; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "ORT_DISABLE_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == "0"
