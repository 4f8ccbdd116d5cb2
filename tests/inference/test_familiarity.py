"""Photographs are far from known ones where their features are, taken together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from crackseg.inference.familiarity import (
    familiarity,
    farness,
    known_calibration,
    known_photographs,
    known_site,
)
from crackseg.inference.features import FeatureMoments, FloatArray
from crackseg.parameters.form import Fields
from crackseg.parameters.known_photographs import KnownPhotographs

D = 12
SCALES = (0.5, 1.0)


def drawn(middle: float, count: int, seed: int) -> FloatArray:
    """Features of photographs around a middle, whose spread is 3 in all numbers."""
    return middle + 3 * np.random.default_rng(seed).standard_normal((count, D))


def known(limit_by: float = 0.0) -> KnownPhotographs:
    return of({"wall": drawn(0, 32, 1), "road": drawn(30, 32, 2)}, [drawn(limit_by, 200, 3)])


def of(sources: Mapping[str, FloatArray], others: Sequence[FloatArray] = ()) -> KnownPhotographs:
    found = known_photographs(sources, others, SCALES)
    assert found is not None
    return found


def of_calibration(features: FloatArray) -> KnownPhotographs:
    found = known_calibration(features, 4, 1.1, SCALES)
    assert found is not None
    return found


@pytest.mark.parametrize("count", [5, 20, 100])
def test_photographs_of_known_sources_are_like_them(count: int) -> None:
    for middle in (0, 30):
        found = familiarity(drawn(middle, count, 9), known())
        assert found is not None
        assert not found.unlike
        assert found.nearest == ("road" if middle else "wall")
        assert found.photographs == count


def test_photographs_of_one_place_are_like_a_source_of_many_places() -> None:
    """Each place of the source is far from the mean of all, and one photograph of each is known."""
    random = np.random.default_rng(0)
    places = 9 * random.standard_normal((16, D))
    source = places + 2 * random.standard_normal((16, D))
    reference = of({"": source})
    for at, place in enumerate(places):
        found = familiarity(place + 2 * random.standard_normal((12, D)), reference)
        assert found is not None, at
        assert not found.unlike, at
    elsewhere = familiarity(27 + 2 * random.standard_normal((12, D)), reference)
    assert elsewhere is not None
    assert elsewhere.unlike


def test_a_folder_of_several_known_sources_is_not_far() -> None:
    """Else whoever predicts two known sites at once is warned."""
    both = np.concatenate([drawn(0, 60, 5), drawn(30, 20, 6)])
    found = farness(both, known())
    assert found.distance < 0.1
    np.testing.assert_allclose(found.shares, [0.75, 0.25], atol=0.05)


def test_the_distance_is_in_deviations_within_sources() -> None:
    # Beyond the wall, away from the road: 18 is six times the spread.
    found = familiarity(drawn(-18, 2000, 5), known())
    assert found is not None
    assert found.unlike
    np.testing.assert_allclose(found.distance, 6, atol=0.25)
    assert found.line("seen before") == (
        f"the 2000 photographs are unlike those seen before (distance "
        f"{found.distance:.2f}, limit 0.35; nearest: wall)"
    )


def test_the_limit_is_what_others_of_most_known_sources_reach() -> None:
    assert known().limit == 0.35
    np.testing.assert_allclose(known(limit_by=-18).limit, 6, atol=0.25)
    # One of five sources is another scene in validation than in training.
    sources = {str(at): drawn(9 * at, 16, at) for at in range(5)}
    others = [drawn(9 * at + (90 if at == 4 else 0), 50, 9 + at) for at in range(5)]
    assert of(sources, others).limit == 0.35
    # Of two it is not one of many.
    assert of(sources, others[3:]).limit > 10


def test_without_others_the_limit_is_that_of_few_photographs() -> None:
    assert of({"": drawn(0, 9, 1)}).limit == 0.6


def test_each_part_of_a_place_is_like_the_others() -> None:
    """Photographs of one spot follow each other."""
    even = of_calibration(drawn(0, 40, 1))
    assert even.limit == pytest.approx(1.1 * 0.35)
    assert set(even.photographs) == {""}
    two_spots = np.concatenate([drawn(0, 30, 1), drawn(30, 10, 2)])
    assert of_calibration(two_spots).limit > 1.1
    # Both are known.
    for spot in (0, 30):
        found = familiarity(drawn(spot, 10, 7), of_calibration(two_spots))
        assert found is not None
        assert found.distance < 0.4


def test_of_many_photographs_of_a_place_some_are_kept() -> None:
    places = of_calibration(drawn(0, 1200, 1)).rows()[""]
    assert len(places) == 400


def test_what_is_known_of_a_place_alone_is_in_the_units_of_before() -> None:
    before = known()
    site = drawn(90, 5, 4)
    place = known_site(site, before)
    assert place is not None
    assert (place.spread, place.limit) == (before.spread, 0.6)
    np.testing.assert_allclose(place.rows()[""], before.in_units(site), rtol=1e-3)
    assert known_site(site[:4], before) is None
    assert known_site(site * 1e6, before) is None
    assert known_site(site, replace(before, limit=0.7)) == replace(place, limit=0.7)


def test_few_known_photographs_are_no_sure_place() -> None:
    """They are off by chance, which is not the others' fault."""
    few = of({"": drawn(0, 5, 1)})
    far = [familiarity(drawn(0, 15, 10 + seed), few) for seed in range(40)]
    assert np.mean([one.unlike for one in far if one]) < 0.15


def test_the_distance_of_a_small_example() -> None:
    """By hand."""
    photographs = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]])
    reference = of({"": photographs})
    np.testing.assert_allclose(reference.spread, [1, 3**0.5], rtol=1e-4)
    assert reference.middle == (1.0, 1.0)
    # Less the middle, in units of the spread.
    wanted = np.array([[-1, -(3**-0.5)], [1, -(3**-0.5)], [0, 2 * 3**-0.5]])
    np.testing.assert_allclose(reference.rows()[""], wanted, atol=1e-3)
    shown = np.array([[4.0, 1.0], [6.0, 1.0]])
    # In their units at (5, 1/3^.5), nearest to (2, 0).
    wanted = np.sqrt((3**2 + 1 / 3) / 2)
    np.testing.assert_allclose(farness(shown, reference).distance, wanted, rtol=1e-4)
    np.testing.assert_allclose(farness(shown, reference).shares, [1], atol=1e-4)


def test_shares_are_of_sources_and_add_up() -> None:
    sources = {name: np.array([[-1.0], [1.0]]) + at for name, at in (("a", 0.0), ("b", 10.0))}
    reference = of(sources)
    np.testing.assert_allclose(reference.spread, 2**0.5, rtol=1e-4)
    far = farness(np.array([[20.0], [20.0]]), reference)
    np.testing.assert_allclose(far.shares, [0, 1], atol=1e-3)
    np.testing.assert_allclose(far.distance, 9 / 2**0.5, rtol=1e-3)
    between = farness(np.array([[5.0], [5.0]]), reference)
    assert between.shares.sum() == pytest.approx(1, abs=1e-3)
    assert between.distance == pytest.approx(0, abs=1e-3)


def test_a_number_that_hardly_varies_says_little() -> None:
    varied = np.array([[0.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    reference = of({"": varied})
    np.testing.assert_allclose(reference.spread, [2, 1e-3], rtol=1e-6)


def test_a_name_from_a_file_cannot_rule_the_terminal() -> None:
    reference = of({"\x1b[2Jwall\n": drawn(0, 9, 1)})
    found = familiarity(drawn(9, 9, 2), reference)
    assert found is not None
    assert "nearest: [2Jwall)" in found.line("seen before")


def test_few_photographs_tell_nothing() -> None:
    assert familiarity(drawn(-60, 4, 1), known()) is None
    assert familiarity(drawn(-60, 5, 1), known()) is not None


def test_one_photograph_can_be_all_that_is_known() -> None:
    alone = known_photographs({"": np.ones((1, D))}, [], SCALES)
    found = familiarity(np.ones((5, D)), alone)
    assert found is not None
    assert found.line("seen before").endswith("(distance 0.00, limit 0.60)")


def test_moments_are_those_of_all_tiles_together() -> None:
    random = np.random.default_rng(0)
    tiles = [random.standard_normal((2, 3, 4, 5)), random.standard_normal((1, 3, 2, 2)) + 7]
    moments = FeatureMoments()
    for tile in tiles:
        moments.add(tile)
    together = np.concatenate([tile.swapaxes(0, 1).reshape(3, -1) for tile in tiles], axis=1)
    wanted = [*together.mean(axis=1), *together.std(axis=1)]
    np.testing.assert_allclose(moments.features, wanted, rtol=1e-12)
    with pytest.raises(ValueError, match="features of nothing"):
        _ = FeatureMoments().features


def test_what_is_known_is_read_back_and_checked() -> None:
    values = known().as_dict()
    fields = Fields(values)
    assert KnownPhotographs.from_fields(fields) == known()
    assert fields.faults == []


@pytest.mark.parametrize("text", ["", "?", "AAA=", "AHw=" * 6])
def test_numbers_that_are_none_are_refused(text: str) -> None:
    """Nothing, no base64, of other photographs, and infinite ones."""
    values = {**known().as_dict(), "photographs": {"road": text}}
    fields = Fields(values)
    KnownPhotographs.from_fields(fields)
    assert fields.faults == [f"photographs.road: numbers in half precision, {D} of each photograph"]


def test_what_does_not_fit_together_is_refused() -> None:
    fields = Fields({**known().as_dict(), "middle": [1.0], "limit": "far", "photographs": {}})
    KnownPhotographs.from_fields(fields)
    assert fields.faults == [
        "middle: as many numbers as spread has",
        "photographs: those of one source at least",
        "limit='far': at least 0 and at most 1000000",
    ]


def test_of_a_wide_network_fewer_photographs_are_kept() -> None:
    """Else a checkpoint would hold more than is read."""
    wide = np.random.default_rng(0).standard_normal((40, 8192))
    assert len(of({"": wide}).rows()[""]) == 32
    assert [len(each) for each in of({"a": wide, "b": wide + 9}).rows().values()] == [16, 16]
    assert of_calibration(wide).rows()[""].shape == (20, 8192)


@pytest.mark.parametrize("count", [1, 2, 3, 19])
def test_a_small_calibration_has_no_parts(count: int) -> None:
    assert of_calibration(drawn(0, count, 1)).limit == 0.6


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e7])
def test_features_beyond_any_measure_tell_nothing(bad: float) -> None:
    broken = np.full((25, D), bad)
    assert known_photographs({"": broken}, [], SCALES) is None
    assert known_calibration(broken, 4, 1.1, SCALES) is None
    assert known_site(broken, known()) is None
    assert familiarity(broken, known()) is None
    # Others say nothing of how far photographs are.
    assert of({"": drawn(0, 9, 1)}, [broken]).limit == 0.6


def test_too_few_others_do_not_say_how_far_photographs_are() -> None:
    assert of({"": drawn(0, 9, 1)}, [drawn(90, 4, 2)]).limit == 0.6
    assert of({"": drawn(0, 9, 1)}, [drawn(90, 5, 2)]).limit > 10


def test_copies_of_a_photograph_are_one_corner() -> None:
    one, other = np.zeros((1, D)), np.ones((1, D))
    reference = of({"a": np.concatenate([one, one, other]), "b": one, "c": drawn(50, 9, 1)})
    found = farness(np.zeros((5, D)), reference)
    assert found.shares[:2].sum() == pytest.approx(1, abs=1e-3)
    assert found.distance < 0.01
    # Many copies of many.
    drawn_once = drawn(0, 64, 1)
    copies = of({"": np.repeat(drawn_once, 4, axis=0)})
    shown, alone = drawn(-30, 20, 2), of({"": drawn_once})
    # Freedom of the spread counts photographs.
    units = np.mean(np.array(alone.spread) / copies.spread)
    wanted = farness(shown, alone).distance * units
    assert farness(shown, copies).distance == pytest.approx(wanted, rel=1e-3)


def test_where_no_mixture_is_found_nothing_is_said(
    monkeypatch: pytest.MonkeyPatch, log: pytest.LogCaptureFixture
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise RuntimeError("Maximum number of iterations reached.")

    before = known()
    monkeypatch.setattr("scipy.optimize.nnls", lost)
    assert familiarity(drawn(0, 9, 1), before) is None
    assert "nothing can be said of these photographs: the nearest mixture" in log.text
