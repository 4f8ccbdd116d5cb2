"""Judges the best epoch of a training, and stores its threshold."""

from pathlib import Path
from typing import Any

from lightning import Callback, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from crackseg.checkpoint import read_checkpoint, write_checkpoint
from crackseg.data.datamodule import CrackDataModule
from crackseg.inference.scales import scales_of
from crackseg.metrics.thresholds import THRESHOLD_GRID, best_threshold, scores_at_half_and_stored
from crackseg.runs.record import BEST, LAST
from crackseg.training.calibration import validation_scaling
from crackseg.training.schedules import TimeLimit
from crackseg.training.segmenter import CrackSegmenter


def judge_best(
    trainer: Trainer, segmenter: CrackSegmenter, datamodule: CrackDataModule, calibrate: bool
) -> dict[str, Any]:
    """Chooses the best epoch's threshold on val, stores it in its checkpoint, tests it once.

    A network of a range of scales looks at all that it takes in a prediction.
    """
    best = best_checkpoint(trainer)
    checkpoint = read_checkpoint(best)
    segmenter.load_state_dict(checkpoint.module_weights)
    scales = scales_of(None, checkpoint.parameters) if checkpoint.parameters.scales else None
    if scales is not None:
        segmenter.look_at(scales)
    scaling = validation_scaling(trainer, segmenter, datamodule) if calibrate else None
    checkpoint = checkpoint.with_scaling(scaling)
    segmenter.network.load_state_dict(checkpoint.network_weights)
    trainer.validate(segmenter, datamodule=datamodule, verbose=False)
    threshold = best_threshold(segmenter.totals["val"], THRESHOLD_GRID)
    segmenter.threshold = threshold
    if trainer.is_global_zero:
        write_checkpoint(checkpoint.with_threshold(threshold).content, best)
    judged = {"val": scores_at_half_and_stored(segmenter.totals["val"], threshold)}
    if datamodule.counts["test"]:
        trainer.test(segmenter, datamodule=datamodule, verbose=False)
        judged["test"] = scores_at_half_and_stored(segmenter.totals["test"], threshold)
    last = read_checkpoint(best.with_name(LAST))
    callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
    ended = [one.minutes for one in callbacks if isinstance(one, TimeLimit) and one.ended]
    return {
        "threshold": threshold,
        **({"scaling": scaling._asdict()} if scaling else {}),
        **({"scales": scales} if scales else {}),
        "best_epoch": checkpoint.epoch + 1,
        "epochs": last.epoch + 1,
        "stopped_early": bool(trainer.should_stop) and not ended,
        **({"max_time": ended[0]} if ended else {}),
        **judged,
    }


def best_checkpoint(trainer: Trainer) -> Path:
    """Path of the best checkpoint in the first process; others may have another folder."""
    kept = trainer.checkpoint_callback
    assert isinstance(kept, ModelCheckpoint)
    return Path(kept.dirpath or "") / BEST
