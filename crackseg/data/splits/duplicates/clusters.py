"""Joins what is linked."""

from collections.abc import Iterable

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def clusters(links: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Joins indices that are linked, directly or through others.

    >>> clusters([(0, 4), (2, 3), (4, 7)])
    [(0, 4, 7), (2, 3)]
    """
    pairs = np.array([*links], np.int64).reshape(-1, 2)
    linked, places = np.unique(pairs, return_inverse=True)
    ends = places.reshape(-1, 2).T
    graph = coo_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(len(linked), len(linked)))
    _, homes = connected_components(graph, directed=False)
    order = np.argsort(homes, kind="stable")
    starts = np.flatnonzero(np.diff(homes[order])) + 1
    return sorted(
        tuple(members.tolist()) for members in np.split(linked[order], starts) if len(members)
    )
