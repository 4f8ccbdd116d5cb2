"""Settings in their final form: checked and converted once, at the start, then never changed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

from crackseg.config import parsing
from crackseg.config.data_validation import check_data_config
from crackseg.config.parsing import AugmentationName
from crackseg.config.schema import DataConfig
from crackseg.images.pixels import Resize


@dataclass(frozen=True)
class DataSettings:
    """Settings of a :class:`crackseg.config.schema.DataConfig`, each in a single form.

    To add a setting:

    1. give it a field, a type and a default in ``DataConfig``, and a line in
       ``conf/data/default.yaml``;
    2. say in ``crackseg/config/data_validation.py``, ``data_faults``, what it may be;
    3. give it a field of the same name here, which is all where Hydra's types say what it is (a
       text, a number, yes or no); else write a function in ``crackseg/config/parsing.py`` that
       reads it and name it in :data:`_PARSED`.

    Attributes:
        name: Name of the data's group in ``conf/data``.
        roots: Folders with photographs and masks.
        root_sources: Source of each folder; empty where none is given.
        image_size: Size (H, W) of training in pixels.
        crack_values: Values of grey masks, or palette indices, that are crack.
        crack_colours: Colours (R, G, B) of masks that are crack.
        white_level: Value that is white in photographs deeper than 8 bits.
        augment: Name of the augmentation; None leaves photographs as they are.
        crop_size: Size (H, W) of the crops to train on; None trains on whole photographs.
        scales: Smallest and largest factor by which crops are resized; None leaves them.
        looks: Smallest of several scales at which a crop is seen at once, the largest is 1; None
            shows it at one.
        shares: Share of an epoch by source; empty shows each photograph once.
        thin_cracks: Exponent of the width in how often a photograph is shown; None shows all
            photographs of a source equally often.
        blocks: Numbers in a run and in its guard band, by source.
        manifest: File of an earlier division.
        origins: File that says which photograph each file was cut from.
        exclude: File that lists photographs to leave out.
        cache: Folder of stored surveys and pixels.
        store_limit: Gigabytes that all stores in the cache may take together.
    """

    name: str
    roots: tuple[Path, ...]
    root_sources: tuple[str, ...]
    count: int | None
    without_mask: Literal["leave_out", "crack_free"]
    crack_labels: tuple[str, ...]
    sources: tuple[str, ...] | None
    without_sources: tuple[str, ...]
    exclude: Path | None
    origins: Path | None
    split: Literal["random", "grouped", "official", "manifest", "none"]
    split_seed: int
    counts: tuple[int, ...] | None
    manifest: Path | None
    blocks: Mapping[str, tuple[int, int]]
    image_size: tuple[int, int]
    resize: Resize
    mask_threshold: int
    crack_values: frozenset[int] | None
    crack_colours: frozenset[tuple[int, int, int]] | None
    white_level: int | None
    augment: AugmentationName | None
    crop_size: tuple[int, int] | None
    crops: int
    crack_crops: float
    scales: tuple[float, float] | None
    looks: float | None
    shares: Mapping[str, float]
    thin_cracks: float | None
    overfit_batch: bool
    batch_size: int
    num_workers: int
    cache: Path
    store: bool
    store_limit: float

    @property
    def seen_scales(self) -> tuple[float, float] | None:
        """Smallest and largest scale that the network learns to see; None of a single one."""
        return self.scales if self.looks is None else (self.looks, 1.0)


# How a setting is read that may be written in several ways, or that Hydra's types cannot hold.
_PARSED: Mapping[str, Callable[[Any], Any]] = {
    "crack_labels": parsing.crack_labels,
    "sources": parsing.names,
    "without_sources": parsing.names,
    "exclude": parsing.file,
    "origins": parsing.file,
    "counts": parsing.whole_numbers,
    "crack_values": parsing.crack_values,
    "crack_colours": parsing.crack_colours,
    "manifest": parsing.file,
    "blocks": parsing.blocks,
    "image_size": parsing.image_size,
    "augment": parsing.augment,
    "crop_size": parsing.crop_size,
    "scales": parsing.scales,
    "looks": parsing.looks,
    "shares": parsing.shares,
    "cache": parsing.path,
}


def data_settings(config: DataConfig) -> DataSettings:
    """Checks the settings of data and converts them into their final form.

    Raises:
        ConfigError: One line for every setting that is out of range or contradicts another.
    """
    check_data_config(config)
    named: dict[str, Any] = {
        "roots": tuple(parsing.roots(config.root)),
        "root_sources": tuple(parsing.root_sources(config.root)),
    }
    for field in fields(DataSettings):
        if field.name not in named:
            value = getattr(config, field.name)
            parse = _PARSED.get(field.name)
            named[field.name] = parse(value) if parse else value
    return DataSettings(**named)
