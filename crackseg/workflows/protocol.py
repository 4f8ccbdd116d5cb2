"""How figures were measured, in one line; and which data a checkpoint means."""

from dataclasses import replace
from pathlib import Path

from crackseg.config import DataConfig
from crackseg.data.dataset import Preprocessing


def protocol_line(photographs: int, preprocessing: Preprocessing, split: str) -> str:
    """What must be known of a table before its figures are compared with others."""
    height, width = preprocessing.image_size
    return (
        f"dataset totals over {photographs} photographs at {height}x{width} "
        f"({preprocessing.resize}), masks cut at >{preprocessing.mask_threshold}, split "
        f"{split}, float32, no tolerance"
    )


def absolute(data: DataConfig) -> DataConfig:
    """The same settings with absolute paths: they must hold from any working folder."""
    manifest = str(Path(data.manifest).resolve()) if data.manifest else None
    return replace(
        data,
        root=str(Path(data.root).resolve()),
        cache=str(Path(data.cache).resolve()),
        manifest=manifest,
    )
