"""Logs of a run: figures of its epochs, and at the end its settings with its results."""

import csv
import os
import secrets
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.core.saving import save_hparams_to_yaml
from lightning.pytorch.loggers import Logger, MLFlowLogger, TensorBoardLogger, WandbLogger
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor
from torch.utils.tensorboard.summary import hparams

from crackseg.config.overrides import flatten
from crackseg.config.schema import LoggerConfig
from crackseg.errors import ConfigError
from crackseg.metrics.scores import scores
from crackseg.system.files import write_table, write_text
from crackseg.visualization.plots import threshold_picture

PROJECT = "crackseg"
# Figures of metrics.json by which runs are compared.
OUTCOME_NAMES = ("crack_iou", "mean_iou", "dice", "precision", "recall")


def build_loggers(
    config: LoggerConfig, folder: Path, resumed_at: tuple[int, int] | None
) -> list[Logger]:
    """Makes the logs of a run, which continue where an earlier part of it stopped.

    Args:
        config: Choice of the logs to write.
        folder: Folder of the run.
        resumed_at: Complete epochs and optimizer steps of the checkpoint that is resumed; None for
            a fresh run. Entries of later epochs in TensorBoard and ``metrics.csv`` are dropped.

    Raises:
        ConfigError: The package of a log is not installed.
    """
    for package in ("mlflow", "wandb"):
        if getattr(config, package) and find_spec(package) is None:
            raise ConfigError(
                f"logger={package}: {package} is not installed; pip install 'crackseg[{package}]'"
            )
    epoch, step = resumed_at or (0, 0)
    loggers: list[Logger] = []
    if config.tensorboard:
        loggers.append(_tensorboard(folder, config.graph, step))
    if config.csv:
        loggers.append(HistoryLogger(folder / "csv", epoch))
    if config.mlflow:
        loggers.append(_mlflow(folder, resumed_at is not None))
    if config.wandb:
        loggers.append(_wandb(folder, resumed_at is not None))
    return loggers


class HistoryLogger(Logger):
    """Writes ``metrics.csv``, with a row each time that something is logged.

    Lightning's own CSV logger deletes the rows of an earlier part of the run, and a process that is
    killed while it adds a column leaves an empty file. This file is complete at every moment.

    Args:
        folder: Folder of ``metrics.csv``.
        epoch: First epoch whose rows are dropped, with all later ones and those of no epoch.
    """

    def __init__(self, folder: Path, epoch: int) -> None:
        super().__init__()
        self._path = folder / "metrics.csv"
        self._rows = self._read(epoch)

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self._path.parent.name

    @property
    def version(self) -> str:
        """Version of the log, of which a run has only one."""
        return ""

    @property
    def save_dir(self) -> str:
        """Folder of the log."""
        return str(self._path.parent)

    @rank_zero_only
    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Adds a row and writes the whole file."""
        self._rows.append({**metrics, "step": step})
        columns = sorted(set().union(*self._rows))
        cells = ([row.get(column) for column in columns] for row in self._rows)
        write_table(self._path, columns, cells)

    @rank_zero_only
    def log_hyperparams(self, params: Any, *arguments: Any, **named: Any) -> None:
        """Does nothing: ``config.yaml`` holds the settings."""

    def _read(self, epoch: int) -> list[dict[str, Any]]:
        if epoch == 0 or not self._path.is_file():
            return []
        with self._path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return [row for row in rows if row.get("epoch") and int(row["epoch"]) < epoch]


@rank_zero_only
def log_outcome(
    loggers: Sequence[Logger],
    hyper_parameters: Mapping[str, Any],
    metrics: Mapping[str, Any],
    step: int,
) -> None:
    """Logs all settings of a finished run together with its figures.

    Args:
        loggers: Loggers of :func:`build_loggers`.
        hyper_parameters: Settings, nested as in ``config.yaml``.
        metrics: Figures as in ``metrics.json``; those at the stored threshold are logged.
        step: Number of optimizer steps at the end.
    """
    settings = hyper_parameters_of(hyper_parameters)
    outcome = {
        f"hparams/{subset}/{name}": float(metrics[subset]["stored"][name])
        for subset in ("val", "test")
        if subset in metrics
        for name in OUTCOME_NAMES
    }
    outcome["hparams/threshold"] = float(metrics["threshold"])
    for logger in loggers:
        logger.log_metrics(outcome, step)
        if isinstance(logger, TensorBoardLogger):
            _log_session(logger, settings, outcome, step)
        else:
            logger.log_hyperparams(_accepted(logger, settings))


@rank_zero_only
def log_threshold_curves(
    loggers: Sequence[Logger], subset: str, totals: Tensor, threshold: float, step: int
) -> None:
    """Shows the figures at every threshold in TensorBoard: in its PR Curves tab and a picture.

    Args:
        loggers: Loggers of :func:`build_loggers`.
        subset: Subset ``val`` or ``test``.
        totals: Counts at :data:`crackseg.metrics.thresholds.THRESHOLD_GRID`, int64 (thresholds,
            4), see :meth:`crackseg.metrics.confusion.ConfusionCounts.compute`.
        threshold: Stored threshold.
        step: Number of optimizer steps at the end.
    """
    totals = totals.cpu()
    counts = _from_zero_to_one(totals)
    tp, fp, fn, tn = counts.numpy().T
    rows = [scores(row) for row in counts]
    precision, recall = ([row[name] for row in rows] for name in ("precision", "recall"))
    for logger in loggers:
        if isinstance(logger, TensorBoardLogger):
            writer = logger.experiment
            writer.add_pr_curve_raw(
                f"{subset}/precision_recall",
                *(tp, fp, tn, fn, precision, recall),
                global_step=step,
                num_thresholds=len(counts),
            )
            picture = threshold_picture(totals.numpy(), threshold)
            writer.add_image(f"{subset}/threshold", picture, step, dataformats="HWC")
            logger.save()


def hyper_parameters_of(settings: Mapping[str, Any]) -> dict[str, float | str]:
    """Settings by their names and in the spelling of the command line.

    Args:
        settings: Settings, nested as in ``config.yaml``.

    Example:
        >>> hyper_parameters_of({"data": {"image_size": [96, 160], "augment": True}, "seed": 0})
        {'data.image_size': '[96, 160]', 'data.augment': 'true', 'seed': 0}
    """
    return {key: _as_typed(value) for key, value in flatten(settings).items()}


def _as_typed(value: Any) -> int | float | str:
    """A setting as it is typed on the command line; numbers stay numbers."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, int | float) else str(value)


def _from_zero_to_one(totals: Tensor) -> Tensor:
    """Adds the counts at both ends: every pixel called crack, and none.

    TensorBoard assumes that thresholds are spread evenly from 0 to 1, both included.
    """
    tp, fp, fn, tn = (int(count) for count in totals[0])
    crack, background = tp + fn, fp + tn
    ends = torch.tensor([[crack, background, 0, 0], [0, 0, crack, background]])
    return torch.cat([ends[:1], totals, ends[1:]])


def _log_session(
    board: TensorBoardLogger,
    settings: dict[str, float | str],
    outcome: dict[str, float],
    step: int,
) -> None:
    """Adds a row to the HParams tab; its metrics are logged already.

    Lightning's ``log_hyperparams`` would also write a list of columns, and TensorBoard uses the
    first run's list for all runs. Without a list, it collects the columns from all runs and shows
    first those that differ.
    """
    _, start, end = hparams(settings, outcome)  # type: ignore[no-untyped-call]
    for summary in (start, end):
        board.experiment.file_writer.add_summary(summary, step)
    # Lightning wrote this file before it knew the settings.
    save_hparams_to_yaml(Path(board.log_dir, board.NAME_HPARAMS_FILE), settings)
    board.save()


def _accepted(logger: Logger, settings: dict[str, float | str]) -> dict[str, float | str]:
    """Leaves out settings that MLflow has from an earlier part of the run; it refuses changes."""
    if not isinstance(logger, MLFlowLogger):
        return settings
    known = logger.experiment.get_run(logger.run_id).data.params
    return {key: value for key, value in settings.items() if key not in known}


def _tensorboard(folder: Path, graph: bool, step: int) -> TensorBoardLogger:
    # Steps count from 0, and an epoch is logged at its last one: those to be kept end before the
    # number of steps taken. TensorBoard takes only the second such mark for a restart, so that a
    # fresh run needs one as well.
    return TensorBoardLogger(
        folder, "tensorboard", "", log_graph=graph, default_hp_metric=False, purge_step=step
    )


def _mlflow(folder: Path, resumed: bool) -> MLFlowLogger:
    # Neither MLflow nor wandb may use the network unless the user wants it.
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    store = Path("outputs").resolve()
    server = os.environ.get("MLFLOW_TRACKING_URI")
    kept = folder / "mlflow_run.txt"
    logger = MLFlowLogger(
        PROJECT,
        run_name=folder.name,
        tracking_uri=server or f"sqlite:///{store / 'mlflow.db'}",
        artifact_location=None if server else (store / "mlflow").as_uri(),
        run_id=_remembered(kept) if resumed else None,
    )
    _remember(kept, logger.run_id)
    return logger


def _wandb(folder: Path, resumed: bool) -> WandbLogger:
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    # The run of an earlier job of this process would be written to.
    import_module("wandb").finish()
    kept = folder / "wandb_run.txt"
    run_id = (_remembered(kept) if resumed else None) or secrets.token_hex(4)
    _remember(kept, run_id)
    mode = os.environ.get("WANDB_MODE", "offline")
    return WandbLogger(folder.name, folder, id=run_id, project=PROJECT, mode=mode)


def _remembered(path: Path) -> str | None:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else None


@rank_zero_only
def _remember(path: Path, run_id: str | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, f"{run_id}\n")
