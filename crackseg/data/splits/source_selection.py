"""Selects sub-datasets, since their licences differ."""

import logging
from collections.abc import Iterable, Sequence

from crackseg.data.splits.manifest import Row
from crackseg.errors import DatasetError, name_some, nearest

log = logging.getLogger(__name__)


def known_source(setting: str, name: str, rows: Iterable[Row]) -> str:
    """Finds a source by its name and returns it as the rows spell it.

    Upper and lower case count only where two sources differ in nothing else.

    Args:
        setting: Setting that names the source, for the message.
        name: Name as the user wrote it.
        rows: Rows of the data set.

    Raises:
        DatasetError: No row is from this source, or more than one has this name.
    """
    sources = sorted({row.source for row in rows if row.source})
    alike = [source for source in sources if source.lower() == name.lower()]
    if name in alike:
        return name
    if len(alike) > 1:
        raise DatasetError(
            f"{setting}: {name!r} may be {' or '.join(alike)}; write it as one of them"
        )
    if not alike:
        by_letters = {source.lower(): source for source in sources}
        meant = nearest(name.lower(), by_letters)
        guess = f" (did you mean {by_letters[meant]}?)" if meant else ""
        raise DatasetError(
            f"{setting}: no photograph here is from a source {name!r}; the sources are "
            f"{', '.join(sources) or 'told by no name'}{guess}"
        )
    return alike[0]


def known_sources(
    rows: Sequence[Row], only: Sequence[str] | None, without: Sequence[str]
) -> tuple[set[str] | None, set[str]]:
    """Finds the sources to take (None for all) and to leave out, as the rows spell them.

    Raises:
        DatasetError: A name is unknown.
    """
    taken = None if only is None else {known_source("data.sources", one, rows) for one in only}
    return taken, {known_source("data.without_sources", one, rows) for one in without}


def sources_taking_part(
    rows: Sequence[Row], only: Sequence[str] | None, without: Sequence[str]
) -> set[str]:
    """Names of the sources that a choice leaves, the empty one of unknown sources among them.

    Raises:
        DatasetError: A name is unknown.
    """
    taken, dropped = known_sources(rows, only, without)
    return {row.source for row in rows if taken is None or row.source in taken} - dropped


def select_sources(
    rows: Sequence[Row], only: Sequence[str] | None = None, without: Sequence[str] = ()
) -> list[Row]:
    """Takes sources, or leaves them out, by name.

    A photograph whose name does not say its source is left out with a source if it is a copy or a
    near duplicate of one of that source.

    Args:
        rows: Rows with their groups, before the division.
        only: Sources to take; None takes all.
        without: Sources to leave out.

    Raises:
        DatasetError: A name is unknown, or no row is left.
    """
    taken, dropped = known_sources(rows, only, without)
    tainted = {row.group for row in rows if row.source in dropped}
    kept = [
        row
        for row in rows
        if (taken is None or row.source in taken)
        and row.source not in dropped
        and (row.source or row.group not in tainted)
    ]
    if not kept:
        raise DatasetError(
            f"data.sources and data.without_sources leave none of the {len(rows)} pairs; take a "
            "source more, or leave one less out"
        )
    nameless = [row.image for row in kept if not row.source]
    if dropped and nameless:
        log.warning(
            "%d photographs whose names tell no source stay in, although sources are left out: %s",
            len(nameless),
            name_some(nameless),
        )
    return kept
