"""Checks the values of the settings of data and the relations between them."""

from crackseg.config import parsing
from crackseg.config.checks import Check, fault_of, faults_of, one_of, refuse, within
from crackseg.config.schema import DataConfig
from crackseg.system.limits import MASK_THRESHOLD_LIMITS, SEED_LIMITS, WHITE_LIMITS, Limits

SPLITS = ("random", "grouped", "official", "manifest", "none")

COUNT_LIMITS = Limits(10, 1_000_000, whole=True)


# With 4, cracks of half the width would come 16 times as often, and others hardly ever.
THIN_LIMITS = Limits(0, 4, above=True)


def check_data_config(config: DataConfig) -> None:
    """Checks the settings of data alone.

    Raises:
        ConfigError: A setting is at fault; there is one line for every fault.
    """
    refuse(data_faults(config))


def data_faults(data: DataConfig) -> list[str]:
    """A line for every fault in the settings of data."""
    checks = [
        one_of("data.split", data.split, SPLITS),
        one_of("data.without_mask", data.without_mask, ("leave_out", "crack_free")),
        one_of("data.resize", data.resize, ("area", "bilinear")),
        within("data.mask_threshold", data.mask_threshold, MASK_THRESHOLD_LIMITS),
        within("data.split_seed", data.split_seed, SEED_LIMITS),
        within("data.batch_size", data.batch_size, Limits(1, 65_536, whole=True)),
        within("data.num_workers", data.num_workers, Limits(0, 256, whole=True)),
        within("data.store_limit", data.store_limit, Limits(0, 1e6, above=True, unit="gigabytes")),
        (
            data.white_level is None or WHITE_LIMITS.hold(data.white_level),
            f"data.white_level={data.white_level}: {WHITE_LIMITS}",
        ),
        (
            data.thin_cracks is None or THIN_LIMITS.hold(data.thin_cracks),
            f"data.thin_cracks={data.thin_cracks}: {THIN_LIMITS}, or null for each equally often",
        ),
        (
            data.sources is None or bool(data.sources),
            "data.sources=[]: it leaves nothing; null takes all sources",
        ),
        (
            (data.count is not None) == (data.name == "synthetic"),
            "data.count: how many photographs to make; goes with data=synthetic, and only with it",
        ),
        (
            data.count is None or COUNT_LIMITS.hold(data.count),
            f"data.count={data.count}: {COUNT_LIMITS}",
        ),
    ]
    return [
        *fault_of(lambda: (parsing.roots(data.root), parsing.root_sources(data.root))),
        *fault_of(lambda: parsing.crack_labels(data.crack_labels)),
        *fault_of(lambda: parsing.image_size(data.image_size)),
        *fault_of(lambda: parsing.augment(data.augment)),
        *fault_of(lambda: parsing.crop_size(data.crop_size)),
        *fault_of(lambda: parsing.scales(data.scales)),
        *fault_of(lambda: parsing.looks(data.looks)),
        *fault_of(lambda: parsing.shares(data.shares)),
        *fault_of(lambda: parsing.blocks(data.blocks)),
        *fault_of(lambda: parsing.crack_values(data.crack_values)),
        *fault_of(lambda: parsing.crack_colours(data.crack_colours)),
        *faults_of([*checks, *_path_checks(data), *_division_checks(data), *_crop_checks(data)]),
    ]


def _division_checks(data: DataConfig) -> list[Check]:
    return [
        (
            data.manifest is None or data.split == "manifest",
            f"data.manifest={data.manifest}: goes with data.split=manifest, and only with it",
        ),
        (
            data.manifest is not None or data.split != "manifest",
            "data.split=manifest: it goes by a file; add data.manifest=FILE",
        ),
        (
            data.blocks is None or data.split != "official",
            "data.blocks: ready subsets have no guard bands; not with data.split=official",
        ),
        (
            data.split != "manifest" or not _selecting(data),
            f"data.split=manifest: the manifest alone says which photographs take part; take back "
            f"{', '.join(_selecting(data))}",
        ),
        (
            data.counts is None or (len(data.counts) == 3 and min(data.counts) >= 0),
            f"data.counts={data.counts}: three numbers, of train, val and test",
        ),
        (
            data.counts is None or data.split in ("random", "grouped"),
            f"data.counts: goes with data.split=random or grouped, {data.split} has its own",
        ),
    ]


def _path_checks(data: DataConfig) -> list[Check]:
    return [
        (path is None or bool(path.strip()), f"data.{key}: empty; name a path")
        for key in ("cache", "manifest", "exclude", "origins")
        for path in [getattr(data, key)]
    ]


def _selecting(data: DataConfig) -> list[str]:
    """Names of the given settings that choose photographs."""
    given = {
        "data.sources": data.sources,
        "data.without_sources": data.without_sources,
        "data.exclude": data.exclude,
        "data.blocks": data.blocks,
        "data.crack_labels": data.crack_labels,
    }
    return [key for key, value in given.items() if value]


def _crop_checks(data: DataConfig) -> list[Check]:
    return [
        within("data.crops", data.crops, Limits(1, 1000, whole=True)),
        (0 <= data.crack_crops <= 1, f"data.crack_crops={data.crack_crops}: a share from 0 to 1"),
        (
            data.crop_size is not None or data.crops == 1,
            f"data.crops={data.crops}: goes with data.crop_size, and only with it",
        ),
        (
            data.crop_size is not None or data.scales is None,
            f"data.scales={data.scales}: goes with data.crop_size, and only with it",
        ),
        (
            data.crop_size is not None or data.looks is None,
            f"data.looks={data.looks}: goes with data.crop_size, and only with it",
        ),
    ]
