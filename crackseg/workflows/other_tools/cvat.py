"""Auto-annotation function for CVAT: masks, or polygons, of the cracks in the frames of a task.

Loaded by CVAT's own command line, beside which crackseg is installed::

    cvat-cli --server-host URL task auto-annotate TASK \
        --function-module crackseg.workflows.other_tools.cvat -p model=str:model.onnx

The interface: https://docs.cvat.ai/docs/api_sdk/sdk/auto-annotation/
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackseg.formats.outlines import outline
from crackseg.inference.predictor import Predictor
from crackseg.inference.scales import ScaleChoice

if TYPE_CHECKING:
    # It is there where CVAT's command line is, and nowhere else.
    from cvat_sdk.auto_annotation import DetectionFunctionContext, DetectionFunctionSpec
    from cvat_sdk.models import LabeledShapeRequest

Mask = npt.NDArray[np.bool_]

_LABEL = 0


def create(
    model: str, scale: ScaleChoice = None, label: str = "crack", smallest: int = 20
) -> "CrackFinder":
    """Opens the function, as CVAT's command line does.

    Args:
        model: Path of an ONNX file of ``crackseg export``, or of a checkpoint.
        scale: Training pixels per photograph pixel, see :func:`crackseg.load`.
        label: Name of the label in the task.
        smallest: Number of pixels below which a crack is left out.
    """
    return CrackFinder(Predictor.from_checkpoint(model, scale=scale), label, smallest)


class CrackFinder:
    """Finds the cracks of a frame; each connected one becomes a shape.

    Args:
        predictor: Predictor.
        label: Name of the label in the task.
        smallest: Number of pixels below which a crack is left out.
    """

    def __init__(self, predictor: Predictor, label: str, smallest: int) -> None:
        self._predictor, self._label, self._smallest = predictor, label, smallest

    @property
    def spec(self) -> "DetectionFunctionSpec":
        """The labels that the function gives."""
        from cvat_sdk.auto_annotation import DetectionFunctionSpec, label_spec

        return DetectionFunctionSpec(labels=[label_spec(self._label, _LABEL)])

    def detect(
        self, context: "DetectionFunctionContext", image: Image.Image
    ) -> "list[LabeledShapeRequest]":
        """Finds the cracks of a frame.

        Args:
            context: What CVAT wants: ``conf_threshold`` replaces the stored threshold, and
                ``conv_mask_to_poly`` asks for polygons in place of masks.
            image: Frame.
        """
        from cvat_sdk.auto_annotation import mask as mask_shape
        from cvat_sdk.auto_annotation import polygon
        from cvat_sdk.masks import encode_mask

        found = self._predictor.predict(image)
        mask = found.mask
        if context.conf_threshold is not None:
            mask = found.probability > context.conf_threshold
        cracks = _connected(mask, self._smallest)
        if context.conv_mask_to_poly:
            return [polygon(_LABEL, corners_of(crack)) for crack in cracks]
        return [mask_shape(_LABEL, encode_mask(crack)) for crack in cracks]


def _connected(mask: Mask, smallest: int) -> Iterator[Mask]:
    """The connected parts of a mask, each alone."""
    count, parts, sizes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    for number in range(1, count):
        if sizes[number, cv2.CC_STAT_AREA] >= smallest:
            yield parts == number


def corners_of(crack: Mask) -> list[float]:
    """Corners x, y, x, y, ... of a polygon that is filled to the very pixels of a crack.

    Args:
        crack: Pixels that hang together, bool (H, W).
    """
    left, top, width, height = cv2.boundingRect(crack.astype(np.uint8))
    corners = outline(crack[top : top + height, left : left + width]) + np.array([left, top])
    return [float(one) for one in corners.ravel()]
