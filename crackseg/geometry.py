"""Width and middle line of cracks."""

import cv2
import numpy as np
import numpy.typing as npt
from skimage.morphology import skeletonize


def crack_widths(crack: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    """Measures the width of cracks at every pixel of their middle line.

    The width is twice the distance from the middle line to the crack's rim. A line an even number
    of pixels wide has no pixel in its middle. So distances are taken on the mask drawn twice as
    large, where straight lines of any whole width measure exactly. There is no crack outside the
    picture.

    Args:
        crack: Whether a pixel is crack, bool (H, W).

    Returns:
        Widths in pixels, float32 (N,), each at least 1; slanted lines measure within a pixel.
        Empty where there is no crack.

    Example:
        >>> mask = np.zeros((9, 40), np.bool_)
        >>> mask[3:7] = True
        >>> float(np.median(crack_widths(mask)))
        4.0
    """
    rows, columns = np.nonzero(middle_line(crack))
    if not len(rows):
        return np.zeros(0, np.float32)
    framed = np.pad(crack.astype(np.uint8), 1)
    doubled = cv2.resize(framed, None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST)
    distance = cv2.distanceTransform(doubled, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Each pixel became four, beside the frame; the one farthest from the rim counts.
    places = ((2 * rows + 2 + down, 2 * columns + 2 + right) for down, right in np.ndindex(2, 2))
    widths = np.max([distance[place] for place in places], axis=0)
    # OpenCV's root of a whole number may be off by a rounding, which would shift a width's class.
    return np.asarray(np.sqrt(np.rint(np.square(widths, dtype=np.float64))), np.float32)


def middle_line(crack: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Thins cracks from all sides to lines of one pixel.

    Args:
        crack: Whether a pixel is crack, bool (H, W).

    Returns:
        Whether a pixel is on a middle line, bool (H, W).

    References:
        Zhang and Suen, "A fast parallel algorithm for thinning digital patterns", 1984.
    """
    return np.asarray(skeletonize(crack), np.bool_)
