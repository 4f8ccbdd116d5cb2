"""Data of an evaluation: the photographs that a checkpoint names, or others."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from crackseg.checkpoint import refused
from crackseg.config import parsing
from crackseg.config.data_validation import check_data_config
from crackseg.config.paths import FILES, UNNAMED
from crackseg.config.schema import DataConfig, EvaluateConfig, read_data_config
from crackseg.data.datamodule import CrackDataModule
from crackseg.data.splits.manifest import SUBSETS
from crackseg.errors import ConfigError, DatasetError, DatasetNotFoundError, name_some
from crackseg.parameters.form import one_line
from crackseg.parameters.usage import UsageParameters

log = logging.getLogger(__name__)

# These belong to the network: other values would give other pixels than in its training.
FROM_CHECKPOINT = ("image_size", "crop_size", "resize", "mask_threshold")


def evaluation_data(
    config: EvaluateConfig, parameters: UsageParameters, read_at: float | None = None
) -> CrackDataModule:
    """Prepares the photographs to judge.

    Args:
        config: Settings of the evaluation.
        parameters: Parameters of the checkpoint or ONNX file.
        read_at: Scale at which the network is given photographs that are judged at their own size;
            None where they are judged at the training's size.

    Raises:
        CheckpointError: The settings of the data in the checkpoint are no such settings.
        DatasetNotFoundError: There are no photographs, or nothing says where they stand.
        DatasetError: The photographs that the checkpoint names have changed since, or cannot be
            divided.
    """
    named = parameters.data
    trained_on = _trained_on(config.checkpoint, parameters)
    _refuse_unnamed(config, trained_on)
    data = _data(config, trained_on)
    if config.mask_threshold is not None:
        data = replace(data, mask_threshold=config.mask_threshold)
    datamodule = _read(config, data, read_at)
    if datamodule.manifest.digest == named.manifest_hash:
        return datamodule
    if config.data is None:
        raise DatasetError(
            f"{datamodule.root}: these are not the photographs and subsets that the checkpoint was "
            f"trained with ({_told(datamodule.manifest.counts, named.counts)}); "
            f"{_remedy(config, data)}"
        )
    log.warning(
        "the division into subsets is not the one that this checkpoint was trained with: "
        "photographs of its training may be among these"
    )
    return datamodule


def _read(config: EvaluateConfig, data: DataConfig, scale: float | None) -> CrackDataModule:
    module = partial(CrackDataModule, test_subset=config.subset, test_scale=scale)
    folders = name_some(map(str, parsing.roots(data.root)))
    try:
        return module(data).prepared()
    except DatasetNotFoundError as error:
        if config.data is not None or config.root is not None:
            raise
        raise DatasetNotFoundError(
            f"{folders}: the photographs that the checkpoint was "
            "trained with are not there any more; say with root=FOLDER where they stand now, or "
            "judge others with data=folder data.root=FOLDER"
        ) from error
    except DatasetError as error:
        if config.root is not None:
            raise DatasetError(
                f"root: it is for the photographs that the checkpoint names, and those below "
                f"{folders} cannot be these ({error}); judge others "
                "with data=folder data.root=FOLDER"
            ) from error
        if config.data is None or config.subset != "all" or data.split not in ("random", "grouped"):
            raise
    # A few photographs cannot be divided, and need not be where all are judged together.
    return module(replace(data, split="none", counts=None)).prepared()


def _refuse_unnamed(config: EvaluateConfig, trained_on: DataConfig) -> None:
    """Asks for the paths that an exported file does not tell."""
    if config.data is not None:
        return
    files = [key for key in FILES if getattr(trained_on, key) == UNNAMED]
    if files:
        keys = [f"data.{key}" for key in files]
        split = " data.split=manifest" if "manifest" in files else ""
        raise DatasetNotFoundError(
            f"{config.checkpoint}: its photographs were chosen by files that it does not hold "
            f"({', '.join(keys)}); give all of it anew with data=folder data.root=FOLDER{split} "
            f"{' '.join(f'{key}=FILE' for key in keys)}"
        )
    folders = parsing.roots(trained_on.root)
    if config.root is None and set(folders) == {Path(UNNAMED)}:
        raise DatasetNotFoundError(
            f"{config.checkpoint}: it does not say where its photographs stand; say it with "
            f"{_root_to_give(trained_on)}, or judge others with data=folder data.root=FOLDER"
        )


def _root_to_give(trained_on: DataConfig) -> str:
    """The setting ``root`` for photographs of as many folders."""
    sources = parsing.root_sources(trained_on.root)
    if len(sources) == 1:
        return "root=FOLDER"
    named = f" (of {', '.join(sources)})" if any(sources) else ""
    return f"root=[{','.join(['FOLDER'] * len(sources))}]{named}"


def _trained_on(path: str, parameters: UsageParameters) -> DataConfig:
    """The settings of the data that the checkpoint names."""
    try:
        data = read_data_config(parameters.data.config)
        check_data_config(data)
    except ConfigError as error:
        faults = one_line(name_some(str(error).splitlines(), 3))
        raise refused(Path(path), f"data.config: {faults}") from error
    return data


def _told(now: Mapping[str, int], then: Mapping[str, int]) -> str:
    if now == then:
        return "as many, but named or divided otherwise"
    counts = (", ".join(f"{name} {one[name]}" for name in SUBSETS) for one in (then, now))
    return "there {}, here {}".format(*counts)


def _remedy(config: EvaluateConfig, data: DataConfig) -> str:
    if config.root is not None:
        return (
            "name with root=... the folder that holds them, or all folders where they were "
            "several, which must stand to one another as they did"
        )
    return (
        f"restore them, or give the run's manifest with data={data.name} data.root={data.root} "
        "data.split=manifest data.manifest=FILE"
    )


def _data(config: EvaluateConfig, trained_on: DataConfig) -> DataConfig:
    """The data to judge, as the checkpoint's network sees them."""
    if config.data is not None:
        seen = {key: getattr(trained_on, key) for key in FROM_CHECKPOINT}
        if config.data.white_level is None:
            seen["white_level"] = trained_on.white_level
        return replace(config.data, **seen)
    if config.root is not None:
        # As a folder of photographs: synthetic ones would be made if they are missing.
        root = _with_sources(config.root, trained_on.root)
        return replace(trained_on, root=root, name="folder", count=None)
    return trained_on


def _with_sources(root: Any, trained_on: Any) -> Any:
    """Folders with the sources that the checkpoint's had, where they are as many."""
    if not isinstance(trained_on, dict) or isinstance(root, dict):
        return root
    folders = list(root) if isinstance(root, list | tuple) else [root]
    return dict(zip(trained_on, folders, strict=True)) if len(folders) == len(trained_on) else root
