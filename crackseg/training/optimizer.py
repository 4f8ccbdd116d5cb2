"""The optimizer of a training, and the schedule that follows a figure."""

from collections.abc import Mapping

from torch import nn
from torch.optim import AdamW, Optimizer
from torch.optim.lr_scheduler import ReduceLROnPlateau

from crackseg.checkpoint.parameters import OptimizerParameters, SchedulerParameters
from crackseg.metrics.scores import monitor_mode
from crackseg.models.parts import groups_by_rate


def build_optimizer(
    weights: Mapping[str, nn.Parameter],
    optimizer: OptimizerParameters,
    scheduler: SchedulerParameters,
) -> tuple[Optimizer, ReduceLROnPlateau | None]:
    """Makes Adam with decoupled weight decay, and the scheduler where a figure lowers its rate.

    Other schedules are in :class:`crackseg.training.schedules.Schedule`.

    Args:
        weights: Weights that are trained, by name.
        optimizer: Settings of the optimizer.
        scheduler: Settings of the schedule.
    """
    groups = groups_by_rate(weights, optimizer.lr, optimizer.encoder_lr_factor)
    adam = AdamW(groups, lr=optimizer.lr, weight_decay=optimizer.weight_decay)
    if scheduler.name != "plateau":
        return adam, None
    return adam, ReduceLROnPlateau(
        adam,
        mode=monitor_mode(scheduler.monitor),
        factor=scheduler.factor,
        patience=scheduler.patience,
        min_lr=scheduler.min_lr,
    )
