"""The wheel holds all that the console script needs, and works away from the sources."""

import shutil
import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

import crackseg
from crackseg.config.schema import write_config
from crackseg.runs.record import recording
from crackseg.workflows.train import train
from tests.helpers.settings import small_config

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the sources, as setuptools writes beside them."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(
        ROOT / "crackseg", source / "crackseg", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    # Without isolation nothing is fetched, and the setuptools that is here builds.
    pytest.importorskip("setuptools", reason="setuptools is not installed")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run(
        [*build, "--wheel-dir", str(folder), str(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A folder with the wheel's contents, which stands before this checkout on the path."""
    folder = wheel.parent / "installed"
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(folder)
    return folder


def crackseg_command(installed: Path, away: Path, *arguments: str) -> str:
    """Runs the console script in another folder, and gives what it printed.

    Python is started without the current folder and without ``.pth`` files, one of which may lead
    to this checkout.
    """
    libraries = sysconfig.get_path("purelib")
    code = (
        f"import sys; sys.path[:0] = [{str(installed)!r}, {libraries!r}]\n"
        "import crackseg\n"
        f"assert crackseg.__file__.startswith({str(installed)!r}), crackseg.__file__\n"
        "from crackseg.cli.main import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-P", "-c", code, *arguments],
        cwd=away,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if not name.startswith("crackseg-")}
    files = [path for path in (ROOT / "crackseg").rglob("*") if path.is_file()]
    here = {path.relative_to(ROOT).as_posix() for path in files if path.suffix != ".pyc"}
    assert packed == here
    assert "crackseg/py.typed" in packed


def test_the_wheel_has_the_version_that_the_package_says(wheel: Path) -> None:
    assert crackseg.__version__ == version("crackseg")
    assert wheel.name.startswith(f"crackseg-{crackseg.__version__}-")


@pytest.mark.slow
def test_data_commands_work_away_from_the_sources(
    installed: Path, archive: Path, tmp_path: Path
) -> None:
    assert "20 pairs" in crackseg_command(installed, tmp_path, "data", "verify", str(archive))
    crackseg_command(installed, tmp_path, "data", "explore", str(archive), "--output", "found")
    assert list((tmp_path / "found").glob("*.html"))


@pytest.mark.slow
def test_runs_are_used_away_from_the_sources(
    installed: Path, archive: Path, tmp_path: Path
) -> None:
    run = tmp_path / "runs" / "small"
    config = small_config(archive, tmp_path / "cache")
    with recording(run, [], []):
        write_config(config, run / "config.yaml")
        checkpoint = str(train(config, run).checkpoint)
    photographs = str(archive / "Final-Dataset-Vol1" / "Images")
    to = ("--checkpoint", checkpoint, "--output", "masks")
    crackseg_command(installed, tmp_path, "predict", photographs, *to)
    assert len(list((tmp_path / "masks").rglob("*_mask.png"))) == 10
    crackseg_command(installed, tmp_path, "data", "leaks", "runs/small/manifest.csv")
    assert "small" in crackseg_command(installed, tmp_path, "runs", "runs")
    crackseg_command(installed, tmp_path, "report", "runs", "--output", "runs.html")
    assert "<html" in (tmp_path / "runs.html").read_text(encoding="utf-8")
