import cv2
import numpy as np
import numpy.typing as npt
import pytest

from crackseg.measurement.graph import PixelPath, trace


def traced(*rows: str, half_width: float = 1.0) -> list[PixelPath]:
    skeleton = np.array([[one == "#" for one in row] for row in rows])
    return trace(numbered(skeleton), np.full(skeleton.shape, half_width, np.float32))


def numbered(skeleton: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Numbers of connected parts."""
    return cv2.connectedComponents(skeleton.astype(np.uint8))[1]


def cross(short: int) -> npt.NDArray[np.bool_]:
    """A line with an arm of some length upwards."""
    skeleton = np.zeros((60, 80), np.bool_)
    skeleton[50, 5:75] = True
    skeleton[50 - short : 50, 40] = True
    return skeleton


def test_a_line_is_one_path_in_order_with_free_ends() -> None:
    [path] = traced("......", ".####.", "......")
    assert path.points[:, 0].tolist() in ([1, 2, 3, 4], [4, 3, 2, 1])
    assert path.points[:, 1].tolist() == [1, 1, 1, 1]
    assert path.free == (True, True)
    assert not path.closed


def test_no_skeleton_has_no_path() -> None:
    assert traced("....", "....") == []


def test_a_single_pixel_is_a_path_of_one() -> None:
    [path] = traced("...", ".#.", "...")
    assert path.points.tolist() == [[1.0, 1.0]]


def test_a_pair_of_pixels_is_one_path() -> None:
    [path] = traced("....", ".##.", "....")
    assert len(path.points) == 2


def test_a_corner_is_no_junction() -> None:
    [path] = traced(".....", ".###.", "...#.", "...#.", ".....")
    assert len(path.points) == 5


def test_a_ring_is_closed() -> None:
    skeleton = np.zeros((40, 40), np.uint8)
    cv2.circle(skeleton, (20, 20), 10, 1)
    [path] = trace(numbered(skeleton > 0), np.ones(skeleton.shape, np.float32))
    assert path.closed
    assert path.free == (False, False)
    assert len(path.points) == pytest.approx(skeleton.sum(), abs=1)


def test_branches_meet_at_their_junction() -> None:
    paths = trace(numbered(cross(30)), np.ones((60, 80), np.float32))
    assert len(paths) == 3
    assert {path.group for path in paths} == {paths[0].group}
    for path in paths:
        end = path.points[0] if not path.free[0] else path.points[-1]
        assert np.hypot(*(end - [40, 50])) < 1.5
        assert sum(path.free) == 1


def test_parts_that_do_not_touch_are_groups_of_their_own() -> None:
    paths = traced("######", "......", "######")
    assert len({path.group for path in paths}) == 2


@pytest.mark.parametrize(("short", "kept"), [(5, 1), (12, 3)])
def test_a_branch_that_hardly_leaves_its_crack_is_a_spur(short: int, kept: int) -> None:
    """A crack eight pixels wide: a bump of its rim is not a branch, and twelve pixels are one."""
    half_width = np.ones((60, 80), np.float32)
    half_width[48:53] = 4.0
    assert len(trace(numbered(cross(short)), half_width)) == kept


def test_a_star_of_short_branches_keeps_two() -> None:
    paths = trace(numbered(cross(3)[40:, 38:43]), np.full((20, 5), 4.0, np.float32))
    assert len(paths) == 1
