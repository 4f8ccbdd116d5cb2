"""Checks the state of a training in a checkpoint before Lightning restores it."""

import math
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
from crackseg.errors import CrackSegError, name_some
from crackseg.parameters.form import WHOLE, one_line, shown
from crackseg.training.optimizer import build_optimizer

# Of an optimizer's and a scheduler's values, those that are no settings.
_CHANGING = ("lr", "best", "last_epoch", "_last_lr", "num_bad_epochs", "cooldown_counter")
# Of the callbacks, those without which a training goes on as another one.
_NEEDED = ("RunningAverage",)


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
    scaler = trainer.precision_plugin.state_dict()
    if scaler and type(trainer.precision_plugin).__qualname__ in state:
        fresh[type(trainer.precision_plugin).__qualname__] = scaler
    known = {key: state[key] for key in fresh if key in state}
    for key in ("callbacks", "loops"):
        if isinstance(known.get(key), dict):
            wanted = {*fresh[key], *_NEEDED}
            known[key] = {name: one for name, one in known[key].items() if name in wanted}
    if isinstance(known.get("callbacks"), dict):
        # Callbacks that an earlier version did not have start anew.
        wanted = {*known["callbacks"], *_NEEDED}
        fresh["callbacks"] = {n: one for n, one in fresh["callbacks"].items() if n in wanted}
    faults = list(_unlike(known, fresh, ""))
    return faults or _setting_faults(known, fresh) + _progress_faults(known, state["epoch"])


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


def _fresh_state(trainer: Trainer, module: Any) -> dict[str, Any]:
    optimizer, scheduler = _after_one_step(module)
    return {
        "state_dict": module.state_dict(),
        "loops": {"fit_loop": trainer.fit_loop.state_dict()},
        "callbacks": {one.state_key: one.state_dict() for one in trainer.callbacks},  # type: ignore[attr-defined]
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [] if scheduler is None else [scheduler.state_dict()],
        **module.head_weights(),
    }


def _after_one_step(module: Any) -> tuple[Optimizer, LRScheduler | None]:
    """The optimizer with a state for each weight, and any scheduler, without their memory."""
    weights = {
        name: nn.Parameter(torch.empty_like(weight, device="meta"))
        for name, weight in module.trained_weights().items()
    }
    optimizer, scheduler = build_optimizer(
        weights, module.settings.optimizer, module.settings.scheduler
    )
    for weight in weights.values():
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    return optimizer, scheduler


def _setting_faults(saved: Mapping[str, Any], fresh: Mapping[str, Any]) -> list[str]:
    """Compares settings, which a training does not change; a learning rate is below the first."""
    faults = []
    groups = _places("optimizer_states.0.param_groups", fresh)
    for place in (*groups, *_places("lr_schedulers", fresh)):
        these, those = _at(saved, place), _at(fresh, place)
        faults += [
            f"{place}.{key}={shown(these[key])}: {shown(those[key])} in this run"
            for key in those
            if key not in _CHANGING and these[key] != those[key]
        ]
    for group in groups:
        rate, first = (_at(one, f"{group}.lr") for one in (saved, fresh))
        if not 0 <= rate <= first:
            faults.append(f"a learning rate of {rate}, not {first}")
    return faults


def _progress_faults(saved: Mapping[str, Any], epoch: int) -> list[str]:
    """Compares the counts of epochs and batches, which Lightning would believe, with the epoch."""
    loop = saved["loops"]["fit_loop"]
    batches = loop["epoch_loop.batch_progress"]
    whole = batches["is_last_batch"] and len(set(batches["current"].values())) == 1
    for counts in loop["epoch_progress"].values():
        done = {counts["ready"], counts["started"], counts["processed"]}
        whole = whole and done == {epoch + 1} and counts["completed"] in (epoch, epoch + 1)
    return [] if whole else [f"loops: not the end of epoch {epoch + 1}"]


def _places(of_list: str, state: Any) -> list[str]:
    return [f"{of_list}.{number}" for number in range(len(_at(state, of_list)))]


def _at(state: Any, place: str) -> Any:
    for key in place.split("."):
        state = state[int(key) if isinstance(state, list) else key]
    return state


def _unlike(value: Any, like: Any, place: str) -> Iterator[str]:
    """Places at which a value has another form than a like one."""
    if isinstance(like, dict):
        yield from _unlike_table(value, like, place)
    elif isinstance(like, list | tuple):
        if type(value) is not type(like) or len(value) != len(like):
            yield f"{place}={shown(value)}: a list of {len(like)}"
            return
        for number, (one, other) in enumerate(zip(value, like, strict=True)):
            yield from _unlike(one, other, f"{place}.{number}")
    elif not _is_like(value, like):
        yield f"{place}={shown(value)}: not what a training writes there"


def _unlike_table(value: Any, like: dict[Any, Any], place: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{place}={shown(value)}: a table of values by name"
        return
    missing = [_inside(place, key) for key in like if key not in value]
    if missing:
        yield f"it lacks {name_some(missing, 3)}"
    if like and not set(value) <= set(like):
        yield f"{place}: more values than a training writes there"
    for key in like.keys() & value.keys():
        yield from _unlike(value[key], like[key], _inside(place, key))
    # Empty at the start are only figures by the file that they belong to.
    if not like and not all(isinstance(one, Tensor) and not one.ndim for one in value.values()):
        yield f"{place}: other values than figures"


def _inside(place: str, key: object) -> str:
    """Place of a value in a table; a callback's key goes on with all its settings."""
    return f"{place}.{str(key).partition('{')[0]}".lstrip(".")


def _is_like(value: Any, like: Any) -> bool:
    if isinstance(like, Tensor):
        return isinstance(value, Tensor) and _is_like_tensor(value, like)
    if like is None:
        scalar = isinstance(value, Tensor) and not value.ndim
        return scalar or isinstance(value, str | int | float | None)
    if type(like) is int:
        return WHOLE.hold(value)
    if isinstance(like, float):
        return type(value) in (int, float) and not math.isnan(value)
    return type(value) is type(like)


def _is_like_tensor(value: Tensor, like: Tensor) -> bool:
    if value.shape != like.shape or value.dtype != like.dtype or value.isnan().any():
        return False
    # A number of steps is not negative.
    return like.is_meta or like.ndim > 0 or bool(like < 0) or bool(value >= 0)
