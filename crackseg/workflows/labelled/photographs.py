"""Reads labelled photographs of a user at their own size."""

import logging
from collections.abc import Sequence
from pathlib import Path

from crackseg.config.schema import DataConfig
from crackseg.config.settings import data_settings
from crackseg.data.annotations.formats import labelme
from crackseg.data.annotations.ground_truth import truth_file
from crackseg.data.discovery.explanations import no_folder
from crackseg.data.prepare import PreparedData, prepare
from crackseg.errors import DatasetError, DatasetNotFoundError, name_some
from crackseg.images import png
from crackseg.parameters.usage import UsageParameters
from crackseg.preprocessing import Preprocessing

log = logging.getLogger(__name__)


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
        DatasetError: All truth is what this program itself has found.
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
    data = prepare(data_settings(config), own_size)
    _require_corrections(data)
    return data


def _require_corrections(data: PreparedData) -> None:
    """Refuses outlines and masks that are all a network's own, and names those among others.

    Raises:
        DatasetError: Nobody has corrected one.
    """
    files = [truth_file(row.mask) for row in data.manifest.rows]
    own = [file for file in files if file is not None and _is_own(data.root / file)]
    if own and len(own) == len(files):
        raise DatasetError(
            f"{data.root}: the outlines or masks of all {len(own)} photographs are as crackseg "
            "wrote them, so that there is nothing to learn or to judge by; correct them first, as "
            "in LabelMe (where all are right the network needs no adapting)"
        )
    if own:
        log.warning(
            "the outlines or masks of %d of %d photographs are as crackseg wrote them, and are "
            "taken for right: %s",
            len(own),
            len(files),
            name_some(own),
        )


def _is_own(truth: Path) -> bool:
    return labelme.is_as_written(truth) if truth.suffix == ".json" else png.is_as_written(truth)
