"""Checkpoint files, typed, checked before anything of them is built, and read without running code.

A checkpoint is Lightning's, and its hyper-parameters are plain Python. They hold all that is
needed to use the network without the configuration or the data that it was trained with:

    format          version of this layout
    model           {"name", "arguments"}
    preprocessing   {"image_size": [H, W], "resize", "mask_threshold", "scale", "scales",
                    "white_level"}; without the last two where there are none
    threshold       probability above which a pixel is called crack
    loss, optimizer, scheduler
    data            {"name", "root", "manifest_hash", "counts", "leaks", "class_weights", "config"}
    seed, versions
    init_from       {"path", "sha256", "licence"} of the network that the first weights are of,
                    if any; without the last where none is stated
    teacher         the same of the network that it learned from beside the truth, if any
    adaptation      see :class:`crackseg.parameters.adaptation.Adaptation`, if any
    scaling         {"slope", "intercept"} of the logits that calibrate the network, if any; the
                    weights are those of the training, so that it can go on
"""

from crackseg.checkpoint.file import (
    Checkpoint,
    read_checkpoint,
    refused,
    with_scaled_logits,
    write_checkpoint,
)
from crackseg.checkpoint.parameters import FORMAT, CheckpointParameters, Origin

__all__ = [
    "FORMAT",
    "Checkpoint",
    "CheckpointParameters",
    "Origin",
    "read_checkpoint",
    "refused",
    "with_scaled_logits",
    "write_checkpoint",
]
