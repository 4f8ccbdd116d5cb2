"""Prepares a data set for training: finds, reads, selects, divides it and counts leaks."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from crackseg.config.schema import DataConfig
from crackseg.config.settings import DataSettings
from crackseg.data.annotations.ground_truth import labels_of
from crackseg.data.annotations.masks.encoding import CrackMeaning
from crackseg.data.cache.known_duplicates import known_duplicates
from crackseg.data.cache.mask_encodings import decide_meaning
from crackseg.data.cache.store import NoRoomError, open_store
from crackseg.data.cache.survey import PairStatistics, survey
from crackseg.data.discovery.pairs import Inventory, Pair, common_root, find_pairs_below
from crackseg.data.mask_checks import (
    refuse_inverted,
    refuse_other_shapes,
    warn_of_emptied,
    warn_of_masks,
    without_contradicted,
    without_other_shapes,
)
from crackseg.data.readers import FileReader, PairReader, reasons_unreadable
from crackseg.data.splits.duplicates.near_duplicates import THUMBNAIL
from crackseg.data.splits.exclusions import without_excluded
from crackseg.data.splits.grouping import describe, with_duplicates, with_photographs
from crackseg.data.splits.leakage import Leaks, find_leaks
from crackseg.data.splits.manifest import SUBSETS, Manifest, Row, read_manifest
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.source_selection import select_sources, sources_taking_part
from crackseg.data.splits.stated_origins import Origins, read_origins, sources_of_folders
from crackseg.data.splits.strategies import split_by_photograph, split_officially, split_randomly
from crackseg.errors import (
    DatasetError,
    ManifestError,
    UnreadableImageError,
    name_some,
)
from crackseg.preprocessing import Preprocessing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PreparedData:
    """A data set, read and divided.

    Attributes:
        root: Folder that all paths are relative to.
        manifest: Manifest of the division: the subset of each pair.
        statistics: Statistics of each pair by its image.
        pixels: Source of photographs and masks.
        leaks: Overlap of validation and test with training.
    """

    root: Path
    manifest: Manifest
    statistics: Mapping[str, PairStatistics]
    pixels: PairReader
    leaks: Leaks

    def statistics_of(self, rows: Sequence[Row]) -> list[PairStatistics]:
        """Statistics of these pairs."""
        return [self.statistics[row.image] for row in rows]

    def marked(self, row: Row, mask_threshold: int) -> bool:
        """Whether a pair's mask marks any crack, even one that vanishes at training size."""
        return self.statistics[row.image].marks_crack(mask_threshold)


def prepare(config: DataSettings, preprocessing: Preprocessing) -> PreparedData:
    """Finds, reads and divides the pairs that the settings select, and logs a summary.

    Raises:
        DatasetNotFoundError: There are no pairs below a root.
        DatasetError: The pairs cannot be divided as wanted, or a source does not occur.
        ManifestError: The given manifest does not fit the files.
        UnreadableImageError: The given manifest lists a file that cannot be decoded.
    """
    take = _take_manifest if config.manifest is not None else _take_what_is_there
    data = take(config, preprocessing)
    _log_summary(data, preprocessing)
    return data


def compared(path: Path, folders: Sequence[Path]) -> Manifest:
    """Reads a manifest and finds its near duplicates by comparing the photographs.

    Args:
        path: Path of the manifest.
        folders: Folders of its photographs, as in ``data.root``.

    Raises:
        ManifestError: The manifest does not fit the files.
        UnreadableImageError: The manifest lists a file that cannot be decoded.
    """
    cache = Path(DataConfig().cache)
    root = common_root(folders)
    manifest = read_manifest(path, root)
    small = Preprocessing((THUMBNAIL, THUMBNAIL), "area", 127)
    statistics, _ = _read(root, [row.pair for row in manifest.rows], small, cache)
    return _with_duplicates(manifest, root, statistics, cache)


def _take_manifest(config: DataSettings, preprocessing: Preprocessing) -> PreparedData:
    assert config.manifest is not None  # what prepare went by
    root = common_root(config.roots)
    manifest = read_manifest(config.manifest, root)
    _refuse_missing_masks(manifest, config)
    if labels := labels_of(row.mask for row in manifest.rows):
        log.info("labels that count as crack, as the manifest says: %s", labels)
    inventory = Inventory(root, tuple(row.pair for row in manifest.rows))
    sources = {row.image: row.source for row in manifest.rows}
    pairs = _with_meaning(inventory, config, sources, set(sources.values())).pairs
    rows = zip(manifest.rows, pairs, strict=True)
    manifest = Manifest(tuple(replace(row, mask=pair.mask) for row, pair in rows))
    statistics, pixels = _read(root, pairs, preprocessing, config.cache, _store_limit(config))
    refuse_other_shapes(pairs, statistics, config.manifest)
    manifest = _with_duplicates(manifest, root, statistics, config.cache)
    if config.origins is not None:
        origins = read_origins(config.origins, [pair.image for pair in pairs])
        known = with_photographs(manifest.rows, origins.photographs)
        given = origins.image_sources
        known = [replace(row, source=given.get(row.image, row.source)) for row in known]
        manifest = replace(manifest, rows=tuple(known))
    return _prepared(root, manifest, pairs, statistics, pixels)


def _with_duplicates(
    manifest: Manifest, root: Path, statistics: Sequence[PairStatistics], cache: Path
) -> Manifest:
    for found in statistics:
        if found.unreadable:
            path = root / found.unreadable
            raise UnreadableImageError(f"{path}: cannot be decoded, but the manifest lists it")
    rows = with_duplicates(manifest.rows, known_duplicates(statistics, cache))
    return Manifest(tuple(rows))


def _refuse_missing_masks(manifest: Manifest, config: DataSettings) -> None:
    without = [row.image for row in manifest.rows if not row.mask]
    if without and config.without_mask == "leave_out":
        raise ManifestError(
            f"{config.manifest}: {len(without)} photographs have no mask in it: "
            f"{name_some(without)}; give them theirs, take them out, or say that they show no "
            "crack with data.without_mask=crack_free"
        )


def _take_what_is_there(config: DataSettings, preprocessing: Preprocessing) -> PreparedData:
    inventory = find_pairs_below(config.roots, config.without_mask, config.crack_labels)
    if config.exclude is not None:
        inventory = without_excluded(inventory, config.exclude)
    rows = describe(inventory.pairs, _rules(config), origins=_origins(config, inventory))
    # Before the photographs are read, which takes long.
    taking_part = sources_taking_part(rows, config.sources, config.without_sources)
    sources = {row.image: row.source for row in rows}
    inventory = _with_meaning(inventory, config, sources, taking_part)
    root = inventory.root
    statistics, pixels = _read(
        root, inventory.pairs, preprocessing, config.cache, _store_limit(config)
    )
    inventory, statistics = _without_damaged(inventory, statistics)
    inventory, statistics = without_other_shapes(inventory, statistics)
    used = {image: source for image, source in sources.items() if source in taking_part}
    colours_chosen = config.crack_colours is not None
    refuse_inverted(root, inventory.pairs, statistics, used, colours_chosen)
    duplicates = known_duplicates(statistics, config.cache)
    inventory, statistics, duplicates = without_contradicted(inventory, statistics, duplicates)
    masks = {pair.image: pair.mask for pair in inventory.pairs}
    rows = [replace(row, mask=masks[row.image]) for row in rows if row.image in masks]
    rows = with_duplicates(rows, duplicates)
    manifest = _divide(rows, statistics, config)
    return _prepared(root, manifest, inventory.pairs, statistics, pixels)


def _without_damaged(
    inventory: Inventory, statistics: Sequence[PairStatistics]
) -> tuple[Inventory, list[PairStatistics]]:
    """Leaves out pairs that cannot be read, and says what is left out and why.

    Raises:
        DatasetError: No pair is left.
    """
    both = list(zip(inventory.pairs, statistics, strict=True))
    kept = [(pair, found) for pair, found in both if not found.unreadable]
    left_out = replace(
        inventory,
        pairs=tuple(pair for pair, _ in kept),
        unreadable=tuple(found.unreadable for found in statistics if found.unreadable),
    )
    left_out.warn_of_left_out()
    if inventory.said_labels:
        log.info("%s", inventory.said_labels)
    reasons = reasons_unreadable(inventory.root, [pair for pair, found in both if found.unreadable])
    for reason in reasons:
        log.warning("%s", reason)
    if not kept:
        raise DatasetError(
            f"{inventory.root}: no pair is left, all {len(both)} cannot be read "
            f"({name_some(reasons, 1)}); crackseg data verify names them"
        )
    return left_out, [found for _, found in kept]


def _with_meaning(
    inventory: Inventory,
    config: DataSettings,
    sources: Mapping[str, str],
    taking_part: Collection[str],
) -> Inventory:
    """Says how mask pictures are read, in words and in the truth references."""
    meaning = CrackMeaning(config.crack_values, config.crack_colours)
    decided = decide_meaning(inventory, config.roots, meaning, config.cache, sources)
    decided.log()
    decided.refuse_open_questions(taking_part)
    return decided.inventory


def _origins(config: DataSettings, inventory: Inventory) -> Origins:
    images = [pair.image for pair in inventory.pairs]
    stated = Origins() if config.origins is None else read_origins(config.origins, images)
    sources = sources_of_folders(inventory.root, config.roots, config.root_sources)
    return replace(stated, sources=sources)


def _prepared(
    root: Path,
    manifest: Manifest,
    pairs: Sequence[Pair],
    statistics: Sequence[PairStatistics],
    pixels: PairReader,
) -> PreparedData:
    by_image = {pair.image: found for pair, found in zip(pairs, statistics, strict=True)}
    return PreparedData(root, manifest, by_image, pixels, find_leaks(manifest))


def _read(
    root: Path,
    pairs: Sequence[Pair],
    preprocessing: Preprocessing,
    cache: Path,
    store_limit: float | None = None,
) -> tuple[Sequence[PairStatistics], PairReader]:
    """Reads all pairs, into a store if it may take ``store_limit`` gigabytes."""
    if store_limit is not None:
        try:
            return open_store(root, pairs, preprocessing, cache, store_limit)
        except NoRoomError as error:
            log.warning("%s; until then every epoch decodes the files anew", error)
    return survey(root, pairs, preprocessing, cache), FileReader(root, preprocessing)


def _store_limit(config: DataSettings) -> float | None:
    return config.store_limit if config.store else None


def _divide(
    rows: Sequence[Row], statistics: Sequence[PairStatistics], config: DataSettings
) -> Manifest:
    # Shares at the photographs' own size: one division for all training sizes and thresholds.
    shares = {row.image: found.share for row, found in zip(rows, statistics, strict=True)}
    rows = select_sources(rows, config.sources, config.without_sources)
    if config.split == "none":
        return Manifest(tuple(replace(row, subset="test") for row in rows))
    if config.split == "official":
        return split_officially(rows, config.roots, config.split_seed)
    if config.split == "random":
        return split_randomly(rows, config.split_seed, config.counts)
    cracks = [shares[row.image] for row in rows]
    return split_by_photograph(rows, cracks, config.split_seed, config.counts, _rules(config))


def _rules(config: DataSettings) -> dict[str, Blocks]:
    return {source: Blocks(*block) for source, block in config.blocks.items()}


def _log_summary(data: PreparedData, preprocessing: Preprocessing) -> None:
    counts = data.manifest.counts
    parts = ", ".join(f"{subset} {counts[subset]}" for subset in SUBSETS)
    log.info("%d pairs below %s: %s", sum(counts.values()), data.root, parts)
    if counts["train"]:
        level = logging.INFO if data.leaks.is_clean else logging.WARNING
        log.log(level, data.leaks.summary())
    warn_of_masks(data.statistics)
    subsets = {one: data.statistics_of(data.manifest.subset(one)) for one in SUBSETS}
    warn_of_emptied(subsets, preprocessing)
