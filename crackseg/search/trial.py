"""Trains a trial: one run for each seed, the first of which may be ended early."""

import logging
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from hydra import compose
from lightning import Callback, LightningModule, Trainer
from lightning.pytorch.trainer.states import TrainerFn

from crackseg.config.machine import OF_THE_MACHINE
from crackseg.config.overrides import how_to_go_on
from crackseg.config.schema import TrainConfig
from crackseg.config.search_schema import SearchConfig
from crackseg.errors import (
    DatasetError,
    DatasetNotFoundError,
    OutputError,
    StudyError,
    UnreadableImageError,
)
from crackseg.launch.entrypoint import to_dataclass
from crackseg.launch.resume import differences_in
from crackseg.models.limits import outline
from crackseg.runs.reader import read_run
from crackseg.runs.record import LAST, RECORD, Pruned, state_of
from crackseg.search.queue import BegunTrial
from crackseg.search.space import Point, as_typed
from crackseg.search.trial_states import Outcome, figure_by_epoch, run_name, seeds_of
from crackseg.system.exits import Interrupted, mistake_of
from crackseg.system.logs import start_logging
from crackseg.workflows.recorded import train_recorded

log = logging.getLogger(__name__)

# Faults that other settings would meet too.
_OF_THE_MACHINE = (
    DatasetError,
    DatasetNotFoundError,
    UnreadableImageError,
    OutputError,
    StudyError,
    OSError,
)


@dataclass(frozen=True)
class TrialTrainer:
    """Trains the trials of a search.

    Attributes:
        base: Settings of all trials as typed.
        settings: Settings of the search.
        folder: Folder of the search.
    """

    base: Sequence[str]
    settings: SearchConfig
    folder: Path

    @property
    def how_to_go_on(self) -> str:
        """How the search goes on, as it can be typed here."""
        return how_to_go_on("tune.py", "search.resume", self.folder)

    def config(self, point: Point, seed: int | None = None) -> TrainConfig:
        """Settings of a run.

        Raises:
            Exception: As Hydra and OmegaConf have it, for settings that do not go together.
        """
        config: TrainConfig = to_dataclass(compose("train", self.overrides(point, seed)))
        if config.trainer.devices == "auto":
            # Several would be several processes, each of which would ask for a trial.
            config = replace(config, trainer=replace(config.trainer, devices=1))
        return config

    def overrides(self, point: Point, seed: int | None = None) -> list[str]:
        """Settings of a run as typed."""
        return [*self.base, *as_typed(point), *([] if seed is None else [f"seed={seed}"])]

    def train(self, trial: BegunTrial) -> Outcome:
        """Trains a trial, or goes on with it.

        Raises:
            Interrupted: A signal ended the training; another process can go on with it.
        """
        try:
            self._refuse_large(trial.point)
            seeds = seeds_of(self.settings.seeds)
            figures = [
                self._figure(trial, seed, first=not index) for index, seed in enumerate(seeds)
            ]
            return Outcome("done", fmean(figures))
        except Pruned as reason:
            log.info("trial %d ended early: %s", trial.number, reason)
            return Outcome("pruned", reason=str(reason))
        except Interrupted as error:
            trial.interrupted()
            error.advice = self.how_to_go_on
            raise
        except _OF_THE_MACHINE as error:
            # No settings would do better: another process, or a later one, goes on with it.
            trial.interrupted()
            raise StudyError(
                f"{mistake_of(error)}; once that is mended, {self.how_to_go_on}"
            ) from error
        except Exception as error:
            return Outcome("failed", reason=_said(trial, error))
        finally:
            start_logging(self.folder / "tune.log")

    def _figure(self, trial: BegunTrial, seed: int | None, first: bool) -> float:
        """The figure of a run, which is trained unless it is done."""
        folder = self.folder / run_name(trial.place, seed)
        config = self.config(trial.point, seed)
        _refuse_other_run(folder, config)
        if not ((folder / RECORD).is_file() and state_of(folder) == "done"):
            start_logging(folder / "train.log")
            checkpoint = folder / LAST if (folder / LAST).is_file() else None
            by_epoch = figure_by_epoch(self.settings.objective)
            watcher = EpochReport(trial, by_epoch, self.settings.most_minutes, first)
            overrides = self.overrides(trial.point, seed)
            varied = [*trial.point, *([] if seed is None else ["seed"])]
            train_recorded(config, folder, overrides, checkpoint, varied, watchers=[watcher])
        figure = read_run(folder).figure(self.settings.objective)
        assert figure is not None
        return figure

    def _refuse_large(self, point: Point) -> None:
        most = self.settings.most_weights
        if most is None:
            return
        arguments = asdict(self.config(point).model)
        network = outline(arguments.pop("name"), arguments)
        weights = sum(weight.numel() for weight in network.parameters())
        if weights > most:
            raise Pruned(f"{weights:,} weights, more than search.most_weights={most:,}")


class EpochReport(Callback):
    """Says the figure of each epoch to the study, and ends a run that falls behind.

    Args:
        trial: The trial.
        by_epoch: Name of the figure.
        most_minutes: Minutes after which a run ends; None without a limit.
        compared: Whether the run is compared with others by epoch, which one of each trial is.
    """

    def __init__(
        self, trial: BegunTrial, by_epoch: str, most_minutes: float | None, compared: bool
    ) -> None:
        self._trial, self._by_epoch = trial, by_epoch
        self._most_minutes, self._compared = most_minutes, compared
        self._began = time.monotonic()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Says the figure of an epoch.

        Raises:
            Pruned: The run should end.
        """
        # The best epoch is validated once more at the end.
        if trainer.state.fn != TrainerFn.FITTING:
            return
        if self._compared:
            epoch = trainer.current_epoch
            figure = float(trainer.callback_metrics[self._by_epoch])
            self._compare(epoch, figure, last=epoch + 1 == trainer.max_epochs)
        minutes = (time.monotonic() - self._began) / 60
        if self._most_minutes is not None and minutes > self._most_minutes:
            raise Pruned(
                f"{minutes:.1f} minutes, more than search.most_minutes={self._most_minutes:g}"
            )

    def _compare(self, epoch: int, figure: float, last: bool) -> None:
        self._trial.report(epoch, figure)
        # All of a training that is at its end has been paid for.
        if not last and self._trial.falls_behind():
            raise Pruned(f"{self._by_epoch} {figure:.4f} in epoch {epoch + 1} is behind the others")


def _refuse_other_run(folder: Path, config: TrainConfig) -> None:
    """Refuses to take a run with other settings for one of a trial.

    Raises:
        StudyError: The folder holds one.
    """
    others = differences_in(folder, config, (*OF_THE_MACHINE, "runtime"))
    if others:
        raise StudyError(
            f"{folder} holds a run with other settings than its trial has: {others[0]}; this "
            "folder and its study do not belong together, so begin a new search in another one"
        )


def _said(trial: BegunTrial, error: Exception) -> str:
    """Says that a trial failed, and returns why in a line."""
    mistake: Any = mistake_of(error)
    if mistake is None:
        log.exception("trial %d failed, the search goes on", trial.number)
        return f"{type(error).__name__}: {error}".splitlines()[0]
    log.error("trial %d failed, the search goes on: %s", trial.number, mistake)
    return str(mistake).splitlines()[0]
