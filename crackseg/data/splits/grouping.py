"""Which pairs belong together: crops of one photograph, and near duplicates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from crackseg.data.discovery.pairs import Pair
from crackseg.data.splits.duplicates import clusters
from crackseg.data.splits.manifest import Row
from crackseg.data.splits.numbered_series import Blocks
from crackseg.data.splits.origin import number, origin
from crackseg.data.splits.sources import known_source
from crackseg.errors import DatasetError, name_some


def describe(
    pairs: Sequence[Pair],
    blocks: Mapping[str, Blocks] | None = None,
    duplicates: Sequence[tuple[int, int]] = (),
) -> list[Row]:
    """Says of every pair where it is from and which others it must not be parted from.

    Equal photographs join whatever folder they stand in, for two copies of an archive hold the same
    ones. Pairs of one photograph under names that differ are joined by ``duplicates`` alone.

    Args:
        pairs: each once.
        blocks: by source, where names are plain numbers; a run then stands for the photograph.
        duplicates: indices of pairs that show nearly the same.

    Returns:
        A row for each pair, in their order, its subset empty.

    Raises:
        DatasetError: blocks for a source that does not occur or whose names are no plain numbers.
    """
    rows = [Row(*pair, *origin(pair.stem), group="", subset="") for pair in pairs]
    for name, rule in (blocks or {}).items():
        rows = _in_runs(rows, known_source("data.blocks", name, rows), rule)
    rows = [replace(row, group=row.photograph or row.image) for row in rows]
    return with_duplicates(rows, duplicates)


def with_duplicates(rows: Sequence[Row], duplicates: Sequence[tuple[int, int]]) -> list[Row]:
    """Joins the groups of near duplicates.

    Args:
        rows: with their groups.
        duplicates: indices of rows that show nearly the same.

    Returns:
        The rows in their order; a joined group has the name of its first photograph, or of its
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


def _in_runs(rows: Sequence[Row], source: str, rule: Blocks) -> list[Row]:
    """The rows with a run for the photograph where a name of the source is a plain number."""
    cut = [
        replace(row, photograph=rule.name(source, rule.run(place)))
        if row.source == source and (place := number(row.stem)) is not None
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
    """Does not depend on the order of the rows."""
    photographs = [row.photograph for row in together if row.photograph]
    return min(photographs or [row.image for row in together])
