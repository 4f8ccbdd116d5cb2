"""Names of sources that plots, tables and texts share."""

from collections.abc import Sequence

from crackseg.data.analysis.explore import Exploration, Measured

ALL = "all"
UNKNOWN = "(unknown)"


def by_source(exploration: Exploration) -> dict[str, Sequence[Measured]]:
    """The rows of a plot or a table: all pairs where there are several sources, then each."""
    sources: dict[str, Sequence[Measured]] = {
        source or UNKNOWN: measured for source, measured in exploration.sources.items()
    }
    return {ALL: exploration.measured, **sources} if len(sources) > 1 else sources
