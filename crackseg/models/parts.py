"""Parts of a network that learn at a rate of their own, or not at all."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from crackseg.errors import did_you_mean
from crackseg.models.limits import outline

ENCODER = "encoder"


def named_parts(network: nn.Module) -> tuple[str, ...]:
    """Names of the parts of a network that have weights, such as ``encoder`` and ``head``."""
    return tuple(name for name, part in network.named_children() if list(part.parameters()))


def part_faults(
    name: str, arguments: Mapping[str, Any], encoder_lr_factor: float, freeze: Sequence[str]
) -> list[str]:
    """Finds what contradicts a network in settings about its parts.

    Args:
        name: Name of the network.
        arguments: Arguments of its constructor by name.
        encoder_lr_factor: Learning rate of the encoder, as a part of that of the others.
        freeze: Names of parts that keep their weights.

    Returns:
        A line for every fault.
    """
    if encoder_lr_factor == 1 and not freeze:
        return []
    parts = named_parts(outline(name, arguments))
    faults = [_unknown(part, name, parts) for part in freeze if part not in parts]
    if encoder_lr_factor != 1 and (ENCODER not in parts or ENCODER in freeze):
        why = "is frozen" if ENCODER in freeze else f"is no part of model={name}"
        faults.append(
            f"optimizer.encoder_lr_factor={encoder_lr_factor:g}: the encoder {why}, leave it at 1"
        )
    if set(parts) <= set(freeze):
        faults.append(f"optimizer.freeze: nothing of model={name} is left to train")
    return faults


def _unknown(part: str, network: str, parts: Sequence[str]) -> str:
    guess = did_you_mean(part, parts)
    message = f"optimizer.freeze={part}: model={network} has the parts {', '.join(parts)}"
    return f"{message}; {guess}" if guess else message


def groups_by_rate(
    weights: Mapping[str, nn.Parameter], lr: float, encoder_lr_factor: float
) -> list[Any]:
    """Groups of an optimizer; the encoder is one of its own only where its rate is another one.

    Args:
        weights: Weights that are trained, by name.
        lr: Learning rate of all others.
        encoder_lr_factor: Learning rate of the encoder, as a part of that of the others.
    """
    if encoder_lr_factor == 1:
        return list(weights.values())
    groups: dict[bool, list[nn.Parameter]] = {False: [], True: []}
    for name, weight in weights.items():
        groups[name.startswith(f"{ENCODER}.")].append(weight)
    return [{"params": groups[False]}, {"params": groups[True], "lr": lr * encoder_lr_factor}]
