"""Writes the best settings of a search as an ``experiment=`` file, and says what it came to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from crackseg.config.overrides import program, relative_to_cwd
from crackseg.reporting.comparison.searches import counted
from crackseg.reporting.terminal.sweeps import print_sweep, write_sweep_tables
from crackseg.runs.search_record import SearchRecord, TrialRecord
from crackseg.search.folder import OF_THE_MACHINE
from crackseg.system.files import write_text

FOUND = Path("experiment/found.yaml")


def write_found(base: Sequence[str], best: TrialRecord, record: SearchRecord, folder: Path) -> Path:
    """Writes the settings of the best trial, so that ``experiment=found`` trains it again.

    Args:
        base: Settings of all trials as typed.
        best: The best trial.
        record: The search.
        folder: Folder of the search.

    Returns:
        Path of the file.
    """
    groups: dict[str, Any] = {}
    values = OmegaConf.create()
    drawn = [f"{key}={value}" for key, value in best.settings.items()]
    for override in OverridesParser.create().parse_overrides([*base, *drawn]):
        if override.key_or_group.startswith(OF_THE_MACHINE):
            continue
        if _is_group(override.key_or_group):
            groups[override.key_or_group] = override.value()
        else:
            OmegaConf.update(values, override.key_or_group, override.value(), force_add=True)
    text = OmegaConf.to_yaml(values) if values else ""
    head = (
        "# @package _global_\n"
        f"# {record.objective} {best.figure:.4f}, trial {best.number} of {len(record.trials)} of "
        f"{folder.name}; to train it again:\n"
        f"# python train.py --config-dir {relative_to_cwd(folder)} experiment={FOUND.stem}\n"
    )
    write_text(folder / FOUND, f"{head}{_defaults(groups)}{text}")
    return folder / FOUND


def _defaults(groups: Mapping[str, Any]) -> str:
    """The list of defaults, other experiments first, which are built upon."""
    lines = [f"  - {groups['experiment']}"] if groups.get("experiment") else []
    lines += [
        f"  - override /{group}: {_listed(choice)}"
        for group, choice in groups.items()
        if group != "experiment"
    ]
    return "\n".join(["defaults:", *lines, "  - _self_", "", ""]) if lines else ""


def _listed(choice: Any) -> str:
    return f"[{', '.join(map(str, choice))}]" if isinstance(choice, list) else str(choice)


def _is_group(key: str) -> bool:
    loader = GlobalHydra.instance().config_loader()
    return bool(loader.get_group_options(key, results_filter=ObjectType.CONFIG))


def print_found(record: SearchRecord, base: Sequence[str], folder: Path) -> None:
    """Writes the tables and the file of the best trial, and prints what the search came to."""
    print_sweep(folder, write_sweep_tables(folder, record.objective), record.objective)
    print(counted(record))
    best = record.best
    if best is None:
        print("no trial is done yet, so there is no best one")
        return
    settings = " ".join(f"{key}={value}" for key, value in best.settings.items())
    print(f"best: trial {best.number}, {record.objective} {best.figure:.4f}: {settings}")
    if record.importances:
        shares = ", ".join(f"{key} {share:.0%}" for key, share in record.importances.items())
        print(f"what the figures differ by: {shares}")
    path = write_found(base, best, record, folder)
    print(f"written to {relative_to_cwd(path)}; train it again, with more epochs perhaps:")
    print(f"  {program('python')} train.py --config-dir {relative_to_cwd(folder)} experiment=found")
    where = relative_to_cwd(folder)
    print(f"look at it: {program('crackseg')} report {where} --output {where / 'search.html'}")
