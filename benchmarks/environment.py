"""Makes the environment of the peers, benchmarks/.venv, on top of the packages of this Python.

    python -m benchmarks.environment

What is installed for crackseg is seen from there, so that torch and the runtimes are the very
same; nothing is seen from here.
"""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

FOLDER = Path(__file__).parent / ".venv"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")


def main() -> None:
    """Makes it, and says what could not be installed."""
    venv.create(FOLDER, with_pip=True, clear=True)
    python = str(FOLDER / "bin" / "python")
    _show_packages_of_this_python(python)
    if not _install(python, "--requirement", str(REQUIREMENTS)):
        missing = [one for one in requirements() if not _install(python, one)]
        print(f"not installed, and named so in the table: {', '.join(missing)}", file=sys.stderr)


def requirements() -> list[str]:
    """The peers with their versions."""
    lines = (line.partition("#")[0].strip() for line in REQUIREMENTS.read_text().splitlines())
    return [line for line in lines if line]


def _show_packages_of_this_python(python: str) -> None:
    asking = "import sysconfig; print(sysconfig.get_path('purelib'))"
    there = subprocess.run([python, "-c", asking], check=True, capture_output=True, text=True)
    listed = Path(there.stdout.strip()) / "crackseg_packages.pth"
    listed.write_text(sysconfig.get_path("purelib") + "\n")


def _install(python: str, *what: str) -> bool:
    return subprocess.run([python, "-m", "pip", "install", "--quiet", *what]).returncode == 0


if __name__ == "__main__":
    main()
