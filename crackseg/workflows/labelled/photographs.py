"""Reads labelled photographs of a user at their own size."""

from collections.abc import Sequence
from pathlib import Path

from crackseg.config.schema import DataConfig
from crackseg.config.settings import data_settings
from crackseg.data.discovery.explanations import no_folder
from crackseg.data.prepare import PreparedData, prepare
from crackseg.errors import DatasetNotFoundError
from crackseg.parameters.usage import UsageParameters
from crackseg.preprocessing import Preprocessing


def labelled_photographs(
    roots: Sequence[Path], usage: UsageParameters, origins: Path | None
) -> PreparedData:
    """Finds labelled photographs, as ``data=folder`` does; none of them is resized.

    Args:
        roots: Folders with photographs and their truth.
        usage: Use of the network, of which the mask threshold and the white level are taken.
        origins: Table of the photographs that crops were cut from, as ``data.origins`` takes it.

    Raises:
        DatasetNotFoundError: A folder does not exist, or there are no pairs below it.
    """
    for root in roots:
        if not root.is_dir():
            raise DatasetNotFoundError(f"{root}: {no_folder(root)} of labelled photographs")
    seen = usage.preprocessing
    own_size = Preprocessing(None, seen.resize, seen.mask_threshold, seen.white_level)
    config = DataConfig(
        name="folder",
        root=[str(root) for root in roots],
        origins=None if origins is None else str(origins),
        split="none",
        mask_threshold=seen.mask_threshold,
        white_level=seen.white_level,
        store=False,
    )
    return prepare(data_settings(config), own_size)
