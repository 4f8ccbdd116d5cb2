"""Makes the paths in settings absolute, or takes them out of what leaves this machine."""

import os
from dataclasses import replace
from typing import Any

from crackseg.config.parsing import path, roots
from crackseg.config.schema import DataConfig, TrainConfig
from crackseg.weights.registry import names_bundled

# Stands for a path in a file for others, whom the folders of this machine do not concern.
UNNAMED = "unnamed"
# Settings of data that name a file.
FILES = ("manifest", "exclude", "origins")


def absolute(config: TrainConfig) -> TrainConfig:
    """The same settings with absolute paths, so that they hold from any working folder."""
    return replace(
        config,
        data=absolute_data(config.data),
        init_from=_absolute_or_name(config.init_from),
        distill=_absolute_or_name(config.distill),
    )


def absolute_data(data: DataConfig) -> DataConfig:
    """The same settings of data with absolute paths."""
    # Links stay as they are: their targets may have another parent.
    folders = [os.path.abspath(folder) for folder in roots(data.root)]  # noqa: PTH100
    return replace(
        data,
        root=_like(data.root, folders),
        cache=str(path(data.cache).resolve()),
        manifest=_absolute_file(data.manifest),
        exclude=_absolute_file(data.exclude),
        origins=_absolute_file(data.origins),
    )


def unnamed_data(data: DataConfig) -> DataConfig:
    """The same settings of data with :data:`UNNAMED` in place of every path."""
    files: Any = {key: UNNAMED for key in FILES if getattr(data, key) is not None}
    folders = [UNNAMED] * len(roots(data.root))
    return replace(data, root=_like(data.root, folders), cache=DataConfig.cache, **files)


def _like(root: Any, folders: list[str]) -> Any:
    """Folders in the form that ``data.root`` has."""
    if isinstance(root, dict):
        return dict(zip(root, folders, strict=True))
    return folders if isinstance(root, list) else folders[0]


def _absolute_or_name(given: str | None) -> str | None:
    """A file's absolute path; the name of a network that comes with the package stays."""
    return given if given is not None and names_bundled(given) else _absolute_file(given)


def _absolute_file(given: str | None) -> str | None:
    return None if given is None else str(path(given).resolve())
