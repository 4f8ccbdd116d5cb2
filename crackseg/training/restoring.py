"""Checks the state of a training in a checkpoint before Lightning restores it."""

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from crackseg.checkpoint import refused
from crackseg.checkpoint.form import WHOLE, one_line, shown
from crackseg.errors import CrackSegError, name_some

_VERSION = "pytorch-lightning_version"


def state_faults(state: Mapping[str, Any], trainer: Trainer, module: LightningModule) -> list[str]:
    """Compares a state with that of a training at its start, which has the same form.

    Args:
        state: Content of a checkpoint.
        trainer: Trainer of the training that is to go on.
        module: Module of this training, without its optimizer.

    Returns:
        A line for every part of another form, or that no training writes.
    """
    fresh = _fresh_state(trainer, module)
    saved = state.get("callbacks")
    if isinstance(saved, dict):
        # Callbacks that an earlier version did not have start anew.
        fresh["callbacks"] = {key: one for key, one in fresh["callbacks"].items() if key in saved}
    faults = list(_unlike(state, fresh, ""))
    if not faults and not re.fullmatch(r"[2-9](\.\d+){1,3}\w*", state[_VERSION]):
        faults = [f"{_VERSION}={shown(state[_VERSION])}: 2.6.0 or a later one"]
    return faults or _setting_faults(state["optimizer_states"], fresh["optimizer_states"])


@contextmanager
def restoring(trainer: Trainer, checkpoint: Path | None) -> Iterator[None]:
    """Names the checkpoint where a part of it cannot be restored.

    Raises:
        CheckpointError: Lightning or torch failed while they restored the training.
    """
    try:
        yield
    except CrackSegError:
        raise
    except Exception as error:
        if checkpoint is None or not trainer._checkpoint_connector._loaded_checkpoint:
            raise
        reason = one_line(f"{type(error).__name__}: {error}")
        raise refused(checkpoint, f"its training cannot be restored ({reason})") from error


def _fresh_state(trainer: Trainer, module: LightningModule) -> dict[str, Any]:
    optimizer, scheduler = _after_one_step(module)
    return {
        _VERSION: "",
        "state_dict": module.state_dict(),
        "loops": {"fit_loop": trainer.fit_loop.state_dict()},
        "callbacks": {one.state_key: one.state_dict() for one in trainer.callbacks},  # type: ignore[attr-defined]
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [scheduler.state_dict()],
    }


def _after_one_step(module: Any) -> tuple[Optimizer, LRScheduler]:
    """The optimizer with a state for each weight, and the scheduler, without their memory."""
    network = _outline(module.network)
    optimizer, scheduler = module.build_optimizer(network)
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    return optimizer, scheduler


def _outline(network: nn.Module) -> nn.ParameterList:
    return nn.ParameterList(torch.empty_like(w, device="meta") for w in network.parameters())


def _setting_faults(saved: list[Any], fresh: list[Any]) -> list[str]:
    """The settings of an optimizer do not change in a training, but for the learning rate."""
    groups = zip(saved[0]["param_groups"], fresh[0]["param_groups"], strict=True)
    return [
        f"optimizer_states.{key}={shown(group[key])}: {shown(like[key])} in this run"
        for group, like in groups
        for key in like
        if key not in ("lr", "initial_lr") and group[key] != like[key]
    ]


def _unlike(value: Any, like: Any, place: str) -> Iterator[str]:
    """Places at which a value has another form than a like one."""
    if isinstance(like, dict):
        yield from _unlike_table(value, like, place)
    elif isinstance(like, list | tuple):
        if type(value) is not type(like) or len(value) != len(like):
            yield f"{place}={shown(value)}: {len(like)} values"
            return
        for number, (one, other) in enumerate(zip(value, like, strict=True)):
            yield from _unlike(one, other, f"{place}.{number}")
    elif not _is_like(value, like):
        yield f"{place}={shown(value)}: not what a training writes there"


def _unlike_table(value: Any, like: dict[Any, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}={shown(value)}: a table of values by name"
        return
    missing = [str(key) for key in like if key not in value]
    if missing:
        yield f"{place}: it lacks {name_some(missing, 3)}".lstrip(": ")
    for key in like.keys() & value.keys():
        yield from _unlike(value[key], like[key], f"{place}.{key}".lstrip("."))
    # Empty at the start are only figures by the file that they belong to.
    if not like and not all(isinstance(one, Tensor) and not one.ndim for one in value.values()):
        yield f"{place}: other values than figures"


def _is_like(value: Any, like: Any) -> bool:
    if isinstance(like, Tensor):
        return (
            isinstance(value, Tensor)
            and value.shape == like.shape
            and value.dtype == like.dtype
            and not value.isnan().any()
        )
    if like is None:
        scalar = isinstance(value, Tensor) and not value.ndim
        return scalar or isinstance(value, str | int | float | None)
    if type(like) is int:
        return WHOLE.hold(value)
    if isinstance(like, float):
        return type(value) in (int, float) and not math.isnan(value)
    return type(value) is type(like)
