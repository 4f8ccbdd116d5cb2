"""Looks at all masks of a data set and decides what they mean; keeps what it saw in the cache."""

import hashlib
import json
import logging
import os
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from crackseg.data.annotations.ground_truth import encoded_mask, plain_mask
from crackseg.data.annotations.masks.decision import decide_encoding
from crackseg.data.annotations.masks.encoding import CrackMeaning
from crackseg.data.annotations.masks.parts import Decision
from crackseg.data.annotations.masks.stored import read_stored_mask
from crackseg.data.annotations.masks.summaries import MaskSummary, summarise
from crackseg.data.cache.kept import kept
from crackseg.data.discovery.pairs import Inventory
from crackseg.data.splits.name_rules import origin
from crackseg.errors import DatasetError, UnreadableImageError
from crackseg.system.files import file_stamp, write_text
from crackseg.system.processes import thread_pool
from crackseg.system.progress import progress

log = logging.getLogger(__name__)

# To be raised when what a summary says of a mask changes.
_VERSION = 6


class DataSet(NamedTuple):
    """Masks that were made alike.

    Attributes:
        root: Root of the data set; empty where there is only one.
        source: Source of the photographs; empty where it is not known.
    """

    root: str
    source: str

    def __str__(self) -> str:
        """Both, as far as they are known."""
        return " ".join(filter(None, self)) or "unknown source"


@dataclass(frozen=True)
class MaskMeaning:
    """What the mask pictures of a data set mean.

    Attributes:
        inventory: Inventory whose truth references say how their masks are read.
        decisions: Decision about the masks of each data set.
    """

    inventory: Inventory
    decisions: Mapping[DataSet, Decision]

    @property
    def lines(self) -> tuple[str, ...]:
        """What the masks mean: one line, or one for each data set where they differ."""
        by_line: dict[str, list[str]] = defaultdict(list)
        for data_set, decision in self.decisions.items():
            by_line[decision.line].append(str(data_set))
        if len(by_line) == 1:
            return (f"masks: {next(iter(by_line))}",)
        return tuple(f"masks of {' and '.join(names)}: {line}" for line, names in by_line.items())

    @property
    def remarks(self) -> tuple[str, ...]:
        """What deserves a warning."""
        return tuple(remark for one in self.decisions.values() for remark in one.remarks)

    def questions(self, sources: Collection[str] | None = None) -> tuple[str, ...]:
        """What must be answered before the masks can be read.

        Args:
            sources: Sources that take part; None for all.
        """
        return tuple(
            f"{data_set}: {one.question}" if any(data_set) else one.question
            for data_set, one in self.decisions.items()
            if one.question and (sources is None or data_set.source in sources)
        )

    def log(self) -> None:
        """Says what the masks mean."""
        for line in self.lines:
            log.info("%s", line)
        for remark in self.remarks:
            log.warning("%s", remark)

    def refuse_open_questions(self, sources: Collection[str] | None = None) -> None:
        """Refuses to read what may be read in several ways.

        Args:
            sources: Sources that take part; None for all.

        Raises:
            DatasetError: There are questions.
        """
        if questions := self.questions(sources):
            where = self.inventory.root
            raise DatasetError("\n".join(f"{where}: {one}" for one in questions))


def decide_meaning(
    inventory: Inventory,
    folders: Sequence[Path],
    meaning: CrackMeaning,
    cache: Path | None,
    sources: Mapping[str, str] | None = None,
) -> MaskMeaning:
    """Decides how the mask pictures of an inventory are read.

    All masks of a data set explain one another: one that holds 0 and 1 alone may be black and white
    or the crack's part of class numbers.

    Args:
        inventory: Pairs of the data.
        folders: Roots of the data sets.
        meaning: What the settings say.
        cache: Folder of what was seen before; None looks at all anew.
        sources: Source by image; None takes those that names tell.

    Raises:
        DatasetError: The settings name values or colours that do not occur.
    """
    files = {file: pair for pair in inventory.pairs if (file := plain_mask(pair.mask)) is not None}
    summaries = _summaries(inventory.root, list(files), cache)
    grouped: dict[DataSet, dict[str, MaskSummary]] = defaultdict(dict)
    for file, one in summaries.items():
        pair = files[file]
        source = origin(pair.stem).source if sources is None else sources[pair.image]
        grouped[_data_set(inventory.root / file, source, folders)][file] = one
    decisions = {one: decide_encoding(grouped[one], meaning) for one in sorted(grouped)}
    _refuse_foreign_choice(meaning, decisions, inventory.root)
    references = {
        file: encoded_mask(file, encoding)
        for decision in decisions.values()
        for file, encoding in decision.encodings.items()
    }
    pairs = tuple(
        pair._replace(mask=references.get(pair.mask, pair.mask)) for pair in inventory.pairs
    )
    return MaskMeaning(replace(inventory, pairs=pairs), decisions)


def _refuse_foreign_choice(
    meaning: CrackMeaning, decisions: Mapping[DataSet, Decision], root: Path
) -> None:
    if meaning.is_chosen and decisions and not any(one.is_chosen for one in decisions.values()):
        lines = "; ".join(one.line for one in decisions.values())
        raise DatasetError(
            f"{root}: data.crack_values and data.crack_colours name nothing that occurs in its "
            f"masks ({lines}); name what does, or take the settings back (photographs without any "
            "crack need no masks: data.without_mask=crack_free)"
        )


def _data_set(path: Path, source: str, folders: Sequence[Path]) -> DataSet:
    if len(folders) < 2:
        return DataSet("", source)
    # Only as text: a look at the disk for each file would take long.
    whole = os.path.abspath(path)  # noqa: PTH100
    inside = [folder for folder in folders if whole.startswith(os.path.abspath(folder) + os.sep)]  # noqa: PTH100
    return DataSet(str(inside[0]) if inside else "", source)


def _summaries(root: Path, files: Sequence[str], cache: Path | None) -> dict[str, MaskSummary]:
    """What each readable mask holds."""
    look = partial(_look_at_all, root, files)
    if cache is None:
        return look()
    known = kept(cache / "masks" / f"{_key(root, files)}.json", _read, look, _write)
    # More memory may be left than then, or a decoder was installed.
    lost = [file for file in files if file not in known]
    return {**known, **_look_at_all(root, lost)} if lost else known


def _look_at_all(root: Path, files: Sequence[str]) -> dict[str, MaskSummary]:
    def look(file: str) -> MaskSummary | None:
        try:
            return summarise(read_stored_mask(root / file))
        except UnreadableImageError:
            # Whoever reads the pair says so.
            return None

    with thread_pool() as pool:
        seen = progress(pool.map(look, files), "Looking at masks", len(files))
        return {file: one for file, one in zip(files, seen, strict=True) if one is not None}


def _key(root: Path, files: Sequence[str]) -> str:
    digest = hashlib.sha256(f"{_VERSION} {root.resolve()}\n".encode())
    for file in files:
        with suppress(OSError):
            digest.update(f"{file} {file_stamp(root / file)}\n".encode())
    return digest.hexdigest()[:32]


def _write(path: Path, summaries: Mapping[str, MaskSummary]) -> None:
    write_text(path, json.dumps({file: _as_dict(one) for file, one in summaries.items()}))


def _as_dict(one: MaskSummary) -> dict[str, Any]:
    return {
        **vars(one),
        "values": list(one.values.items()),
        "colours": list(one.colours.items()),
        "palette": list(one.palette.items()),
    }


def _from_dict(plain: Mapping[str, Any]) -> MaskSummary:
    return MaskSummary(
        **{
            **plain,
            "values": {int(value): int(count) for value, count in plain["values"]},
            "colours": {(*colour,): int(count) for colour, count in plain["colours"]},
            "palette": {int(index): (*colour,) for index, colour in plain["palette"]},
            "size": (*plain["size"],),
        }
    )


def _read(path: Path) -> dict[str, MaskSummary] | None:
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        return {file: _from_dict(one) for file, one in plain.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
