"""Joins what is linked."""

from collections.abc import Sequence

from scipy.cluster.hierarchy import DisjointSet


def clusters(links: Sequence[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Joins indices that are linked, directly or through others.

    >>> clusters([(0, 4), (2, 3), (4, 7)])
    [(0, 4, 7), (2, 3)]
    """
    joined = DisjointSet(index for pair in links for index in pair)
    for one, other in links:
        joined.merge(one, other)
    return sorted(tuple(sorted(members)) for members in joined.subsets())
