"""Ways to divide the rows of a data set into train, val and test."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from crackseg.data.splits.manifest import SUBSETS, Manifest, Row
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.official import ready_subsets
from crackseg.data.splits.stratify import divide_groups
from crackseg.errors import DatasetError, name_some

log = logging.getLogger(__name__)


def split_randomly(
    rows: Sequence[Row], seed: int = 0, counts: Sequence[int] | None = None
) -> Manifest:
    """Divides at random, as the report did.

    Of N pairs, floor(.8 N) go to training, floor(.1 N) to validation, and the rest to test. Crops
    of one photograph may then be in different subsets.

    Args:
        rows: Rows, each once.
        seed: Seed of the shuffle; the order of ``rows`` does not matter.
        counts: Other numbers of train, val and test pairs, N in sum.

    Raises:
        DatasetError: The counts are not three or do not add up to N, or there are too few pairs for
            one in train and one in val.
    """
    wanted = _wanted_counts(len(rows), counts)
    order = np.random.default_rng(seed).permutation(len(rows))
    subsets = np.repeat(SUBSETS, wanted)
    assigned = dict(zip(order.tolist(), subsets.tolist(), strict=True))
    ordered = enumerate(sorted(rows, key=_by_name))
    return Manifest(tuple(replace(row, subset=assigned[place]) for place, row in ordered))


def split_by_photograph(
    rows: Sequence[Row],
    crack_pixels: Sequence[float],
    seed: int = 0,
    counts: Sequence[int] | None = None,
    blocks: Mapping[str, Blocks] | None = None,
) -> Manifest:
    """Divides whole groups, so that the subsets have the same sources and the same share of crack.

    The counts come as close to the wanted ones as whole groups allow. Pairs in guard bands are
    taken from training.

    Args:
        rows: Rows with their groups, each once.
        crack_pixels: Share of crack of each row, in [0, 1].
        seed: Seed of the search; the order of ``rows`` does not matter.
        counts: Numbers of pairs as for :func:`split_randomly`, before guard bands are left out.
        blocks: Rules by source, by which runs stand for photographs.

    Raises:
        DatasetError: The counts are at fault as for :func:`split_randomly`, or there are too few
            groups, or too large ones, to fill a subset.
    """
    wanted = _wanted_counts(len(rows), counts)
    pairs = sorted(zip(rows, crack_pixels, strict=True), key=lambda pair: _by_name(pair[0]))
    ordered = [row for row, _ in pairs]
    shares = [share for _, share in pairs]
    manifest = Manifest(tuple(divide_groups(ordered, shares, wanted, seed, blocks or {})))
    for subset, count in zip(SUBSETS, wanted, strict=True):
        if count and not manifest.subset(subset):
            raise DatasetError(
                f"guard bands leave nothing of the {subset} subset; set larger runs or a smaller "
                "guard in data.blocks"
            )
    left_out = len(rows) - len(manifest.rows)
    if left_out:
        log.info("%d pairs in guard bands between runs of different subsets, left out", left_out)
    return manifest


def split_officially(rows: Sequence[Row], folders: Sequence[Path], seed: int = 0) -> Manifest:
    """Divides as the data set's authors did, by folders or by lists of names.

    Where they gave no validation subset, whole groups with a tenth of all pairs are taken from
    training, and a message says so. Pairs in no subset are left out, and a message says so.

    Args:
        rows: Rows with their groups, each once.
        folders: Folders in which lists may lie, at any depth.
        seed: Seed of the choice of validation groups.

    Raises:
        DatasetError: There are no ready subsets, a name is in two of them, or training gets no
            pair.
    """
    ready = ready_subsets(rows, folders)
    if not ready:
        raise DatasetError(
            f"{name_some(map(str, folders))}: no ready subsets here. Looked for folders train, val "
            "and test above the images, and for train.txt and test.txt at any depth; divide with "
            "data.split=grouped instead"
        )
    ordered = sorted(rows, key=_by_name)
    left_out = [row.image for row in ordered if row.image not in ready]
    if left_out:
        log.warning(
            "%d pairs are in no ready subset, left out: %s", len(left_out), name_some(left_out)
        )
    divided = [replace(row, subset=ready[row.image]) for row in ordered if row.image in ready]
    counts = Manifest(tuple(divided)).counts
    if not counts["train"]:
        raise DatasetError(
            f"data.split=official: none of the {len(rows)} pairs is in the ready training subset; "
            "is the data set whole? Otherwise divide with data.split=grouped; to judge a test half "
            "alone, data.split=none"
        )
    if not counts["val"]:
        divided = _with_validation(divided, seed)
    return Manifest(tuple(divided))


def _wanted_counts(total: int, counts: Sequence[int] | None) -> tuple[int, int, int]:
    if counts is None:
        train, val = total * 8 // 10, total // 10
        counts = (train, val, total - train - val)
    if len(counts) != 3 or min(counts) < 0 or sum(counts) != total:
        raise DatasetError(
            f"data.counts={list(counts)}: they are train, val and test and must add up to the "
            f"{total} pairs there are"
        )
    if not counts[0] or not counts[1]:
        raise DatasetError(
            f"{total} pairs make {counts[0]} for training and {counts[1]} for validation, and each "
            "needs at least one; add photographs, set data.counts, or judge all of them with "
            "evaluate.py subset=all"
        )
    return (counts[0], counts[1], counts[2])


def _with_validation(divided: Sequence[Row], seed: int) -> list[Row]:
    """Takes a validation subset from the training subset."""
    training = [row for row in divided if row.subset == "train"]
    tenth = max(len(divided) // 10, 1)
    wanted = _wanted_counts(len(training), (len(training) - tenth, tenth, 0))
    recut = divide_groups(training, [0.0] * len(training), wanted, seed, {})
    log.info(
        "there is no ready validation subset: %d of %d training pairs were cut out for it, by "
        "whole photographs",
        sum(row.subset == "val" for row in recut),
        len(training),
    )
    return sorted([*recut, *(row for row in divided if row.subset == "test")], key=_by_name)


def _by_name(row: Row) -> tuple[str, str, str]:
    return row.stem, row.image, row.mask
