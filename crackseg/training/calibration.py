"""Calibration of a trained network on the validation subset."""

import logging

from lightning import Trainer

from crackseg.data.datamodule import CrackDataModule
from crackseg.metrics.calibration import SCALING_THRESHOLDS, PlattScaling, platt_scaling
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.training.segmenter import CrackSegmenter

log = logging.getLogger(__name__)


def validation_scaling(
    trainer: Trainer, segmenter: CrackSegmenter, datamodule: CrackDataModule
) -> PlattScaling | None:
    """Finds the scaling of the logits that calibrates a network on the validation subset.

    Returns:
        The scaling; None, with a warning, where the subset does not tell of one.
    """
    usual = segmenter.counts["val_counts"]
    segmenter.counts["val_counts"] = ConfusionCounts(SCALING_THRESHOLDS)
    trainer.validate(segmenter, datamodule=datamodule, verbose=False)
    segmenter.counts["val_counts"] = usual
    scaling = platt_scaling(segmenter.totals["val"].cpu().numpy())
    if scaling is None:
        log.warning(
            "not calibrated: the validation subset has no crack, or the network has no doubt or "
            "has learned nothing; it is used as it was trained"
        )
    else:
        log.info("calibrated on val: logits times %.3f plus %.3f", *scaling)
    return scaling
