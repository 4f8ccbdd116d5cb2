"""Groups pairs that belong together: crops of one photograph, and near duplicates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.duplicates.clusters import clusters
from crackseg.data.splits.manifest import Row
from crackseg.data.splits.name_rules import number
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.source_selection import known_source
from crackseg.data.splits.stated_origins import Origins
from crackseg.errors import DatasetError, name_some


def describe(
    pairs: Sequence[Pair],
    blocks: Mapping[str, Blocks] | None = None,
    duplicates: Sequence[tuple[int, int]] = (),
    origins: Origins | None = None,
) -> list[Row]:
    """Makes a row for every pair: where it is from, and which group it must stay with.

    Pairs of the same photograph form a group in whatever folder they are, since two copies of an
    archive hold the same photographs. Where names of one photograph differ, only ``duplicates``
    join the pairs.

    Args:
        pairs: Pairs, each once.
        blocks: Rules by source, where names are plain numbers; a run of numbers then stands for the
            photograph.
        duplicates: Index pairs of near duplicates.
        origins: Origins that the user gave, which come before those that names tell.

    Returns:
        A row for each pair, in the same order, with an empty subset.

    Raises:
        DatasetError: A rule names a source that does not occur, or whose names are not plain
            numbers.
    """
    origins = origins or Origins()
    rows = [Row(*pair, *origins.of(pair), group="", subset="") for pair in pairs]
    for name, rule in (blocks or {}).items():
        rows = _in_runs(rows, known_source("data.blocks", name, rows), rule, origins)
    rows = [replace(row, group=row.photograph or row.image) for row in rows]
    return with_duplicates(rows, duplicates)


def with_duplicates(rows: Sequence[Row], duplicates: Sequence[tuple[int, int]]) -> list[Row]:
    """Joins the groups of near duplicates.

    Args:
        rows: Rows with their groups.
        duplicates: Index pairs of rows that are near duplicates.

    Returns:
        The rows in the same order. A joined group has the name of its first photograph, or of its
        first image where no photograph in it is known.
    """
    members: dict[str, list[Row]] = {}
    for row in rows:
        members.setdefault(row.group, []).append(row)
    groups = list(members)
    places = {group: place for place, group in enumerate(groups)}
    links = [(places[rows[one].group], places[rows[other].group]) for one, other in duplicates]
    names: dict[str, str] = {}
    for cluster in clusters(links):
        joined = [groups[place] for place in cluster]
        name = _name([row for group in joined for row in members[group]])
        names.update(dict.fromkeys(joined, name))
    return [replace(row, group=names.get(row.group, row.group)) for row in rows]


def with_photographs(rows: Sequence[Row], photographs: Mapping[str, str]) -> list[Row]:
    """Rows with the photographs that images were cut from, and their groups joined by these.

    Args:
        rows: Rows with their groups.
        photographs: Photograph by image.
    """
    known = [replace(row, photograph=photographs.get(row.image, row.photograph)) for row in rows]
    first: dict[str, int] = {}
    links = [
        (first.setdefault(row.photograph, place), place)
        for place, row in enumerate(known)
        if row.image in photographs or row.photograph in first
    ]
    return with_duplicates(known, links)


def _in_runs(rows: Sequence[Row], source: str, rule: Blocks, origins: Origins) -> list[Row]:
    """Rows in which a run of numbers stands for the photograph of each image of the source."""
    left = {row.image for row in rows if row.source == source} - origins.photographs.keys()
    if not left:
        # The user says of every one of them which photograph it was cut from.
        return list(rows)
    cut = [
        replace(row, photograph=rule.name(source, rule.run(place)))
        if row.image in left and (place := number(row.stem)) is not None
        else row
        for row in rows
    ]
    others = [row.stem for row in cut if row.source == source and not row.photograph]
    if others or cut == list(rows):
        names = name_some(others or [row.stem for row in rows if row.source == source])
        raise DatasetError(
            f"data.blocks: {source} has names that are not {source} and a plain number, so that "
            f"they cannot be cut into runs: {names}"
        )
    return cut


def _name(together: Sequence[Row]) -> str:
    """Name of a group, whatever the order of its rows."""
    photographs = [row.photograph for row in together if row.photograph]
    return min(photographs or [row.image for row in together])
