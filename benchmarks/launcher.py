"""Starts a command, and writes its times and memory into a file as JSON.

It is a program of its own that imports next to nothing: Linux counts the memory of the process that
starts a command as the command's own.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main() -> None:
    """Takes the file and the command."""
    report, *command = sys.argv[1:]
    began = time.monotonic()
    process = subprocess.Popen(command, env={**os.environ, "BENCHMARK_STARTED": repr(began)})
    _, status, usage = os.wait4(process.pid, 0)
    # Linux counts in kilobytes, macOS in bytes.
    memory = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    measured = {
        "seconds": time.monotonic() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": memory,
    }
    Path(report).write_text(json.dumps(measured), encoding="utf-8")
    sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)


if __name__ == "__main__":
    main()
