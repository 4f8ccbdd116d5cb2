"""Writes the best settings of a search as an ``experiment=`` file, and says what it came to."""

import shlex
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hydra import compose
from omegaconf import OmegaConf

from crackseg.config.machine import OF_THE_MACHINE
from crackseg.config.overrides import program, relative_to_cwd
from crackseg.config.paths import absolute
from crackseg.launch.entrypoint import to_dataclass
from crackseg.reporting.comparison.searches import began, counted
from crackseg.reporting.terminal.sweeps import print_sweep, write_sweep_tables
from crackseg.runs.search_record import SearchRecord, TrialRecord
from crackseg.search.space import as_typed
from crackseg.search.trial import TrialTrainer
from crackseg.system.files import write_text

FOUND = Path("experiment/found.yaml")
# Their files have values that the other settings build on.
_GROUPS = ("data", "model", "loss", "optimizer", "scheduler", "callbacks", "trainer")


def write_found(
    trainer: TrialTrainer, best: TrialRecord, record: SearchRecord, folder: Path
) -> Path:
    """Writes the settings of the best trial, so that ``experiment=found`` trains it again.

    What an experiment or a debug file has set stands in it by value, so that it builds on nothing
    but the groups.

    Args:
        trainer: Trainer of the trials.
        best: The best trial.
        record: The search.
        folder: Folder of the search.

    Returns:
        Path of the file.
    """
    overrides = trainer.overrides(dict(best.settings))
    chosen = compose("train", overrides, return_hydra_config=True).hydra.runtime.choices
    groups = {group: str(chosen[group]) for group in _GROUPS}
    plain = compose("train", [f"{group}={choice}" for group, choice in groups.items()])
    usual = OmegaConf.to_container(plain, resolve=False)
    values = _changed(asdict(absolute(to_dataclass(compose("train", overrides)))), usual)
    head = (
        "# @package _global_\n"
        f"# {record.objective} {best.figure:.4f}, trial {best.number} of {len(record.trials)} of "
        f"{folder.name}; to train it again:\n"
        f"# python train.py {_config_dir(folder)} experiment={FOUND.stem}\n"
        "defaults:\n"
    )
    lines = "".join(f"  - override /{group}: {choice}\n" for group, choice in groups.items())
    text = OmegaConf.to_yaml(OmegaConf.create(values)) if values else ""
    write_text(folder / FOUND, f"{head}{lines}  - _self_\n\n{text}")
    return folder / FOUND


def _changed(now: Mapping[str, Any], usual: Any, prefix: str = "") -> dict[str, Any]:
    """Values that differ from the usual ones, in tables; without those of the machine."""
    changed: dict[str, Any] = {}
    for name, value in now.items():
        key, before = f"{prefix}{name}", usual.get(name) if isinstance(usual, Mapping) else None
        if key.startswith((*OF_THE_MACHINE, "runtime", "sweep", "resume")):
            continue
        if isinstance(value, Mapping) and value and isinstance(before, Mapping):
            value = _changed(value, before, f"{key}.")
            if value:
                changed[name] = value
        elif value != before:
            changed[name] = value
    return changed


def _config_dir(folder: Path) -> str:
    return f"--config-dir {shlex.quote(str(relative_to_cwd(folder)))}"


def print_found(record: SearchRecord, trainer: TrialTrainer) -> None:
    """Writes the tables and the file of the best trial, and prints what the search came to."""
    folder, settings = trainer.folder, trainer.settings
    print_sweep(folder, write_sweep_tables(folder, record.objective), record.objective)
    print(counted(record))
    if settings.sampler != "grid" and began(record) < settings.trials:
        print("no other settings are left in this space")
    best = record.best
    if best is None:
        print("no trial is done yet, so there is no best one")
        return
    drawn = " ".join(as_typed(best.settings))
    print(f"best: trial {best.number}, {record.objective} {best.figure:.4f}: {drawn}")
    if record.importances:
        shares = ", ".join(f"{key} {share:.0%}" for key, share in record.importances.items())
        print(f"what the figures differ by: {shares}")
    path = write_found(trainer, best, record, folder)
    print(f"written to {relative_to_cwd(path)}; train it again, with more epochs perhaps:")
    print(f"  {program('python')} train.py {_config_dir(folder)} experiment=found")
    where, page = (
        shlex.quote(str(relative_to_cwd(one))) for one in (folder, folder / "search.html")
    )
    print(f"look at it: {program('crackseg')} report {where} --output {page}")
