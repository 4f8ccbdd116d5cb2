"""Scales the logits of a fitted network, so that its thresholds stay away from 0 and 1.

A fit sees crops that hold more crack than photographs do, and calls it too likely. Masks hardly
change by the scaling, but a threshold of .97 is at the end of the grid that it is chosen from.
"""

from collections.abc import Sequence

import numpy as np
import torch

from crackseg.adaptation.photographs import Labelled
from crackseg.checkpoint import with_scaled_logits
from crackseg.inference.looks import Looking
from crackseg.metrics.calibration import SCALING_THRESHOLDS, platt_scaling
from crackseg.metrics.confusion import ConfusionCounts
from crackseg.models import SkipNetwork


def calibrate(network: SkipNetwork, looking: Looking, photographs: Sequence[Labelled]) -> None:
    """Scales a network's logits in place, where the photographs tell how.

    Args:
        network: Network.
        looking: How it looks at photographs.
        photographs: Labelled photographs.
    """
    total = np.zeros((len(SCALING_THRESHOLDS), 4))
    for one in photographs:
        counts = ConfusionCounts(SCALING_THRESHOLDS)
        counts.update(*map(torch.from_numpy, (looking.probability(one.image), one.crack)))
        total += one.weight * counts.compute().numpy()
    scaling = platt_scaling(total.round().astype(np.int64))
    if scaling is not None:
        network.load_state_dict(with_scaled_logits(network.state_dict(), scaling))
