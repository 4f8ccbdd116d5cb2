"""Resumes a run: its folder, its own settings, and its checkpoint."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from crackseg.config.machine import OF_THE_MACHINE
from crackseg.config.overrides import flatten, shell_override
from crackseg.config.paths import absolute
from crackseg.config.schema import TrainConfig, read_config
from crackseg.errors import CheckpointError, ConfigError
from crackseg.runs.record import BEST, CONFIG, LAST, RECORD, ended_before_first_epoch, state_of

RUNS = Path("outputs/runs")
# Settings that may change when a run is resumed; any other would make it another run.
CHANGEABLE = ("trainer.max_epochs", "trainer.max_time", *OF_THE_MACHINE, "calibrate")


def find_checkpoint(target: str, runs: Path = RUNS) -> Path:
    """Finds the checkpoint from which a run is resumed.

    Args:
        target: Folder of a run, a checkpoint in one, or ``latest``.
        runs: Folder in which ``latest`` is searched.

    Raises:
        CheckpointError: There is no such run, or it has no complete epoch yet.
    """
    path = _latest(runs) if target == "latest" else Path(target)
    checkpoint = path if path.suffix == ".ckpt" else path / LAST
    folder = checkpoint.parent
    missing = [name for name in (CONFIG, RECORD) if not (folder / name).is_file()]
    if missing:
        what = f"no {missing[0]} in it" if folder.is_dir() else "there is no such folder"
        raise CheckpointError(
            f"resume={target}: {folder} is not a run ({what}); name a folder that a training made, "
            "a checkpoint in it, or latest; crackseg runs lists them"
        )
    try:
        state_of(folder)
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"resume={target}: {folder / RECORD} is damaged ({type(error).__name__}: {error}); put "
            f"a copy of it back, or begin a new run from its weights in another folder: "
            f"{shell_override('init_from', checkpoint)}"
        ) from error
    if not checkpoint.is_file() and (folder / BEST).is_file():
        raise CheckpointError(
            f"resume={target}: {checkpoint} is gone, and only from it the run goes on; put it "
            "back, or begin a new run from its best weights in another folder: "
            f"{shell_override('init_from', folder / BEST)}"
        )
    if not checkpoint.is_file():
        raise CheckpointError(
            f"resume={target}: there is no {checkpoint}, the run ended before its first epoch was "
            "whole; begin it anew with the same settings, which may be in the same folder: "
            f"{shell_override('hydra.run.dir', folder)}"
        )
    return checkpoint


def resumed_config(folder: Path, given: TrainConfig, overrides: Sequence[str]) -> TrainConfig:
    """A run's own settings, with the changes that were given now and are allowed.

    Args:
        folder: Folder of the run.
        given: Settings as composed now.
        overrides: Settings from the command line; only these count as given.

    Raises:
        ConfigError: Given settings differ that may not; the message names all of them.
    """
    saved, given = read_config(folder / CONFIG), absolute(given)
    now = flatten(asdict(given))
    config, faults = OmegaConf.structured(saved), []
    for key in _keys(overrides):
        names = [name for name in now if name == key or name.startswith(f"{key}.")]
        faults += [] if names else [f"{key}: not for a run that goes on"]
        for name in names:
            OmegaConf.update(config, name, now[name])
    changed = cast(TrainConfig, OmegaConf.to_object(config))
    faults += differences(saved, changed, ignored=CHANGEABLE)
    if faults:
        hint = f"{folder} goes on with its own settings; only these may change: "
        raise ConfigError("\n".join([*faults, hint + ", ".join(CHANGEABLE)]))
    return changed


def differences(before: TrainConfig, now: TrainConfig, ignored: tuple[str, ...] = ()) -> list[str]:
    """A line for every setting that differs."""
    return differing(flatten(asdict(before)), flatten(asdict(now)), "run", ignored)


def differing(
    before: Mapping[str, object], now: Mapping[str, object], where: str, ignored: tuple[str, ...]
) -> list[str]:
    """A line for every setting that differs, of settings by dotted key.

    Args:
        before: Settings of what is there.
        now: Settings as they are given now.
        where: What is there, such as ``run``.
        ignored: Beginnings of keys that may differ.
    """
    return [
        f"{name}: {now.get(name)} here, {before.get(name)} in the {where}"
        for name in dict.fromkeys([*before, *now])
        if before.get(name) != now.get(name) and not name.startswith(ignored)
    ]


def differences_in(folder: Path, config: TrainConfig, ignored: tuple[str, ...]) -> list[str]:
    """A line for every setting in which the run in a folder differs; none where it kept nothing."""
    if not (folder / CONFIG).is_file() or ended_before_first_epoch(folder):
        return []
    return differences(read_config(folder / CONFIG), absolute(config), ignored)


def _latest(runs: Path) -> Path:
    checkpoints = list(runs.glob(f"*/{LAST}"))
    if not checkpoints:
        raise CheckpointError(f"resume=latest: there is no run to go on with below {runs}")
    return max(checkpoints, key=lambda checkpoint: checkpoint.stat().st_mtime)


def _keys(overrides: Sequence[str]) -> list[str]:
    parsed = OverridesParser.create().parse_overrides(list(overrides))
    return [override.key_or_group for override in parsed if override.key_or_group != "resume"]
