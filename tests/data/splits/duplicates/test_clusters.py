"""Which indices belong together, by links between some of them."""

from crackseg.data.splits.duplicates.clusters import clusters


def test_what_is_linked_over_others_is_one_cluster() -> None:
    assert clusters([(5, 6), (1, 2), (2, 3), (8, 9), (3, 8)]) == [(1, 2, 3, 8, 9), (5, 6)]
    assert clusters([]) == []
    chain = [(one, one + 1) for one in range(50)]
    assert clusters(chain[::-1]) == [tuple(range(51))]
