"""Trains, exports and judges a network of the box, by the commands that a user would type.

What is done is kept below ``outputs/box``, so that a second call goes on after a break.
"""

import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from box.figures import judged_set, place
from box.origins import write_origins
from box.recipes import RECIPES, Drawn, Recipe, Source
from box.tightening import write_tightened
from crackseg.cli.main import main as crackseg
from crackseg.data.discovery.pairs import common_root
from crackseg.data.synthetic.dataset import write_dataset
from crackseg.errors import CrackSegError, DatasetNotFoundError
from crackseg.parameters.judged_set import JudgedSet
from crackseg.runs.reader import read_run
from crackseg.runs.record import BEST
from crackseg.weights.registry import bundled

ROOT = Path(__file__).parents[1]
WORK = ROOT / "outputs" / "box"
# An evaluation of other data than a checkpoint names divides them at random, unless it is told.
OWN_TEST = ("data.split=grouped", "subset=test")
# The first that loses little enough is taken.
FORMS = ("--int8", "--float16")


def build(name: str, data: Path | None, settings: Sequence[str] = ()) -> Path:
    """Makes a network anew and puts it into the package.

    Args:
        name: Name of the network.
        data: Folder of all photographs.
        settings: Further settings of its training, such as ``trainer.accelerator=gpu``.

    Returns:
        The path of its file.

    Raises:
        DatasetNotFoundError: Photographs are missing; all missing folders are named.
        CrackSegError: A command failed; the next call goes on there.
    """
    recipe, work = RECIPES[name], WORK / name
    data = require(data, recipe)
    photographs = photograph_settings(recipe, data, work)
    checkpoint = trained(recipe.experiment, [*photographs, *settings], work / "run")
    for experiment in recipe.then:
        run = work / Path(experiment).name
        if (run / BEST).is_file() and not is_newer(run / BEST, checkpoint):
            raise CrackSegError(f"{run}: it went on from an earlier training; remove it")
        on = [*photographs, *settings, f"init_from={checkpoint}"]
        checkpoint = trained(experiment, on, run)
    model = _exported(name, checkpoint, work)
    return place(name, model, list(_judged(recipe, data, model, photographs, work)))


def require(data: Path | None, recipe: Recipe) -> Path:
    """Checks that all photographs of a recipe are there.

    Raises:
        DatasetNotFoundError: Some are not.
    """
    wanted = [source.folder for source in (*recipe.sources, *recipe.unseen)]
    if data is None:
        raise DatasetNotFoundError(
            "make box: it needs photographs; say with DATA=FOLDER where they are, with "
            f"{', '.join(wanted)} below it (docs/model_card.md says what they are)"
        )
    missing = [folder for folder in wanted if not (data / folder).is_dir()]
    if missing:
        raise DatasetNotFoundError(
            f"{data}: the folders {', '.join(missing)} are missing, which this network needs; "
            "docs/model_card.md says what they are"
        )
    return data.resolve()


def photograph_settings(recipe: Recipe, data: Path, work: Path) -> list[str]:
    """The settings of the data of a training."""
    origins = work / "origins.csv"
    write_origins(data, recipe.sources, origins)
    drawn = [_drawn(one) for one in recipe.drawn]
    return [
        *_folders([*(_folder(source, data) for source in recipe.sources), *drawn]),
        f"data.origins={origins}",
        f"data.without_sources=[{','.join(recipe.without)}]",
    ]


def root_of(photographs: Sequence[str]) -> Path:
    """The folder that the paths of a manifest are relative to, from the settings of the data."""
    (named,) = (one for one in photographs if one.startswith("data.root="))
    folders = named.removeprefix("data.root=").strip("[]").split(",")
    return common_root(list(map(Path, folders)))


def _folder(source: Source, data: Path) -> Path:
    """Where the photographs of a set are, with masks as broad as their cracks."""
    given = data / source.folder
    return write_tightened(given, WORK / "tightened" / name_of(source)) if source.brush else given


def _folders(folders: Sequence[Path]) -> list[str]:
    return ["data=folder", f"data.root=[{','.join(map(str, folders))}]"]


def _drawn(one: Drawn) -> Path:
    root = WORK / f"drawn-{one.seed}"
    return write_dataset(root, count=one.count, seed=one.seed, worn=one.worn)


def trained(experiment: str, settings: Sequence[str], run: Path) -> Path:
    """The best checkpoint of a training, which is begun, resumed, or done already."""
    try:
        state = read_run(run).state
    except FileNotFoundError:
        state = "none"
    if state == "none":
        given = [f"experiment={experiment}", *settings, f"hydra.run.dir={run}"]
        _run("train.py", given)
    elif state != "done":
        _run("train.py", [f"resume={run}"])
    return run / BEST


def _exported(name: str, checkpoint: Path, work: Path) -> Path:
    """The network in the smallest form that loses little enough."""
    model = work / f"{name}.onnx"
    if not is_newer(model, checkpoint):
        given = ["export", str(checkpoint), "--output", str(model)]
        given += ["--licence", bundled(name).licence]
        if all(crackseg([*given, form]) for form in FORMS):
            raise CrackSegError(f"{checkpoint}: could not be exported, as said above")
    return model


def _judged(
    recipe: Recipe, data: Path, model: Path, photographs: Sequence[str], work: Path
) -> Iterator[JudgedSet]:
    """Figures on the test subset, and on every set that the training never saw."""
    own = evaluated(model, [*photographs, *OWN_TEST], work / "judged" / "test")
    yield judged_set("test subset of its own sources", own)
    for source in recipe.unseen:
        folder = work / "judged" / name_of(source)
        origins = folder / "origins.csv"
        write_origins(data, [source], origins)
        given = [*_folders([_folder(source, data)]), f"data.origins={origins}", "subset=all"]
        metrics = evaluated(model, given, folder)
        title = f"{name_of(source)}{', masks tightened' if source.brush else ''}, never trained on"
        yield judged_set(title, metrics, unseen=True)


def evaluated(model: Path, settings: Sequence[str], folder: Path) -> Path:
    """Path of the figures of a network, which is judged unless it was after it was made."""
    metrics = folder / "metrics.json"
    if not is_newer(metrics, model):
        given = [f"checkpoint={model}", *settings, "resolution=native", f"hydra.run.dir={folder}"]
        _run("evaluate.py", given)
    return metrics


def name_of(source: Source) -> str:
    """Name of a set as folders and tables have it."""
    return Path(source.folder).name


def is_newer(path: Path, than: Path) -> bool:
    """Whether a file is there and was made after another one."""
    return path.is_file() and path.stat().st_mtime >= than.stat().st_mtime


def _run(script: str, settings: Sequence[str]) -> None:
    """Runs one of the two programs.

    Raises:
        CrackSegError: It failed, and has said why.
    """
    print(f"python {shlex.join([script, *settings])}", flush=True)
    done = subprocess.run([sys.executable, str(ROOT / script), *settings], cwd=ROOT, check=False)
    if done.returncode:
        raise CrackSegError(
            f"{script} ended with exit code {done.returncode}, as said above; make box goes on "
            "from there when it is typed again"
        )
