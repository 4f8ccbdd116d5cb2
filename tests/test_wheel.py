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
from crackseg.weights.registry import BUNDLED, DEFAULT, BundledModel
from crackseg.workflows.train import train
from tests.helpers.settings import small_config

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def source(exported: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, with a small network in place of each that is not there yet."""
    source = tmp_path_factory.mktemp("wheel") / "source"
    shutil.copytree(
        ROOT / "crackseg", source / "crackseg", ignore=shutil.ignore_patterns("__pycache__")
    )
    for model in BUNDLED:
        path = source / model.path.relative_to(ROOT)
        if not path.exists():
            shutil.copy(exported, path)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    return source


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    """Built in the copy, as setuptools writes beside the sources."""
    folder = source.parent
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


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh clone of this repository, which has what was committed and nothing else."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("needs git, and a repository")
    folder = tmp_path_factory.mktemp("clone") / "crackseg"
    command = ["git", "clone", "--quiet", "--depth", "1", ROOT.as_uri(), str(folder)]
    subprocess.run(command, check=True, capture_output=True)
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


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path, source: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        packed = {name for name in opened.namelist() if not name.startswith("crackseg-")}
    files = [path for path in (source / "crackseg").rglob("*") if path.is_file()]
    here = {path.relative_to(source).as_posix() for path in files}
    assert packed == here
    assert "crackseg/py.typed" in packed
    assert {f"crackseg/weights/{model.path.name}" for model in BUNDLED} <= packed


def test_the_wheel_tells_that_its_networks_have_licences_of_their_own(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (place,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        told = opened.read(place).decode().splitlines()
    assert "License-Expression: MIT AND LicenseRef-crackseg-weights" in told
    for model in BUNDLED:
        assert f"License-File: crackseg/weights/{model.licence_path.name}" in told
        ending = f"/licenses/crackseg/weights/{model.licence_path.name}"
        assert any(name.endswith(ending) for name in names)


def test_the_wheel_has_the_version_that_the_package_says(wheel: Path) -> None:
    assert crackseg.__version__ == version("crackseg")
    assert wheel.name.startswith(f"crackseg-{crackseg.__version__}-")


@pytest.mark.slow
@pytest.mark.parametrize("model", BUNDLED, ids=lambda model: model.name)
def test_a_wheel_elsewhere_predicts_with_nothing_given(
    installed: Path, archive: Path, tmp_path: Path, model: BundledModel
) -> None:
    photograph = str(next(archive.rglob("*.png")))
    given = [] if model == DEFAULT else ["--model", model.name]
    told = crackseg_command(installed, tmp_path, "predict", photograph, *given)
    assert told.startswith(f"{model.line}\n")
    assert len(list((tmp_path / "outputs" / "predictions").glob("*_mask.png"))) == 1
    assert model.name in crackseg_command(installed, tmp_path, "models")


@pytest.mark.slow
def test_a_fresh_clone_predicts_with_nothing_given(
    clone: Path, archive: Path, tmp_path: Path
) -> None:
    if not DEFAULT.path.exists():
        pytest.skip("this copy of the sources has no network in its box")
    photograph = str(next(archive.rglob("*.png")))
    told = crackseg_command(clone, tmp_path, "predict", photograph)
    assert told.startswith(f"{DEFAULT.line}\n")
    assert len(list((tmp_path / "outputs" / "predictions").glob("*_mask.png"))) == 1


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
