"""Real profiles: their files, and the figures of their widths."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr

from crackseg.errors import DatasetError, DatasetNotFoundError
from crackseg.evaluation.width_profiles import judge_profiles, measure_profiles, read_profiles


def write_profile(path: Path, width_px: float, mm_per_pixel: float = 0.1) -> None:
    """A nearly black crack on a surface that is brighter on the right."""
    places = np.arange(31.0) - 15.3
    inside = ndtr((places + width_px / 2) / 0.8) - ndtr((places - width_px / 2) / 0.8)
    grey = (120 + 0.5 * places) * (1 - 0.95 * inside)
    names = "crack_dot_x, width_m, mean_res"
    values = f"12.5, {width_px * mm_per_pixel}, {mm_per_pixel}"
    numbers = ",".join(f"{one:.1f}" for one in [*grey, 111.0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{names}\n{values}\nintensities\n{numbers},\n", encoding="utf-8")


def test_a_profile_is_read_without_its_last_value(tmp_path: Path) -> None:
    write_profile(tmp_path / "site" / "one.csv", 4.0)
    [found] = read_profiles(tmp_path)
    assert len(found.grey) == 31
    assert found.width == pytest.approx(4.0)
    assert found.rounding == pytest.approx(0.25)


def test_a_profile_too_coarse_to_show_anything_is_left_out(tmp_path: Path) -> None:
    write_profile(tmp_path / "one.csv", 4.0)
    write_profile(tmp_path / "two.csv", 4.0, mm_per_pixel=26.7)
    assert len(read_profiles(tmp_path)) == 1


@pytest.mark.parametrize("width", [3.0, 5.0, 9.0])
def test_a_wide_profile_is_resolved_by_itself(tmp_path: Path, width: float) -> None:
    write_profile(tmp_path / "one.csv", width)
    [found] = measure_profiles(read_profiles(tmp_path))
    assert found.resolved
    assert found.value == pytest.approx(width, abs=0.2)
    assert found.low < width < found.high


def test_a_narrow_profile_has_a_guess_and_bounds(tmp_path: Path) -> None:
    write_profile(tmp_path / "one.csv", 1.0)
    [found] = measure_profiles(read_profiles(tmp_path))
    assert not found.resolved
    assert found.value == pytest.approx(1.0, abs=0.2)
    assert found.low < 1.0 < found.high


def test_profiles_are_counted_by_width_beside_a_constant(tmp_path: Path) -> None:
    for number, width in enumerate((0.8, 4.0, 5.0)):
        write_profile(tmp_path / f"{number}.csv", width)
    rows = {row.label: row for row in judge_profiles(read_profiles(tmp_path))}
    assert list(rows) == ["0 to 1 px", "3 to 6 px", "all"]
    assert rows["all"].count == 3
    assert rows["all"].constant == pytest.approx((3.2 + 0 + 1) / 3)
    assert rows["3 to 6 px"].close == 1.0


def test_a_folder_without_profiles_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetNotFoundError, match="no profile of a crack"):
        read_profiles(tmp_path / "nowhere")


def test_a_file_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"one\.csv: no profile of a crack: expected names with"):
        read_profiles(tmp_path)


@pytest.mark.parametrize(
    ("values", "grey"),
    [
        ("4, 0.1", [100.0] * 3),
        ("4, 0.1", [100.0] * 19),
        ("4, 0", [100.0] * 31),
        ("4, -1", [100.0] * 31),
        ("4, nan", [100.0] * 31),
        ("0, 0.1", [100.0] * 31),
        ("inf, 0.1", [100.0] * 31),
        ("4, 0.1", [float("nan")] * 31),
        ("4, 0.1", [-5.0] * 31),
        ("4, 0.1", []),
    ],
)
def test_numbers_that_are_of_no_profile_are_refused(
    values: str, grey: list[float], tmp_path: Path
) -> None:
    numbers = ",".join(map(str, grey))
    (tmp_path / "one.csv").write_text(f"width_m, mean_res\n{values}\nintensities\n{numbers},\n")
    with pytest.raises(DatasetError, match=r"one\.csv: no profile of a crack: expected names"):
        read_profiles(tmp_path)


@pytest.mark.parametrize("darkest", range(6, 13))
@pytest.mark.parametrize("surface", [0.0, 200.0])
def test_the_shortest_profile_is_measured(darkest: int, surface: float, tmp_path: Path) -> None:
    grey = [surface] * 20
    grey[darkest] = 0.0
    numbers = ",".join(map(str, grey))
    (tmp_path / "one.csv").write_text(f"width_m, mean_res\n1, .5\nintensities\n{numbers},\n")
    [found] = measure_profiles(read_profiles(tmp_path))
    assert np.isfinite([found.value, found.low, found.high]).all()
