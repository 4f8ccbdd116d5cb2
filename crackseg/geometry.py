"""How wide cracks are."""

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize


def crack_widths(crack: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Measures the width of cracks at every pixel of their middle line.

    Twice the distance from the middle line to the crack's rim. Since a line an even number of
    pixels wide has no pixel in its middle, distances are taken on the mask drawn twice as large,
    where straight lines of any whole width measure exactly. Outside of the picture is no crack.

    Args:
        crack: bool (H, W).

    Returns:
        float32 (N,), in pixels, at least 1; slanted lines measure within a pixel. Empty where there
        is no crack.
    """
    rows, columns = np.nonzero(middle_line(crack))
    if not len(rows):
        return np.zeros(0, np.float32)
    framed = np.pad(crack.astype(np.uint8), 1)
    doubled = cv2.resize(framed, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(doubled, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Behind the frame, and of the four pixels that each became the one farthest from the rim.
    places = ((2 * rows + 2 + down, 2 * columns + 2 + right) for down, right in np.ndindex(2, 2))
    widths = np.max([distance[place] for place in places], axis=0)
    # OpenCV may miss the root of a whole number by a rounding, and with it a class by its edge.
    return np.asarray(np.sqrt(np.rint(np.square(widths, dtype=np.float64))), np.float32)


def middle_line(crack: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """What is left of cracks when they are thinned from all sides to one pixel.

    See Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984.

    Args:
        crack: bool (H, W).

    Returns:
        bool (H, W).
    """
    return np.asarray(skeletonize(crack), np.bool_)
